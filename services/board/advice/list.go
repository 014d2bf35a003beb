package advice

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// SolicitationQuery says which solicitations to list, by id. What a filter wants equal
// goes into the fields, so that an index can answer one of them; Keep has the last word.
type SolicitationQuery struct {
	Owner, Board *string
	// Keep says whether a solicitation is wanted, given its undecided ideas; nil wants all.
	Keep func(Asked) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// Asked is a solicitation with what is to be told of it now.
type Asked struct {
	resource.Stored[Solicitation]
	// State is where it stands today.
	State SolicitationState
	// Undecided is how many ideas given to it have no answer.
	Undecided int
	// Overdue says that it has some, and its first decision day has passed: it locks.
	Overdue bool
}

// Now returns a solicitation with what is to be told of it now.
func (s *Solicitations) Now(ctx context.Context, n resource.Stored[Solicitation]) (Asked, error) {
	today, err := s.today(ctx)
	if err != nil {
		return Asked{}, err
	}
	return s.asked(ctx, n, today)
}

func (s *Solicitations) asked(ctx context.Context, n resource.Stored[Solicitation], today civil.Day) (Asked, error) {
	a := Asked{Stored: n, State: n.State.State(today)}
	if n.State.Stored != Open {
		return a, nil
	}
	var err error
	a.Undecided, err = s.ideas.undecided(ctx, n.ID)
	a.Overdue = a.Undecided > 0 && n.State.Late(today)
	return a, err
}

// List lists solicitations.
func (s *Solicitations) List(ctx context.Context, query SolicitationQuery) ([]Asked, resource.Place, error) {
	today, err := s.today(ctx)
	if err != nil {
		return nil, nil, err
	}
	q := docstore.Query{Limit: query.Size, After: query.After}
	switch {
	case query.Owner != nil && *query.Owner != "":
		q.Index, q.Equal = "owner", []any{*query.Owner}
	case query.Board != nil && *query.Board != "":
		q.Index, q.Equal = "board", []any{*query.Board}
	}
	var list []Asked
	var failed error
	page, err := s.table.List(ctx, q, nil, func(n resource.Stored[Solicitation]) bool {
		a, err := s.asked(ctx, n, today)
		if err != nil {
			failed = err
			return false
		}
		if query.Keep != nil && !query.Keep(a) {
			return false
		}
		list = append(list, a)
		return true
	})
	if failed != nil {
		err = failed
	}
	return list, page.Next, err
}

// IdeaQuery says which ideas to list, and how. What a filter wants equal goes into the
// fields, so that an index can answer one of them; Keep has the last word.
type IdeaQuery struct {
	// ByVotes orders by the number of votes, then id; otherwise by id.
	ByVotes    bool
	Descending bool
	// These are what must be equal; nil where it need not.
	Solicitation, Account, Board *string
	// Undecided wants those without an answer, and counts where a solicitation is given.
	Undecided bool
	// DueBefore wants those whose promise is not kept and was due before a day; 0 wants
	// others too.
	DueBefore civil.Day
	// Keep says whether an idea is wanted; nil wants all.
	Keep func(resource.Stored[Idea]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// List lists ideas.
func (s *Ideas) List(ctx context.Context, query IdeaQuery) (resource.Page[Idea], error) {
	q := docstore.Query{Descending: query.Descending, Limit: query.Size, After: query.After}
	place := resource.ByID[Idea]
	byCount := func(i resource.Stored[Idea]) resource.Place { return resource.Place{i.State.Count, i.ID} }
	switch {
	case query.ByVotes && query.Solicitation != nil:
		q.Index, q.Equal, place = "solicitation_votes", []any{*query.Solicitation}, byCount
	case query.ByVotes:
		q.Index, place = "votes", byCount
	case query.DueBefore != 0:
		q.Index, q.To = "due", int64(query.DueBefore)
		place = func(i resource.Stored[Idea]) resource.Place { return resource.Place{int64(*i.State.Due), i.ID} }
	case query.Undecided && query.Solicitation != nil:
		q.Index, q.Equal = "undecided", []any{*query.Solicitation, true}
	case query.Solicitation != nil:
		q.Index, q.Equal = "solicitation", []any{*query.Solicitation}
	case query.Account != nil && *query.Account != "":
		q.Index, q.Equal = "account", []any{*query.Account}
	case query.Board != nil && *query.Board != "":
		q.Index, q.Equal = "board", []any{*query.Board}
	}
	page, err := s.table.List(ctx, q, place, query.Keep)
	for i := range page.Items {
		page.Items[i] = s.whole(ctx, page.Items[i])
	}
	return page, err
}
