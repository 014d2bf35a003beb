package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// faulty is a process that dies: at one call of those a relay makes, before it
// reaches the database, after it did, or half way through an append. From then on
// every call fails.
type faulty struct {
	docstore.Backend
	at   int // the number of the call that kills, from 0
	when string

	mu    sync.Mutex
	calls int
	dead  bool
}

const (
	before  = "before"
	halfway = "half way through"
	after   = "after"
)

var errDied = fmt.Errorf("%w: the process died", docstore.ErrUnavailable)

func (f *faulty) died() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}

// step runs a call of a relay, or dies.
func (f *faulty) step(call, half func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return errDied
	}
	fatal := f.calls == f.at
	f.calls++
	if !fatal {
		return call()
	}
	f.dead = true
	switch f.when {
	case halfway:
		_ = half() // what a dying process is told reaches nobody
	case after:
		_ = call()
	}
	return errDied
}

func nothing() error { return nil }

func (f *faulty) Pending(ctx context.Context, collection, behind string, limit int) (rs []docstore.Record, err error) {
	err = f.step(func() error { rs, err = f.Backend.Pending(ctx, collection, behind, limit); return err }, nothing)
	return rs, err
}

func (f *faulty) FeedBounds(ctx context.Context) (first, last int64, recorded time.Time, err error) {
	err = f.step(func() error { first, last, recorded, err = f.Backend.FeedBounds(ctx); return err }, nothing)
	return first, last, recorded, err
}

func (f *faulty) AppendFeed(ctx context.Context, events []docstore.FeedEvent) (n int, err error) {
	err = f.step(func() error { n, err = f.Backend.AppendFeed(ctx, events); return err },
		func() error { _, err := f.Backend.AppendFeed(ctx, events[:len(events)/2]); return err })
	return n, err
}

func (f *faulty) Relayed(ctx context.Context, collection string, upTo map[string]int64) error {
	some := map[string]int64{}
	for id, n := range upTo {
		if len(some) < len(upTo)/2 {
			some[id] = n
		}
	}
	return f.step(func() error { return f.Backend.Relayed(ctx, collection, upTo) },
		func() error { return f.Backend.Relayed(ctx, collection, some) })
}

// ownLeases gives a store leases of its own, so that it holds whatever it wants
// together with others.
type ownLeases struct {
	docstore.Backend
	suffix string
}

func (o ownLeases) name(collection string) string {
	if strings.HasPrefix(collection, "leases") {
		return collection + o.suffix
	}
	return collection
}

func (o ownLeases) Embedded() bool { return false }

// Close leaves the backend to the others.
func (o ownLeases) Close() error { return nil }

func (o ownLeases) Declare(ctx context.Context, spec docstore.Spec) error {
	spec.Name = o.name(spec.Name)
	return o.Backend.Declare(ctx, spec)
}

func (o ownLeases) Insert(ctx context.Context, collection string, records []docstore.Record) error {
	return o.Backend.Insert(ctx, o.name(collection), records)
}

func (o ownLeases) Get(ctx context.Context, collection string, ids []string) ([]docstore.Record, error) {
	return o.Backend.Get(ctx, o.name(collection), ids)
}

func (o ownLeases) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	return o.Backend.Replace(ctx, o.name(collection), ifVersion, r)
}

// stalling is a backend whose appends wait while it stalls.
type stalling struct {
	ownLeases
	mu      sync.Mutex
	stalled chan struct{} // closed when the append may go on
	reached chan struct{} // gets a token when an append waits
}

func (s *stalling) AppendFeed(ctx context.Context, events []docstore.FeedEvent) (int, error) {
	s.mu.Lock()
	wait := s.stalled
	s.stalled = nil
	s.mu.Unlock()
	if wait != nil {
		s.reached <- struct{}{}
		<-wait
		ctx = context.WithoutCancel(ctx) // the network has it already
	}
	return s.Backend.AppendFeed(ctx, events)
}
