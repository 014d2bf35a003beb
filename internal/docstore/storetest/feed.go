package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

var feedTests = []test{
	{"Append", testAppend},
	{"Trim", testTrimBackend},
	{"Follow", testFollow},
	{"OutOfRange", testOutOfRange},
	{"TrimByAge", testTrimByAge},
	{"PurgeAfterTrim", testPurgeAfterTrim},
}

var dawn = time.Date(2000, 2, 29, 23, 59, 59, 999e6, time.UTC)

func feedEvent(position int64, source string, n int64) docstore.FeedEvent {
	data, _ := bson.Marshal(bson.D{{Key: "n", Value: n}})
	return docstore.FeedEvent{Position: position, Source: source, Recorded: dawn.Add(time.Duration(position) * time.Second),
		Event: docstore.Event{N: n, Type: "t", At: dawn, Who: "w", Data: data}}
}

// checkFeed wants the whole feed to be there: positions without gaps, recorded never
// going backwards, and of each source just these events in this order.
func checkFeed(t testing.TB, s *docstore.Store, want map[string][]int64) {
	t.Helper()
	got := map[string][]int64{}
	position, recorded := int64(0), time.Time{}
	for {
		events, err := s.Feed().Read(t.Context(), position, 1000)
		require.NoError(t, err)
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			require.Equal(t, position+1, e.Position)
			require.False(t, e.Recorded.Before(recorded), "position %d was recorded at %v, the one before at %v", e.Position, e.Recorded, recorded)
			position, recorded = e.Position, e.Recorded
			got[e.Source] = append(got[e.Source], e.N)
		}
	}
	require.Equal(t, want, got)
}

func testAppend(t *testing.T, db Database) {
	b := db.Open(t)
	openStore(t, b, docstore.Options{})
	ctx := t.Context()
	first, last, _, err := b.FeedBounds(ctx)
	require.NoError(t, err)
	require.Zero(t, first)
	require.Zero(t, last)

	events := []docstore.FeedEvent{feedEvent(1, "a/1", 1), feedEvent(2, "a/1", 2), feedEvent(3, "b/1", 1)}
	n, err := b.AppendFeed(ctx, events)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	got, err := b.ReadFeed(ctx, 0, 10)
	require.NoError(t, err)
	require.Equal(t, events, got)
	got, err = b.ReadFeed(ctx, 1, 1)
	require.NoError(t, err)
	require.Equal(t, events[1:2], got)
	first, last, recorded, err := b.FeedBounds(ctx)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 3}, []int64{first, last})
	require.Equal(t, events[2].Recorded, recorded)

	n, err = b.AppendFeed(ctx, []docstore.FeedEvent{feedEvent(3, "c/1", 1)})
	require.ErrorIs(t, err, docstore.ErrFenced)
	require.Zero(t, n)
	n, err = b.AppendFeed(ctx, []docstore.FeedEvent{feedEvent(4, "c/1", 1), feedEvent(5, "a/1", 2), feedEvent(6, "c/1", 2)})
	require.ErrorIs(t, err, docstore.ErrRepeated)
	require.Equal(t, 1, n, "those before it are written, those behind it are not")
	_, last, _, err = b.FeedBounds(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 4, last)
	n, err = b.AppendFeed(ctx, nil)
	require.NoError(t, err)
	require.Zero(t, n)

	at, err := b.LocateFeed(ctx, "c/1", 1)
	require.NoError(t, err)
	require.EqualValues(t, 4, at)
	at, err = b.LocateFeed(ctx, "c/1", 2)
	require.NoError(t, err)
	require.Zero(t, at)
}

func testTrimBackend(t *testing.T, db Database) {
	b := db.Open(t)
	openStore(t, b, docstore.Options{})
	ctx := t.Context()
	require.NoError(t, b.TrimFeed(ctx, 10))
	var events []docstore.FeedEvent
	for p := int64(1); p <= 10; p++ {
		events = append(events, feedEvent(p, "a/1", p))
	}
	_, err := b.AppendFeed(ctx, events)
	require.NoError(t, err)
	require.NoError(t, b.TrimFeed(ctx, 4))
	first, last, _, err := b.FeedBounds(ctx)
	require.NoError(t, err)
	require.Equal(t, []int64{5, 10}, []int64{first, last})
	require.NoError(t, b.TrimFeed(ctx, 100))
	first, last, recorded, err := b.FeedBounds(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 10, last, "the last one stays")
	require.LessOrEqual(t, first, last)
	require.Equal(t, events[9].Recorded, recorded)

	const many = 5000 // more than backends delete at a time
	events = nil
	for p := int64(11); p <= many; p++ {
		events = append(events, feedEvent(p, "a/1", p))
	}
	n, err := b.AppendFeed(ctx, events)
	require.NoError(t, err)
	require.Equal(t, many-10, n)
	require.NoError(t, b.TrimFeed(ctx, 4900))
	first, last, _, err = b.FeedBounds(ctx)
	require.NoError(t, err)
	require.Equal(t, []int64{4901, many}, []int64{first, last})
	rest, err := b.ReadFeed(ctx, 0, many)
	require.NoError(t, err)
	require.Len(t, rest, 100)
}

func testFollow(t *testing.T, db Database) {
	s, c := collection(t, db)
	relay(t, s)
	done := errors.New("done")
	var got []docstore.FeedEvent
	ended := make(chan error, 1)
	go func() {
		ended <- s.Feed().Follow(t.Context(), 0, func(events []docstore.FeedEvent) error {
			got = append(got, events...)
			if len(got) >= 20 {
				return done
			}
			return nil
		})
	}()
	for i := range 20 {
		_, err := c.Insert(t.Context(), fmt.Sprint(i), thing{}, docstore.NewEvent{Type: "born", Data: map[string]int{"i": i}})
		require.NoError(t, err)
	}
	require.ErrorIs(t, <-ended, done)
	for i, e := range got {
		require.EqualValues(t, i+1, e.Position)
		require.Equal(t, "born", e.Type)
	}
	head, err := s.Feed().Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 20, head)
	at, err := s.Feed().Locate(t.Context(), c.Source("7"), 1)
	require.NoError(t, err)
	require.Equal(t, c.Source("7"), got[at-1].Source)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Feed().Follow(ctx, 20, nil), context.Canceled)
	require.NoError(t, s.Flush(t.Context()))
	eventually(t, "a complete scan", func() bool { scan, ok := s.Scanned(); return ok && scan.Position == 20 && scan.Age >= 0 })
}

func testOutOfRange(t *testing.T, db Database) {
	b := db.Open(t)
	s := openStore(t, b, docstore.Options{})
	ctx := t.Context()
	_, err := s.Feed().Read(ctx, 0, 1)
	require.NoError(t, err)
	_, err = s.Feed().Read(ctx, 1, 1)
	require.ErrorIs(t, err, docstore.ErrOutOfRange, "a feed that never got so far")
	for p := int64(1); p <= 10; p++ {
		_, err := b.AppendFeed(ctx, []docstore.FeedEvent{feedEvent(p, "a/1", p)})
		require.NoError(t, err)
	}
	require.NoError(t, b.TrimFeed(ctx, 4))
	_, err = s.Feed().Read(ctx, 3, 1)
	require.ErrorIs(t, err, docstore.ErrOutOfRange)
	require.ErrorIs(t, s.Feed().Follow(ctx, 0, nil), docstore.ErrOutOfRange)
	events, err := s.Feed().Read(ctx, 4, 100)
	require.NoError(t, err)
	require.Len(t, events, 6)
	events, err = s.Feed().Read(ctx, 10, 100)
	require.NoError(t, err)
	require.Empty(t, events)
}

func testTrimByAge(t *testing.T, db Database) {
	now := newClock()
	s := openStore(t, db.Open(t), docstore.Options{Now: now.Now, LeaseTerm: 1000 * time.Hour})
	c := openThings(t, s)
	relay(t, s)
	start := now.Now()
	for i := range 10 {
		_, err := c.Insert(t.Context(), fmt.Sprint(i), thing{}, event("born"))
		require.NoError(t, err)
		require.NoError(t, s.Flush(t.Context()))
		now.move(time.Hour)
	}
	for _, tt := range []struct {
		hours int
		first int64
	}{{0, 1}, {3, 4}, {3, 4}, {1, 4}, {7, 8}, {100, 10}} {
		require.NoError(t, s.Feed().Trim(t.Context(), start.Add(time.Duration(tt.hours)*time.Hour)))
		events, err := s.Feed().Read(t.Context(), tt.first-1, 100)
		require.NoError(t, err)
		require.Equal(t, tt.first, events[0].Position)
		require.Len(t, events, int(11-tt.first))
		if tt.first > 1 {
			_, err = s.Feed().Read(t.Context(), tt.first-2, 100)
			require.ErrorIs(t, err, docstore.ErrOutOfRange)
		}
	}
}

// A deleted id counts on for as long as the feed speaks of it, and from 1 after that.
func testPurgeAfterTrim(t *testing.T, db Database) {
	now := newClock()
	b := db.Open(t)
	s := openStore(t, b, docstore.Options{Now: now.Now, LeaseTerm: 1000 * time.Hour})
	c := openThings(t, s)
	relay(t, s)
	ctx := t.Context()
	reborn := func() int64 {
		d, err := c.Insert(ctx, "x", thing{}, event("born"))
		require.NoError(t, err)
		require.NoError(t, c.Delete(ctx, "x", 0))
		require.NoError(t, s.Flush(ctx))
		return d.Version
	}
	trim := func() {
		now.move(time.Hour)
		_, err := c.Upsert(ctx, "other", func(d *docstore.Doc[thing]) error { d.Emit("later", nil); return nil })
		require.NoError(t, err)
		require.NoError(t, s.Flush(ctx))
		require.NoError(t, s.Feed().Trim(ctx, now.Now()))
	}
	require.EqualValues(t, 1, reborn())
	require.NoError(t, s.Feed().Trim(ctx, now.Now()), "nothing is old enough")
	require.EqualValues(t, 3, reborn())
	trim()
	gone, err := b.Get(ctx, things.Name, []string{"x"})
	require.NoError(t, err)
	require.Empty(t, gone)
	require.EqualValues(t, 1, reborn())
	at, err := s.Feed().Locate(ctx, c.Source("x"), 2)
	require.NoError(t, err)
	require.NotZero(t, at, "the events of the new one are no repetitions")
}
