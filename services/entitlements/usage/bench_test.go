package usage

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
	"github.com/evenhand/evenhand/test/bench/pairs"
)

const (
	benchAccounts = 2000
	benchCallers  = 32
	benchCalls    = 4000 // of a turn
)

// rate makes calls, and returns how many a second were made.
func rate(b *testing.B, calls int, call func(ctx context.Context, i int) error) float64 {
	var next atomic.Int64
	began := time.Now()
	running, ctx := errgroup.WithContext(b.Context())
	for range benchCallers {
		running.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= calls {
					return nil
				}
				if err := call(ctx, i); err != nil {
					return err
				}
			}
		})
	}
	require.NoError(b, running.Wait())
	return float64(calls) / time.Since(began).Seconds()
}

// counter is the smallest document that an update changes.
type counter struct {
	N int64 `bson:"n"`
}

// alike is a document of the size of a balance, with the indexes of one.
type alike struct {
	N       int64      `bson:"n"`
	Rest    []byte     `bson:"rest"`
	Expires *time.Time `bson:"expires,omitempty"`
	Noticed *time.Time `bson:"noticed,omitempty"`
}

// benchmark is usage on a store, with a limit that is not reached.
func benchmark(b *testing.B, store string) *fixture {
	f := start(b, teststore.Backends[store](b))
	f.grants.grant("hours", holding("2026-02-01", "", 1, hours(1_000_000_000, "P1Y", 0, schedule.Anniversary)))
	f.now = func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
	return f
}

// begin makes the balances of all accounts, each with another number of latest entries, so
// that as many go to the ledger in one turn as in another.
func (f *fixture) begin(b *testing.B) {
	rate(b, benchAccounts*moveAt/2, func(ctx context.Context, i int) error {
		account := i % benchAccounts
		if i/benchAccounts > account%moveAt {
			return nil
		}
		_, err := f.Consume(ctx, benchCall(0, i), useOf(account), false)
		return err
	})
}

func useOf(account int) Use {
	return Use{Account: fmt.Sprint("a-", account), Benefit: "hours", Units: 1, Origin: AskedFor}
}

// updates makes as many documents as there are accounts, and returns what changes one of
// them, with an event.
func updates[T any](b *testing.B, f *fixture, name string, body T, indexes []docstore.Index, event any, change func(*T)) func(context.Context, int) error {
	raw, err := docstore.OpenCollection[T](b.Context(), f.store, docstore.Spec{Name: name, Indexes: indexes})
	require.NoError(b, err)
	for i := range benchAccounts {
		_, err := raw.Insert(b.Context(), fmt.Sprint("c-", i), body)
		require.NoError(b, err)
	}
	return func(ctx context.Context, i int) error {
		_, err := raw.Update(ctx, fmt.Sprint("c-", i%benchAccounts), func(d *docstore.Doc[T]) error {
			change(&d.Body)
			d.Emit("counted", event)
			return nil
		})
		return err
	}
}

// floors are raw updates of as many documents as there are accounts, each with one event:
// of the size, and with the indexes and the event, of a balance; and the smallest there are.
func floors(b *testing.B, f *fixture) map[string]func(context.Context, int) error {
	d, err := f.balances.Get(b.Context(), balanceID("a-3", "hours"))
	require.NoError(b, err)
	body, err := bson.Marshal(d.Body)
	require.NoError(b, err)
	entries, err := d.Body.latest().entries(nil)
	require.NoError(b, err)
	indexes := []docstore.Index{{Name: "a", Fields: []string{"expires"}, Partial: true}, {Name: "b", Fields: []string{"noticed"}, Partial: true}}
	return map[string]func(context.Context, int) error{
		"raw updates of such documents": updates(b, f, "alike", alike{Rest: body}, indexes, told(&entries[0]), func(a *alike) { a.N++ }),
		"raw updates of counters":       updates(b, f, "counters", counter{}, nil, nil, func(c *counter) { c.N++ }),
	}
}

// BenchmarkConsumeOnDistinctAccounts compares uses of the benefits of 2,000 accounts, each
// with a request id, with raw updates in the same store.
func BenchmarkConsumeOnDistinctAccounts(b *testing.B) {
	for store := range teststore.Backends {
		f := benchmark(b, store)
		f.begin(b)
		turn := 0
		for floor, update := range floors(b, f) {
			b.Run(store+"/"+floor, func(b *testing.B) {
				for b.Loop() {
					c, err := pairs.Run(b.Context(), pairs.Comparison{Name: "consume", Floor: floor, Unit: "calls"},
						func(context.Context) (float64, error) {
							turn++
							return rate(b, benchCalls, func(ctx context.Context, i int) error {
								_, err := f.Consume(ctx, benchCall(turn, i), useOf(i%benchAccounts), false)
								return err
							}), nil
						},
						func(context.Context) (float64, error) { return rate(b, benchCalls, update), nil })
					require.NoError(b, err)
					b.ReportMetric(pairs.Median(c.Ours), "calls/s")
					b.ReportMetric(pairs.Median(c.Base), "floor/s")
					b.ReportMetric(c.Ratio(), "ratio")
				}
			})
		}
	}
}

// BenchmarkConsumeOnOneBalance compares uses of one hot balance, each with a request id, with
// raw updates of one document of its size.
func BenchmarkConsumeOnOneBalance(b *testing.B) {
	for store := range teststore.Backends {
		b.Run(store, func(b *testing.B) {
			f := benchmark(b, store)
			f.begin(b)
			raw := floors(b, f)["raw updates of such documents"]
			turn := 0
			for b.Loop() {
				c, err := pairs.Run(b.Context(), pairs.Comparison{Name: "consume", Floor: "raw updates of one such document", Unit: "calls"},
					func(context.Context) (float64, error) {
						turn++
						return rate(b, benchCalls, func(ctx context.Context, i int) error {
							_, err := f.Consume(ctx, benchCall(turn, i), useOf(1), false)
							return err
						}), nil
					},
					func(context.Context) (float64, error) {
						return rate(b, benchCalls, func(ctx context.Context, _ int) error { return raw(ctx, 1) }), nil
					})
				require.NoError(b, err)
				b.ReportMetric(pairs.Median(c.Ours), "calls/s")
				b.ReportMetric(pairs.Median(c.Base), "floor/s")
				b.ReportMetric(c.Ratio(), "ratio")
			}
		})
	}
}

func benchCall(turn, i int) resource.Call { return call(fmt.Sprint("r-", turn, "-", i), "p") }
