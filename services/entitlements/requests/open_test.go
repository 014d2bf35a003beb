package requests

import (
	"context"
	"crypto/rand"
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

const edition = `
schedule: service-promise
currency: USD
time_zone: America/New_York
commitments:
  - {id: courtesy, promise: Every customer is treated with courtesy.}
benefits:
  - {id: thanks, promise: A note of thanks., kind: feature}
rules:
  - id: spend-500
    promise: Who spends $500 within a year is thanked.
    when: {spend: trailing-12-months, at_least: 500.00}
    grants: [thanks]
notice: {reason: First edition}
`

const loyal = `
rules:
  - id: loyal
    promise: Who stays ten years gets a note of thanks.
    when: {tenure: months, at_least: 120}
    grants: [thanks]
`

// fakeSchedule is a published schedule in memory.
type fakeSchedule struct {
	mu        sync.Mutex
	versions  []*schedule.Schedule
	published map[string]int // by draft
	editions  []Edition
	failing   error  // of Publish
	losing    error  // of Publish, once it has published
	foreseen  func() // called by Foresee; may be nil
	refusing  error  // of Check
}

func (*fakeSchedule) Read(_ context.Context, file []byte) (*schedule.Schedule, error) {
	s, err := schedule.Parse(file)
	if err != nil {
		return nil, fault.New(fault.InvalidArgument, "SCHEDULE_INVALID", "%v", err)
	}
	return s, nil
}

func (f *fakeSchedule) Last(context.Context) (int, *schedule.Schedule, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.versions) == 0 {
		return 0, nil, nil
	}
	return len(f.versions), f.versions[len(f.versions)-1], nil
}

func (f *fakeSchedule) Check(_ context.Context, e Edition) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.Base != len(f.versions) {
		return fault.Precondition(ReasonDraftConflict, e.Draft, "another version was published since")
	}
	return f.refusing
}

func (f *fakeSchedule) Publish(ctx context.Context, e Edition) (int, error) {
	f.mu.Lock()
	number, known := f.published[e.Draft]
	failing := f.failing
	f.mu.Unlock()
	if known || failing != nil {
		return number, failing
	}
	if err := f.Check(ctx, e); err != nil {
		return 0, err
	}
	s, err := f.Read(ctx, e.File)
	if err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.versions = append(f.versions, s)
	f.published[e.Draft], f.editions = len(f.versions), append(f.editions, e)
	return len(f.versions), f.losing
}

func (f *fakeSchedule) Foresee(_ context.Context, _ []byte, rules []string, account string) (Effect, error) {
	if f.foreseen != nil {
		f.foreseen()
	}
	cost := int64(4200)
	return Effect{Meeting: 7, Others: 6, Requested: account == "acme", Examples: rules, Cost: &cost, Currency: "USD"}, nil
}

func (*fakeSchedule) Account(_ context.Context, id string) error {
	if id == "nobody" {
		return fault.Missing("evenhand/Account", "accounts/"+id)
	}
	return nil
}

func (f *fakeSchedule) set(change func(*fakeSchedule)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// fakePeople says who else there is.
type fakePeople struct{ others bool }

func (p *fakePeople) Others(context.Context, string, string) (bool, error) { return p.others, nil }

// fixture is drafts and requests on a store of their own.
type fixture struct {
	*Service
	published *fakeSchedule
	people    *fakePeople
	mu        sync.Mutex
	at        time.Time
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = f.at.Add(d)
}

// onEveryStore runs a test on each backend, where one version is published and there are
// several people.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	first, err := schedule.Parse([]byte(edition))
	require.NoError(t, err)
	f := &fixture{at: time.Date(2026, 3, 6, 9, 0, 0, 0, time.UTC), people: &fakePeople{others: true},
		published: &fakeSchedule{versions: []*schedule.Schedule{first}, published: map[string]int{}}}
	requests, err := resource.OpenRequests(t.Context(), store, f.clock)
	require.NoError(t, err)
	f.Service, err = Open(t.Context(), store, requests, f.published, f.people, rand.Reader)
	require.NoError(t, err)
	return f
}

// The people of the tests.
var (
	anna  = Caller{Name: "principals/anna", Person: true, Roles: []string{"policy-author"}}
	bob   = Caller{Name: "principals/bob", Person: true, Roles: []string{"policy-approver"}}
	carol = Caller{Name: "principals/carol", Person: true, Roles: []string{"account-manager", "board-secretary"}}
	robot = Caller{Name: "principals/robot", Roles: []string{"admin"}}
)

// by is a call on behalf of somebody; ids makes it one that is recognised.
func by(c Caller, ids ...string) resource.Call {
	call := resource.Call{Principal: c.Name, Method: "test"}
	if len(ids) > 0 {
		call.RequestID, call.Payload = ids[0], []byte(strings.Join(ids, " "))
	}
	return call
}

// wantReason fails the test unless err is a fault with the reason, whose message says
// something.
func wantReason(t testing.TB, err error, reason, text string) {
	t.Helper()
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, reason, e.Reason, "%v", err)
	require.Contains(t, err.Error(), text)
}

var errAway = errors.New("the database is away")
