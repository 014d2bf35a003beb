package decision

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// benchBook has n rules at rising thresholds over different windows, each of
// which grants one benefit of its own and one shared by all.
func benchBook(b testing.TB, rules int, lasts civil.Period) *Book {
	s := &schedule.Schedule{ID: "bench", Currency: "USD", TimeZone: "America/New_York", Notice: schedule.Notice{Effective: civil.Never},
		Benefits: []schedule.Benefit{{ID: "shared", Promise: "Shared.", Kind: schedule.Feature}}}
	windows := []string{schedule.Trailing12Months, schedule.CalendarYear, schedule.SinceJoining, schedule.FiscalYear}
	for i := range rules {
		id := fmt.Sprintf("benefit-%d", i)
		s.Benefits = append(s.Benefits, schedule.Benefit{ID: id, Promise: "One.", Kind: schedule.Feature})
		s.Rules = append(s.Rules, schedule.Rule{ID: fmt.Sprintf("rule-%d", i), Promise: "Spend.", Grants: []string{id, "shared"}, Lasts: lasts, OnRefund: schedule.Recheck,
			When: schedule.Condition{Subject: schedule.Spend, Measure: windows[i%len(windows)], Scope: schedule.AccountScope, AtLeast: int64(5000 * (i + 1))}})
	}
	zone := zone("America/New_York")
	book, err := Compile([]Version{{Number: 1, Schedule: s, From: zone.Start(day("1997-01-01"))}}, Company{Zone: zone})
	require.NoError(b, err)
	return book
}

// benchAccount has a refund in every twentieth bucket.
func benchAccount(b testing.TB, buckets int) Account {
	random := rand.New(rand.NewPCG(1, 2))
	var entries []Bucket
	for i := range buckets {
		amount := random.Int64N(20000)
		if i%20 == 19 {
			amount = -amount / 4
		}
		entries = append(entries, Bucket{day("1997-01-01") + civil.Day(i*3650/buckets), amount})
	}
	l := ledger(b, entries...)
	return Account{Ledger: l, Joined: l.First(), ActiveFrom: l.First(), ClosedOn: civil.Never}
}

func BenchmarkTimeline(b *testing.B) {
	for _, buckets := range []int{10, 1000} {
		for _, rules := range []int{1, 20} {
			for _, lasts := range []civil.Period{{}, {Months: 12}} {
				b.Run(fmt.Sprintf("buckets=%d/rules=%d/lasts=%s", buckets, rules, lasts), func(b *testing.B) {
					book, account := benchBook(b, rules, lasts), benchAccount(b, buckets)
					b.ReportMetric(float64(len(book.Timeline(account).steps)), "steps")
					b.ReportAllocs()
					for b.Loop() {
						book.Timeline(account)
					}
				})
			}
		}
	}
}

func BenchmarkAt(b *testing.B) {
	for _, rules := range []int{1, 20} {
		b.Run(fmt.Sprintf("rules=%d", rules), func(b *testing.B) {
			book := benchBook(b, rules, civil.Period{Months: 12})
			timeline := book.Timeline(benchAccount(b, 100))
			at := book.company.Zone.Start(day("2001-06-30"))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := timeline.At(at, "shared"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkExplain(b *testing.B) {
	book, account := benchBook(b, 20, civil.Period{Months: 12}), benchAccount(b, 10)
	at := book.company.Zone.Start(day("2001-06-30"))
	decided, err := book.Timeline(account).At(at, "shared")
	require.NoError(b, err)
	for b.Loop() {
		if _, _, err := book.Explain(account, at, "shared", decided); err != nil {
			b.Fatal(err)
		}
	}
}
