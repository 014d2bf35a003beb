package usage

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is usage on a store of its own.
type fixture struct {
	*Usage
	store  *docstore.Store
	grants *fakeGrants
	clock  *clock
}

// clock is the time in a test, which goes on only when told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// fakeGrants knows accounts a, b and c, which hold the same.
type fakeGrants struct {
	mu   sync.Mutex
	held map[string][]decision.Holding
}

func (g *fakeGrants) Granted(_ context.Context, account, benefit string) ([]decision.Holding, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(account) != 1 && !strings.HasPrefix(account, "a-") {
		return nil, fault.Missing("evenhand/Account", "accounts/"+account)
	}
	held, ok := g.held[benefit]
	if !ok {
		return nil, fault.Missing("evenhand/Benefit", benefit)
	}
	return held, nil
}

func (g *fakeGrants) Benefits() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var ids []string
	for id := range g.held {
		ids = append(ids, id)
	}
	return ids
}

func (*fakeGrants) Zone() civil.Zone { return zone }

// grant makes a benefit held as given.
func (g *fakeGrants) grant(benefit string, held ...decision.Holding) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held[benefit] = held
}

var zone = func() civil.Zone {
	z, err := civil.LoadZone("America/New_York")
	if err != nil {
		panic(err)
	}
	return z
}()

// holding is a stretch of days, to exclusive; an empty day leaves it open.
func holding(from, to string, version int, b schedule.Benefit) decision.Holding {
	h := decision.Holding{From: zone.Start(day(from)).UTC(), Rule: &schedule.Rule{ID: "partner"}, Version: version, Benefit: &b}
	if to != "" {
		h.To = zone.Start(day(to)).UTC()
	}
	return h
}

// hours is a metered benefit.
func hours(limit int64, period string, rollover int64, resets schedule.Resets) schedule.Benefit {
	p, err := civil.ParsePeriod(period)
	if err != nil {
		panic(err)
	}
	return schedule.Benefit{ID: "hours", Promise: "Hours with our experts.", Kind: schedule.Metered, Unit: "hour", Limit: limit,
		Period: p, Rollover: rollover, Resets: resets, Notices: schedule.DefaultNotices()}
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

// onSQLite opens a fixture on the embedded store.
func onSQLite(t testing.TB) *fixture { return start(t, teststore.SQLite(t)) }

// start opens usage on a backend, at noon of 15 March 2026, with the benefit hours: ten a
// year from 1 February 2026 on, of which two are carried over.
func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	f := &fixture{store: store, grants: &fakeGrants{held: map[string][]decision.Holding{}}, clock: &clock{at: noon("2026-03-15")}}
	f.grants.grant("hours", holding("2026-02-01", "", 1, hours(10, "P1Y", 2, schedule.Anniversary)))
	f.grants.grant("shipping", holding("2026-02-01", "", 1, schedule.Benefit{ID: "shipping", Kind: schedule.Feature}))
	f.Usage, err = New(t.Context(), store, f.grants, f.clock.now, nil)
	require.NoError(t, err)
	return f
}

func day(text string) civil.Day {
	d, err := civil.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// noon is the middle of a day in the zone.
func noon(text string) time.Time { return zone.Start(day(text)).Add(12 * time.Hour).UTC() }

// someone is a call on behalf of a person, without a request id.
var someone = resource.Call{Principal: "principals/anna", Method: "test"}

// call is the same with a request id and a payload.
func call(id, payload string) resource.Call {
	return resource.Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte(payload)}
}

// use is units of hours that account a asked for.
func use(units int64) Use { return Use{Account: "a", Benefit: "hours", Units: units, Origin: AskedFor} }

// wantReason fails the test unless err is a fault with the reason, whose message says
// something.
func wantReason(t testing.TB, err error, reason, text string) {
	t.Helper()
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, reason, e.Reason, "%v", err)
	require.Contains(t, err.Error(), text)
}

// left is what account a has left of hours.
func (f *fixture) left(t testing.TB) int64 {
	t.Helper()
	b, err := f.Get(t.Context(), "a", "hours", time.Time{})
	require.NoError(t, err)
	return b.Left
}

// all returns the entries of a balance, in their order.
func (f *fixture) all(t testing.TB, account, benefit string) []Entry {
	t.Helper()
	b, err := f.balance(t.Context(), account, benefit)
	require.NoError(t, err)
	var list []Entry
	for e, err := range f.entries(t.Context(), &b, time.Time{}, true) {
		require.NoError(t, err)
		list = append(list, e)
	}
	return list
}

// rebuilt fails the test unless the entries of a balance make what it has counted.
func (f *fixture) rebuilt(t testing.TB, account, benefit string) {
	t.Helper()
	d, err := f.balances.Get(t.Context(), balanceID(account, benefit))
	require.NoError(t, err)
	entries := f.all(t, account, benefit)
	var c count
	for i := range entries {
		require.Equal(t, int64(i+1), entries[i].Seq)
		c.add(&entries[i])
	}
	require.Equal(t, normal(d.Body.Count), normal(c))
}

// normal is a count with times in one zone and nothing empty.
func normal(c count) count {
	c.Last = c.Last.UTC()
	open := c.Open
	c.Open = nil
	for _, r := range open {
		r.At, r.Expires = r.At.UTC(), r.Expires.UTC()
		c.Open = append(c.Open, r)
	}
	notices := c.Notices
	c.Notices = nil
	for _, n := range notices {
		n.At = n.At.UTC()
		c.Notices = append(c.Notices, n)
	}
	if len(c.Uses) == 0 {
		c.Uses = nil
	}
	return c
}
