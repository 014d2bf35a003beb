package accounts

import (
	"context"
	"errors"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// Reach is how loud an account is in public. It has a collection of its own: only
// audits of treatment read it.
type Reach struct {
	Followers      int64  `bson:"followers"`
	Source         string `bson:"source,omitempty"`
	resource.Times `bson:",inline"`
}

// ReachPatch says what to change of a reach; nil leaves a field as it is.
type ReachPatch struct {
	Followers *int64
	Source    *string
}

func openReaches(ctx context.Context, w wiring) (*resource.Table[Reach, *Reach], error) {
	// Followers of the feed learn that it changed, not to what.
	return resource.OpenTable(ctx, w.requests, resource.Kind[Reach]{
		Type: "evenhand/Reach", Name: func(id string) string { return AccountName(id) + "/reach" }, Spec: docstore.Spec{Name: "reach"}})
}

// GetReach returns the reach of an account, empty where none was recorded; ErrNotFound
// for the account.
func (a *Accounts) GetReach(ctx context.Context, account string) (resource.Stored[Reach], error) {
	if _, err := a.Get(ctx, account); err != nil {
		return resource.Stored[Reach]{}, err
	}
	s, err := a.reaches.Get(ctx, account)
	if errors.Is(err, resource.ErrNotFound) {
		return resource.Stored[Reach]{ID: account}, nil
	}
	return s, err
}

// ListReaches lists the reaches that were recorded, by account.
func (a *Accounts) ListReaches(ctx context.Context, size int, after resource.Place) (resource.Page[Reach], error) {
	return a.reaches.List(ctx, docstore.Query{After: after, Limit: size}, nil, nil)
}

// UpdateReach records the reach of an account; ErrNotFound for the account, ErrStale. A retry
// is recognised also where the first call created what later ones change.
func (a *Accounts) UpdateReach(ctx context.Context, call resource.Call, account string, etag string, p ReachPatch) (resource.Stored[Reach], error) {
	if _, err := a.Get(ctx, account); err != nil {
		return resource.Stored[Reach]{}, err
	}
	change := func(s *Reach) error {
		set(&s.Followers, p.Followers)
		set(&s.Source, p.Source)
		if s.Followers < 0 {
			return invalid("reach.followers", "is negative")
		}
		return nil
	}
	return a.reaches.Upsert(ctx, call, account, resource.IfEtag[Reach](etag), "reach.updated", change)
}
