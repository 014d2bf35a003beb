package entitlements

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
)

func TestWarmStartGoesOnWhereItStoodAndLosesNothing(t *testing.T) { onEachStore(t, testWarmStart) }

func testWarmStart(t *testing.T, open func(testing.TB) *docstore.Store) {
	f := newFixtureOn(t, open(t), Options{FlushInterval: time.Millisecond})
	stop := start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	for i := range 50 {
		f.source.add(active(fmt.Sprint("a-", i), ""), paid(fmt.Sprint("a-", i), may, 50_000))
	}
	f.caughtUp(t)
	eventually(t, "it has the lease, and flushes when it is time", func() bool {
		f.advance(time.Second)
		return f.current.Load().stored.Load() > 0
	})
	f.source.add(active("last", ""))
	f.caughtUp(t)
	stop() // flushes
	mark, err := f.pages.loadCheckpoint(context.Background())
	require.NoError(t, err)
	require.Equal(t, int64(len(f.source.changes)), mark.Position)
	require.Equal(t, "USD", mark.Company.Currency)

	f.source.add(paid("a-7", may, -1), active("late", ""))
	f.open(t, Options{})
	require.Error(t, f.Ready(), "what was acknowledged is not applied yet")
	start(t, f.Service)
	eventually(t, "ready", func() bool { return f.Ready() == nil })
	require.False(t, f.entitled(t, "a-7", "thanks"))
	require.True(t, f.entitled(t, "a-8", "thanks"))
	require.False(t, f.entitled(t, "late", "thanks"))
}

func TestRebuildGivesTheSameBytesAndHealsDamage(t *testing.T) { onEachStore(t, testRebuild) }

func testRebuild(t *testing.T, open func(testing.TB) *docstore.Store) {
	f := newFixtureOn(t, open(t), Options{FlushInterval: time.Millisecond})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	for i := range 200 {
		parent := ""
		if i%3 == 0 {
			parent = "a-1"
		}
		f.source.add(active(fmt.Sprint("a-", i), parent), paid(fmt.Sprint("a-", i), may+civil.Day(i%5), int64(i)*1000, -5))
	}
	f.caughtUp(t)
	before := pageBytes(t, f.current.Load())

	// Something that should never be: an account's spend is wrong in memory and store.
	p := f.current.Load()
	require.NoError(t, p.apply(context.Background(), Batch{Resume: "401"}))
	pg := &p.pages[pageOf(hashID("a-9"))]
	pg.mu.Lock()
	pg.find("a-9", hashID("a-9")).ledger = ""
	pg.applied++
	pg.mu.Unlock()
	require.NotEqual(t, before, pageBytes(t, p))
	require.NoError(t, p.flush(context.Background()))

	var told []int64
	require.NoError(t, f.Rebuild(context.Background(), func(applied, total int64) error {
		require.LessOrEqual(t, applied, total)
		told = append(told, applied)
		return nil
	}))
	require.NotEmpty(t, told)
	require.NotSame(t, p, f.current.Load())
	require.Equal(t, before, pageBytes(t, f.current.Load()))

	restored, err := f.restore(context.Background())
	require.NoError(t, err)
	require.Equal(t, before, pageBytes(t, restored), "and so in the store")
	f.source.add(paid("a-9", may, 50_000))
	f.caughtUp(t)
	require.True(t, f.entitled(t, "a-9", "thanks"), "the feed is followed on")
}

func TestAnotherProcessTakesOverWhatThisOneRebuilt(t *testing.T) { onEachStore(t, testAnotherProcess) }

func testAnotherProcess(t *testing.T, open func(testing.TB) *docstore.Store) {
	f := newFixtureOn(t, open(t), Options{FlushInterval: 5 * time.Millisecond})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("acme", ""), paid("acme", may, 50_000))
	f.caughtUp(t)
	other := &fixture{source: f.source, store: f.store, clock: noon}
	other.open(t, Options{FlushInterval: 5 * time.Millisecond})
	start(t, other.Service)
	other.caughtUp(t)
	require.NoError(t, f.Rebuild(context.Background(), func(int64, int64) error { return nil }))
	eventually(t, "the other is of the same rebuild", func() bool { return other.current.Load().epoch == 1 })
	f.source.add(paid("acme", may, -1))
	other.caughtUp(t)
	require.False(t, other.entitled(t, "acme", "thanks"))
	f.publish(t, "1998-06-01", "Second edition")
	eventually(t, "the other has the new version", func() bool { return len(other.Versions()) == 2 })
}

func TestConsistencyTokenWaitsForTheWrite(t *testing.T) {
	f := newFixture(t, Options{})
	f.source.unrelayed = map[string]int64{"1": 1}
	waited := make(chan error, 1)
	go func() { waited <- f.WaitFor(context.Background(), "1") }()
	start(t, f.Service)
	f.source.add(active("acme", ""))
	select {
	case <-waited:
		t.Fatal("it did not wait until the write could be found")
	case <-time.After(50 * time.Millisecond):
	}
	f.source.mu.Lock()
	f.source.unrelayed = nil
	f.source.mu.Unlock()
	require.NoError(t, <-waited)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, f.WaitFor(ctx, "99"), ErrDeadline)
	gone, leave := context.WithCancel(context.Background())
	leave()
	require.ErrorIs(t, f.WaitFor(gone, "99"), context.Canceled)
	require.NoError(t, f.WaitFor(context.Background(), ""))
}

func TestAgeIsThatOfTheLastHeadReached(t *testing.T) {
	f := newFixture(t, Options{})
	require.Negative(t, f.Age())
	start(t, f.Service)
	eventually(t, "the age is known", func() bool { return f.Age() >= 0 })
	f.advance(3 * time.Second)
	eventually(t, "it is measured again", func() bool { return f.Age() == 0 })
}

func TestTrimmedFeedIsAClearState(t *testing.T) {
	f := newFixture(t, Options{})
	f.source.trimmed = true
	start(t, f.Service)
	eventually(t, "not ready, and it says why", func() bool { return errors.Is(f.Ready(), ErrFeedTrimmed) })
	require.ErrorIs(t, f.Rebuild(context.Background(), func(int64, int64) error { return nil }), ErrFeedTrimmed)
	f.source.mu.Lock()
	f.source.trimmed = false
	f.source.mu.Unlock()
	eventually(t, "ready again", func() bool { return f.Ready() == nil })
}
