package accounts

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
)

const (
	benchEntries  = 70_000
	benchAccounts = 23_570
)

func benchRows() []RevenueRow {
	rows := make([]RevenueRow, benchEntries)
	for i := range rows {
		customer := i * 7919 % benchAccounts
		rows[i] = RevenueRow{Line: int64(i + 2), Account: fmt.Sprintf("%05d", customer),
			Date: (FirstDay + 35_000 + Day(i/150)).String(), Amount: fmt.Sprintf("%d.%02d", i%97, i%100)}
	}
	return rows
}

// BenchmarkRevenueImport imports a file whose accounts are known, and inserts the chunks
// it wrote into an empty database, one after the other; the ratio of the two rates is
// what counts. It leaves out the command line and the followers, which the benchmarks
// of the whole system have.
func BenchmarkRevenueImport(b *testing.B) {
	rows := benchRows()
	for name, open := range teststore.Backends {
		b.Run(name, func(b *testing.B) {
			var ours, floor time.Duration
			for b.Loop() {
				f := start(b, open(b))
				known := make([]AccountRow, benchAccounts)
				for i := range known {
					known[i] = AccountRow{Line: int64(i + 2), ExternalID: fmt.Sprintf("%05d", i)}
				}
				_, err := f.Imports.Accounts(b.Context(), someone, AccountImportStart{ImportStart: revenueStart("customers").ImportStart}, rowsOf(known, 1000), &reported{})
				require.NoError(b, err)
				began := time.Now()
				_, err = f.Imports.Revenue(b.Context(), someone, revenueStart("b"), rowsOf(rows, 1000), &reported{})
				require.NoError(b, err)
				ours += time.Since(began)
				floor += rawInsert(b, chunksIn(b, f.backend), open(b))
			}
			b.ReportMetric(float64(benchEntries*b.N)/ours.Seconds(), "entries/s")
			b.ReportMetric(float64(benchEntries*b.N)/floor.Seconds(), "raw-entries/s")
			b.ReportMetric(floor.Seconds()/ours.Seconds(), "of-raw")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func chunksIn(b *testing.B, backend docstore.Backend) (all []docstore.Record) {
	q := docstore.Query{Limit: 100}
	for {
		page, err := backend.Find(context.Background(), chunkSpec.Name, q)
		require.NoError(b, err)
		all = append(all, page...)
		if len(page) < q.Limit {
			return all
		}
		q.After = []any{page[len(page)-1].ID}
	}
}

func rawInsert(b *testing.B, chunks []docstore.Record, backend docstore.Backend) time.Duration {
	defer backend.Close()
	require.NoError(b, backend.Declare(b.Context(), chunkSpec))
	began := time.Now()
	for i := range chunks {
		require.NoError(b, backend.Insert(b.Context(), chunkSpec.Name, chunks[i:i+1]))
	}
	return time.Since(began)
}

// BenchmarkRevenueRows reads and keys rows, without a store.
func BenchmarkRevenueRows(b *testing.B) {
	rows := benchRows()
	usd, err := LookupCurrency("USD")
	require.NoError(b, err)
	r := &revenueReader{currencies: map[string]Currency{}, currency: usd, rule: &currencyRule{claimed: true}, occurrences: newOccurrences("b")}
	w := &revenueWindow{}
	i := 0
	for b.Loop() {
		p, _, problem := r.parse(&rows[i%len(rows)])
		if problem != "" {
			b.Fatal(problem)
		}
		p.reporting, err = r.rule.apply(b.Context(), p.amount, p.day)
		require.NoError(b, err)
		p.account = p.ref
		r.finish(w, &p.entry)
		w.entries = w.entries[:0]
		i++
	}
}

// BenchmarkWatch follows a feed of accounts and entries from its beginning to its head.
func BenchmarkWatch(b *testing.B) {
	for name, open := range teststore.Backends {
		b.Run(name, func(b *testing.B) {
			f := start(b, open(b))
			_, err := f.Imports.Revenue(b.Context(), someone, revenueStart("b"), rowsOf(benchRows(), 1000), &reported{})
			require.NoError(b, err)
			require.NoError(b, f.store.Flush(b.Context()))
			head, err := f.store.Feed().Head(b.Context())
			require.NoError(b, err)
			entries := 0
			for b.Loop() {
				ctx, stop := context.WithCancel(b.Context())
				position := int64(0)
				err := f.Feed.Watch(ctx, "", nil, func(c Changes) error {
					for i := range c.Changes {
						position = c.Changes[i].Position
						if r := c.Changes[i].State.Revenue; r != nil {
							entries += len(r.Days)
						}
					}
					if position == head {
						stop()
					}
					return nil
				})
				require.ErrorIs(b, err, context.Canceled)
			}
			b.ReportMetric(float64(entries)/b.Elapsed().Seconds(), "entries/s")
			b.ReportMetric(float64(head)*float64(b.N)/b.Elapsed().Seconds(), "changes/s")
		})
	}
}
