package advice

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/internal/docstore"
)

// interposed is a backend that does something once, right before the first write of a
// collection.
type interposed struct {
	docstore.Backend
	collection string
	do         func()
	done       bool
}

func (b *interposed) before(collection string) {
	if collection == b.collection && b.do != nil && !b.done {
		b.done = true
		b.do()
	}
}

func (b *interposed) Insert(ctx context.Context, collection string, records []docstore.Record) error {
	b.before(collection)
	return b.Backend.Insert(ctx, collection, records)
}

func (b *interposed) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	b.before(collection)
	return b.Backend.Replace(ctx, collection, ifVersion, r)
}

// dying is the backend of a process that dies at a write: before it reaches the
// database, or right after. From then on every write fails.
type dying struct {
	docstore.Backend
	at    int // the number of the write that kills, from 0
	after bool

	writes int
	dead   bool
}

var errDied = fmt.Errorf("%w: the process died", docstore.ErrUnavailable)

func (d *dying) write(collection string, do func() error) error {
	if d.dead {
		return errDied
	}
	if collection != "ideas" && collection != "solicitations" && collection != "solicitation_fences" {
		return do()
	}
	d.writes++
	if d.writes-1 != d.at {
		return do()
	}
	d.dead = true
	if d.after {
		if err := do(); err != nil {
			return err
		}
	}
	return errDied
}

func (d *dying) Insert(ctx context.Context, collection string, records []docstore.Record) error {
	return d.write(collection, func() error { return d.Backend.Insert(ctx, collection, records) })
}

func (d *dying) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	return d.write(collection, func() error { return d.Backend.Replace(ctx, collection, ifVersion, r) })
}
