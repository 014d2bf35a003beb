package storetest

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

var leaseTests = []test{
	{"OneAtATime", testOneAtATime},
	{"Expired", testExpiredLease},
	{"Released", testReleasedLease},
	{"DeadHolder", testDeadHolder},
	{"Migrate", testMigrate},
	{"Checkpoints", testCheckpoints},
}

// hold runs until told to end, and says when it began.
func hold(t testing.TB, s *docstore.Store, began chan<- string, name string) (end func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- s.WithLease(ctx, "job", func(ctx context.Context) error {
			began <- name
			<-ctx.Done()
			return context.Cause(ctx)
		})
	}()
	t.Cleanup(cancel)
	return func() error { cancel(); return <-ended }
}

// neverRunsOut are options with which a lease ends only by being released, however slow
// the machine. (A third of the term is what a release may take in real time.)
func neverRunsOut() docstore.Options {
	return docstore.Options{LeaseTerm: time.Second, Now: newClock().Now}
}

func testOneAtATime(t *testing.T, db Database) {
	b, opts := db.Open(t), neverRunsOut()
	stores := []*docstore.Store{openStore(t, b, opts)}
	for range 3 {
		stores = append(stores, openStore(t, ownLeases{b, ""}, opts))
	}
	var inside, turns atomic.Int64
	ended := make(chan error, len(stores))
	for _, s := range stores {
		go func() {
			ended <- s.WithLease(t.Context(), "turn", func(context.Context) error {
				if inside.Add(1) != 1 {
					t.Error("two hold the lease")
				}
				turns.Add(1)
				time.Sleep(5 * time.Millisecond)
				inside.Add(-1)
				return nil
			})
		}()
	}
	for range stores {
		require.NoError(t, <-ended)
	}
	require.EqualValues(t, len(stores), turns.Load())
	failure := errors.New("failed")
	require.ErrorIs(t, stores[0].WithLease(t.Context(), "turn", func(context.Context) error { return failure }), failure)
}

// A holder that cannot renew in time loses the lease and is told.
func testExpiredLease(t *testing.T, db Database) {
	b := db.Open(t)
	early, late := newClock(), newClock()
	late.move(time.Hour) // to this one every lease of the other has run out
	opts := docstore.Options{LeaseTerm: 60 * time.Millisecond}
	opts.Now = early.Now
	first := openStore(t, b, opts)
	opts.Now = late.Now
	second := openStore(t, ownLeases{b, ""}, opts)

	began := make(chan string, 10)
	endFirst := hold(t, first, began, "first")
	require.Equal(t, "first", <-began)
	endSecond := hold(t, second, began, "second")
	require.Equal(t, "second", <-began)
	// The first finds out, and waits for its turn: the lease is good for an hour by its
	// clock.
	require.ErrorIs(t, endFirst(), context.Canceled)
	require.ErrorIs(t, endSecond(), context.Canceled)
	require.Empty(t, began)
}

func testReleasedLease(t *testing.T, db Database) {
	b, opts := db.Open(t), neverRunsOut()
	first := openStore(t, b, opts)
	second := openStore(t, ownLeases{b, ""}, opts)
	began := make(chan string, 10)
	endFirst := hold(t, first, began, "first")
	require.Equal(t, "first", <-began)
	endSecond := hold(t, second, began, "second")
	require.ErrorIs(t, endFirst(), context.Canceled)
	require.Equal(t, "second", <-began)
	require.ErrorIs(t, endSecond(), context.Canceled)
}

// An embedded database that is opened again gives away the leases of the dead at
// once; any other waits for them to run out.
func testDeadHolder(t *testing.T, db Database) {
	b := db.Open(t)
	now := newClock()
	opts := docstore.Options{LeaseTerm: time.Minute, Now: now.Now, PollInterval: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)}
	s, err := docstore.OpenStore(t.Context(), b, opts)
	require.NoError(t, err)
	began := make(chan string, 10)
	dead, cancel := context.WithCancel(t.Context())
	go func() {
		_ = s.WithLease(dead, "job", func(ctx context.Context) error {
			began <- "dead"
			<-ctx.Done()
			return nil
		})
		close(began)
	}()
	require.Equal(t, "dead", <-began)
	db.Crash(t, b)
	cancel()
	<-began

	b = db.Open(t)
	again := openStore(t, b, opts)
	if !b.Embedded() {
		now.move(2 * time.Minute)
	}
	revived := make(chan string, 10)
	end := hold(t, again, revived, "again")
	require.Equal(t, "again", <-revived)
	require.ErrorIs(t, end(), context.Canceled)
}

func testMigrate(t *testing.T, db Database) {
	b, opts := db.Open(t), neverRunsOut()
	s := openStore(t, b, opts)
	other := openStore(t, ownLeases{b, ""}, opts)
	var ran []int
	step := func(n int, err error) docstore.Migration {
		return docstore.Migration{Number: n, Name: "step", Run: func(context.Context, *docstore.Store) error {
			ran = append(ran, n)
			return err
		}}
	}
	ctx := t.Context()
	require.NoError(t, s.Migrate(ctx, []docstore.Migration{step(1, nil), step(3, nil)}))
	failure := errors.New("failed")
	require.ErrorIs(t, s.Migrate(ctx, []docstore.Migration{step(1, nil), step(3, nil), step(4, failure)}), failure)
	require.NoError(t, other.Migrate(ctx, []docstore.Migration{step(1, nil), step(3, nil), step(4, nil), step(5, nil)}))
	require.NoError(t, s.Migrate(ctx, []docstore.Migration{step(1, nil)}), "an older program")
	require.Equal(t, []int{1, 3, 4, 4, 5}, ran)
	require.ErrorContains(t, s.Migrate(ctx, []docstore.Migration{step(2, nil), step(2, nil)}), "out of order")
}

func testCheckpoints(t *testing.T, db Database) {
	s := openStore(t, db.Open(t), docstore.Options{})
	c, err := docstore.OpenCheckpoints(t.Context(), s)
	require.NoError(t, err)
	at := func() int64 {
		p, err := c.Get(t.Context(), "follower")
		require.NoError(t, err)
		return p
	}
	require.Zero(t, at())
	require.NoError(t, c.Advance(t.Context(), "follower", 7))
	require.NoError(t, c.Advance(t.Context(), "follower", 5))
	require.EqualValues(t, 7, at())
	require.NoError(t, c.Reset(t.Context(), "follower", 0))
	require.Zero(t, at())
}
