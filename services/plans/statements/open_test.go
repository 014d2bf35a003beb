package statements

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the feeds of all services in memory, and what the owners of the ledgers count.
type world struct {
	now     time.Time
	head    map[feeds.Service]int64
	applied map[feeds.Service]int64
	// ledger is what SummarizeCosts would say, by quarter.
	ledger map[Quarter]LedgerTotals
	// coming is how many changes are being taken over, one whenever somebody looks.
	coming map[feeds.Service]int
	away   error
	// asked is done when a follower is asked how far behind it is.
	asked func(ctx context.Context) error
	// editions says how often a version was read.
	editions map[string]int
	next     []Prospect
}

// Edition is of a schedule whose hours cost more in each version, and whose thanks have no
// cost.
func (w *world) Edition(_ context.Context, version string) (Edition, error) {
	if w.away != nil {
		return Edition{}, w.away
	}
	w.editions[version]++
	number, err := strconv.ParseInt(version, 10, 64)
	return Edition{Benefits: map[string]Benefit{
		"hours":    {Promise: "Hours with our experts, edition " + version + ".", Unit: "hour", Minor: 100_00 + number, Stated: true},
		"shipping": {Promise: "Free shipping.", Minor: 4_50, Stated: true},
		"thanks":   {Promise: "A word of thanks."},
	}}, err
}

func (w *world) Totals(_ context.Context, first, _ civil.Day) (LedgerTotals, error) {
	return w.ledger[QuarterOf(first)], w.away
}

func (w *world) Next(context.Context, string) ([]Prospect, error) { return w.next, nil }

// follower says how far a feed of the world is taken over.
type follower struct {
	w  *world
	of feeds.Service
}

func (f follower) Service() feeds.Service { return f.of }

func (f follower) Lag(ctx context.Context) (feeds.Lag, error) {
	if f.w.asked != nil {
		if err := f.w.asked(ctx); err != nil {
			return feeds.Lag{}, err
		}
	}
	return feeds.Lag{Service: f.of, Applied: f.w.applied[f.of], Head: f.w.head[f.of], Recorded: recorded(f.w.applied[f.of]), Unreachable: f.w.away}, nil
}

func (f follower) Applied(context.Context) (int64, error) {
	if f.w.coming[f.of] > 0 {
		f.w.coming[f.of]--
		f.w.applied[f.of]++
	}
	return f.w.applied[f.of], nil
}

// recorded is when feeds of the world record a position.
func recorded(position int64) time.Time { return began.Add(time.Duration(position) * time.Second) }

var began = time.Date(2026, time.November, 1, 9, 0, 0, 0, time.UTC)

// fixture is statements on a store of its own, on 2026-11-23.
type fixture struct {
	*Service
	accounts *plans.Accounts
	world    *world
	store    *docstore.Store
}

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	ctx := t.Context()
	store, err := docstore.OpenStore(ctx, backend, docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	f := &fixture{store: store, world: &world{now: time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC), head: map[feeds.Service]int64{},
		applied: map[feeds.Service]int64{}, coming: map[feeds.Service]int{}, ledger: map[Quarter]LedgerTotals{}, editions: map[string]int{}}}
	requests, err := resource.OpenRequests(ctx, store, func() time.Time { return f.world.now })
	require.NoError(t, err)
	f.accounts, err = plans.OpenAccounts(ctx, store)
	require.NoError(t, err)
	f.Service, err = Open(ctx, store, requests, Options{Accounts: f.accounts, Published: f.world, Ledgers: f.world, Prospects: []Prospects{f.world}, Patience: time.Second})
	require.NoError(t, err)
	f.Follow(follower{f.world, feeds.Accounts}, follower{f.world, feeds.Entitlements}, follower{f.world, feeds.Board}, follower{f.world, feeds.Own})
	return f
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

func onSQLite(t testing.TB) *fixture { return start(t, teststore.SQLite(t)) }

// take has changes taken over, as the follower of a feed does, at the next positions.
func (f *fixture) take(t testing.TB, changes ...feeds.Change) {
	t.Helper()
	for i := range changes {
		c := &changes[i]
		f.world.head[c.Service]++
		c.Position = f.world.head[c.Service]
		c.Recorded = recorded(c.Position)
		f.world.applied[c.Service] = c.Position
	}
	f.again(t, changes...)
}

// again has changes taken over that have their positions.
func (f *fixture) again(t testing.TB, changes ...feeds.Change) {
	t.Helper()
	require.NoError(t, f.accounts.Take(t.Context(), changes))
	for _, taker := range f.Takers() {
		require.NoError(t, taker.Take(t.Context(), changes))
	}
}

// customer is a change that tells of an active account.
func customer(id string, joined civil.Day) feeds.Change {
	return feeds.Change{Service: feeds.Accounts, Account: &feeds.Account{ID: id, DisplayName: "The " + id, State: feeds.Active, Joined: joined, Closed: civil.Never}}
}

// settled is a change that tells what the company settled.
func settled(currency, zone string) feeds.Change {
	return feeds.Change{Service: feeds.Accounts, Company: &feeds.Company{Name: "Larkspur & Co", Currency: currency, Zone: zone}}
}

// paid is a change that tells of revenue of an account on a day.
func paid(chunk, account string, on civil.Day, minor ...int64) feeds.Change {
	r := &feeds.Revenue{Chunk: "revenue/" + chunk, Accounts: []string{account}}
	for _, m := range minor {
		r.Index, r.Days, r.Minor = append(r.Index, 0), append(r.Days, int32(on)), append(r.Minor, m)
	}
	return feeds.Change{Service: feeds.Accounts, Revenue: r}
}

// used is a change that tells of units of a benefit used by an account on a day, by a version
// of the schedule.
func used(account, entry, benefit, version string, on civil.Day, of feeds.UsageType, units int64) feeds.Change {
	return feeds.Change{Service: feeds.Entitlements, Usage: &feeds.Usage{Name: "accounts/" + account + "/usageEntries/" + entry, Account: account, Benefit: benefit,
		Type: of, Units: units, Origin: "offered", Day: on, Rule: "partner", Version: version}}
}

func day(text string) civil.Day {
	d, err := civil.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

func quarter(text string) Quarter {
	q, err := ParseQuarter("quarter", text)
	if err != nil {
		panic(err)
	}
	return q
}

var (
	anna = resource.Call{Principal: "principals/anna", Method: "issue"}
	q3   = quarter("2026-q3")
	july = day("2026-07-10")
)

func quietly(Progress) error { return nil }

// filled is a world in which one account did everything in the third quarter of 2026, and
// another nothing.
func (f *fixture) filled(t *testing.T) {
	at := time.Date(2026, time.August, 1, 12, 0, 0, 0, time.UTC)
	solved := &feeds.Case{Name: "accounts/acme/cases/c1", Account: "acme", Issue: "late", Resolved: true, Opened: at, Ended: at, Remedy: "sorry", Clocks: []feeds.Clock{
		{Commitment: "first-reply", Started: at.Add(-time.Hour), Due: at.Add(time.Hour), Stopped: at},
		{Commitment: "fixed", Started: at.Add(-time.Hour), Due: at.Add(-time.Minute), Stopped: at, Breached: true},
		{Commitment: "courtesy", Started: at.Add(-time.Hour), Due: at.Add(time.Hour), Stopped: at, Moot: true},
	}}
	work := func(kind, name string, change func(*feeds.Work)) feeds.Change {
		w := &feeds.Work{Name: name, Kind: kind, Account: "acme", Completed: at, Title: "Title of " + name}
		if change != nil {
			change(w)
		}
		return feeds.Change{Service: feeds.Own, Work: w}
	}
	f.take(t, settled("USD", "America/New_York"), customer("acme", day("2020-01-01")), customer("brook", day("2026-09-30")), customer("cole", day("2026-10-01")))
	f.take(t,
		paid("c1", "acme", july, 100_00, 50_00, -20_00), paid("c2", "acme", day("2026-10-01"), 999_00),
		used("acme", "e1", "hours", "1", july, feeds.Used, 2), used("acme", "e2", "hours", "2", july, feeds.Committed, 3),
		used("acme", "e3", "hours", "1", july, feeds.Released, 1), used("acme", "e4", "thanks", "1", july, feeds.Used, 4),
		used("acme", "e5", "hours", "1", july, feeds.Reserved, 9),
		feeds.Change{Service: feeds.Entitlements, Breach: &feeds.Breach{Name: "houseRules/late-fee/breaches/b1", Account: "acme", HouseRule: "late-fee", Day: july, Waived: true, Benefit: "waiver"}},
		feeds.Change{Service: feeds.Entitlements, Breach: &feeds.Breach{Name: "houseRules/late-fee/breaches/b2", Account: "acme", HouseRule: "late-fee", Day: july}},
		feeds.Change{Service: feeds.Entitlements, Case: solved},
		feeds.Change{Service: feeds.Board, Idea: &feeds.Idea{Name: "ideas/i1", Account: "acme", Title: "Ship at night", Given: july, Outcome: feeds.Adopted, Decided: at,
			Merged: []feeds.MergedIdea{{Name: "ideas/i2", Account: "brook", Title: "Night trucks"}, {Name: "ideas/i3", Account: "brook", Title: "Moon"}}}},
		feeds.Change{Service: feeds.Board, Idea: &feeds.Idea{Name: "ideas/i4", Account: "acme", Title: "Bigger boxes", Given: july, Outcome: feeds.Declined, Decided: at}},
		work("engagement", "engagements/g1", func(w *feeds.Work) { w.Minutes = 90 }),
		work("hours", "engagements/g1/hours/1", func(w *feeds.Work) { w.Minutes, w.Day, w.Completed = 90, july, time.Time{} }),
		work("hours", "engagements/g1/hours/2", func(w *feeds.Work) { w.Minutes, w.Day, w.Completed = 30, july, time.Time{} }),
		work("hours", "engagements/g1/hours/3", func(w *feeds.Work) { w.Minutes, w.Day, w.Completed = -30, july, time.Time{} }),
		work("touchpoint", "plans/acme/touchpoints/t1", nil),
		work("touchpoint", "plans/acme/touchpoints/t2", func(w *feeds.Work) { w.Missed, w.Withdrawn = true, true }),
		work("touchpoint", "plans/acme/touchpoints/t3", func(w *feeds.Work) { w.Withdrawn = true }),
		work("project", "innovationProjects/p1", func(w *feeds.Work) { w.Confirmed, w.Others = true, []string{"brook"} }),
		work("project", "innovationProjects/p2", nil), work("goal", "plans/acme/goals/o1", nil), work("session", "strategySessions/s1", nil),
	)
}

// figures are the numbers of a statement that are not 0.
func figures(s *Statement) map[string]string {
	out := map[string]string{}
	for _, f := range s.Figures {
		if f.Count == 0 && f.Minor == 0 {
			continue
		}
		out[f.ID] = fmt.Sprintf("%d, %d", f.Count, f.Minor)
	}
	return out
}
