package docstore

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options tune a Store. The zero value serves.
type Options struct {
	// Now is the clock; time.Now by default. Where it keeps the monotonic reading,
	// ages are monotonic.
	Now func() time.Time
	// Jitter returns a number in [0, n); it spreads retries. By default random.
	Jitter func(n int64) int64
	// Holder names this process in leases; random by default. It must differ between
	// processes.
	Holder string
	// LeaseTerm is how long a lease holds without being renewed; 15 s by default.
	LeaseTerm time.Duration
	// PollInterval is how often writes of other processes are looked for; 250 ms by
	// default, and 1 s on an embedded backend, where there are none.
	PollInterval time.Duration
	// Log receives what happens in the background; slog.Default by default.
	Log *slog.Logger
}

func (o Options) withDefaults(embedded bool) Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = rand.Int64N
	}
	if o.Holder == "" {
		o.Holder = fmt.Sprintf("%016x", rand.Uint64())
	}
	if o.LeaseTerm <= 0 {
		o.LeaseTerm = 15 * time.Second
	}
	if o.PollInterval <= 0 && embedded {
		o.PollInterval = time.Second
	} else if o.PollInterval <= 0 {
		o.PollInterval = 250 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Store is one service's database: its collections, its leases and its feed. It is
// safe for concurrent use.
type Store struct {
	backend Backend
	opts    Options
	leases  *Collection[lease]

	written  signal // an outbox got an event
	appended signal // the feed got an event
	scanned  signal // a complete scan of the outboxes ended
	relaying atomic.Bool
	// begun and ended are the numbers of the last scan of the outboxes that the relay
	// of this process has begun, and of the last that it has ended.
	begun, ended atomic.Int64
	holders      atomic.Int64 // numbers the competitors for leases in this process

	mu          sync.Mutex
	closed      bool
	collections []Spec
	scanHead    int64
	scanStarted time.Time

	working sync.WaitGroup // goroutines that share writes
}

// OpenStore returns the store in a backend, which from then on belongs to it. On an
// embedded backend it ends the leases it finds, since their holders are dead.
func OpenStore(ctx context.Context, backend Backend, opts Options) (*Store, error) {
	s := &Store{backend: backend, opts: opts.withDefaults(backend.Embedded())}
	var err error
	if s.leases, err = OpenCollection[lease](ctx, s, Spec{Name: "leases", Silent: true}); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if backend.Embedded() {
		if err := s.endDeadLeases(ctx); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
	}
	return s, nil
}

// Close waits for shared writes under way and closes the backend. Whatever runs
// under a lease, and the relay, must have been stopped by their contexts before.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.working.Wait()
	return s.backend.Close()
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.backend.Ping(ctx) }

// start runs work in a goroutine that Close waits for.
func (s *Store) start(work func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.working.Add(1)
	go func() {
		defer s.working.Done()
		work()
	}()
	return nil
}

// declare makes the collection in the database and remembers it for the relay.
func (s *Store) declare(ctx context.Context, spec Spec) error {
	if err := spec.check(); err != nil {
		return err
	}
	if err := s.backend.Declare(ctx, spec); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	same := func(known Spec) bool { return known.Name == spec.Name }
	s.collections = append(slices.DeleteFunc(s.collections, same), spec)
	return nil
}

// eventful returns the names of the collections whose documents emit events.
func (s *Store) eventful() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, spec := range s.collections {
		if !spec.Silent {
			names = append(names, spec.Name)
		}
	}
	return names
}

// now is the clock as documents keep it.
func (s *Store) now() time.Time { return s.opts.Now().UTC().Truncate(time.Millisecond) }

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// backoff waits before the next attempt after the given number of failed ones: a
// random time below 2 ms doubled with each, at most 250 ms.
func (s *Store) backoff(ctx context.Context, failed int) error {
	limit := min(2*time.Millisecond<<min(failed, 10), 250*time.Millisecond)
	return sleep(ctx, time.Duration(s.opts.Jitter(int64(limit))))
}
