package usage

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
	"github.com/evenhand/evenhand/test/bench/pairs"
)

const (
	benchAccounts = 2000
	benchCallers  = 32
	benchCalls    = 4000 // of a turn
)

// rate makes the calls of one turn, and returns how many a second were made.
func rate(b *testing.B, call func(ctx context.Context, i int) error) float64 {
	var next atomic.Int64
	began := time.Now()
	running, ctx := errgroup.WithContext(b.Context())
	for range benchCallers {
		running.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= benchCalls {
					return nil
				}
				if err := call(ctx, i); err != nil {
					return err
				}
			}
		})
	}
	require.NoError(b, running.Wait())
	return benchCalls / time.Since(began).Seconds()
}

// counter is the smallest document that an update changes.
type counter struct {
	N int64 `bson:"n"`
}

// benchmark is usage on a store, with a limit that is not reached, and what the store does
// at most.
func benchmark(b *testing.B, store string) (*fixture, *docstore.Collection[counter]) {
	f := start(b, stores[store](b))
	f.grants.grant("hours", holding("2026-02-01", "", 1, hours(1_000_000_000, "P1Y", 0, schedule.Anniversary)))
	f.now = func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
	raw, err := docstore.OpenCollection[counter](b.Context(), f.store, docstore.Spec{Name: "counters"})
	require.NoError(b, err)
	for i := range benchAccounts {
		_, err := raw.Insert(b.Context(), fmt.Sprint("c-", i), counter{})
		require.NoError(b, err)
	}
	return f, raw
}

// BenchmarkConsumeOnDistinctAccounts compares uses of the benefits of 2,000 accounts, each
// with a request id, with raw updates of as many small documents in the same store, each
// with one event.
func BenchmarkConsumeOnDistinctAccounts(b *testing.B) {
	for store := range stores {
		b.Run(store, func(b *testing.B) {
			f, raw := benchmark(b, store)
			turn := 0
			for b.Loop() {
				c, err := pairs.Run(b.Context(), pairs.Comparison{Name: "consume", Floor: "raw updates", Unit: "calls", Target: 0.5},
					func(context.Context) (float64, error) {
						turn++
						return rate(b, func(ctx context.Context, i int) error {
							use := Use{Account: fmt.Sprint("a-", i%benchAccounts), Benefit: "hours", Units: 1, Origin: AskedFor}
							_, err := f.Consume(ctx, benchCall(turn, i), use, false)
							return err
						}), nil
					},
					func(context.Context) (float64, error) {
						return rate(b, func(ctx context.Context, i int) error {
							_, err := raw.Update(ctx, fmt.Sprint("c-", i%benchAccounts), func(d *docstore.Doc[counter]) error {
								d.Body.N++
								d.Emit("counted", nil)
								return nil
							})
							return err
						}), nil
					})
				require.NoError(b, err)
				b.ReportMetric(pairs.Median(c.Ours), "calls/s")
				b.ReportMetric(pairs.Median(c.Base), "floor/s")
				b.ReportMetric(c.Ratio(), "ratio")
			}
		})
	}
}

// BenchmarkConsumeOnOneBalance is uses of one hot balance, each with a request id.
func BenchmarkConsumeOnOneBalance(b *testing.B) {
	for store := range stores {
		b.Run(store, func(b *testing.B) {
			f, _ := benchmark(b, store)
			turn := 0
			for b.Loop() {
				turn++
				b.ReportMetric(rate(b, func(ctx context.Context, i int) error {
					_, err := f.Consume(ctx, benchCall(turn, i), use(1), false)
					return err
				}), "calls/s")
			}
		})
	}
}

func benchCall(turn, i int) resource.Call { return call(fmt.Sprint("r-", turn, "-", i), "p") }
