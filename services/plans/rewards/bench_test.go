package rewards

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
)

// benchWorks is how much work a company of 250 account managers completes in a month, at
// four pieces each on a working day.
const benchWorks = 20_000

// BenchmarkSettle credits a piece of work that comes late into a full month, which may
// change what any other of it is worth, and reads the work and the entries of that month
// without doing anything with them; the ratio of the two is what counts.
func BenchmarkSettle(b *testing.B) {
	for name, open := range teststore.Backends {
		b.Run(name, func(b *testing.B) {
			f := start(b, open(b))
			rules := simple()
			rules.Rules[0].TeamShare = 20
			rules.Caps = Caps{PersonMonth: 500, AccountMonth: 400, KindWeek: []KindCap{{TouchpointDone, 150}}}
			f.publish(b, rules)
			var docs []docstore.New[completed]
			for i := range benchWorks {
				w := touch(b, fmt.Sprintf("t%05d", i), fmt.Sprintf("2026-11-%02d", i%30+1))
				w.Account, w.Persons, w.Team = fmt.Sprintf("account%d", i%2000), []string{fmt.Sprintf("p%d", i%250)}, []string{fmt.Sprintf("p%d", (i+1)%250)}
				docs = append(docs, docstore.New[completed]{ID: w.Name, Body: completed{Work: w, Day: civil.Date(2026, 11, i%30+1), Months: []string{"2026-11"}, Pending: i == 0}})
			}
			require.NoError(b, f.work.InsertMany(b.Context(), docs))
			require.NoError(b, f.Settle(b.Context()))
			var ours, floor time.Duration
			for i := 0; b.Loop(); i++ {
				w := touch(b, fmt.Sprintf("late%d", i), "2026-11-01")
				w.Persons = []string{fmt.Sprintf("p%d", i%250)}
				require.NoError(b, f.Observe(b.Context(), []Work{w}))
				began := time.Now()
				require.NoError(b, f.Settle(b.Context()))
				ours += time.Since(began)
				began = time.Now()
				for _, err := range f.work.All(b.Context(), docstore.Query{Limit: 1000}) {
					require.NoError(b, err)
				}
				for _, err := range f.entries.All(b.Context(), docstore.Query{Limit: 1000}) {
					require.NoError(b, err)
				}
				floor += time.Since(began)
			}
			b.ReportMetric(ours.Seconds()/float64(b.N), "s/settle")
			b.ReportMetric(floor.Seconds()/float64(b.N), "s/read")
			b.ReportMetric(floor.Seconds()/ours.Seconds(), "of-read")
			b.ReportMetric(0, "ns/op")
		})
	}
}
