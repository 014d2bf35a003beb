package accounts

import (
	"bytes"
	"context"
	"errors"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Reach is how loud an account is in public. It has a collection of its own: only
// audits of treatment read it.
type Reach struct {
	Followers int64  `bson:"followers"`
	Source    string `bson:"source,omitempty"`
	Times     `bson:",inline"`
}

// ReachPatch says what to change of a reach; nil leaves a field as it is.
type ReachPatch struct {
	Followers *int64
	Source    *string
}

func openReaches(ctx context.Context, w wiring) (*table[Reach, *Reach], error) {
	// Followers of the feed learn that it changed, not to what.
	return openTable[Reach](ctx, w, docstore.Spec{Name: "reach"},
		func(id string) string { return AccountName(id) + "/reach" }, func(Reach) any { return nil })
}

// GetReach returns the reach of an account, empty where none was recorded; NotFound
// for the account.
func (a *Accounts) GetReach(ctx context.Context, account string) (Stored[Reach], error) {
	if _, err := a.Get(ctx, account); err != nil {
		return Stored[Reach]{}, err
	}
	s, err := a.reaches.get(ctx, account)
	if isReason(err, NotFound) {
		return Stored[Reach]{ID: account}, nil
	}
	return s, err
}

// UpdateReach records the reach of an account; NotFound for the account, Stale. A retry
// is recognised also where the first call created what later ones change.
func (a *Accounts) UpdateReach(ctx context.Context, call Call, account string, etag string, p ReachPatch) (Stored[Reach], error) {
	if _, err := a.Get(ctx, account); err != nil {
		return Stored[Reach]{}, err
	}
	change := func(s *Reach) error {
		set(&s.Followers, p.Followers)
		set(&s.Source, p.Source)
		if s.Followers < 0 {
			return invalid("reach.followers", "is negative")
		}
		return nil
	}
	for {
		d, err := a.reaches.docs.Get(ctx, account)
		if err == nil {
			if known, err := call.created(d.Body.CreatedBy); known || err != nil {
				return a.reaches.stored(d), err
			}
			return a.reaches.update(ctx, call, account, ifEtag[Reach](etag), "reach.updated", change)
		}
		if !errors.Is(err, docstore.ErrNotFound) {
			return Stored[Reach]{}, a.reaches.translate(call, account, err)
		}
		if only := ifEtag[Reach](etag); only != nil && !only(Stored[Reach]{}) {
			return Stored[Reach]{}, stale(AccountName(account) + "/reach")
		}
		var first Reach
		if err := change(&first); err != nil {
			return Stored[Reach]{}, err
		}
		s, err := a.reaches.create(ctx, call, account, first, "reach.updated")
		if !isReason(err, Exists) {
			return s, err
		}
	}
}

// created says whether this very request created a document, and fails where it came
// with another payload.
func (c Call) created(by docstore.CreatedBy) (bool, error) {
	if c.RequestID == "" {
		return false, nil
	}
	request := c.request()
	switch {
	case !bytes.Equal(by.Request.Key, request.Key):
		return false, nil
	case !bytes.Equal(by.Request.Digest, request.Digest):
		return false, c.reused()
	}
	return true, nil
}
