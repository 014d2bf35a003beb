package cases

import (
	"context"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// Query says which cases to list, and how.
type Query struct {
	// Account is the id of an account; empty for all.
	Account string
	// State, Issue, Channel and Assignee are what these have to be; empty where any will do.
	State                    State
	Issue, Channel, Assignee string
	// Breached, where it is not nil, says whether a clock has to have been breached.
	Breached *bool
	// DueBefore wants cases with a clock that runs and is due before an instant; zero
	// wants all.
	DueBefore time.Time
	// OpenedFrom and OpenedTo bound the opening, To not included; zero leaves an end open.
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
	now := s.now()
	keep := func(c resource.Stored[Case]) bool {
		return query.wants(&c.State, now) && (query.Keep == nil || query.Keep(c))
	}
	q := docstore.Query{Descending: query.Descending, After: query.After, Limit: query.Size}
	if query.ByDue {
		q.Index = byDue
		if !query.DueBefore.IsZero() {
			q.To = query.DueBefore
		}
		return s.table.List(ctx, q, func(c resource.Stored[Case]) resource.Place { return resource.Place{c.State.Due, c.ID} }, keep)
	}
	q.Index, q.Equal = query.index()
	if !query.OpenedFrom.IsZero() {
		q.From = query.OpenedFrom
	}
	if !query.OpenedTo.IsZero() {
		q.To = query.OpenedTo
	}
	return s.table.List(ctx, q, func(c resource.Stored[Case]) resource.Place { return resource.Place{c.State.Opened, c.ID} }, keep)
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

func (q *Query) wants(c *Case, now time.Time) bool {
	is := func(wanted, has string) bool { return wanted == "" || wanted == has }
	return is(q.Account, c.Account) && is(string(q.State), string(c.State)) && is(q.Issue, c.Issue) && is(q.Channel, c.Channel) &&
		is(q.Assignee, c.Assignee) && (q.Breached == nil || *q.Breached == c.Breached(now)) &&
		(q.DueBefore.IsZero() || !c.Due.IsZero() && c.Due.Before(q.DueBefore)) &&
		(q.OpenedFrom.IsZero() || !c.Opened.Before(q.OpenedFrom)) && (q.OpenedTo.IsZero() || c.Opened.Before(q.OpenedTo))
}
