package cases

import (
	"context"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// Query says which cases to list, and how: all that an index can use. Keep asks for the
// rest.
type Query struct {
	// Account is the id of an account; empty for all.
	Account string
	// State, Issue and Assignee are what these have to be; empty where any will do.
	State           State
	Issue, Assignee string
	// DueFrom and DueTo bound the next due time of a clock that runs, To not included; zero
	// leaves an end open.
	DueFrom, DueTo time.Time
	// OpenedFrom and OpenedTo bound the opening likewise.
	OpenedFrom, OpenedTo time.Time
	// ByDue lists by the next due time, only cases that have one; else by the opening.
	ByDue      bool
	Descending bool
	// Keep says whether a case is wanted; nil wants all.
	Keep  func(resource.Stored[Case]) bool
	Size  int
	After resource.Place
}

// List lists cases by their opening or due time: NOT_FOUND for the account.
func (s *Cases) List(ctx context.Context, query Query) (resource.Page[Case], error) {
	if query.Account != "" {
		if err := s.accounts.Account(ctx, query.Account); err != nil {
			return resource.Page[Case]{}, err
		}
	}
	keep := func(c resource.Stored[Case]) bool {
		return query.wants(&c.State) && (query.Keep == nil || query.Keep(c))
	}
	q := docstore.Query{Descending: query.Descending, After: query.After, Limit: query.Size}
	if query.ByDue {
		q.Index, q.From, q.To = byDue, bound(query.DueFrom), bound(query.DueTo)
		return s.table.List(ctx, q, func(c resource.Stored[Case]) resource.Place { return resource.Place{c.State.Due, c.ID} }, keep)
	}
	q.Index, q.Equal = query.index()
	q.From, q.To = bound(query.OpenedFrom), bound(query.OpenedTo)
	return s.table.List(ctx, q, func(c resource.Stored[Case]) resource.Place { return resource.Place{c.State.Opened, c.ID} }, keep)
}

// bound is an instant as the end of what an index is asked for; nil where it is open.
func bound(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at
}

// index is the index over openings that finds what is asked for with the least to look
// through.
func (q *Query) index() (name string, equal []any) {
	switch {
	case q.Account != "":
		return byAccount, []any{q.Account}
	case q.Assignee != "":
		return byAssignee, []any{q.Assignee}
	case q.State != "" && q.State != Resolved:
		return byState, []any{string(q.State)}
	case q.Issue != "":
		return byIssue, []any{q.Issue}
	case q.State != "":
		return byState, []any{string(q.State)}
	}
	return byOpened, nil
}

// wants asks a case for all that the index did not.
func (q *Query) wants(c *Case) bool {
	is := func(wanted, has string) bool { return wanted == "" || wanted == has }
	within := func(at, from, to time.Time) bool {
		return (from.IsZero() || !at.IsZero() && !at.Before(from)) && (to.IsZero() || !at.IsZero() && at.Before(to))
	}
	return is(q.Account, c.Account) && is(string(q.State), string(c.State)) && is(q.Issue, c.Issue) && is(q.Assignee, c.Assignee) &&
		within(c.Due, q.DueFrom, q.DueTo) && within(c.Opened, q.OpenedFrom, q.OpenedTo)
}
