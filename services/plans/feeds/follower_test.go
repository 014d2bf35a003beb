package feeds

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore"
)

var began = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

// source is a feed in memory whose change at each position is a revenue chunk of one entry;
// a resume token is a position. It hands over two changes at a time.
type source struct {
	mu    sync.Mutex
	head  int64
	grown chan struct{}
	away  error
}

func newSource(head int64) *source { return &source{head: head, grown: make(chan struct{})} }

func (s *source) grow(to int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head = to
	close(s.grown)
	s.grown = make(chan struct{})
}

func (s *source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = err
}

func (s *source) Head(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return 0, s.away
	}
	return s.head, nil
}

func (s *source) Watch(ctx context.Context, resume string, apply func(Batch) error) error {
	at := int64(0)
	if resume != "" {
		at, _ = strconv.ParseInt(resume, 10, 64)
	}
	for {
		s.mu.Lock()
		head, grown, away := s.head, s.grown, s.away
		s.mu.Unlock()
		if away != nil {
			return away
		}
		if at < head {
			b := batch(at+1, min(head, at+2))
			if err := apply(b); err != nil {
				return err
			}
			at = b.Position
			continue
		}
		if err := apply(Batch{Resume: resume}); err != nil { // a sign of life
			return err
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// batch is the changes from one position up to another.
func batch(from, to int64) Batch {
	b := Batch{Position: to, Resume: strconv.FormatInt(to, 10), Recorded: began.Add(time.Duration(to) * time.Second)}
	for p := from; p <= to; p++ {
		b.Changes = append(b.Changes, Change{Service: Accounts, Position: p, Recorded: began.Add(time.Duration(p) * time.Second),
			Revenue: &Revenue{Chunk: strconv.FormatInt(p, 10), Accounts: []string{"acme"}, Index: []uint32{0}, Days: []int32{1}, Minor: []int64{p}}})
	}
	return b
}

// total is a copy in the store: the sum of what was paid, each change counted once.
type total struct {
	docs  *docstore.Collection[totalDoc]
	crash func(position int64) error
	took  chan int64
}

type totalDoc struct {
	Sum      int64 `bson:"sum"`
	Position int64 `bson:"position"`
}

func openTotal(t *testing.T, store *docstore.Store, name string) *total {
	docs, err := docstore.OpenCollection[totalDoc](t.Context(), store, docstore.Spec{Name: name, Silent: true})
	require.NoError(t, err)
	return &total{docs: docs, took: make(chan int64, 1000)}
}

func (c *total) Take(ctx context.Context, changes []Change) error {
	for _, change := range changes {
		if c.crash != nil {
			if err := c.crash(change.Position); err != nil {
				return err
			}
		}
		if _, err := c.docs.Upsert(ctx, "total", func(d *docstore.Doc[totalDoc]) error {
			if change.Position > d.Body.Position {
				d.Body.Sum, d.Body.Position = d.Body.Sum+change.Revenue.Minor[0], change.Position
			}
			return nil
		}); err != nil {
			return err
		}
		c.took <- change.Position
	}
	return nil
}

// wait waits until a position was taken.
func (c *total) wait(position int64) {
	for p := range c.took {
		if p >= position {
			return
		}
	}
}

func (c *total) sum(t *testing.T) int64 {
	t.Helper()
	d, err := c.docs.Get(t.Context(), "total")
	require.NoError(t, err)
	return d.Body.Sum
}

// begin makes a follower, and run has it follow until the function that it returns is called.
func begin(t *testing.T, store *docstore.Store, from Source, takers ...Taker) *Follower {
	t.Helper()
	f, err := Open(t.Context(), store, Accounts, Options{Source: from, Takers: takers,
		Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return f
}

func run(t *testing.T, f *Follower) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = f.Run(ctx) // it ends because it is stopped
	}()
	return func() { cancel(); <-done }
}

var errCrash = errors.New("the process dies here")

// A process that dies between two takers, or before it marked what they took, has the same
// changes taken again by the next: nothing is lost, and nothing counts twice.
func TestR35ACrashBetweenTakersLosesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store *docstore.Store) {
		from := newSource(7)
		first, second := openTotal(t, store, "first"), openTotal(t, store, "second")
		second.crash = func(position int64) error {
			if position == 4 {
				return errCrash
			}
			return nil
		}
		dying := begin(t, store, from, first, second)
		err := from.Watch(t.Context(), "", func(b Batch) error { return dying.apply(t.Context(), b) })
		require.ErrorIs(t, err, errCrash)
		require.EqualValues(t, 1+2+3+4, first.sum(t), "the first taker is ahead of the mark")
		require.EqualValues(t, 1+2+3, second.sum(t))
		lag, err := dying.Lag(t.Context())
		require.NoError(t, err)
		require.Equal(t, Lag{Service: Accounts, Applied: 2, Head: 7, Recorded: began.Add(2 * time.Second)}, lag)
		require.EqualValues(t, 5, lag.Behind())

		second.crash = nil
		next := begin(t, store, from, first, second)
		stop := run(t, next)
		second.wait(7)
		stop()
		require.EqualValues(t, 28, first.sum(t))
		require.EqualValues(t, 28, second.sum(t))
	})
}

// After a stop it goes on where it stood, and says how far behind it is meanwhile.
func TestR35AFollowerCatchesUpAfterAStop(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store *docstore.Store) {
		from := newSource(3)
		kept := openTotal(t, store, "total")
		f := begin(t, store, from, kept)
		stop := run(t, f)
		kept.wait(3)
		stop()
		from.grow(50)
		at, err := f.mark(t.Context())
		require.NoError(t, err)
		lag, err := f.Lag(t.Context())
		require.NoError(t, err)
		require.Equal(t, Lag{Service: Accounts, Applied: at.Position, Head: 50, Recorded: at.Recorded}, lag)

		stop = run(t, f)
		kept.wait(50)
		from.grow(51)
		kept.wait(51)
		stop()
		require.EqualValues(t, 51*52/2, kept.sum(t))
	})
}

// A process that lost its lease without knowing comes with what it has: the mark does not go
// back, and nothing counts again.
func TestR35AStaleLeaseHolderChangesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store *docstore.Store) {
		ctx := t.Context()
		from := newSource(6)
		kept := openTotal(t, store, "total")
		current, stale := begin(t, store, from, kept), begin(t, store, from, kept)
		for _, b := range []Batch{batch(1, 2), batch(3, 4), batch(5, 6)} {
			require.NoError(t, current.apply(ctx, b))
		}
		for _, b := range []Batch{batch(1, 2), batch(3, 4), batch(3, 4), {Resume: "6"}} {
			require.NoError(t, stale.apply(ctx, b))
		}
		require.EqualValues(t, 21, kept.sum(t))
		lag, err := stale.Lag(ctx)
		require.NoError(t, err)
		require.Equal(t, Lag{Service: Accounts, Applied: 6, Head: 6, Recorded: began.Add(6 * time.Second)}, lag)
	})
}

// A service that is not reached is told, and what is applied still is.
func TestR35LagTellsOfAServiceThatIsNotReached(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store *docstore.Store) {
		ctx := t.Context()
		from := newSource(4)
		f := begin(t, store, from, TakerFunc(func(context.Context, []Change) error { return nil }))
		require.NoError(t, f.apply(ctx, batch(1, 2)))
		away := errors.New("no route")
		from.fail(away)
		lag, err := f.Lag(ctx)
		require.NoError(t, err)
		require.ErrorIs(t, lag.Unreachable, away)
		require.EqualValues(t, 2, lag.Applied)
		require.Zero(t, lag.Behind())
		from.fail(nil)
		require.NoError(t, f.apply(ctx, batch(3, 4)))
		from.grow(9)
		lag, err = f.Lag(ctx)
		require.NoError(t, err)
		require.NoError(t, lag.Unreachable)
		require.EqualValues(t, 9-4, lag.Behind())
	})
}

// Takers get every change once and in the order of the feed, however many entries each has;
// and no call goes on once it has atOnce entries.
func TestR35PortionsHoldEveryChangeOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var changes []Change
		for range rapid.IntRange(0, 40).Draw(t, "changes") {
			c := Change{Position: int64(len(changes) + 1)}
			if entries := rapid.IntRange(0, 5000).Draw(t, "entries"); entries > 0 {
				c.Revenue = &Revenue{Index: make([]uint32, entries)}
			}
			changes = append(changes, c)
		}
		var got []Change
		for portion := range portions(changes) {
			entries := 0
			for _, c := range portion[:len(portion)-1] {
				if c.Revenue != nil {
					entries += len(c.Revenue.Index)
				}
			}
			require.Less(t, entries, atOnce)
			got = append(got, portion...)
		}
		require.Equal(t, changes, got)
	})
}
