package engagements

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// Query says which engagements to list, the latest first.
type Query struct {
	// Requester is the resource name of a principal; empty wants those of all.
	Requester string
	// Account is the id of an account; empty wants those of all. It is not looked at where
	// there is a requester: Keep says it then.
	Account string
	// Keep says whether an engagement is wanted; nil wants all.
	Keep func(resource.Stored[Engagement]) bool
	// Size is the most to return; at least 1.
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// List lists engagements.
func (s *Service) List(ctx context.Context, query Query) (resource.Page[Engagement], error) {
	q := docstore.Query{Index: "created", Descending: true, Limit: query.Size, After: query.After}
	switch {
	case query.Requester != "":
		q.Index, q.Equal = "requester", []any{query.Requester}
	case query.Account != "":
		q.Index, q.Equal = "account", []any{query.Account}
	}
	return s.engagements.List(ctx, q, func(e resource.Stored[Engagement]) resource.Place {
		return resource.Place{e.State.Created, e.ID}
	}, query.Keep)
}

// Completed returns the engagements of an account that were completed from one day on and
// before another, the latest request first.
func (s *Service) Completed(ctx context.Context, account string, from, to civil.Day) ([]resource.Stored[Engagement], error) {
	var all []resource.Stored[Engagement]
	query := Query{Account: account, Size: 500, Keep: func(e resource.Stored[Engagement]) bool {
		return e.State.State == Completed && e.State.Ended >= from && e.State.Ended < to
	}}
	for {
		page, err := s.List(ctx, query)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == nil {
			return all, nil
		}
		query.After = page.Next
	}
}
