package entitlements

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// TestR27ChecksWhileEverythingHappens checks from 64 goroutines while revenue that only
// grows is applied, pages are evicted and timelines dropped: nobody ever loses.
func TestR27ChecksWhileEverythingHappens(t *testing.T) {
	f := newFixture(t, Options{FlushInterval: time.Millisecond, CacheAccounts: 40, CacheTimelines: 20})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	const accounts = 100
	id := func(i int) string { return fmt.Sprint("a-", i) }
	for i := range accounts {
		parent := ""
		if i >= 80 {
			parent = id(i - 80)
		}
		f.source.add(active(id(i), parent))
	}
	f.caughtUp(t)
	ctx, cancel := context.WithCancel(context.Background())
	var checkers sync.WaitGroup
	for worker := range 64 {
		checkers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			var had [accounts]bool
			for n := 0; ctx.Err() == nil; n++ {
				if n%20 == 0 { // leave some of the processor to what is tested
					time.Sleep(time.Millisecond)
				}
				i := random.IntN(accounts)
				d, err := f.AsOf(time.Time{})
				if err != nil {
					t.Error(err)
					return
				}
				decided, err := d.Check(ctx, id(i), []string{"thanks", "hours"}[worker%2])
				if err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
				if err == nil && had[i] && !decided.Entitled() {
					t.Errorf("%s lost what it had", id(i))
				}
				had[i] = had[i] || decided.Entitled()
			}
		})
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		f.source.add(paid(id(random.IntN(accounts)), may, random.Int64N(20_000)))
		if round == 100 {
			require.NoError(t, f.Rebuild(context.Background(), func(int64, int64) error { return nil }))
		}
	}
	f.caughtUp(t)
	cancel()
	checkers.Wait()
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	for _, benefit := range []string{"thanks", "hours"} {
		count := int64(0)
		for i := range accounts {
			if f.entitled(t, id(i), benefit) {
				count++
			}
		}
		counted, err := d.CountHolders(context.Background(), benefit)
		require.NoError(t, err)
		require.Equal(t, count, counted)
	}
}

func TestHoldersComeInOrderOfIDWhateverIsInMemory(t *testing.T) {
	for _, cache := range []int{1, 300, 100_000} {
		f := newFixture(t, Options{FlushInterval: time.Millisecond, CacheAccounts: cache})
		stop := start(t, f.Service)
		f.publish(t, "1997-01-01", "First edition")
		var want []string
		for i := range 1000 {
			id := fmt.Sprintf("a-%04d", (i*377)%1000)
			f.source.add(active(id, ""), paid(id, may, int64(i%7)*10_000))
			if i%7 >= 5 {
				want = append(want, id)
			}
		}
		slices.Sort(want)
		f.caughtUp(t)
		stop()
		f.open(t, Options{CacheAccounts: cache})
		start(t, f.Service)
		eventually(t, "ready", func() bool { return f.Ready() == nil })
		d, err := f.AsOf(time.Time{})
		require.NoError(t, err)
		var got []string
		for after, more := "", true; more; {
			var holders []Holder
			holders, more, err = d.Holders(context.Background(), "thanks", after, 37)
			require.NoError(t, err)
			for _, h := range holders {
				require.NotEqual(t, decision.Decision{}, h.Decision)
				got = append(got, h.Account)
			}
			after = got[len(got)-1]
		}
		require.Equal(t, want, got)
		count, err := d.CountHolders(context.Background(), "thanks")
		require.NoError(t, err)
		require.Equal(t, int64(len(want)), count)
	}
}
