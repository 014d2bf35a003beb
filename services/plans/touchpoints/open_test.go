package touchpoints

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is what touchpoints depend on, in a test.
type world struct {
	mu       sync.Mutex
	at       time.Time
	zone     string
	contacts map[string][]Contact
	workdays map[string]calendar.Workdays
	ends     map[string]civil.Day // of accounts that are closed
	fail     error
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) set(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = at
}

func (w *world) Zone(context.Context) (civil.Zone, error) { return civil.LoadZone(w.zone) }

// Principal knows everybody but nobody.
func (*world) Principal(_ context.Context, id string) error {
	if id == "nobody" {
		return resource.ErrNotFound
	}
	return nil
}

func (w *world) Contacts(_ context.Context, account string) ([]Contact, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.contacts[account], w.fail
}

func (w *world) Workdays(_ context.Context, id string) (calendar.Workdays, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.workdays[id], nil
}

// GetMany returns the accounts that are closed.
func (w *world) GetMany(_ context.Context, ids []string) (map[string]feeds.Account, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := map[string]feeds.Account{}
	for _, id := range ids {
		if ends, closed := w.ends[id]; closed {
			found[id] = feeds.Account{ID: id, State: feeds.Closed, Closed: ends}
		}
	}
	return found, nil
}

// fixture is touchpoints with plans on a store of their own, in New York, at noon there of
// Monday 1 March 2027.
type fixture struct {
	*Service
	*world
	store *docstore.Store
	plans *resource.Table[plans.Plan, *plans.Plan]
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- store.RunRelay(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.NoError(t, store.Close())
	})
	w := &world{at: time.Date(2027, time.March, 1, 17, 0, 0, 0, time.UTC), zone: "America/New_York",
		contacts: map[string][]Contact{}, workdays: map[string]calendar.Workdays{}, ends: map[string]civil.Day{}}
	return reopen(t, store, w)
}

// reopen opens the touchpoints as a process that starts does.
func reopen(t testing.TB, store *docstore.Store, w *world) *fixture {
	t.Helper()
	requests, err := resource.OpenRequests(t.Context(), store, w.now)
	require.NoError(t, err)
	f := &fixture{world: w, store: store}
	f.plans, err = resource.OpenTable[plans.Plan](t.Context(), requests, plans.Kind)
	require.NoError(t, err)
	f.Service, err = Open(t.Context(), store, requests, Options{Plans: f.plans, People: w, Calendars: w, Accounts: w, Zone: w.Zone,
		Digest: func(text string) string { return "digest of " + text }})
	require.NoError(t, err)
	return f
}

// anna is a call on behalf of a person, without a request id.
var anna = resource.Call{Principal: "principals/anna", Method: "test"}

// request is the same with a request id.
func request(id, payload string) resource.Call {
	return resource.Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte(payload)}
}

// cadence is one that is Anna's, from the day and time on.
func cadence(id, rule, start string) plans.Cadence {
	return plans.Cadence{ID: id, Purpose: "Say hello", Channel: plans.Call, When: calendar.Recurrence{Rule: rule, Start: start}}
}

// active makes the plan of an account an active one with a strategy.
func (f *fixture) active(t testing.TB, account string, s plans.Strategy) {
	t.Helper()
	f.change(t, account, func(p *plans.Plan) { p.Owner, p.State, p.Strategy = "anna", plans.Active, s })
}

// change changes a plan. It notes what plans note: how it came to its state, and since when its
// cadences recur as they do.
func (f *fixture) change(t testing.TB, account string, change func(*plans.Plan)) {
	t.Helper()
	today, err := f.Today(t.Context())
	require.NoError(t, err)
	_, err = f.plans.Upsert(t.Context(), anna, account, nil, "plan.updated", func(p *plans.Plan) error {
		before := *p
		change(p)
		if p.State != before.State {
			p.History = append(slices.Clone(p.History), plans.Turn{At: f.Service.now(), From: before.State, To: p.State})
		}
		p.Strategy.Cadences = slices.Clone(p.Strategy.Cadences)
		p.Strategy.Date(&before.Strategy, today)
		return nil
	})
	require.NoError(t, err)
}

// settled follows what has changed, and lays out what is to be laid out.
func (f *fixture) settled(t testing.TB) {
	t.Helper()
	f.caughtUp(t)
	_, err := f.Pass(t.Context())
	require.NoError(t, err)
}

// caughtUp marks what has changed.
func (f *fixture) caughtUp(t testing.TB) {
	t.Helper()
	require.NoError(t, f.store.Flush(t.Context()))
	position, err := f.checkpoints.Get(t.Context(), checkpoint)
	require.NoError(t, err)
	for {
		events, err := f.store.Feed().Read(t.Context(), position, 1000)
		require.NoError(t, err)
		if len(events) == 0 {
			return
		}
		require.NoError(t, f.heard(t.Context(), events))
		position = events[len(events)-1].Position
		require.NoError(t, f.checkpoints.Advance(t.Context(), checkpoint, position))
	}
}

// all are the touchpoints of a plan by their own ids.
func (f *fixture) all(t testing.TB, plan string) map[string]resource.Stored[Touchpoint] {
	t.Helper()
	found := map[string]resource.Stored[Touchpoint]{}
	for s, err := range f.touches.All(t.Context(), docstore.Query{Index: byPlan, Equal: []any{plan}}) {
		require.NoError(t, err)
		_, own, _ := strings.Cut(s.ID, "/")
		found[own] = s
	}
	return found
}

// due are the days on which planned touchpoints are due, by their own ids.
func (f *fixture) due(t testing.TB, plan string) map[string]string {
	t.Helper()
	days := map[string]string{}
	for id, s := range f.all(t, plan) {
		if s.State.State == Planned {
			days[id] = s.State.DueDay.String()
		}
	}
	return days
}

// closes has an account be no customer any more from a day on, or be opened again where there
// is none; and settles what follows.
func (f *fixture) closes(t testing.TB, account string, ends civil.Day) {
	t.Helper()
	f.mu.Lock()
	if f.world.ends[account] = ends; ends == 0 {
		delete(f.world.ends, account)
	}
	f.mu.Unlock()
	require.NoError(t, f.Take(t.Context(), []feeds.Change{{Service: feeds.Accounts, At: f.Service.now(), Account: &feeds.Account{ID: account}}}))
	f.settled(t)
}

func day(text string) civil.Day {
	d, err := civil.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// noon sets the clock to noon of a day.
func (w *world) noon(text string) { w.set(w.noonOf(text)) }

// noonOf is noon, in the company's zone, of a day.
func (w *world) noonOf(text string) time.Time {
	zone, err := civil.LoadZone(w.zone)
	if err != nil {
		panic(err)
	}
	return calendar.Place(day(text), 12*time.Hour, zone)
}

func requireReason(t testing.TB, err error, reason string) *fault.Error {
	t.Helper()
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, reason, told.Reason, told.Message)
	return told
}
