package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

var crashTests = []test{
	{"Acknowledged", testAcknowledged},
	{"Reopen", testReopen},
}

// What was acknowledged before a crash is there after it, and its events reach the
// feed.
func testAcknowledged(t *testing.T, db Database) {
	want := map[string][]int64{}
	ranks := map[string]int64{}
	for round := range 4 {
		b := db.Open(t)
		s, err := docstore.OpenStore(t.Context(), b, docstore.Options{})
		require.NoError(t, err)
		c := openThings(t, s)
		stop := func() {}
		if round%2 == 1 {
			stop = relay(t, s)
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := range 20 {
					id := fmt.Sprintf("%d-%d", w, (i+round)%25)
					d, err := c.Upsert(t.Context(), id, func(d *docstore.Doc[thing]) error { d.Body.Rank++; d.Emit("up", nil); return nil })
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					want[c.Source(id)] = append(want[c.Source(id)], d.Version)
					ranks[id] = d.Body.Rank
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		stop()
		db.Crash(t, b)
	}
	s, c := collection(t, db)
	relay(t, s)
	require.NoError(t, s.Flush(t.Context()))
	checkFeed(t, s, want)
	for id, rank := range ranks {
		d, err := c.Get(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, rank, d.Body.Rank)
	}
}

func testReopen(t *testing.T, db Database) {
	b := db.Open(t)
	s, err := docstore.OpenStore(t.Context(), b, docstore.Options{})
	require.NoError(t, err)
	c := openThings(t, s)
	_, err = c.Insert(t.Context(), "x", full("x"), event("born"))
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "twice is no harm")
	_, err = c.Update(t.Context(), "x", func(*docstore.Doc[thing]) error { return nil })
	require.ErrorIs(t, err, docstore.ErrClosed)

	_, c = collection(t, db)
	d, err := c.Get(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, full("x"), d.Body)
	_, err = c.Insert(t.Context(), "y", full("x"))
	var duplicate *docstore.DuplicateError
	require.ErrorAs(t, err, &duplicate, "the unique indexes are there")
}
