package touchpoints

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Query says which touchpoints to list, by the day on which they are due or were done.
type Query struct {
	// Plan is the id of a plan; empty wants those of all, by their ids unless State is given.
	Plan string
	// State wants touchpoints in it, and Owner those of the principal of that id; nil wants
	// all.
	State *State
	Owner *string
	// Before wants those whose day is before one; nil wants all.
	Before *civil.Day
	// Keep says whether a touchpoint is wanted; nil wants all.
	Keep func(resource.Stored[Touchpoint]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// List lists touchpoints. What an index tells is read by it; Keep and the rest of the query
// choose among these.
func (s *Service) List(ctx context.Context, query Query) (resource.Page[Touchpoint], error) {
	q := docstore.Query{Limit: query.Size, After: query.After}
	place := byDay
	switch {
	case query.Plan != "":
		q.Index, q.Equal = byPlan, []any{query.Plan}
	case query.State != nil && query.Owner != nil:
		q.Index, q.Equal = byOwner, []any{string(*query.State), *query.Owner}
	case query.State != nil:
		q.Index, q.Equal = byState, []any{string(*query.State)}
	default:
		place = nil
	}
	if query.Before != nil && q.Index != "" {
		q.To = *query.Before
	}
	return s.touches.List(ctx, q, place, func(t resource.Stored[Touchpoint]) bool {
		switch {
		case query.State != nil && t.State.State != *query.State, query.Owner != nil && t.State.Owner != *query.Owner,
			query.Before != nil && t.State.Day >= *query.Before:
			return false
		}
		return query.Keep == nil || query.Keep(t)
	})
}

// byDay is the place of a touchpoint in an index that ends with the day.
func byDay(t resource.Stored[Touchpoint]) resource.Place {
	return resource.Place{int64(t.State.Day), t.ID}
}

// Due lists what a principal, by its id, has still to do up to a day: what is late comes
// first. It reads one range of an index, and does not ask whether there is the principal.
func (s *Service) Due(ctx context.Context, owner string, through civil.Day, size int, after resource.Place) (resource.Page[Touchpoint], error) {
	return s.touches.List(ctx, docstore.Query{Index: byOwner, Equal: []any{string(Planned), owner}, To: through + 1, Limit: size, After: after}, byDay, nil)
}

// Known returns resource.ErrNotFound where there is no principal of an id.
func (s *Service) Known(ctx context.Context, principal string) error {
	return s.opts.People.Principal(ctx, principal)
}

// Next lists what is planned for an account, what is late first; not what has been late for so
// long that nobody waits for it any more.
func (s *Service) Next(ctx context.Context, account string) ([]resource.Stored[Touchpoint], error) {
	today, err := s.Today(ctx)
	if err != nil {
		return nil, err
	}
	var list []resource.Stored[Touchpoint]
	for t, err := range s.touches.All(ctx, docstore.Query{Index: byPlan, Equal: []any{account}, From: today - reach}) {
		if err != nil {
			return nil, fmt.Errorf("read the touchpoints of %s: %w", plans.Name(account), err)
		}
		if t.State.State == Planned {
			list = append(list, t)
		}
	}
	return list, nil
}

// Week returns the last day of the week, from Monday to Sunday, that a day is in.
func Week(day civil.Day) civil.Day { return day + (7-civil.Day(day.Weekday()))%7 }
