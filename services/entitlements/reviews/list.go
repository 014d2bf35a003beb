package reviews

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// Query says which reviews to list: those due first come first. What must be equal goes
// into the fields, so that an index can answer one of them; Keep has the last word.
type Query struct {
	// Owner is the id of a principal, Subject a resource name; nil wants any.
	Owner, Subject *string
	State          *State
	// Keep says whether a review is wanted; nil wants all.
	Keep func(resource.Stored[Review]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// List lists reviews, in the order of the days by which they are decided.
func (s *Service) List(ctx context.Context, query Query) (resource.Page[Review], error) {
	q := docstore.Query{Index: "due", Limit: query.Size, After: query.After}
	switch {
	case query.Subject != nil:
		q.Index, q.Equal = "subject", []any{*query.Subject}
	case query.Owner != nil:
		q.Index, q.Equal = "owner", []any{*query.Owner}
	case query.State != nil:
		q.Index, q.Equal = "state", []any{string(*query.State)}
	}
	return s.table.List(ctx, q, func(r resource.Stored[Review]) resource.Place {
		return resource.Place{int64(r.State.Due), r.ID}
	}, query.Keep)
}
