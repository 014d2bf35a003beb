//go:build unix

package entitlements

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// benchAccounts is how many accounts benchmarks have; 10 entries each.
func benchAccounts(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("EVENHAND_BENCH_ACCOUNTS"))
	if err != nil {
		n = 23_570
	}
	return n
}

// cpuTime is what this process has used of the processors: what tells on a machine that
// others use too.
func cpuTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// reportCPU reports processor time for each of n things done since began.
func reportCPU(b *testing.B, began time.Duration, n int, thing string) {
	b.ReportMetric(float64(cpuTime(b)-began)/float64(n), "cpu-ns/"+thing)
}

func benchID(i int) string { return fmt.Sprintf("account-%07d", i) }

// fill makes a feed of accounts with ten entries each, over three years, as imports
// do: the accounts, and then chunks of 500 entries of random accounts.
func (f *fakeSource) fill(accounts int) {
	random := rand.New(rand.NewPCG(1, 1))
	for i := range accounts {
		f.add(active(benchID(i), ""))
	}
	place := map[string]uint32{}
	for range accounts * 10 / 500 {
		clear(place)
		r := &RevenueChange{}
		for range 500 {
			id := benchID(random.IntN(accounts))
			at, ok := place[id]
			if !ok {
				at = uint32(len(r.Accounts))
				place[id] = at
				r.Accounts = append(r.Accounts, id)
			}
			r.Index = append(r.Index, at)
			r.Days = append(r.Days, int32(may)-random.Int32N(3*365))
			r.Minor = append(r.Minor, random.Int64N(20_000))
		}
		f.add(Change{Revenue: r})
	}
}

func benchService(b *testing.B) *fixture {
	f := newFixture(b, Options{Now: time.Now})
	start(b, f.Service)
	f.publish(b, "1997-01-01", "First edition")
	f.source.fill(benchAccounts(b))
	f.caughtUp(b)
	return f
}

// BenchmarkCheck checks random accounts whose timelines are kept.
func BenchmarkCheck(b *testing.B) {
	f := benchService(b)
	n := benchAccounts(b)
	ids := make([]string, n)
	for i := range ids {
		ids[i] = benchID(i)
	}
	ctx := context.Background()
	check := func(random *rand.Rand) {
		d, err := f.AsOf(noon)
		if err != nil {
			b.Error(err)
		}
		if _, err := d.Check(ctx, ids[random.IntN(n)], "thanks"); err != nil {
			b.Error(err)
		}
	}
	b.Run("cold", func(b *testing.B) {
		random := rand.New(rand.NewPCG(1, 2))
		b.ReportAllocs()
		f.forgetTimelines()
		began := cpuTime(b)
		for i := range b.N {
			if i%n == n-1 {
				f.forgetTimelines()
			}
			check(random)
		}
		reportCPU(b, began, b.N, "check")
	})
	for i := range ids {
		d, _ := f.AsOf(noon)
		_, err := d.Check(ctx, ids[i], "thanks")
		require.NoError(b, err)
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	b.Run("warm", func(b *testing.B) {
		b.ReportAllocs()
		began := cpuTime(b)
		b.RunParallel(func(pb *testing.PB) {
			random := rand.New(rand.NewPCG(1, 2))
			for pb.Next() {
				check(random)
			}
		})
		reportCPU(b, began, b.N, "check")
		b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "heap-MiB")
	})
}

func (f *fixture) forgetTimelines() {
	p := f.current.Load()
	for i := range p.pages {
		for _, a := range p.pages[i].accounts {
			if a.memo.Swap(nil) != nil {
				p.memos.Add(-1)
			}
		}
	}
}

// BenchmarkApply applies the whole feed to an empty projection.
func BenchmarkApply(b *testing.B) {
	source := newFakeSource()
	n := benchAccounts(b)
	source.fill(n)
	b.ResetTimer()
	began := cpuTime(b)
	for range b.N {
		p := newProjection(nil, checkpoint{}, 1<<40, withNothing)
		for resume := ""; ; {
			batch, _ := source.from(resume, 40)
			if len(batch.Changes) == 0 {
				break
			}
			if err := p.apply(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
			resume = batch.Resume
		}
	}
	reportCPU(b, began, b.N*n*10, "entry")
}

// BenchmarkStart opens a service with a warm store and waits until every page is in
// memory.
func BenchmarkStart(b *testing.B) {
	f := newFixture(b, Options{Now: time.Now})
	stop := start(b, f.Service)
	f.source.fill(benchAccounts(b))
	f.caughtUp(b)
	stop()
	b.ResetTimer()
	began := cpuTime(b)
	for range b.N {
		f.open(b, Options{Now: time.Now})
		stop := start(b, f.Service)
		eventually(b, "ready", func() bool { return f.Ready() == nil })
		eventually(b, "warm", func() bool { return f.current.Load().accounts.Load() >= int64(benchAccounts(b)) })
		stop()
	}
	reportCPU(b, began, b.N, "start")
}

// BenchmarkHolders counts and lists holders.
func BenchmarkHolders(b *testing.B) {
	f := benchService(b)
	d, err := f.AsOf(noon)
	require.NoError(b, err)
	b.Run("count", func(b *testing.B) {
		began := cpuTime(b)
		for range b.N {
			_, err := d.CountHolders(context.Background(), "thanks")
			require.NoError(b, err)
		}
		reportCPU(b, began, b.N*benchAccounts(b), "account")
	})
	b.Run("page", func(b *testing.B) {
		began := cpuTime(b)
		for i := range b.N {
			_, _, err := d.Holders(context.Background(), "thanks", benchID(i*9973%benchAccounts(b)), 1000)
			require.NoError(b, err)
		}
		reportCPU(b, began, b.N, "page")
	})
}
