package resource

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// claim says that a request to create or delete something came, whatever that was:
// what the thing itself cannot tell, because it has another id, or is gone. Its id is
// the request's.
type claim struct {
	docstore.Request `bson:",inline"`
	// Deletes is when the aggregate that is to be deleted was created, so that a later
	// one of the same id is not deleted by a retry.
	Deletes time.Time `bson:"deletes,omitempty"`
	// At is when the request came.
	At time.Time `bson:"at"`
}

// claimsByTime is the index of the instants at which requests came.
const claimsByTime = "at"

// Requests remembers the requests that create and delete, and those that changed
// something and have left its document: one for all tables of a store.
type Requests struct {
	store   *docstore.Store
	claims  *docstore.Collection[claim]
	effects *docstore.EffectLedger
	now     func() time.Time
}

// OpenRequests opens the collections of the requests to a store. Now is the clock by
// which the aggregates of its tables are stamped.
func OpenRequests(ctx context.Context, store *docstore.Store, now func() time.Time) (*Requests, error) {
	claims, err := docstore.OpenCollection[claim](ctx, store, docstore.Spec{Name: "requests", Silent: true,
		Indexes: []docstore.Index{{Name: claimsByTime, Fields: []string{"at"}}}})
	if err != nil {
		return nil, err
	}
	effects, err := docstore.OpenEffectLedger(ctx, store)
	if err != nil {
		return nil, err
	}
	return &Requests{store, claims, effects, func() time.Time { return now().UTC().Truncate(time.Millisecond) }}, nil
}

// Now is the time as it is stored: UTC, in whole milliseconds.
func (r *Requests) Now() time.Time { return r.now() }

// claim notes that a request is about to create something, and fails where its id came
// before with another payload.
func (r *Requests) claim(ctx context.Context, call Call) error {
	if call.RequestID == "" {
		return nil
	}
	request := call.Request()
	_, err := r.claims.Insert(ctx, request.DocumentID(), claim{Request: request, At: r.now()})
	if !errors.Is(err, docstore.ErrExists) {
		return err
	}
	_, err = r.known(ctx, call)
	return err
}

// known returns what is noted of a request, and fails where it came with another
// payload; where nothing is noted it returns an empty claim.
func (r *Requests) known(ctx context.Context, call Call) (claim, error) {
	request := call.Request()
	d, err := r.claims.Get(ctx, request.DocumentID())
	switch {
	case errors.Is(err, docstore.ErrNotFound):
		return claim{}, nil
	case err != nil:
		return claim{}, err
	case !bytes.Equal(d.Body.Digest, request.Digest):
		return claim{}, call.Reused()
	}
	return d.Body, nil
}

// deleting notes that a request is about to delete the aggregate created at an instant.
func (r *Requests) deleting(ctx context.Context, call Call, created time.Time) error {
	if call.RequestID == "" {
		return nil
	}
	request := call.Request()
	_, err := r.claims.Upsert(ctx, request.DocumentID(), func(d *docstore.Doc[claim]) error {
		d.Body = claim{Request: request, Deletes: created, At: r.now()}
		return nil
	})
	return err
}

// deleted says whether the request has deleted its aggregate, in whose place there is
// now one created at an instant, or none where that is zero.
func (r *Requests) deleted(ctx context.Context, call Call, created time.Time) (bool, error) {
	if call.RequestID == "" {
		return false, nil
	}
	c, err := r.known(ctx, call)
	return !c.Deletes.IsZero() && !c.Deletes.Equal(created), err
}
