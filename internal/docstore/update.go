package docstore

import (
	"bytes"
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// attempts is how often a write is tried on a document that keeps changing: with the
// backoff between them a second or two.
const attempts = 16

// Update reads a document, lets fn change it, and writes it if nobody else has in
// between; otherwise it starts again, a bounded number of times, and then gives
// ErrConflict. So fn may run more than once and, since callers who update one
// document in this process share writes, on another goroutine; it must not touch
// the same document through the collection. When fn fails, its changes are dropped
// and Update returns its error. When fn changes nothing and emits nothing, nothing
// is written. The result is the document as this change left it.
//
// When ctx ends while the write is under way, the change may or may not have been
// made.
func (c *Collection[T]) Update(ctx context.Context, id string, fn func(*Doc[T]) error) (Doc[T], error) {
	d, err := c.share(ctx, id, &change[T]{fn: fn})
	return d, c.failed("update", id, err)
}

// Upsert is Update for a document that may not be there yet: fn then gets one with
// version 0 and a zero body, and it is created.
func (c *Collection[T]) Upsert(ctx context.Context, id string, fn func(*Doc[T]) error) (Doc[T], error) {
	d, err := c.share(ctx, id, &change[T]{fn: fn, create: true})
	return d, c.failed("upsert", id, err)
}

// UpdateIf is Update of a document at a version the caller has seen (If-Match): if it
// is at another one, ErrConflict at once.
func (c *Collection[T]) UpdateIf(ctx context.Context, id string, version int64, fn func(*Doc[T]) error) (Doc[T], error) {
	w, err := c.open(ctx, id)
	if err == nil && w.live && w.version != version {
		err = ErrConflict
	}
	if err != nil {
		return Doc[T]{}, c.failed("update", id, err)
	}
	d, err := w.apply(&change[T]{ctx: ctx, fn: fn})
	if err != nil {
		return Doc[T]{}, c.failed("update", id, err)
	}
	if err := w.write(ctx); stale(err) {
		return Doc[T]{}, c.failed("update", id, ErrConflict)
	} else if err != nil {
		return Doc[T]{}, c.failed("update", id, err)
	}
	return d, nil
}

// working is a document being changed: what was read, and what the changes so far
// make of it.
type working[T any] struct {
	c    *Collection[T]
	id   string
	base *Record // nil where there is no document

	live    bool
	version int64
	body    bson.Raw
	out     []Event
	changed bool
}

func (c *Collection[T]) open(ctx context.Context, id string) (*working[T], error) {
	w := &working[T]{c: c, id: id}
	r, err := c.read(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return w, nil
	}
	if err != nil {
		return nil, err
	}
	w.base, w.live, w.version, w.body = &r, !r.Dead, r.Version, r.Body
	return w, nil
}

// apply makes one change on the working copy; a change that fails leaves it as it was.
func (w *working[T]) apply(ch *change[T]) (Doc[T], error) {
	d := Doc[T]{ID: w.id}
	switch {
	case w.live:
		d.Version = w.version
		if err := decode(w.body, &d.Body); err != nil {
			return Doc[T]{}, err
		}
	case !ch.create:
		return Doc[T]{}, ErrNotFound
	}
	if err := ch.fn(&d); err != nil {
		return Doc[T]{}, err
	}
	events := d.emitted
	d.ID, d.emitted = w.id, nil
	body, err := w.c.encode(d.Body)
	if err != nil {
		return Doc[T]{}, err
	}
	if w.live && len(events) == 0 && bytes.Equal(body, w.body) {
		d.Version = w.version
		return d, nil
	}
	version, out, err := w.c.events(ch.ctx, w.version, events)
	if err != nil {
		return Doc[T]{}, err
	}
	w.live, w.version, w.body, w.changed = true, version, body, true
	w.out = append(w.out, out...)
	d.Version = version
	return d, nil
}

// write stores the working copy if the document is as it was read.
func (w *working[T]) write(ctx context.Context) error {
	if !w.changed {
		return nil
	}
	r := Record{ID: w.id, Version: w.version, Body: w.body, Out: w.out}
	if w.base == nil {
		if err := checkID(w.id); err != nil {
			return err
		}
		return w.c.insertRecord(ctx, r)
	}
	return w.c.replace(ctx, w.base.Version, r)
}
