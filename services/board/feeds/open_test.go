package feeds

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/occasion"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is what the feeds know of boards, and what happens on them, in a test.
type world struct {
	mu       sync.Mutex
	at       time.Time
	boards   []Board
	accounts map[string][]string // owners by account
	events   map[string][]calendar.Event
	fail     error
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) goOn(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func (w *world) Board(_ context.Context, id string) (Board, error) {
	for _, b := range w.boards {
		if b.ID == id {
			return b, nil
		}
	}
	return Board{}, fault.Missing("evenhand/Board", "boards/"+id)
}

func (w *world) Boards(context.Context) ([]Board, error) { return append([]Board{}, w.boards...), nil }

func (w *world) Account(_ context.Context, id string) (string, []string, error) {
	owners, ok := w.accounts[id]
	if !ok {
		return "", nil, fault.Missing("evenhand/Account", "accounts/"+id)
	}
	return "The " + id, owners, nil
}

// Principal knows everybody but "nobody".
func (*world) Principal(_ context.Context, id string) error {
	if id == "nobody" {
		return fault.Missing("evenhand/Principal", "principals/"+id)
	}
	return nil
}

func (w *world) Events(_ context.Context, board string, from, to time.Time) ([]calendar.Event, error) {
	var list []calendar.Event
	for _, e := range w.events[board] {
		if e.During(from, to) {
			list = append(list, e)
		}
	}
	return list, w.fail
}

// fixture is the feeds on a store of their own.
type fixture struct {
	*Service
	world *world
	store *docstore.Store
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
	w := &world{at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), events: map[string][]calendar.Event{},
		boards: []Board{{ID: "east", DisplayName: "Eastern board", Zone: "America/New_York", Managers: []string{"anna"}},
			{ID: "west", DisplayName: "Western board", Zone: "America/Los_Angeles", Managers: []string{"bob", "anna"}},
			{ID: "north", DisplayName: "Northern board", Zone: "UTC", Managers: []string{"bob"}}},
		accounts: map[string][]string{"acme": {"anna"}, "brook": {"bob", "cleo"}}}
	service := reopen(t, store, w)
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
	return &fixture{service, w, store}
}

// reopen opens the feeds as a process that starts does.
func reopen(t testing.TB, store *docstore.Store, w *world) *Service {
	t.Helper()
	requests, err := resource.OpenRequests(t.Context(), store, w.now)
	require.NoError(t, err)
	service, err := New(t.Context(), store, requests, Options{Boards: w, Source: w})
	require.NoError(t, err)
	return service
}

// event adds a meeting to a board, so many days from the start of the test.
func (w *world) meet(board, id string, day int, accounts ...string) *calendar.Event {
	start := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC).AddDate(0, 0, day)
	name := "boards/" + board
	w.events[name] = append(w.events[name], calendar.Event{UID: name + "/meetings/" + id, Resource: name + "/meetings/" + id,
		Kind: occasion.Meeting, Calendar: name, Accounts: accounts, Start: start, End: start.Add(time.Hour), Zone: "UTC",
		Summary: "Meeting " + id, Description: "Agenda " + id, Private: "Attendance " + id})
	return &w.events[name][len(w.events[name])-1]
}

var anna = resource.Call{Principal: "principals/anna", Method: "test"}
