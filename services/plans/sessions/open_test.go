package sessions

import (
	"context"
	"errors"
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
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is sessions on a store of their own, at noon of 6 March 2026.
type fixture struct {
	*Service
	store       *docstore.Store
	clock       *clock
	board       *board
	touchpoints *touchpoints
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

func onSQLite(t *testing.T) *fixture {
	t.Helper()
	return start(t, teststore.SQLite(t))
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
	f := &fixture{store: store, clock: &clock{at: time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)},
		board:       &board{asked: map[string]*asked{}, seen: map[string]string{}, locked: map[string]error{}},
		touchpoints: &touchpoints{planned: map[string]Touchpoint{}, by: map[string]string{}, skipped: map[string]string{}, room: -1}}
	requests, err := resource.OpenRequests(t.Context(), store, f.clock.now)
	require.NoError(t, err)
	f.Service, err = New(t.Context(), store, requests, Options{Directory: directory{}, Board: f.board, Touchpoints: f.touchpoints})
	require.NoError(t, err)
	return f
}

var someone = resource.Call{Principal: "principals/sam", Method: "sessions.test"}

// request is a call that can be retried.
func request(id string) resource.Call {
	return resource.Call{Principal: "principals/sam", Method: "sessions.test", RequestID: id, Payload: []byte(id)}
}

func date(t testing.TB, text string) civil.Day {
	t.Helper()
	day, err := civil.ParseDay(text)
	require.NoError(t, err)
	return day
}

// vans is a session that can be opened.
func vans(t testing.TB) Definition {
	return Definition{
		Title: "Our own vans", Question: "Should we deliver with our own vans?", Leaning: "Yes, in cities.",
		Why: "Carriers are late.", Facts: "It costs 4% more.", Owner: "anna",
		Invited: []Invited{{Account: "acme", Contacts: []string{"jo"}}, {Account: "brook"}, {Account: "planless"}},
		Starts:  time.Date(2026, 3, 20, 13, 0, 0, 0, time.UTC), Minutes: 120, Channel: plans.Visit, Place: "Dock Road 4",
		Agenda: []Item{{Topic: "What late deliveries cost", Minutes: 45}}, InviteBy: plans.Call,
		Decides: date(t, "2026-03-31"), Notes: "",
	}
}

// drafted makes a draft, and opened one that is open.
func (f *fixture) drafted(t testing.TB) {
	t.Helper()
	_, err := f.Create(t.Context(), someone, "vans", vans(t), false)
	require.NoError(t, err)
}

func (f *fixture) opened(t testing.TB) resource.Stored[Session] {
	t.Helper()
	f.drafted(t)
	n, err := f.Open(t.Context(), someone, "vans", "", false)
	require.NoError(t, err)
	return n
}

// held makes one that took place on 20 March, to which jo of acme came, with ideas given.
func (f *fixture) held(t testing.TB, ideas ...Idea) resource.Stored[Session] {
	t.Helper()
	n := f.opened(t)
	f.clock.later(14 * 24 * time.Hour)
	f.board.is(func(b *board) { b.asked[n.State.Solicitation].ideas = ideas })
	n, err := f.Hold(t.Context(), someone, "vans", "", 0, []Attendee{{Account: "acme", Contact: "jo"}, {Account: "brook"}}, "They want an hour.")
	require.NoError(t, err)
	return n
}

func (f *fixture) get(t testing.TB) resource.Stored[Session] {
	t.Helper()
	n, err := f.Get(t.Context(), "vans")
	require.NoError(t, err)
	return n
}

// wantFault fails the test unless err is a fault with the reason and part of the text.
func wantFault(t testing.TB, err error, reason, text string) *fault.Error {
	t.Helper()
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, reason, told.Reason, "%v", err)
	require.ErrorContains(t, err, text)
	return told
}

// told returns the events of the store's feed, once all are in it.
func (f *fixture) told(t testing.TB) []docstore.FeedEvent {
	t.Helper()
	require.NoError(t, f.store.Flush(t.Context()))
	head, err := f.store.Feed().Head(t.Context())
	require.NoError(t, err)
	var all []docstore.FeedEvent
	err = f.store.Feed().Follow(t.Context(), 0, func(events []docstore.FeedEvent) error {
		all = append(all, events...)
		if len(all) > 0 && all[len(all)-1].Position >= head {
			return errSeen
		}
		return nil
	})
	require.ErrorIs(t, err, errSeen)
	return all
}

var errSeen = errors.New("all was seen")
