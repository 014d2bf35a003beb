package signals

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
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
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is what the service asks of others.
type world struct {
	mu        sync.Mutex
	accounts  map[string]feeds.Account
	goals     map[string]plans.Plan
	distances map[string][]Distance
	balances  map[string][]Balance
	questions int // about distances
	askedAsOf civil.Day
	asked     error // what entitlements answers; nil where it is there
	silent    int   // how many questions about distances are not answered before that
	plansRead int
	others    bool // somebody else may publish
	planned   map[string]Touchpoint
	calls     []resource.Call
	refused   error // of planning
	lost      error // of planning, after it was done
}

func (w *world) Get(_ context.Context, id string) (feeds.Account, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.accounts[id]
	if !ok {
		return a, resource.ErrNotFound
	}
	return a, nil
}

func (*world) Company(context.Context) (feeds.Company, error) {
	return feeds.Company{Currency: "USD"}, nil
}

// plansOf are the plans of a world.
type plansOf struct{ *world }

func (w plansOf) Get(_ context.Context, account string) (resource.Stored[plans.Plan], error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plansRead++
	p, ok := w.goals[account]
	if !ok {
		return resource.Stored[plans.Plan]{}, plans.Kind.NotFound(account)
	}
	return resource.Stored[plans.Plan]{ID: account, State: p}, nil
}

func (w *world) Distances(_ context.Context, account string, day civil.Day) ([]Distance, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.questions++
	w.askedAsOf = day
	if w.silent > 0 {
		w.silent--
		return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable, "away for a moment")
	}
	return w.distances[account], w.asked
}

func (w *world) Balances(_ context.Context, account string, _ civil.Day) ([]Balance, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.balances[account], w.asked
}

func (w *world) Plan(_ context.Context, call resource.Call, t Touchpoint) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, call)
	if w.refused != nil {
		return "", w.refused
	}
	w.planned[t.Suggestion] = t
	return "plans/" + t.Account + "/touchpoints/of-" + resourceID(t.Suggestion), w.lost
}

func resourceID(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func (w *world) Others(context.Context, string, string) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.others, nil
}

// fixture is signals on a store of its own. The day is 2026-06-15 until it is set.
type fixture struct {
	*Service
	*world
	requests *resource.Requests
	clock    time.Time
	zone     civil.Zone
	position int64
}

// roundsOnEveryStore runs a property that runs a service on each backend: so many rounds on
// the embedded one, some on the other, and five times as many in the long tests.
func roundsOnEveryStore(t *testing.T, rounds int, test func(t *testing.T, open func(testing.TB) docstore.Backend)) {
	t.Helper()
	checks := flag.Lookup("rapid.checks").Value
	asked := checks.String() != "100" // which is what it is by itself
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) {
			n := rounds
			if name != "sqlite" {
				n = 1 + n/10
			}
			if os.Getenv("EVENHAND_TEST_LONG") != "" {
				n *= 5
			}
			if !asked {
				require.NoError(t, checks.Set(strconv.Itoa(n)))
				t.Cleanup(func() { require.NoError(t, checks.Set("100")) })
			}
			test(t, open)
		})
	}
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	f := &fixture{clock: time.Date(2026, time.June, 15, 12, 0, 0, 0, time.UTC), zone: civil.UTC, world: &world{
		accounts: map[string]feeds.Account{}, goals: map[string]plans.Plan{}, distances: map[string][]Distance{}, balances: map[string][]Balance{},
		others: true, planned: map[string]Touchpoint{},
	}}
	now := func() time.Time { return f.clock }
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{Now: now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	f.requests, err = resource.OpenRequests(t.Context(), store, now)
	require.NoError(t, err)
	f.open(t, store)
	return f
}

// open opens the service on a store, as a process that starts does.
func (f *fixture) open(t testing.TB, store *docstore.Store) {
	t.Helper()
	var err error
	f.Service, err = Open(t.Context(), store, f.requests, Options{Accounts: f.world, Plans: plansOf{f.world}, Entitlements: f.world, Touchpoints: f.world, People: f.world,
		Zone: func(context.Context) (civil.Zone, error) { return f.zone, nil }})
	require.NoError(t, err)
}

// anna writes rules and decides about suggestions; ben is somebody else.
var (
	anna = resource.Call{Principal: "principals/anna", Method: "test"}
	ben  = resource.Call{Principal: "principals/ben", Method: "test"}
)

// request is a call of anna's with a request id.
func request(id string) resource.Call {
	return resource.Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte("x")}
}

// customer adds an account that joined on 2020-03-01 and has an active plan, and is told of.
func (f *fixture) customer(t testing.TB, ids ...string) {
	t.Helper()
	for _, id := range ids {
		f.world.mu.Lock()
		f.accounts[id] = feeds.Account{DisplayName: strings.ToUpper(id), State: feeds.Active, Joined: day(t, "2020-03-01"), Closed: civil.Never, Owner: "olga",
			Attributes: map[string]string{"sector": "steel"}}
		f.goals[id] = plans.Plan{State: plans.Active}
		f.world.mu.Unlock()
		f.observe(t, id, AccountChanged{})
	}
}

// observe tells of something about an account, as the next change of a feed.
func (f *fixture) observe(t testing.TB, account string, all ...What) {
	t.Helper()
	for _, what := range all {
		f.position++
		require.NoError(t, f.Observe(t.Context(), []Observation{{Feed: "test", Position: f.position, Account: account, What: what}}))
	}
}

// on makes it noon of a day, and looks at all accounts.
func (f *fixture) on(t testing.TB, text string) {
	t.Helper()
	d := day(t, text)
	f.clock = civil.UTC.Start(d).Add(12 * time.Hour)
	require.NoError(t, f.Tick(t.Context(), d))
}

// content is a rule about broken commitments.
func content() Content {
	return Content{DisplayName: "Broken", Fact: Breach, Condition: "fact.days_since <= 14", Reason: "'We broke ' + fact.commitment + '.'",
		Weight: "50", Channel: "call", Purpose: "Apologise", CoolDown: 30}
}

// published puts a rule in force.
func (f *fixture) published(t testing.TB, id string, c Content) resource.Stored[Rule] {
	t.Helper()
	_, err := f.CreateRule(t.Context(), anna, id, c, false)
	require.NoError(t, err)
	r, _, err := f.SimulateRule(t.Context(), anna, id, "", Trial{}, false)
	require.NoError(t, err)
	r, err = f.PublishRule(t.Context(), ben, Caller{Name: ben.Principal, Person: true}, id, r.Etag(), false)
	require.NoError(t, err)
	return r
}

// broken is that a commitment was broken in a case of an account.
func broken(t testing.TB, account, id, on string) Broken {
	return Broken{Case: "accounts/" + account + "/cases/" + id, Issue: "late-delivery", Commitment: "first-reply", Day: day(t, on)}
}

// all are the suggestions of an account, the newest first.
func (f *fixture) all(t testing.TB, account string) []resource.Stored[Suggestion] {
	t.Helper()
	page, err := f.Suggestions(t.Context(), SuggestionQuery{Account: account, All: true, Size: 1000})
	require.NoError(t, err)
	return page.Items
}

// ranked are the suggestions that are shown, the best first.
func (f *fixture) ranked(t testing.TB, query SuggestionQuery) []resource.Stored[Suggestion] {
	t.Helper()
	query.Size = 1000
	page, err := f.Suggestions(t.Context(), query)
	require.NoError(t, err)
	return page.Items
}

// only is the one suggestion of an account.
func (f *fixture) only(t testing.TB, account string) resource.Stored[Suggestion] {
	t.Helper()
	all := f.all(t, account)
	require.Len(t, all, 1)
	return all[0]
}

func day(t testing.TB, text string) civil.Day {
	t.Helper()
	d, err := civil.ParseDay(text)
	require.NoError(t, err)
	return d
}

func requireReason(t testing.TB, err error, reason string) *fault.Error {
	t.Helper()
	var told *fault.Error
	require.ErrorAs(t, err, &told, fmt.Sprint(err))
	require.Equal(t, reason, told.Reason)
	return told
}
