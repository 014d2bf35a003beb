package sessions

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// directory knows all but those called nobody; gone is closed.
type directory struct{}

func (directory) look(name string) error {
	if strings.Contains(name, "nobody") {
		return resource.ErrNotFound
	}
	return nil
}

func (d directory) Principal(_ context.Context, id string) error { return d.look(id) }
func (d directory) Contact(_ context.Context, name string) error { return d.look(name) }
func (d directory) Account(_ context.Context, id string) (feeds.Account, error) {
	a := feeds.Account{ID: id, State: feeds.Active}
	if id == "gone" {
		a.State = feeds.Closed
	}
	return a, d.look(id)
}

// asked is a solicitation of the board.
type asked struct {
	Question
	state  SolicitationState
	answer string
	ideas  []Idea
	// changed is what was changed of it.
	changed []Change
}

// board is a board service that keeps request ids, and the lock of an owner.
type board struct {
	mu     sync.Mutex
	asked  map[string]*asked
	seen   map[string]string // what a request did
	locked map[string]error  // by owner
	// away is what every call fails with; lose makes it fail after it did what was asked.
	away error
	lose bool
	// before is called once, at the beginning of the next Ask.
	before func()
	// bounded says that the last question had a deadline.
	bounded bool
}

var errAway = fault.New(fault.Unavailable, fault.ReasonUnavailable, "A service this one needs cannot be reached now; try again.")

func refusal(reason, subject, text string) error {
	return fmt.Errorf("%w: %w", ErrRefused, fault.Precondition(reason, subject, "%s", text))
}

// once does something unless the request came before.
func (b *board) once(requestID, what string, do func() error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away != nil && !b.lose {
		return b.away
	}
	if was, came := b.seen[requestID]; came {
		if was != what {
			return refusal("REQUEST_ID_REUSED", what, "came with "+was)
		}
	} else {
		if err := do(); err != nil {
			return err
		}
		b.seen[requestID] = what
	}
	if b.lose {
		return b.away
	}
	return nil
}

func (b *board) Ask(ctx context.Context, q Question, check bool) error {
	b.mu.Lock()
	_, b.bounded = ctx.Deadline()
	before := b.before
	b.before = nil
	b.mu.Unlock()
	if before != nil {
		before()
	}
	if check {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.locked[q.Owner]
	}
	return b.once(q.RequestID, fmt.Sprint("ask ", q), func() error {
		if err := b.locked[q.Owner]; err != nil {
			return err
		}
		b.asked[q.ID] = &asked{Question: q, state: Asking}
		return nil
	})
}

func (b *board) State(_ context.Context, id string) (SolicitationState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away != nil && !b.lose {
		return "", b.away
	}
	return b.asked[id].state, nil
}

func (b *board) Change(_ context.Context, id, requestID string, c Change) error {
	return b.once(requestID, fmt.Sprint("change ", id, c), func() error {
		a := b.asked[id]
		if a.state != Asking && a.state != Deciding {
			return refusal("SOLICITATION_STATE", id, "is "+string(a.state))
		}
		if c.Owner != "" {
			a.Owner = c.Owner
		}
		if c.Closes != 0 {
			a.Closes = c.Closes
		}
		if c.Decides != 0 {
			a.Decides = c.Decides
		}
		a.changed = append(a.changed, c)
		return nil
	})
}

func (b *board) Close(_ context.Context, id, requestID string) error {
	return b.once(requestID, "close "+id, func() error {
		b.asked[id].state = Deciding
		return nil
	})
}

func (b *board) Answer(_ context.Context, id, requestID, answer string) error {
	return b.once(requestID, "answer "+id+answer, func() error {
		for _, i := range b.asked[id].ideas {
			if !i.Decided {
				return refusal("SOLICITATION_STATE", id, "1 idea undecided")
			}
		}
		b.asked[id].state, b.asked[id].answer = Settled, answer
		return nil
	})
}

func (b *board) Withdraw(_ context.Context, id, requestID, reason string) error {
	return b.once(requestID, "withdraw "+id+reason, func() error {
		if len(b.asked[id].ideas) > 0 {
			return refusal("SOLICITATION_STATE", id, "holds ideas")
		}
		b.asked[id].state = Withdrawn
		return nil
	})
}

func (b *board) Ideas(_ context.Context, id string) ([]Idea, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away != nil {
		return nil, b.away
	}
	return slices.Clone(b.asked[id].ideas), nil
}

// is changes the board.
func (b *board) is(change func(*board)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

// only returns the one solicitation of which it is wanted that there is one, and its id.
func (b *board) only(t testing.TB) *asked {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Len(t, b.asked, 1)
	for _, a := range b.asked {
		return a
	}
	return nil
}

// touchpoints keeps what was planned, by request, and refuses accounts without a plan.
type touchpoints struct {
	mu      sync.Mutex
	planned map[string]Touchpoint // by name
	skipped map[string]string     // reasons, by name
	calls   int
	away    error
}

func (p *touchpoints) Plan(_ context.Context, call resource.Call, t Touchpoint) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	switch {
	case p.away != nil:
		return "", p.away
	case t.Account == "planless":
		return "", fault.Missing("evenhand/Plan", plans.Name(t.Account))
	}
	name := plans.Name(t.Account) + "/touchpoints/" + call.Request().DocumentID()
	if _, there := p.planned[name]; !there {
		p.planned[name] = t
	}
	return name, nil
}

func (p *touchpoints) Skip(_ context.Context, _ resource.Call, name, reason string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away != nil {
		return p.away
	}
	p.skipped[name] = reason
	return nil
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

func (c *clock) later(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

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
		touchpoints: &touchpoints{planned: map[string]Touchpoint{}, skipped: map[string]string{}}}
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
