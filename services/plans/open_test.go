package plans

import (
	"context"
	"errors"
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
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// directory knows the accounts that it is given, and all principals but those called
// nobody.
type directory struct {
	mu       sync.Mutex
	accounts map[string]feeds.Account
	// asked is how often it was asked for an account.
	asked int
	// fails is what it answers instead, where set, from the call of that number on.
	fails      error
	failsAfter int
}

func (*directory) Principal(_ context.Context, id string) error {
	if strings.Contains(id, "nobody") {
		return resource.ErrNotFound
	}
	return nil
}

func (d *directory) Account(_ context.Context, id string) (feeds.Account, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.asked++; d.fails != nil && d.asked > d.failsAfter {
		return feeds.Account{}, d.fails
	}
	a, has := d.accounts[id]
	if !has {
		return a, fault.Missing("evenhand/Account", AccountName(id))
	}
	a.ID = id
	return a, nil
}

// fixture is plans on a store of its own, in New York, on 2026-11-22.
type fixture struct {
	*Service
	people *directory
	// clock is the time; it moves when a test moves it.
	clock time.Time
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

// start opens plans for the accounts acme, which anna owns and ben serves; brick, which
// nobody owns; and old, which is closed.
func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	f := &fixture{clock: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)}
	f.people = &directory{accounts: map[string]feeds.Account{
		"acme":  {DisplayName: "Acme", State: feeds.Active, Owner: "anna", Team: []string{"ben"}, Attributes: map[string]string{"sector": "Energy"}},
		"brick": {DisplayName: "Brick", State: feeds.Active},
		"old":   {DisplayName: "Old", State: feeds.Closed, Owner: "anna"},
	}}
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	requests, err := resource.OpenRequests(t.Context(), store, func() time.Time { return f.clock })
	require.NoError(t, err)
	f.Service, err = Open(t.Context(), store, requests, Options{Directory: f.people})
	require.NoError(t, err)
	require.NoError(t, f.Accounts.Take(t.Context(), []feeds.Change{{Position: 1, Company: &feeds.Company{Zone: "America/New_York"}}}))
	f.copyAccounts(t)
	return f
}

// copyAccounts has the copy of the accounts take them all over.
func (f *fixture) copyAccounts(t testing.TB) {
	t.Helper()
	for id, a := range f.people.accounts {
		a.ID = id
		require.NoError(t, f.Accounts.Take(t.Context(), []feeds.Change{{Position: 2, Account: &a}}))
	}
}

// someone is a call on behalf of a person, without a request id.
var someone = resource.Call{Principal: "principals/anna", Method: "test"}

// request is the same with a request id.
func request(id string) resource.Call {
	return resource.Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte("x")}
}

func day(t testing.TB, text string) civil.Day {
	t.Helper()
	d, err := civil.ParseDay(text)
	require.NoError(t, err)
	return d
}

// monthly is a cadence that is right.
func monthly(id string) Cadence {
	return Cadence{ID: id, Purpose: "Review the month", Channel: Call,
		When: calendar.Recurrence{Rule: "FREQ=MONTHLY;BYDAY=2TU", Start: "2026-12-01T10:00", OnHoliday: calendar.NextWorkday}}
}

// delivery is a goal that lacks nothing.
func delivery(t testing.TB) Goal {
	return Goal{ID: "delivery", Statement: "Deliver on the day we promised", Measure: "orders on the day promised", Unit: "%",
		Baseline: 80, BaselineDay: day(t, "2026-11-01"), Target: 95, TargetDay: day(t, "2027-06-30")}
}

// whole is a plan that lacks nothing.
func whole(t testing.TB) Plan {
	return Plan{Goals: []Goal{delivery(t)}, CustomerEffect: "Their customers wait less.", Contribution: "A shared forecast.",
		Strategy: Strategy{Cadences: []Cadence{monthly("month")}, GapDays: 3, Quiet: QuietHours{From: 18 * 60, To: 9 * 60}}}
}

// begun begins the plan of acme.
func (f *fixture) begun(t testing.TB, p Plan) resource.Stored[Plan] {
	t.Helper()
	made, err := f.Create(t.Context(), someone, "acme", "anna", p, false)
	require.NoError(t, err)
	return made
}

// active begins and activates the plan of acme.
func (f *fixture) active(t testing.TB) resource.Stored[Plan] {
	t.Helper()
	f.begun(t, whole(t))
	return f.move(t, Active)
}

func (f *fixture) move(t testing.TB, to State) resource.Stored[Plan] {
	t.Helper()
	moved, err := f.Move(t.Context(), someone, "acme", "", to, "Because.", false)
	require.NoError(t, err)
	return moved
}

func requireReason(t testing.TB, err error, reason string) *fault.Error {
	t.Helper()
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, reason, told.Reason, "%v", err)
	return told
}

// requireField wants an error about a field.
func requireField(t testing.TB, err error, field string) {
	t.Helper()
	told := requireReason(t, err, "INVALID_ARGUMENT")
	require.NotEmpty(t, told.Fields, "%v", err)
	require.Equal(t, field, told.Fields[0].Path, "%v", err)
}

var errAway = errors.New("the accounts service is away")
