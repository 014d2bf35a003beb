package rows_test

import (
	"context"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"runtime/metrics"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/bands"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/parity"
	"github.com/evenhand/evenhand/services/entitlements/parity/audits"
	"github.com/evenhand/evenhand/services/entitlements/parity/rows"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// large is a company with many accounts and cases.
type large struct {
	zone      civil.Zone
	published []cases.Version
	accounts  int
}

const largePromise = `
schedule: service-promise
currency: USD
time_zone: America/New_York
calendars:
  office: {hours: "Mon-Fri 09:30-17:00", holidays: [2025-05-26, 2025-07-04, 2025-09-01, 2025-11-27, 2025-12-25]}
commitments:
  - id: first-reply
    promise: Every customer gets a first reply within 4 working hours.
    clock: {from: opened, to: first_reply, within: 4h, calendar: office}
  - id: solution
    promise: Every customer gets a solution within 40 working hours.
    clock: {from: opened, to: resolved, within: 40h, calendar: office}
benefits:
  - {id: thanks, promise: A note of thanks., kind: feature}
rules:
  - {id: loyal, promise: Who stays ten years is thanked., when: {tenure: months, at_least: 120}, grants: [thanks]}
notice: {effective: 2025-01-01, reason: First edition, minimum: P90D}
`

func newLarge(b *testing.B) *large {
	file, err := schedule.ParseFile([]byte(largePromise))
	require.NoError(b, err)
	zone, err := civil.LoadZone("America/New_York")
	require.NoError(b, err)
	return &large{zone: zone, accounts: 50_000,
		published: []cases.Version{{Number: 1, InForce: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), Schedule: file.Schedule}}}
}

func (l *large) Versions() []cases.Version                            { return l.published }
func (*large) Account(context.Context, string) error                  { return nil }
func (*large) Member(context.Context, string) (cases.Member, error)   { return cases.Member{}, nil }
func (*large) Members(context.Context) ([]cases.Member, error)        { return nil, nil }
func (l *large) Zone() civil.Zone                                     { return l.zone }
func (*large) Today() civil.Day                                       { return civil.Date(2026, 1, 1) }
func (*large) Currency() string                                       { return "USD" }
func (*large) Reaches(_ context.Context, _ func(string, int64)) error { return nil }
func (*large) name(account int) string                                { return fmt.Sprintf("account-%05d", account) }
func (*large) spend(account int, day civil.Day) int64                 { return int64(account)*100 + int64(day%30) }
func (l *large) Regions(_ context.Context, visit func(_, _ string)) error {
	for i := range l.accounts {
		visit(l.name(i), []string{"east", "west", "north"}[i%3])
	}
	return nil
}

func (l *large) Standings(_ context.Context, day civil.Day, visit func(string, bool, int64, civil.Day)) error {
	for i := range l.accounts {
		visit(l.name(i), true, l.spend(i, day), civil.Date(2015, 1, 1)+civil.Day(i%3000))
	}
	return nil
}

func (l *large) Standing(_ context.Context, account string, day civil.Day) (int64, civil.Day, bool, error) {
	i := 0
	for _, digit := range account[len("account-"):] {
		i = 10*i + int(digit-'0')
	}
	return l.spend(i, day), civil.Date(2015, 1, 1) + civil.Day(i%3000), true, nil
}

// fill writes cases of a year: three channels, log-normal times, a tenth still open.
func (l *large) fill(b *testing.B, into *cases.Cases, n int) {
	random := mathrand.New(mathrand.NewPCG(1, 2))
	begin := time.Date(2025, 1, 2, 14, 0, 0, 0, time.UTC)
	var ids []string
	var states []cases.Case
	for i := range n {
		value := int64(500 * (1 + random.IntN(6)))
		p := cases.Past{
			ID: fmt.Sprintf("c-%07d", i), External: fmt.Sprint(i), Source: "desk", Account: l.name(random.IntN(l.accounts)),
			Issue: fmt.Sprintf("issue-%d", random.IntN(6)), Channel: []string{"email", "phone", "web"}[min(random.IntN(10)/4, 2)],
			Subject: "What the customer wrote about it in a few words", Role: []string{"service-agent", "engineer"}[random.IntN(2)],
			Opened: begin.Add(time.Duration(i) * (355 * 24 * time.Hour / time.Duration(n))), Escalated: random.IntN(50) == 0, Reopened: random.IntN(20) == 0,
		}
		p.FirstReply = p.Opened.Add(time.Duration(math.Exp(random.NormFloat64()) * float64(2*time.Hour)))
		if random.IntN(10) > 0 {
			p.Resolved = p.FirstReply.Add(time.Duration(math.Exp(random.NormFloat64()) * float64(40*time.Hour)))
			if random.IntN(3) == 0 {
				p.Remedy, p.Value, p.Currency = "credit", &value, "USD"
			}
		}
		id, state, err := into.Case(p, cases.Actor{Principal: "principals/anna"})
		require.NoError(b, err)
		ids, states = append(ids, id), append(states, state)
		if len(ids) == 1000 || i == n-1 {
			failed, err := into.CreateMany(b.Context(), resource.Call{Principal: "principals/anna"}, ids, states)
			require.NoError(b, err)
			require.Empty(b, failed)
			ids, states = ids[:0], states[:0]
		}
	}
}

// BenchmarkAuditOfAMillionCases audits the cases of a year in all metrics, by channel and by
// every column at once, from the store to the report (-short: 50,000 cases). Its floor walks over the same entries of
// the store and only adds up their bytes; the ratio is that of the times.
func BenchmarkAuditOfAMillionCases(b *testing.B) {
	for name, open := range teststore.Backends {
		b.Run(name, func(b *testing.B) { benchmarkAudit(b, open(b)) })
	}
}

func benchmarkAudit(b *testing.B, backend docstore.Backend) {
	n := 1_000_000
	if testing.Short() {
		n = 50_000
	}
	l := newLarge(b)
	store, err := docstore.OpenStore(b.Context(), backend, docstore.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	now := func() time.Time { return time.Date(2028, 1, 1, 12, 0, 0, 0, time.UTC) }
	requests, err := resource.OpenRequests(b.Context(), store, now)
	require.NoError(b, err)
	into, err := cases.New(b.Context(), store, requests, cases.Options{Promises: l, Accounts: l, Staff: l})
	require.NoError(b, err)
	sorting, err := bands.Open(b.Context(), requests, l, l)
	require.NoError(b, err)
	made, err := audits.Open(b.Context(), store, requests, rows.New(into, sorting, l, l), l, nil)
	require.NoError(b, err)
	l.fill(b, into, n)
	for name, by := range map[string][]parity.Dimension{"by channel": {parity.Channel}, "by every column": {parity.Channel, parity.StaffRole, parity.Region, parity.SpendBand, parity.TenureBand, parity.ReachBand}} {
		b.Run(name, func(b *testing.B) {
			asked := audits.Asked{From: civil.Date(2025, 1, 1), To: civil.Date(2025, 12, 31), Options: parity.Options{By: by, Within: parity.DefaultWithin(by)}}
			compare(b, backend, made, asked, n)
		})
	}
}

// compare makes an audit of n cases, beside its floor.
func compare(b *testing.B, backend docstore.Backend, made *audits.Audits, asked audits.Asked, n int) {
	var ours, floor time.Duration
	peak := watchHeap(b)
	b.ResetTimer()
	for b.Loop() {
		began := time.Now()
		count, bytes := walkEntries(b, backend)
		require.Equal(b, n, count)
		floor += time.Since(began)
		began = time.Now()
		audit, err := made.Run(b.Context(), resource.Call{Principal: "principals/anna"}, asked, nil)
		require.NoError(b, err)
		require.Equal(b, n, audit.State.Cases)
		ours += time.Since(began)
		b.ReportMetric(float64(bytes)/float64(n), "B/case-read")
	}
	b.ReportMetric(ours.Seconds()/float64(b.N), "s/audit")
	b.ReportMetric(floor.Seconds()/float64(b.N), "s/floor")
	b.ReportMetric(ours.Seconds()/floor.Seconds(), "ratio")
	b.ReportMetric(float64(peak.Load())/1e6, "MB-heap")
}

// walkEntries counts the entries that audits read, and their bytes.
func walkEntries(b *testing.B, backend docstore.Backend) (count, bytes int) {
	q := docstore.Query{Index: "opened", Limit: 5000}
	for more := true; more; {
		list, last, err := backend.Entries(b.Context(), cases.Collection, q)
		require.NoError(b, err)
		for _, e := range list {
			bytes += len(e.ID) + len(e.Carried)
		}
		count += len(list)
		more, q.After = len(list) == q.Limit, last
	}
	return count, bytes
}

// watchHeap keeps the largest heap seen until the benchmark ends.
func watchHeap(b *testing.B) *atomic.Uint64 {
	var peak atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
				metrics.Read(sample)
				peak.Store(max(peak.Load(), sample[0].Value.Uint64()))
			}
		}
	}()
	b.Cleanup(func() { close(stop); <-stopped })
	return &peak
}
