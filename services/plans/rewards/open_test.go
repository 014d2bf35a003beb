package rewards

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is the ledger on a store of its own, in New York, at noon UTC of 2026-11-23, a
// Monday.
type fixture struct {
	*Service
	store  *docstore.Store
	clock  time.Time
	others bool // whether somebody else is there to approve
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

// Others implements People.
func (f *fixture) Others(context.Context, string, string) (bool, error) { return f.others, nil }

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	f := &fixture{clock: time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC), others: true}
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	f.store = store
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	f.open(t)
	f.background(t, store.RunRelay)
	return f
}

// open opens the ledger anew, as a process does that has been started again.
func (f *fixture) open(t testing.TB) {
	t.Helper()
	requests, err := resource.OpenRequests(t.Context(), f.store, func() time.Time { return f.clock })
	require.NoError(t, err)
	f.Service, err = Open(t.Context(), f.store, requests, Options{People: f, Zone: newYork})
	require.NoError(t, err)
}

// background runs something until the test ends.
func (f *fixture) background(t testing.TB, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
}

func newYork(context.Context) (civil.Zone, error) { return civil.LoadZone("America/New_York") }

// anna writes rules, and ben approves them.
var (
	anna = Caller{Name: "principals/anna", Person: true}
	ben  = Caller{Name: "principals/ben", Person: true}
)

func (c Caller) call() resource.Call { return resource.Call{Principal: c.Name, Method: "test"} }

// request is a call with a request id.
func (c Caller) request(id string) resource.Call {
	return resource.Call{Principal: c.Name, Method: "test", RequestID: id, Payload: []byte("x")}
}

// simple are rules by which a touchpoint gives 10 points to who did it.
func simple() Rules {
	return Rules{Effective: civil.Date(2026, 1, 1), Rules: []Rule{{ID: "touch", Work: TouchpointDone, Points: 10}}}
}

// publish publishes rules.
func (f *fixture) publish(t testing.TB, rules Rules) resource.Stored[PointRules] {
	t.Helper()
	p, err := f.CreateRules(t.Context(), anna.call(), anna, rules, "To see.", false)
	require.NoError(t, err)
	p, err = f.ProposeRules(t.Context(), anna.call(), anna, p.ID, "")
	require.NoError(t, err)
	p, err = f.ApproveRules(t.Context(), ben.call(), ben, p.ID, p.Etag(), false)
	require.NoError(t, err)
	return p
}

// touch is a touchpoint of acme's that carol has done, at noon UTC.
func touch(t testing.TB, id, on string) Work {
	t.Helper()
	at, err := time.Parse(time.RFC3339, on+"T12:00:00Z")
	require.NoError(t, err)
	return Work{Name: "plans/acme/touchpoints/" + id, Version: 1, Kind: TouchpointDone, Account: "acme", Persons: []string{"carol"}, Completed: at}
}

// credits takes work in and credits it.
func (f *fixture) credits(t testing.TB, work ...Work) {
	t.Helper()
	require.NoError(t, f.Observe(t.Context(), work))
	require.NoError(t, f.Settle(t.Context()))
}

// all are the entries of a month.
func (f *fixture) all(t testing.TB, month string) []Entry {
	t.Helper()
	var all []Entry
	for e, err := range f.entries.All(t.Context(), docstore.Query{Index: "month", Equal: []any{month}}) {
		require.NoError(t, err)
		all = append(all, e.State)
	}
	return all
}

// of is what an entry is about: the id of its work, its rule and person.
func (e *Entry) of() string {
	return e.Work[strings.LastIndexByte(e.Work, '/')+1:] + "/" + e.Rule + "/" + e.Person
}

// ledger are the entries of a month by what each is about, and its number; of work that was
// for one account only.
func (f *fixture) ledger(t testing.TB, month string) map[string]Entry {
	t.Helper()
	all := map[string]Entry{}
	for _, e := range f.all(t, month) {
		all[fmt.Sprintf("%s/%d", e.of(), e.Number)] = e
	}
	return all
}

// net is what people have in a month by what it is about, all entries together, those of
// nothing left out.
func (f *fixture) net(t testing.TB, month string) map[string]int {
	t.Helper()
	sums := map[string]int{}
	for _, e := range f.all(t, month) {
		sums[e.of()] += e.Points
	}
	maps.DeleteFunc(sums, func(_ string, points int) bool { return points == 0 })
	return sums
}

func requireReason(t testing.TB, err error, reason string) *fault.Error {
	t.Helper()
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, reason, told.Reason, "%v", err)
	return told
}
