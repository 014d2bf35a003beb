package resource

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Create writes a new aggregate. What this very request created earlier is returned as
// it is now; ErrNotFound where that was deleted since and its id is the request's. Where
// the id is taken it is ErrExists, where a unique value is, the store's
// *docstore.DuplicateError, which the caller explains.
func (t *Table[T, P]) Create(ctx context.Context, call Call, id string, state T, event string) (Stored[T], error) {
	if err := t.requests.claim(ctx, call); err != nil {
		return Stored[T]{}, err
	}
	at := t.now()
	*P(&state).times() = Times{Created: at, Updated: at}
	told := docstore.NewEvent{Type: event, Data: t.kind.Tell(state)}
	var d docstore.Doc[record[T]]
	var err error
	if call.RequestID == "" {
		d, err = t.docs.Insert(call.Context(ctx), id, record[T]{State: state}, told)
	} else {
		d, _, err = docstore.CreateOnce(call.Context(ctx), t.docs, id, call.Request(), record[T]{State: state}, told)
		var duplicate *docstore.DuplicateError
		if errors.As(err, &duplicate) { // a retry meets its own values, and may not be told so by its id
			if earlier, getErr := t.docs.Get(ctx, id); getErr == nil && bytes.Equal(earlier.Body.Request.Key, call.Request().Key) {
				d, err = earlier, nil
			}
		}
	}
	if err != nil {
		return Stored[T]{}, t.kind.translate(call, id, err)
	}
	return t.stored(d), nil
}

// Created returns the aggregate if this request has created it before. It is for creations
// that look at more than the aggregate, ahead of their checks.
func (t *Table[T, P]) Created(ctx context.Context, call Call, id string) (s Stored[T], known bool, err error) {
	if call.RequestID == "" {
		return Stored[T]{}, false, nil
	}
	d, err := t.docs.Get(ctx, id)
	if errors.Is(err, docstore.ErrNotFound) {
		return Stored[T]{}, false, nil
	}
	if err == nil {
		known, err = call.Repeats(d.Body.Request)
	}
	if err != nil || !known {
		return Stored[T]{}, false, t.kind.translate(call, id, err)
	}
	return t.stored(d), true, nil
}

// Replay returns the aggregate if this request has changed it before. It is for changes
// that look at more than the aggregate, ahead of their checks.
func (t *Table[T, P]) Replay(ctx context.Context, call Call, id string) (s Stored[T], known bool, err error) {
	if call.RequestID == "" {
		return Stored[T]{}, false, nil
	}
	_, repeated, err := docstore.UpdateOnce(ctx, t.docs, t.requests.effects, id, call.Request(),
		func(*docstore.Doc[record[T]]) (any, error) { return nil, errFirst })
	if errors.Is(err, errFirst) || errors.Is(err, docstore.ErrNotFound) {
		return Stored[T]{}, false, nil
	}
	if err != nil || !repeated {
		return Stored[T]{}, false, t.kind.translate(call, id, err)
	}
	s, err = t.Get(ctx, id)
	return s, true, err
}

var (
	// errFirst ends the look for a request that was not served before.
	errFirst = errors.New("the request comes for the first time")
	// errSettled ends an update that has nothing to write.
	errSettled = errors.New("nothing to write")
)

// Update changes an aggregate: ErrNotFound; ErrStale where it does not fulfil the
// condition; ErrConflict; the error of change, which may be called several times. A
// request that was carried out before changes nothing, and what changes nothing is not
// written, unless it has a request id. The event is told with the new state. The change
// must not alter maps and slices in place: the old state is compared with the new.
func (t *Table[T, P]) Update(
	ctx context.Context, call Call, id string, only Condition[T], event string, change func(*T) error,
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
		seen, err = keepSettled(&seen)(t.docs.Update(call.Context(ctx), id, apply))
	} else {
		var effect docstore.Effect
		effect, repeated, err = docstore.UpdateOnce(call.Context(ctx), t.docs, t.requests.effects, id, call.Request(),
			func(d *docstore.Doc[record[T]]) (any, error) { return nil, apply(d) })
		seen.Version = effect.Version
	}
	switch {
	case err != nil:
		return Stored[T]{}, t.kind.translate(call, id, err)
	case repeated:
		return t.Get(ctx, id)
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

func (t *Table[T, P]) change(call Call, d *docstore.Doc[record[T]], only Condition[T], event string, change func(*T) error) error {
	if err := t.Check(t.stored(*d), only); err != nil {
		return err
	}
	before := d.Body.State
	if err := change(&d.Body.State); err != nil {
		return err
	}
	if call.RequestID == "" && reflect.DeepEqual(before, d.Body.State) {
		return errSettled
	}
	P(&d.Body.State).times().Updated = t.now()
	d.Emit(event, t.kind.Tell(d.Body.State))
	return nil
}

// Upsert changes an aggregate, or creates it as the change makes it of the zero state,
// which has the zero Stored's etag; both are told as the same event. A retry is
// recognised also where the first call created what later ones change. ErrStale.
func (t *Table[T, P]) Upsert(
	ctx context.Context, call Call, id string, only Condition[T], event string, change func(*T) error,
) (Stored[T], error) {
	for {
		d, err := t.docs.Get(ctx, id)
		if err == nil {
			if known, err := call.Repeats(d.Body.Request); known || err != nil {
				return t.stored(d), err
			}
			return t.Update(ctx, call, id, only, event, change)
		}
		if !errors.Is(err, docstore.ErrNotFound) {
			return Stored[T]{}, t.kind.translate(call, id, err)
		}
		var first T
		if err := t.Check(Stored[T]{ID: id}, only); err != nil {
			return Stored[T]{}, err
		}
		if err := change(&first); err != nil {
			return Stored[T]{}, err
		}
		s, err := t.Create(ctx, call, id, first, event)
		if !errors.Is(err, ErrExists) {
			return s, err
		}
	}
}

// Touch raises an aggregate's version without changing it.
func (t *Table[T, P]) Touch(ctx context.Context, id, event string) error {
	_, err := t.docs.Update(ctx, id, func(d *docstore.Doc[record[T]]) error {
		d.Emit(event, t.kind.Tell(d.Body.State))
		return nil
	})
	return t.kind.translate(Call{}, id, err)
}

// Delete deletes an aggregate: ErrNotFound; ErrStale where it does not fulfil the
// condition. A request that deleted it before has nothing to do.
func (t *Table[T, P]) Delete(ctx context.Context, call Call, id string, only Condition[T], event string) error {
	for {
		d, err := t.docs.Get(ctx, id)
		if errors.Is(err, docstore.ErrNotFound) {
			if known, seenErr := t.requests.deleted(ctx, call, time.Time{}); known || seenErr != nil {
				return seenErr
			}
		}
		if err != nil {
			return t.kind.translate(call, id, err)
		}
		created := P(&d.Body.State).times().Created
		if known, err := t.requests.deleted(ctx, call, created); known || err != nil {
			return err
		}
		if err := t.Check(t.stored(d), only); err != nil {
			return err
		}
		if err := t.requests.deleting(ctx, call, created); err != nil {
			return err
		}
		err = t.docs.Delete(call.Context(ctx), id, d.Version, docstore.NewEvent{Type: event})
		if errors.Is(err, docstore.ErrConflict) || errors.Is(err, docstore.ErrNotFound) {
			continue // changed or deleted in between: look again
		}
		return t.kind.translate(call, id, err)
	}
}
