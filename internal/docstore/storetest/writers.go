package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

var writerTests = []test{
	{"OneDocument", testOneDocument},
	{"ManyDocuments", testManyDocuments},
	{"TwoProcesses", testTwoProcesses},
	{"OwnChange", testOwnChange},
	{"OneLeaves", testOneLeaves},
	{"UpsertRace", testUpsertRace},
	{"DeleteRace", testDeleteRace},
}

const writers = 64

func testOneDocument(t *testing.T, db Database) {
	s, c := collection(t, db)
	relay(t, s)
	_, err := c.Insert(t.Context(), "hot", thing{})
	require.NoError(t, err)
	var mu sync.Mutex
	versions := map[int64]bool{}
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range 10 {
				d, err := c.Update(t.Context(), "hot", func(d *docstore.Doc[thing]) error { d.Body.Rank++; d.Emit("up", nil); return nil })
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if versions[d.Version] || d.Version != d.Body.Rank+1 {
					t.Errorf("version %d with rank %d", d.Version, d.Body.Rank)
				}
				versions[d.Version] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	d, err := c.Get(t.Context(), "hot")
	require.NoError(t, err)
	require.EqualValues(t, writers*10, d.Body.Rank)
	require.NoError(t, s.Flush(t.Context()))
	var ns []int64
	for n := range int64(writers * 10) {
		ns = append(ns, n+2)
	}
	checkFeed(t, s, map[string][]int64{"things/hot": ns})
}

func testManyDocuments(t *testing.T, db Database) {
	s, c := collection(t, db)
	relay(t, s)
	want := write(t, c, "m", writers, 5)
	require.NoError(t, s.Flush(t.Context()))
	checkFeed(t, s, want)
	for source, ns := range want {
		d, err := c.Get(t.Context(), source[len("things/"):])
		require.NoError(t, err)
		require.EqualValues(t, 5, d.Body.Rank)
		require.Equal(t, ns[4], d.Version)
	}
}

// Two stores on one database do not see each other's queues.
func testTwoProcesses(t *testing.T, db Database) {
	b := db.Open(t)
	one := openThings(t, openStore(t, b, docstore.Options{}))
	two := openThings(t, openStore(t, ownLeases{b, ""}, docstore.Options{}))
	_, err := one.Insert(t.Context(), "hot", thing{})
	require.NoError(t, err)
	var wg sync.WaitGroup
	var gaveUp atomic.Int64
	for i := range writers {
		c := one
		if i%2 == 0 {
			c = two
		}
		wg.Go(func() {
			for range 3 {
				_, err := c.Update(t.Context(), "hot", func(d *docstore.Doc[thing]) error { d.Body.Rank++; return nil })
				switch {
				case errors.Is(err, docstore.ErrConflict):
					gaveUp.Add(1)
				case err != nil:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	d, err := one.Get(t.Context(), "hot")
	require.NoError(t, err)
	require.EqualValues(t, writers*3, d.Body.Rank+gaveUp.Load())
	require.Equal(t, d.Body.Rank+1, d.Version)
}

// Callers who share a write each get the document as of their own change, and one
// who fails leaves no trace.
func testOwnChange(t *testing.T, db Database) {
	_, c := collection(t, db)
	_, err := c.Insert(t.Context(), "x", thing{Tags: []string{"first"}})
	require.NoError(t, err)
	refusal := errors.New("refused")
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			mine := fmt.Sprint(i)
			d, err := c.Update(t.Context(), "x", func(d *docstore.Doc[thing]) error {
				if i%8 == 0 {
					d.Body.Tags[0] = "spoilt"
					return refusal
				}
				d.Body.Name, d.Body.Tags = mine, append(d.Body.Tags, mine)
				for range i % 3 {
					d.Emit("x", nil)
				}
				return nil
			})
			if i%8 == 0 {
				if !errors.Is(err, refusal) {
					t.Error(err)
				}
				return
			}
			if err != nil || d.Body.Name != mine || d.Body.Tags[len(d.Body.Tags)-1] != mine {
				t.Errorf("writer %d got %+v, %v", i, d, err)
			}
		})
	}
	wg.Wait()
	d, err := c.Get(t.Context(), "x")
	require.NoError(t, err)
	require.Len(t, d.Body.Tags, 1+writers-writers/8)
	require.NotContains(t, d.Body.Tags, "spoilt")
}

// A caller that goes away while others wait on the same document fails nobody.
func testOneLeaves(t *testing.T, db Database) {
	_, c := collection(t, db)
	_, err := c.Insert(t.Context(), "x", thing{})
	require.NoError(t, err)
	up := func(d *docstore.Doc[thing]) error { d.Body.Rank++; return nil }

	inside, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	leading := make(chan error, 1)
	leaderCtx, leaderLeaves := context.WithCancel(t.Context())
	go func() {
		_, err := c.Update(leaderCtx, "x", func(d *docstore.Doc[thing]) error {
			once.Do(func() { close(inside); <-goOn })
			return up(d)
		})
		leading <- err
	}()
	<-inside
	waiting := make(chan error, 1)
	ctx, leave := context.WithCancel(t.Context())
	go func() { _, err := c.Update(ctx, "x", up); waiting <- err }()
	staying := make(chan error, 1)
	go func() { _, err := c.Update(t.Context(), "x", up); staying <- err }()
	time.Sleep(10 * time.Millisecond) // so that they are in the queue; right without, too
	leave()
	require.ErrorIs(t, <-waiting, context.Canceled)
	leaderLeaves()
	close(goOn)
	if err := <-leading; err != nil {
		require.ErrorIs(t, err, context.Canceled)
	}
	require.NoError(t, <-staying)
	d, err := c.Get(t.Context(), "x")
	require.NoError(t, err)
	require.Contains(t, []int64{1, 2}, d.Body.Rank, "the one who waited and left is not in it")
}

func testUpsertRace(t *testing.T, db Database) {
	b := db.Open(t)
	one := openThings(t, openStore(t, b, docstore.Options{}))
	two := openThings(t, openStore(t, ownLeases{b, ""}, docstore.Options{}))
	var wg sync.WaitGroup
	for i := range 16 {
		c := []*docstore.Collection[thing]{one, two}[i%2]
		wg.Go(func() {
			if _, err := c.Upsert(t.Context(), "x", func(d *docstore.Doc[thing]) error { d.Body.Rank++; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	d, err := one.Get(t.Context(), "x")
	require.NoError(t, err)
	require.EqualValues(t, 16, d.Body.Rank)
}

// Some delete, some create anew: the events count on without a repetition.
func testDeleteRace(t *testing.T, db Database) {
	s, c := collection(t, db)
	relay(t, s)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			for range 4 {
				var err error
				if i%2 == 0 {
					_, err = c.Insert(t.Context(), "x", thing{}, event("born"))
				} else {
					err = c.Delete(t.Context(), "x", 0)
				}
				if err != nil && !errors.Is(err, docstore.ErrExists) && !errors.Is(err, docstore.ErrNotFound) && !errors.Is(err, docstore.ErrConflict) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, s.Flush(t.Context()))
	head, err := s.Feed().Head(t.Context())
	require.NoError(t, err)
	require.Positive(t, head)
	var ns []int64
	for n := range head {
		ns = append(ns, n+1)
	}
	checkFeed(t, s, map[string][]int64{"things/x": ns})
}
