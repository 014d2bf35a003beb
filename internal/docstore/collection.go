package docstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Doc is a document: an aggregate with its id and version. Times in a body are kept
// to the millisecond.
type Doc[T any] struct {
	ID      string
	Version int64
	Body    T

	emitted []NewEvent
}

// Emit appends an event to the change that is being made; it is for use inside the
// function given to Update, UpdateIf and Upsert.
func (d *Doc[T]) Emit(eventType string, data any) {
	d.emitted = append(d.emitted, NewEvent{Type: eventType, Data: data})
}

// NewEvent is an event about to be written with a change. Data is a struct or map
// that BSON can hold, or nil.
type NewEvent struct {
	Type string
	Data any
}

// New is a document about to be inserted.
type New[T any] struct {
	ID     string
	Body   T
	Events []NewEvent
}

// Collection is a typed view of a collection. T is a struct or a map that BSON can
// hold. It is safe for concurrent use.
type Collection[T any] struct {
	store *Store
	spec  Spec

	mu     sync.Mutex
	queues map[string]*queue[T]
}

// OpenCollection declares a collection and returns its typed view.
func OpenCollection[T any](ctx context.Context, s *Store, spec Spec) (*Collection[T], error) {
	if err := s.declare(ctx, spec); err != nil {
		return nil, fmt.Errorf("open collection %s: %w", spec.Name, err)
	}
	return &Collection[T]{store: s, spec: spec, queues: map[string]*queue[T]{}}, nil
}

// Name returns the collection's name.
func (c *Collection[T]) Name() string { return c.spec.Name }

// Source returns the name of an aggregate in the feed, "collection/id".
func (c *Collection[T]) Source(id string) string { return c.spec.Name + "/" + id }

// Insert writes a new document: ErrExists where the id is in use, *DuplicateError
// where a unique index has its values. An id that was deleted goes on where its
// version stopped, so that an event's name (source, n) never repeats.
func (c *Collection[T]) Insert(ctx context.Context, id string, body T, events ...NewEvent) (Doc[T], error) {
	n := New[T]{ID: id, Body: body, Events: events}
	r, err := c.insert(ctx, n)
	if errors.Is(err, ErrTombstone) {
		r, err = c.revive(ctx, n)
	}
	if err != nil {
		return Doc[T]{}, c.failed("insert", id, err)
	}
	return Doc[T]{ID: id, Version: r.Version, Body: body}, nil
}

// insert writes a new document, and ErrTombstone where its id was deleted.
func (c *Collection[T]) insert(ctx context.Context, n New[T]) (Record, error) {
	r, err := c.record(ctx, n, 0)
	if err != nil {
		return Record{}, err
	}
	return r, c.insertRecord(ctx, r)
}

func (c *Collection[T]) insertRecord(ctx context.Context, r Record) error {
	err := c.store.backend.Insert(ctx, c.spec.Name, []Record{r})
	var batch *BatchError
	if errors.As(err, &batch) && batch.Failed[0] != nil {
		err = batch.Failed[0]
	}
	if err == nil {
		c.wrote(len(r.Out))
	}
	return err
}

// InsertMany writes new documents, each for itself; a *BatchError names those that
// could not be written, be it for what they are (ErrTooLarge, a missing field) or for
// what is there already, and all others were. While the relay is far behind, documents
// with events wait for it, at most ten seconds.
func (c *Collection[T]) InsertMany(ctx context.Context, docs []New[T]) error {
	failed := map[int]error{}
	records, places := make([]Record, 0, len(docs)), make([]int, 0, len(docs))
	for i, n := range docs {
		r, err := c.record(ctx, n, 0)
		if err != nil {
			failed[i] = c.failed("insert", n.ID, err)
			continue
		}
		records, places = append(records, r), append(places, i)
	}
	refused, err := c.insertRecords(ctx, records)
	if err != nil {
		return fmt.Errorf("insert %d documents into %s: %w", len(docs), c.spec.Name, err)
	}
	for at, err := range refused {
		i := places[at]
		if errors.Is(err, ErrTombstone) {
			_, err = c.revive(ctx, docs[i])
		}
		if err != nil {
			failed[i] = c.failed("insert", docs[i].ID, err)
		}
	}
	if len(failed) > 0 {
		return &BatchError{Failed: failed}
	}
	return nil
}

// insertRecords writes new documents at the relay's pace, and returns those that could
// not be, by their place.
func (c *Collection[T]) insertRecords(ctx context.Context, records []Record) (refused map[int]error, err error) {
	if len(records) == 0 {
		return nil, nil
	}
	events := 0
	for _, r := range records {
		events += len(r.Out)
	}
	if events > 0 {
		if err := c.store.keepPace(ctx); err != nil {
			return nil, fmt.Errorf("wait for the relay: %w", err)
		}
	}
	err = c.store.backend.Insert(ctx, c.spec.Name, records)
	c.wrote(events)
	var batch *BatchError
	if errors.As(err, &batch) {
		return batch.Failed, nil
	}
	return nil, err
}

// revive inserts over a tombstone, continuing its version.
func (c *Collection[T]) revive(ctx context.Context, n New[T]) (Record, error) {
	for failed := 0; failed < attempts; failed++ {
		stone, err := c.read(ctx, n.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return Record{}, err
		}
		var r Record
		switch {
		case err != nil: // purged in the meantime
			r, err = c.insert(ctx, n)
		case !stone.Dead:
			return Record{}, ErrExists
		default:
			if r, err = c.record(ctx, n, stone.Version); err == nil {
				err = c.replace(ctx, stone.Version, r)
			}
		}
		if err == nil || !stale(err) {
			return r, err
		}
		if err := c.store.backoff(ctx, failed); err != nil {
			return Record{}, err
		}
	}
	return Record{}, ErrConflict
}

func (c *Collection[T]) replace(ctx context.Context, ifVersion int64, r Record) error {
	err := c.store.backend.Replace(ctx, c.spec.Name, ifVersion, r)
	if err == nil {
		c.wrote(len(r.Out))
	}
	return err
}

// stale says that a write failed because the document is not as it was read.
func stale(err error) bool {
	return errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) ||
		errors.Is(err, ErrExists) || errors.Is(err, ErrTombstone)
}

// Get returns a document, or ErrNotFound.
func (c *Collection[T]) Get(ctx context.Context, id string) (Doc[T], error) {
	r, err := c.read(ctx, id)
	if err == nil && r.Dead {
		err = ErrNotFound
	}
	if err != nil {
		return Doc[T]{}, c.failed("get", id, err)
	}
	return c.doc(r)
}

// GetMany returns the documents with these ids in the order asked, leaving out those
// that are not there.
func (c *Collection[T]) GetMany(ctx context.Context, ids []string) ([]Doc[T], error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rs, err := c.store.backend.Get(ctx, c.spec.Name, ids)
	if err != nil {
		return nil, fmt.Errorf("get %d documents of %s: %w", len(ids), c.spec.Name, err)
	}
	return c.docs(rs)
}

// Delete removes a document and emits the events, or one of type "<collection>.deleted"
// where none is given, since followers must learn of it (a silent collection emits
// none). Version 0 deletes whatever version there is; any other that is not the
// current one gives ErrConflict.
func (c *Collection[T]) Delete(ctx context.Context, id string, ifVersion int64, events ...NewEvent) error {
	if len(events) == 0 && !c.spec.Silent {
		events = []NewEvent{{Type: c.spec.Name + ".deleted"}}
	}
	for failed := 0; ; failed++ {
		err := c.bury(ctx, id, ifVersion, events)
		if err == nil || !errors.Is(err, ErrConflict) || ifVersion != 0 || failed == attempts {
			return c.failed("delete", id, err)
		}
		if err := c.store.backoff(ctx, failed); err != nil {
			return c.failed("delete", id, err)
		}
	}
}

func (c *Collection[T]) bury(ctx context.Context, id string, ifVersion int64, events []NewEvent) error {
	old, err := c.read(ctx, id)
	if err != nil {
		return err
	}
	if old.Dead {
		return ErrNotFound
	}
	if ifVersion != 0 && ifVersion != old.Version {
		return ErrConflict
	}
	stone := Record{ID: id, Dead: true}
	if stone.Version, stone.Out, err = c.events(ctx, old.Version, events); err != nil {
		return err
	}
	if err := c.replace(ctx, old.Version, stone); err != nil || !c.spec.Silent {
		return err
	}
	return c.store.backend.Purge(ctx, c.spec.Name, id, stone.Version)
}

func (c *Collection[T]) read(ctx context.Context, id string) (Record, error) {
	rs, err := c.store.backend.Get(ctx, c.spec.Name, []string{id})
	if err != nil {
		return Record{}, err
	}
	if len(rs) == 0 {
		return Record{}, ErrNotFound
	}
	return rs[0], nil
}

func (c *Collection[T]) doc(r Record) (Doc[T], error) {
	d := Doc[T]{ID: r.ID, Version: r.Version}
	if err := decode(r.Body, &d.Body); err != nil {
		return Doc[T]{}, c.failed("read", r.ID, err)
	}
	return d, nil
}

func (c *Collection[T]) docs(rs []Record) ([]Doc[T], error) {
	docs := make([]Doc[T], 0, len(rs))
	for _, r := range rs {
		if r.Dead {
			continue
		}
		d, err := c.doc(r)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, nil
}

// record makes what is stored of a new document that follows on version.
func (c *Collection[T]) record(ctx context.Context, n New[T], version int64) (Record, error) {
	r := Record{ID: n.ID}
	err := checkID(n.ID)
	if err != nil {
		return Record{}, err
	}
	if r.Body, err = c.encode(n.Body); err != nil {
		return Record{}, err
	}
	r.Version, r.Out, err = c.events(ctx, version, n.Events)
	return r, err
}

func checkID(id string) error {
	if id == "" || len(id) > 512 || !utf8.ValidString(id) {
		return fmt.Errorf("document id %q is not 1 to 512 bytes of UTF-8", id)
	}
	return nil
}

func (c *Collection[T]) encode(body T) (bson.Raw, error) {
	raw, err := encode(body)
	if err != nil {
		return nil, err
	}
	return raw, c.spec.checkBody(raw)
}

// events numbers the events of a change that follows on version, and returns the
// version after it.
func (c *Collection[T]) events(ctx context.Context, version int64, events []NewEvent) (int64, []Event, error) {
	if len(events) == 0 {
		return version + 1, nil, nil
	}
	if c.spec.Silent {
		return 0, nil, fmt.Errorf("collection %s is silent: it cannot emit event %q", c.spec.Name, events[0].Type)
	}
	at, who := c.store.now(), Principal(ctx)
	out := make([]Event, len(events))
	for i, e := range events {
		version++
		out[i] = Event{N: version, Type: e.Type, At: at, Who: who}
		if e.Data == nil {
			continue
		}
		var err error
		if out[i].Data, err = encode(e.Data); err != nil {
			return 0, nil, fmt.Errorf("event %q: %w", e.Type, err)
		}
	}
	return version, out, nil
}

// wrote tells the relay that there is something for it.
func (c *Collection[T]) wrote(events int) {
	if events > 0 {
		c.store.written.fire()
	}
}

func (c *Collection[T]) failed(what, id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s/%s: %w", what, c.spec.Name, id, err)
}
