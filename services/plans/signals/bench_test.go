package signals

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// benchAccounts is how many accounts the benchmark looks at, each with two years of weekly
// payments.
const benchAccounts = 5000

// BenchmarkTick looks at all accounts on another day by all the built-in rules, and only
// writes each account's document; the ratio of the two is what counts. What the
// entitlements service takes to answer is in neither.
func BenchmarkTick(b *testing.B) {
	for name, open := range teststore.Backends {
		b.Run(name, func(b *testing.B) {
			f := start(b, open(b))
			f.others = false
			for _, rule := range builtins {
				f.published(b, rule.ID, rule.Content)
			}
			today := day(b, "2026-06-15")
			var docs []docstore.New[memory]
			for i := range benchAccounts {
				id := fmt.Sprintf("a%05d", i)
				f.accounts[id] = feeds.Account{State: feeds.Active, Joined: day(b, "2020-03-01"), Closed: civil.Never}
				m := memory{Heard: map[string]int64{"accounts": 1}}
				for week := range 104 {
					m.pay(today-civil.Day(7*week), int64(1000+i%300-week))
				}
				docs = append(docs, docstore.New[memory]{ID: id, Body: m})
			}
			require.NoError(b, f.memories.InsertMany(b.Context(), docs))
			var ours, floor time.Duration
			for b.Loop() {
				today++
				began := time.Now()
				require.NoError(b, f.Tick(b.Context(), today))
				ours += time.Since(began)
				began = time.Now()
				for m, err := range f.memories.All(b.Context(), docstore.Query{}) {
					require.NoError(b, err)
					_, err = f.memories.UpdateIf(b.Context(), m.ID, m.Version, func(d *docstore.Doc[memory]) error {
						d.Body.Heard = map[string]int64{"accounts": d.Body.Heard["accounts"] + 1}
						return nil
					})
					require.NoError(b, err)
				}
				floor += time.Since(began)
			}
			b.ReportMetric(ours.Seconds()/float64(b.N), "s/tick")
			b.ReportMetric(floor.Seconds()/float64(b.N), "s/write")
			b.ReportMetric(floor.Seconds()/ours.Seconds(), "of-write")
			b.ReportMetric(0, "ns/op")
		})
	}
}
