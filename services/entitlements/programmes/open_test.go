package programmes

import (
	"context"
	"errors"
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

// fixture is programmes on a store of their own.
type fixture struct {
	*Service
	store     *docstore.Store
	customers *fakeCustomers
}

// fakeCustomers are customers who joined on days, and read by a schedule in dollars.
type fakeCustomers struct {
	mu     sync.Mutex
	today  civil.Day
	joined map[string]civil.Day
	poor   map[string]bool // meet no criteria
	closed map[string]civil.Day
	none   bool  // no schedule is in force
	behind error // of Judge, where it is not nil
	alone  bool  // no board service is followed
	// meanwhile is what happens after an account was judged, once, before that is told.
	meanwhile func()
}

var errNoSchedule = fault.New(fault.FailedPrecondition, "NO_SCHEDULE_IN_FORCE", "No version of the schedule is in force.")

func (c *fakeCustomers) Judge(_ context.Context, account string, when *schedule.Condition) (decision.Judgement, error) {
	j, err := c.judge(account, when)
	var then func()
	c.set(func(c *fakeCustomers) { then, c.meanwhile = c.meanwhile, nil })
	if then != nil {
		then()
	}
	return j, err
}

func (c *fakeCustomers) judge(account string, when *schedule.Condition) (decision.Judgement, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.behind != nil {
		return decision.Judgement{}, c.behind
	}
	joined, known := c.joined[account]
	if !known {
		return decision.Judgement{}, fault.Missing("evenhand/Account", "accounts/"+account)
	}
	j := decision.Judgement{Active: true, Met: !c.poor[account], Joined: joined, ClosedOn: civil.Never}
	if closed, is := c.closed[account]; is {
		j.ClosedOn, j.Active, j.Met = closed, closed > c.today, j.Met && closed > c.today
	}
	for _, leaf := range when.Leaves() {
		if leaf.Subject == schedule.Tenure && joined.AddMonths(int(leaf.AtLeast)) > c.today {
			j.Met = false
		}
	}
	if !j.Met {
		j.Reason = "It takes more."
	}
	return j, nil
}

func (c *fakeCustomers) Reading() (decision.Reading, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.none {
		return decision.Reading{}, errNoSchedule
	}
	usd, err := schedule.LookupCurrency("USD")
	return decision.Reading{Today: c.today, Currency: usd, Notice: civil.Period{Days: 30}, Board: !c.alone}, err
}

func (c *fakeCustomers) set(change func(*fakeCustomers)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

// onSQLite opens a fixture on the embedded store.
func onSQLite(t testing.TB) *fixture { return start(t, teststore.SQLite(t)) }

var march = civil.Date(2026, time.March, 2)

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	f := &fixture{store: store, customers: &fakeCustomers{today: march, joined: map[string]civil.Day{},
		poor: map[string]bool{}, closed: map[string]civil.Day{}}}
	for _, id := range []string{"ash", "birch", "cedar", "dogwood", "elm"} {
		f.customers.joined[id] = march.AddMonths(-24)
	}
	f.Service = f.open(t)
	ctx, cancel := context.WithCancel(context.Background())
	relayed := make(chan error, 1)
	go func() { relayed <- store.RunRelay(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-relayed; !errors.Is(err, context.Canceled) {
			t.Errorf("the relay ended with %v", err)
		}
		require.NoError(t, store.Close())
	})
	return f
}

// open opens the programmes in the store, as a process that starts does.
func (f *fixture) open(t testing.TB) *Service {
	t.Helper()
	at := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	requests, err := resource.OpenRequests(t.Context(), f.store, func() time.Time { return at })
	require.NoError(t, err)
	s, err := New(t.Context(), f.store, requests, f.customers, nil)
	require.NoError(t, err)
	return s
}

// run runs a service until the test ends.
func run(t testing.TB, s *Service) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
}

// beta is a programme for customers of a year, with some places.
func beta(capacity int) Definition {
	return Definition{Title: "Beta", Summary: "Try what comes next.", Capacity: capacity, Criteria: tenure(12)}
}

func tenure(months int64) schedule.Condition {
	return schedule.Condition{Subject: schedule.Tenure, Measure: schedule.Months, AtLeast: months}
}

func spend(cents int64) schedule.Condition {
	return schedule.Condition{Subject: schedule.Spend, Measure: schedule.Trailing12Months, Scope: schedule.AccountScope, AtLeast: cents}
}

// published publishes a programme.
func (f *fixture) published(t testing.TB, d Definition) resource.Stored[Programme] {
	t.Helper()
	p, err := f.Create(t.Context(), someone, "", d, false)
	require.NoError(t, err)
	p, err = f.Publish(t.Context(), someone, p.ID, "", false)
	require.NoError(t, err)
	return p
}

func (f *fixture) applied(t testing.TB, accounts ...string) {
	t.Helper()
	for _, a := range accounts {
		_, err := f.Apply(t.Context(), someone, "beta", a, false)
		require.NoError(t, err)
	}
}

// standings lists the entries as "ash enrolled", in order.
func (f *fixture) standings(t testing.TB) []string {
	t.Helper()
	list, err := f.EnrolmentsIn(t.Context(), "beta")
	require.NoError(t, err)
	var out []string
	for _, e := range list {
		out = append(out, e.Account+" "+string(e.Standing))
	}
	return out
}

// someone is a call on behalf of a person, without a request id.
var someone = resource.Call{Principal: "principals/anna", Method: "test"}

// call is the same with a request id and a payload.
func call(id, payload string) resource.Call {
	return resource.Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte(payload)}
}

// wantReason fails the test unless err is a fault with the reason that says something.
func wantReason(t testing.TB, err error, reason, text string) {
	t.Helper()
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, reason, e.Reason, "%v", err)
	require.Contains(t, err.Error(), text)
}

// eventually waits for a condition; only a broken program ever waits to the end.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("this never came about: %s", what)
		}
	}
}
