package accounts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/etag"
)

// Times are when an aggregate was created and last changed.
type Times struct {
	Created time.Time `bson:"created"`
	Updated time.Time `bson:"updated"`
}

func (t *Times) times() *Times { return t }

// aggregate is a pointer to the state of a kind of document.
type aggregate[T any] interface {
	*T
	times() *Times
}

// record is a document's body: the state, and the requests that made it so.
type record[T any] struct {
	State              T `bson:",inline"`
	docstore.CreatedBy `bson:",inline"`
	docstore.Effects   `bson:",inline"`
}

// Stored is an aggregate as it was read or written.
type Stored[T any] struct {
	ID string
	// Aggregate names it in the feed; with Version it is a consistency token.
	Aggregate string
	Version   int64
	// Created is when the aggregate was, in which its etag tells it from an earlier one
	// of the same id.
	Created time.Time
	State   T
}

// Etag returns what a caller sends back to change only what it has read.
func (s Stored[T]) Etag() string { return etag.Of(s.Version, s.Created) }

// condition is what an aggregate has to fulfil to be changed, or nil.
type condition[T any] func(Stored[T]) bool

// ifEtag wants the aggregate to be as it was read; none, and "*", want nothing.
func ifEtag[T any](given string) condition[T] {
	if given == "" || given == "*" {
		return nil
	}
	return func(s Stored[T]) bool { return s.Etag() == given }
}

// ifVersion wants the aggregate to be at a version.
func ifVersion[T any](version int64) condition[T] {
	return func(s Stored[T]) bool { return s.Version == version }
}

// table is the one way in which aggregates of a kind are created, changed and read:
// every change is stamped, recognised by its request id, and told as an event.
type table[T any, P aggregate[T]] struct {
	docs     *docstore.Collection[record[T]]
	requests *requests
	now      func() time.Time
	// name makes the resource name of an id, for messages.
	name func(id string) string
	// tell makes the data of an event: what followers may see.
	tell func(T) any
}

func openTable[T any, P aggregate[T]](
	ctx context.Context, w wiring, spec docstore.Spec, name func(string) string, tell func(T) any,
) (*table[T, P], error) {
	docs, err := docstore.OpenCollection[record[T]](ctx, w.store, spec)
	if err != nil {
		return nil, err
	}
	return &table[T, P]{docs: docs, requests: w.requests, now: w.now, name: name, tell: tell}, nil
}

func (t *table[T, P]) stored(d docstore.Doc[record[T]]) Stored[T] {
	return Stored[T]{ID: d.ID, Aggregate: t.docs.Source(d.ID), Version: d.Version,
		Created: P(&d.Body.State).times().Created, State: d.Body.State}
}

// get returns an aggregate, or a NotFound error.
func (t *table[T, P]) get(ctx context.Context, id string) (Stored[T], error) {
	d, err := t.docs.Get(ctx, id)
	if err != nil {
		return Stored[T]{}, t.translate(Call{}, id, err)
	}
	return t.stored(d), nil
}

// create writes a new aggregate. What this very request created earlier is returned as
// it is now; NotFound where that was deleted since and its id is the request's. Where
// the id or a unique value is taken it is an Exists error, or the store's
// *docstore.DuplicateError.
func (t *table[T, P]) create(ctx context.Context, call Call, id string, state T, event string) (Stored[T], error) {
	if err := t.requests.claim(ctx, call); err != nil {
		return Stored[T]{}, err
	}
	at := t.now()
	*P(&state).times() = Times{Created: at, Updated: at}
	told := docstore.NewEvent{Type: event, Data: t.tell(state)}
	var d docstore.Doc[record[T]]
	var err error
	if call.RequestID == "" {
		d, err = t.docs.Insert(call.context(ctx), id, record[T]{State: state}, told)
	} else {
		d, _, err = docstore.CreateOnce(call.context(ctx), t.docs, id, call.request(), record[T]{State: state}, told)
		var duplicate *docstore.DuplicateError
		if errors.As(err, &duplicate) { // a retry meets its own values, and may not be told so by its id
			if earlier, getErr := t.docs.Get(ctx, id); getErr == nil && bytes.Equal(earlier.Body.Request.Key, call.request().Key) {
				d, err = earlier, nil
			}
		}
	}
	if err != nil {
		return Stored[T]{}, t.translate(call, id, err)
	}
	return t.stored(d), nil
}

// replay returns the aggregate if this request has changed it before.
func (t *table[T, P]) replay(ctx context.Context, call Call, id string) (Stored[T], bool, error) {
	if call.RequestID == "" {
		return Stored[T]{}, false, nil
	}
	_, repeated, err := docstore.UpdateOnce(ctx, t.docs, t.requests.effects, id, call.request(),
		func(*docstore.Doc[record[T]]) (any, error) { return nil, errFirst })
	if errors.Is(err, errFirst) || errors.Is(err, docstore.ErrNotFound) {
		return Stored[T]{}, false, nil
	}
	if err != nil || !repeated {
		return Stored[T]{}, false, t.translate(call, id, err)
	}
	s, err := t.get(ctx, id)
	return s, true, err
}

var (
	// errFirst ends the look for a request that was not served before.
	errFirst = errors.New("the request comes for the first time")
	// errSettled ends an update that has nothing to write.
	errSettled = errors.New("nothing to write")
)

// update changes an aggregate, which is Stale where it does not fulfil the condition.
// A request that was carried out before changes nothing. The event is told with the
// new state. The change must not alter maps and slices in place: the old state is
// compared with the new.
func (t *table[T, P]) update(
	ctx context.Context, call Call, id string, only condition[T], event string, change func(*T) error,
) (Stored[T], error) {
	var seen docstore.Doc[record[T]]
	apply := func(d *docstore.Doc[record[T]]) error {
		err := t.change(call, d, only, event, change)
		seen = *d
		return err
	}
	var err error
	repeated := false
	if call.RequestID == "" {
		seen, err = keepSettled(&seen)(t.docs.Update(call.context(ctx), id, apply))
	} else {
		var effect docstore.Effect
		effect, repeated, err = docstore.UpdateOnce(call.context(ctx), t.docs, t.requests.effects, id, call.request(),
			func(d *docstore.Doc[record[T]]) (any, error) { return nil, apply(d) })
		seen.Version = effect.Version
	}
	switch {
	case err != nil:
		return Stored[T]{}, t.translate(call, id, err)
	case repeated:
		return t.get(ctx, id)
	}
	return t.stored(seen), nil
}

// keepSettled makes of an update that had nothing to write the document it saw.
func keepSettled[T any](seen *docstore.Doc[T]) func(docstore.Doc[T], error) (docstore.Doc[T], error) {
	return func(d docstore.Doc[T], err error) (docstore.Doc[T], error) {
		if errors.Is(err, errSettled) {
			return *seen, nil
		}
		return d, err
	}
}

func (t *table[T, P]) change(call Call, d *docstore.Doc[record[T]], only condition[T], event string, change func(*T) error) error {
	if only != nil && !only(t.stored(*d)) {
		return stale(t.name(d.ID))
	}
	before := d.Body.State
	if err := change(&d.Body.State); err != nil {
		return err
	}
	if call.RequestID == "" && reflect.DeepEqual(before, d.Body.State) {
		return errSettled
	}
	P(&d.Body.State).times().Updated = t.now()
	d.Emit(event, t.tell(d.Body.State))
	return nil
}

// touch raises an aggregate's version without changing it.
func (t *table[T, P]) touch(ctx context.Context, id, event string) error {
	_, err := t.docs.Update(ctx, id, func(d *docstore.Doc[record[T]]) error {
		d.Emit(event, t.tell(d.Body.State))
		return nil
	})
	return t.translate(Call{}, id, err)
}

// remove deletes an aggregate. A request that deleted it before has nothing to do.
func (t *table[T, P]) remove(ctx context.Context, call Call, id string, only condition[T], event string) error {
	for {
		d, err := t.docs.Get(ctx, id)
		if errors.Is(err, docstore.ErrNotFound) {
			if known, seenErr := t.requests.deleted(ctx, call, time.Time{}); known || seenErr != nil {
				return seenErr
			}
		}
		if err != nil {
			return t.translate(call, id, err)
		}
		created := P(&d.Body.State).times().Created
		if known, err := t.requests.deleted(ctx, call, created); known || err != nil {
			return err
		}
		if only != nil && !only(t.stored(d)) {
			return stale(t.name(id))
		}
		if err := t.requests.deleting(ctx, call, created); err != nil {
			return err
		}
		err = t.docs.Delete(call.context(ctx), id, d.Version, docstore.NewEvent{Type: event})
		if errors.Is(err, docstore.ErrConflict) || errors.Is(err, docstore.ErrNotFound) {
			continue // changed or deleted in between: look again
		}
		return t.translate(call, id, err)
	}
}

func stale(name string) error {
	return fail(Stale, name, "%s was changed since it was read: read it again and repeat the change", name)
}

// translate makes the store's errors about one aggregate the caller's.
func (t *table[T, P]) translate(call Call, id string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, docstore.ErrRequestReused):
		return call.reused()
	case errors.Is(err, docstore.ErrNotFound):
		return notFound(t.name(id))
	case errors.Is(err, docstore.ErrTombstone):
		return fail(NotFound, t.name(id), "%s was created by the first call with this request id and deleted since: use a new request id to create another", t.name(id))
	case errors.Is(err, docstore.ErrExists):
		return fail(Exists, t.name(id), "%s exists already", t.name(id))
	case errors.Is(err, docstore.ErrConflict):
		return fail(Conflict, t.name(id), "%s kept being changed by others: try again", t.name(id))
	}
	return fmt.Errorf("%s: %w", t.name(id), err)
}
