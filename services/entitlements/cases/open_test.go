package cases

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// promise is the schedule of tests.
const promise = `
schedule: service-promise
currency: USD
time_zone: America/New_York
calendars:
  office: {hours: "Mon-Fri 09:30-17:00", holidays: []}
commitments:
  - id: first-reply
    promise: Every customer gets a first reply within 4 working hours.
    clock: {from: opened, to: first_reply, within: 4h, calendar: office}
  - id: solution
    promise: Every customer gets a solution within 10 working hours.
    clock: {from: opened, to: resolved, within: 10h, calendar: office}
  - {id: courtesy, promise: Every customer is treated with courtesy., attest: [courtesy, fairness]}
benefits:
  - {id: thanks, promise: A note of thanks., kind: feature}
rules:
  - {id: loyal, promise: Who stays ten years is thanked., when: {tenure: months, at_least: 120}, grants: [thanks]}
notice: {effective: 2026-01-01, reason: First edition, minimum: P90D}
`

// otherPromise promises a first reply sooner.
var otherPromise = strings.Replace(promise, "within: 4h", "within: 3h", 1)

func parse(t testing.TB, text string) *schedule.Schedule {
	t.Helper()
	file, err := schedule.ParseFile([]byte(text))
	require.NoError(t, err)
	return file.Schedule
}

// fixture is cases on a store of their own.
type fixture struct {
	*Cases
	store     *docstore.Store
	clock     *clock
	published *published
	catalogue *fakeCatalogue
	// gone is the id of a principal who does not work on cases any more.
	gone string
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

// published is what was published.
type published struct {
	mu   sync.Mutex
	list []Version
}

func (p *published) Versions() []Version {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list
}

func (p *published) publish(t testing.TB, text string, at time.Time) {
	s := parse(t, text)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list[:len(p.list):len(p.list)], Version{Number: len(p.list) + 1, InForce: at, Schedule: s})
}

// directory knows the accounts acme and other, and the staff.
type directory struct{ gone *string }

func (directory) Account(_ context.Context, id string) error {
	if id != "acme" && id != "other" {
		return fault.Missing("evenhand/Account", "accounts/"+id)
	}
	return nil
}

func (d directory) Member(_ context.Context, id string) (Member, error) {
	if id == "nobody" {
		return Member{}, fault.Missing("evenhand/Principal", "principals/"+id)
	}
	return Member{ID: id, Works: id != "machine" && id != *d.gone}, nil
}

func (directory) Members(context.Context) ([]Member, error) {
	return []Member{{ID: "ben", Works: true}, {ID: "anna", Works: true}, {ID: "cleo", Works: true}}, nil
}

// fakeCatalogue has a refund, a voucher worth 25 dollars and a repair, and points to one of
// them for every case, where it does.
type fakeCatalogue struct {
	mu     sync.Mutex
	remedy string
}

func (c *fakeCatalogue) Remedy(ctx context.Context, _ string, _ map[string]string) (Listed, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Listed(ctx, c.remedy)
}

func (*fakeCatalogue) Listed(_ context.Context, id string) (Listed, bool, error) {
	switch id {
	case "refund", "repair":
		return Listed{ID: id}, true, nil
	case "voucher":
		return Listed{ID: id, Worth: &Worth{2500, "USD"}}, true, nil
	}
	return Listed{}, false, nil
}

func (c *fakeCatalogue) set(remedy string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remedy = remedy
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

// friday is when tests begin: a Friday in March at half past four.
var friday = local("2026-03-06 16:30")

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	f := &fixture{store: store, clock: &clock{at: friday}, published: &published{}, catalogue: &fakeCatalogue{}}
	f.published.publish(t, promise, local("2026-01-01 00:00"))
	f.Cases = f.open(t)
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

// open opens the cases in the store, as a process that starts does.
func (f *fixture) open(t testing.TB) *Cases {
	t.Helper()
	requests, err := resource.OpenRequests(t.Context(), f.store, f.clock.now)
	require.NoError(t, err)
	opened, err := New(t.Context(), f.store, requests, Options{Promises: f.published, Accounts: directory{}, Staff: directory{&f.gone}, Catalogue: f.catalogue,
		Currency: func() string { return "USD" }})
	require.NoError(t, err)
	return opened
}

// events returns the types of what was told of an aggregate, in order.
func (f *fixture) events(t testing.TB, source string) []string {
	t.Helper()
	require.NoError(t, f.store.Flush(t.Context()))
	var types []string
	events, err := f.store.Feed().Read(t.Context(), 0, 1000)
	require.NoError(t, err)
	for _, e := range events {
		if e.Source == source {
			types = append(types, e.Type)
		}
	}
	return types
}

// newYork is the zone of the company in tests.
var newYork = func() *time.Location {
	l, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return l
}()

// local is an instant by the company's clocks.
func local(text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", text, newYork)
	if err != nil {
		panic(err)
	}
	return at.UTC()
}

// shown is the inverse of local; "-" for no instant.
func shown(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.In(newYork).Format("2006-01-02 15:04")
}

// as is a call of somebody with the role of a service agent.
func as(who string) Call {
	return Call{Call: resource.Call{Principal: "principals/" + who, Method: "test"}, Role: "service-agent"}
}

// again is the same with a request id.
func again(who, request string) Call {
	c := as(who)
	c.RequestID, c.Payload = request, []byte(request)
	return c
}

// wantReason fails the test unless err is a fault with the reason that says something.
func wantReason(t testing.TB, err error, reason, text string) {
	t.Helper()
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, reason, e.Reason, "%v", err)
	require.Contains(t, err.Error(), text)
}

// late is what tests open cases with.
var late = Opening{Issue: "late-delivery", Channel: "email", Subject: "Where is it?", Facts: map[string]string{"days-late": "3"}}

// kept attests what the promise of tests wants.
var kept = []Attestation{{What: "courtesy", Kept: true}, {What: "fairness", Kept: true}}

// opened opens a case of acme.
func (f *fixture) opened(t testing.TB, id string) string {
	t.Helper()
	c, err := f.Open(t.Context(), as("anna"), "acme", id, late, false)
	require.NoError(t, err)
	return c.ID
}

// clockOf is the last clock of a commitment.
func clockOf(t testing.TB, c *Case, commitment string) Clock {
	t.Helper()
	for i := len(c.Clocks) - 1; i >= 0; i-- {
		if c.Clocks[i].Commitment == commitment {
			return c.Clocks[i]
		}
	}
	t.Fatalf("no clock of %s in %+v", commitment, c.Clocks)
	return Clock{}
}
