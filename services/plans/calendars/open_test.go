package calendars

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/calendarfeed"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is what calendars depend on, in a test.
type world struct {
	mu     sync.Mutex
	at     time.Time
	events map[string][]calendar.Event // by owner
	// more is the first day that events leave out.
	more civil.Day
	// asked are the days for which events were asked last, and how many at most.
	from, to civil.Day
	most     int
	// readers are those who may read plans; others are there in any case.
	readers map[string]bool
	fail    error
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) Events(_ context.Context, owner string, from, to civil.Day, most int) ([]calendar.Event, civil.Day, error) {
	w.from, w.to, w.most = from, to, most
	return append([]calendar.Event{}, w.events[owner]...), w.more, w.fail
}

func (*world) GetMany(_ context.Context, ids []string) (map[string]feeds.Account, error) {
	found := map[string]feeds.Account{}
	for _, id := range ids {
		if id == "acme" {
			found[id] = feeds.Account{ID: id, DisplayName: "Acme; & Sons, Ltd"}
		}
	}
	return found, nil
}

func (w *world) MayReadPlans(_ context.Context, id string) (bool, error) {
	if id == "nobody" {
		return false, fault.Missing("evenhand/Principal", "principals/"+id)
	}
	return w.readers[id], nil
}

func (*world) Zone(context.Context) (civil.Zone, error) { return civil.LoadZone("America/New_York") }

// call adds a contact with an account by a principal, so many days from the start.
func (w *world) call(owner, account, id string, day int) *calendar.Event {
	start := time.Date(2027, 3, 1, 14, 0, 0, 0, time.UTC).AddDate(0, 0, day)
	name := "plans/" + account + "/touchpoints/" + id
	w.events[owner] = append(w.events[owner], calendar.Event{UID: name, Resource: name, Kind: "touchpoint", Calendar: "principals/" + owner,
		Accounts: []string{"accounts/" + account}, Start: start, End: start, Zone: "America/New_York", Summary: "Say hello", Updated: w.at})
	return &w.events[owner][len(w.events[owner])-1]
}

// fixture is calendars on a store of their own, at noon in New York of Monday 1 March 2027.
type fixture struct {
	*Service
	world *world
}

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
	w := &world{at: time.Date(2027, 3, 1, 17, 0, 0, 0, time.UTC), events: map[string][]calendar.Event{}, readers: map[string]bool{"anna": true, "bob": true}}
	requests, err := resource.OpenRequests(t.Context(), store, w.now)
	require.NoError(t, err)
	service, err := Open(t.Context(), store, requests, Options{Touchpoints: w, Accounts: w, People: w, Zone: w.Zone})
	require.NoError(t, err)
	return &fixture{service, w}
}

var anna = resource.Call{Principal: "principals/anna", Method: "test"}

func hashOf(secret string) calendarfeed.Hash { return sha256.Sum256([]byte(secret)) }

// create makes a feed, and returns its secret.
func (f *fixture) create(t testing.TB, owner string) string {
	t.Helper()
	secret := rand.Text()
	_, err := f.Create(t.Context(), anna, "a phone", owner, hashOf(secret))
	require.NoError(t, err)
	return secret
}
