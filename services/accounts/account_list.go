package accounts

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// AccountQuery says which accounts to list, and how. A filter's equal terms go into the
// fields, so that an index can answer one of them; Keep has the last word.
type AccountQuery struct {
	// ByDisplayName orders by display name, then id; otherwise by id.
	ByDisplayName bool
	Descending    bool
	// These are what must be equal; nil where it need not.
	ExternalID, Owner, Parent, DisplayName *string
	State                                  *State
	// Keep says whether an account is wanted; nil wants all.
	Keep func(resource.Stored[Account]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// List lists accounts.
func (a *Accounts) List(ctx context.Context, query AccountQuery) (resource.Page[Account], error) {
	q := docstore.Query{Descending: query.Descending, After: query.After, Limit: query.Size}
	place := resource.ByID[Account]
	equal := func(index string, value string) { q.Index, q.Equal = index, []any{value} }
	switch {
	case query.DisplayName != nil:
		equal("display_name", *query.DisplayName)
	case query.ByDisplayName:
		q.Index = "display_name"
		place = func(s resource.Stored[Account]) resource.Place { return resource.Place{s.State.DisplayName, s.ID} }
	case query.ExternalID != nil && *query.ExternalID != "":
		equal("external_id", *query.ExternalID)
	case query.Parent != nil && *query.Parent != "":
		equal("parent", *query.Parent)
	case query.Owner != nil && *query.Owner != "":
		equal("owner", *query.Owner)
	case query.State != nil && *query.State != Active:
		equal("state", string(*query.State))
	}
	return a.accounts.List(ctx, q, place, query.Keep)
}
