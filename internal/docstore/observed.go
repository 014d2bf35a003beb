package docstore

import (
	"context"
	"time"
)

// Operation is a call of a Backend about to be made.
type Operation struct {
	// Name is the method in small letters: "insert", "get", …
	Name string
	// Collection is empty for operations on the feed.
	Collection string
	// Size is the number of documents, ids, values or events handed over, or the limit
	// of a query.
	Size int
}

// Observer is called before each operation of a backend. The operation runs with the
// context it returns, and the function it returns is called with the outcome.
type Observer func(ctx context.Context, op Operation) (context.Context, func(error))

// Observed wraps a backend so that an observer, which makes spans and measurements of
// them, sees every operation.
func Observed(b Backend, observe Observer) Backend { return &observed{b, observe} }

type observed struct {
	Backend // Embedded and Close go straight through
	observe Observer
}

func (o *observed) run(ctx context.Context, name, collection string, size int, call func(context.Context) error) error {
	ctx, done := o.observe(ctx, Operation{Name: name, Collection: collection, Size: size})
	err := call(ctx)
	done(err)
	return err
}

func (o *observed) Declare(ctx context.Context, spec Spec) error {
	return o.run(ctx, "declare", spec.Name, len(spec.Indexes), func(ctx context.Context) error {
		return o.Backend.Declare(ctx, spec)
	})
}

func (o *observed) Insert(ctx context.Context, collection string, records []Record) error {
	return o.run(ctx, "insert", collection, len(records), func(ctx context.Context) error {
		return o.Backend.Insert(ctx, collection, records)
	})
}

func (o *observed) Get(ctx context.Context, collection string, ids []string) (rs []Record, err error) {
	err = o.run(ctx, "get", collection, len(ids), func(ctx context.Context) error {
		rs, err = o.Backend.Get(ctx, collection, ids)
		return err
	})
	return rs, err
}

func (o *observed) Replace(ctx context.Context, collection string, ifVersion int64, r Record) error {
	return o.run(ctx, "replace", collection, 1, func(ctx context.Context) error {
		return o.Backend.Replace(ctx, collection, ifVersion, r)
	})
}

func (o *observed) Find(ctx context.Context, collection string, q Query) (rs []Record, err error) {
	err = o.run(ctx, "find", collection, q.Limit, func(ctx context.Context) error {
		rs, err = o.Backend.Find(ctx, collection, q)
		return err
	})
	return rs, err
}

func (o *observed) Entries(ctx context.Context, collection string, q Query) (entries []Entry, last []any, err error) {
	err = o.run(ctx, "entries", collection, q.Limit, func(ctx context.Context) error {
		entries, last, err = o.Backend.Entries(ctx, collection, q)
		return err
	})
	return entries, last, err
}

func (o *observed) Lookup(ctx context.Context, collection, index string, values []any) (rs []Record, err error) {
	err = o.run(ctx, "lookup", collection, len(values), func(ctx context.Context) error {
		rs, err = o.Backend.Lookup(ctx, collection, index, values)
		return err
	})
	return rs, err
}

func (o *observed) Pending(ctx context.Context, collection, after string, limit int) (rs []Record, err error) {
	err = o.run(ctx, "pending", collection, limit, func(ctx context.Context) error {
		rs, err = o.Backend.Pending(ctx, collection, after, limit)
		return err
	})
	return rs, err
}

func (o *observed) Tombstones(ctx context.Context, collection, after string, limit int) (rs []Record, err error) {
	err = o.run(ctx, "tombstones", collection, limit, func(ctx context.Context) error {
		rs, err = o.Backend.Tombstones(ctx, collection, after, limit)
		return err
	})
	return rs, err
}

func (o *observed) Relayed(ctx context.Context, collection string, upTo map[string]int64) error {
	return o.run(ctx, "relayed", collection, len(upTo), func(ctx context.Context) error {
		return o.Backend.Relayed(ctx, collection, upTo)
	})
}

func (o *observed) Purge(ctx context.Context, collection, id string, version int64) error {
	return o.run(ctx, "purge", collection, 1, func(ctx context.Context) error {
		return o.Backend.Purge(ctx, collection, id, version)
	})
}

func (o *observed) AppendFeed(ctx context.Context, events []FeedEvent) (n int, err error) {
	err = o.run(ctx, "append_feed", "", len(events), func(ctx context.Context) error {
		n, err = o.Backend.AppendFeed(ctx, events)
		return err
	})
	return n, err
}

func (o *observed) ReadFeed(ctx context.Context, after int64, limit int) (events []FeedEvent, err error) {
	err = o.run(ctx, "read_feed", "", limit, func(ctx context.Context) error {
		events, err = o.Backend.ReadFeed(ctx, after, limit)
		return err
	})
	return events, err
}

func (o *observed) FeedBounds(ctx context.Context) (first, last int64, recorded time.Time, err error) {
	err = o.run(ctx, "feed_bounds", "", 1, func(ctx context.Context) error {
		first, last, recorded, err = o.Backend.FeedBounds(ctx)
		return err
	})
	return first, last, recorded, err
}

func (o *observed) LocateFeed(ctx context.Context, source string, n int64) (position int64, err error) {
	err = o.run(ctx, "locate_feed", "", 1, func(ctx context.Context) error {
		position, err = o.Backend.LocateFeed(ctx, source, n)
		return err
	})
	return position, err
}

func (o *observed) TrimFeed(ctx context.Context, upTo int64) error {
	return o.run(ctx, "trim_feed", "", 1, func(ctx context.Context) error {
		return o.Backend.TrimFeed(ctx, upTo)
	})
}

func (o *observed) Ping(ctx context.Context) error {
	return o.run(ctx, "ping", "", 1, o.Backend.Ping)
}
