package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

var relayTests = []test{
	{"Order", testRelayOrder},
	{"TwoWithoutLease", testTwoRelays},
	{"StaleHolder", testStaleHolder},
	{"DiesAtEachStep", testRelayDies},
	{"Flush", testFlush},
	{"ClockGoesBack", testClockGoesBack},
}

// write makes documents with some events each, concurrently, and returns what the
// feed must say of them.
func write(t testing.TB, c *docstore.Collection[thing], prefix string, documents, changes int) map[string][]int64 {
	t.Helper()
	var mu sync.Mutex
	want := map[string][]int64{}
	var wg sync.WaitGroup
	for i := range documents {
		id := fmt.Sprintf("%s%03d", prefix, i)
		wg.Go(func() {
			var ns []int64
			for n := range changes {
				d, err := c.Upsert(t.Context(), id, func(d *docstore.Doc[thing]) error {
					d.Body.Rank++
					d.Emit("changed", map[string]int{"n": n})
					return nil
				})
				if err != nil {
					t.Error(err)
					return
				}
				ns = append(ns, d.Version)
			}
			mu.Lock()
			defer mu.Unlock()
			want[c.Source(id)] = ns
		})
	}
	wg.Wait()
	return want
}

func join(maps ...map[string][]int64) map[string][]int64 {
	all := map[string][]int64{}
	for _, m := range maps {
		for source, ns := range m {
			all[source] = append(all[source], ns...)
		}
	}
	return all
}

// pages counts the pages of outboxes that are read behind a first one and hold something.
type pages struct {
	docstore.Backend
	further atomic.Int64
}

func (p *pages) Pending(ctx context.Context, collection, after string, limit int) ([]docstore.Record, error) {
	rs, err := p.Backend.Pending(ctx, collection, after, limit)
	if after != "" && len(rs) > 0 {
		p.further.Add(1)
	}
	return rs, err
}

// writeMany makes many documents with an event each, enough for more than one page of
// outboxes, and returns what the feed must say of them.
func writeMany(t testing.TB, c *docstore.Collection[thing]) map[string][]int64 {
	t.Helper()
	const many = 1050
	want := map[string][]int64{}
	var docs []docstore.New[thing]
	for i := range many {
		id := fmt.Sprintf("many%04d", i)
		docs = append(docs, docstore.New[thing]{ID: id, Events: []docstore.NewEvent{event("born")}})
		want[c.Source(id)] = []int64{1}
	}
	require.NoError(t, c.InsertMany(t.Context(), docs))
	return want
}

func testRelayOrder(t *testing.T, db Database) {
	read := &pages{Backend: db.Open(t)}
	s := openStore(t, read, docstore.Options{})
	c := openThings(t, s)
	early := join(writeMany(t, c), write(t, c, "early", 20, 1))
	stop := relay(t, s)
	live := write(t, c, "live", 10, 5)
	require.NoError(t, s.Flush(t.Context()))
	require.Positive(t, read.further.Load(), "the relay goes from page to page")
	checkFeed(t, s, join(early, live))
	stop()
	more := write(t, c, "live", 10, 3)
	relay(t, s)
	require.NoError(t, s.Flush(t.Context()))
	checkFeed(t, s, join(early, live, more))
}

func testTwoRelays(t *testing.T, db Database) {
	b := db.Open(t)
	s := openStore(t, b, docstore.Options{})
	c := openThings(t, s)
	for _, suffix := range []string{"_one", "_two"} {
		rival := openStore(t, ownLeases{b, suffix}, docstore.Options{PollInterval: time.Millisecond})
		openThings(t, rival)
		relay(t, rival)
	}
	want := write(t, c, "x", 20, 10)
	require.NoError(t, s.Flush(t.Context()))
	checkFeed(t, s, want)
}

// A relay is stopped right before an append, loses its lease meanwhile to another one
// that relays the same events and more, and then goes on.
func testStaleHolder(t *testing.T, db Database) {
	b := db.Open(t)
	s := openStore(t, b, docstore.Options{})
	c := openThings(t, s)
	goOn := make(chan struct{})
	slow := &stalling{ownLeases: ownLeases{b, "_slow"}, stalled: goOn, reached: make(chan struct{}, 1)}
	stale := openStore(t, slow, docstore.Options{})
	openThings(t, stale)
	want := write(t, c, "x", 5, 2)
	relay(t, stale)
	<-slow.reached
	relay(t, s)
	want = join(want, write(t, c, "x", 5, 2))
	require.NoError(t, s.Flush(t.Context()))
	close(goOn)
	want = join(want, write(t, c, "x", 5, 2))
	require.NoError(t, s.Flush(t.Context()))
	eventually(t, "the stale relay scans", func() bool { _, ok := stale.Scanned(); return ok })
	checkFeed(t, s, want)
}

func testRelayDies(t *testing.T, db Database) {
	b := db.Open(t)
	s := openStore(t, b, docstore.Options{})
	c := openThings(t, s)
	want := map[string][]int64{}
	for at := 0; ; at++ {
		reached := false
		for _, when := range []string{before, halfway, after} {
			want = join(want, write(t, c, "x", 4, 2))
			dying := &faulty{Backend: ownLeases{b, fmt.Sprintf("_%d%c", at, when[0])}, at: at, when: when}
			victim := openStore(t, dying, docstore.Options{})
			openThings(t, victim)
			stop := relay(t, victim)
			eventually(t, "death or rest", func() bool {
				_, rested := victim.Scanned()
				return dying.died() || rested
			})
			stop()
			reached = reached || dying.died()

			survivor := openStore(t, ownLeases{b, fmt.Sprintf("_%d%c_after", at, when[0])}, docstore.Options{})
			openThings(t, survivor)
			stop = relay(t, survivor)
			require.NoError(t, survivor.Flush(t.Context()))
			stop()
			checkFeed(t, s, want)
		}
		if !reached {
			require.Greater(t, at, 3, "a relay makes several calls")
			return
		}
	}
}

func testFlush(t *testing.T, db Database) {
	b := db.Open(t)
	read := &pages{Backend: b}
	s := openStore(t, read, docstore.Options{})
	c := openThings(t, s)
	require.NoError(t, s.Flush(t.Context()), "there is nothing to wait for")
	many := writeMany(t, c)
	// The relay runs in another process, and begins once the flush waits for it.
	slow := &stalling{ownLeases: ownLeases{b, ""}, stalled: make(chan struct{}), reached: make(chan struct{}, 1)}
	goOn := slow.stalled
	other := openStore(t, slow, docstore.Options{})
	openThings(t, other)
	relay(t, other)
	<-slow.reached
	flushed := make(chan error, 1)
	go func() { flushed <- s.Flush(t.Context()) }()
	eventually(t, "the flush goes from page to page", func() bool { return read.further.Load() > 0 })
	close(goOn)
	require.NoError(t, <-flushed)
	checkFeed(t, s, many)
	for i := range 5 {
		_, err := c.Insert(t.Context(), fmt.Sprint(i), thing{}, event("born"))
		require.NoError(t, err)
		require.NoError(t, s.Flush(t.Context()))
		at, err := s.Feed().Locate(t.Context(), c.Source(fmt.Sprint(i)), 1)
		require.NoError(t, err)
		require.NotZero(t, at)
	}
	// One who watches knows how far the feed is complete, too.
	relay(t, s)
	head := int64(len(many) + 5)
	eventually(t, "a watched scan", func() bool { scan, ok := s.Scanned(); return ok && scan.Position == head })
}

func testClockGoesBack(t *testing.T, db Database) {
	now := newClock()
	s := openStore(t, db.Open(t), docstore.Options{Now: now.Now})
	c := openThings(t, s)
	relay(t, s)
	var all []map[string][]int64
	for i := range 6 {
		now.move(time.Duration(3-i) * time.Minute)
		all = append(all, write(t, c, fmt.Sprint(i), 3, 1))
		require.NoError(t, s.Flush(t.Context()))
	}
	checkFeed(t, s, join(all...))
}
