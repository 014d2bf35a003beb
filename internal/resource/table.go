package resource

import (
	"context"
	"iter"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Kind describes a kind of aggregates.
type Kind[T any] struct {
	// Type is the API's type of resource, as evenhand/Account.
	Type string
	// Name makes the resource name of an id, as accounts/acme of acme. An id of a
	// resource below another is the whole tail of its name, as acme/contacts/ann.
	Name func(id string) string
	// Spec names the collection and its indexes.
	Spec docstore.Spec
	// Tell makes the data of an event: what followers of the feed may see, for good,
	// since the feed is kept. Nil tells them only that there was a change.
	Tell func(T) any
}

// Table is the aggregates of a kind. P is *T.
type Table[T any, P Aggregate[T]] struct {
	kind     Kind[T]
	docs     *docstore.Collection[record[T]]
	requests *Requests
	now      func() time.Time
}

// OpenTable opens the collection of a kind of aggregates.
func OpenTable[T any, P Aggregate[T]](ctx context.Context, requests *Requests, kind Kind[T]) (*Table[T, P], error) {
	docs, err := docstore.OpenCollection[record[T]](ctx, requests.store, kind.Spec)
	if err != nil {
		return nil, err
	}
	if kind.Tell == nil {
		kind.Tell = func(T) any { return nil }
	}
	return &Table[T, P]{kind: kind, docs: docs, requests: requests, now: requests.now}, nil
}

// Kind returns what the table was opened with.
func (t *Table[T, P]) Kind() Kind[T] { return t.kind }

func (t *Table[T, P]) stored(d docstore.Doc[record[T]]) Stored[T] {
	return Stored[T]{ID: d.ID, Aggregate: t.docs.Source(d.ID), Version: d.Version,
		Created: P(&d.Body.State).times().Created, State: d.Body.State}
}

// Unwritten is a state as it would be stored under an id, for calls that only check. It
// has no version.
func (t *Table[T, P]) Unwritten(id string, state T) Stored[T] {
	return Stored[T]{ID: id, Aggregate: t.docs.Source(id), State: state}
}

// Check returns ErrStale where an aggregate does not fulfil a condition.
func (t *Table[T, P]) Check(s Stored[T], only Condition[T]) error {
	if only != nil && !only(s) {
		return t.kind.Stale(s.ID)
	}
	return nil
}

// Get returns an aggregate, or ErrNotFound.
func (t *Table[T, P]) Get(ctx context.Context, id string) (Stored[T], error) {
	d, err := t.docs.Get(ctx, id)
	if err != nil {
		return Stored[T]{}, t.kind.translate(Call{}, id, err)
	}
	return t.stored(d), nil
}

// All returns every aggregate that a query finds, in the order of its index, reading
// page by page; Limit is the size of a page. Those written meanwhile may or may not be
// among them.
func (t *Table[T, P]) All(ctx context.Context, q docstore.Query) iter.Seq2[Stored[T], error] {
	return func(yield func(Stored[T], error) bool) {
		for d, err := range t.docs.All(ctx, q) {
			if err != nil {
				yield(Stored[T]{}, err)
				return
			}
			if !yield(t.stored(d), nil) {
				return
			}
		}
	}
}
