package advice

import (
	"context"
	"errors"
	"io"
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
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

// day makes it noon of a day.
func (c *clock) day(t testing.TB, text string) {
	at := date(t, text)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = civil.UTC.Start(at).Add(12 * time.Hour)
}

// later lets some time go by.
func (c *clock) later(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// directory knows all but those called nobody.
type directory struct{}

func (directory) look(id, called string) (string, error) {
	if id == "nobody" {
		return "", resource.ErrNotFound
	}
	return called, nil
}

func (d directory) Account(_ context.Context, id string) (string, error) {
	return d.look(id, strings.ToUpper(id[:1])+id[1:]+" & Sons")
}

func (d directory) Contact(_ context.Context, account, id string) (string, error) {
	return d.look(id, strings.ToUpper(id[:1])+id[1:]+" of "+account)
}

func (d directory) Board(_ context.Context, id string) (string, error) {
	return d.look(id, "Board "+id)
}

func (d directory) Principal(_ context.Context, id string) (string, error) {
	return d.look(id, strings.ToUpper(id[:1])+id[1:])
}

// outbox keeps what was handed over, by id, and can fail.
type outbox struct {
	mu     sync.Mutex
	sent   map[string]Message
	order  []string
	repeat int
	err    error
}

// fail makes it fail with an error from now on; nil ends that.
func (o *outbox) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
}

func (o *outbox) Put(_ context.Context, m Message) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch _, there := o.sent[m.ID]; {
	case o.err != nil:
		return false, o.err
	case m.To.Account == "unwritten":
		return false, nil
	case there:
		o.repeat++
		return true, nil
	}
	o.sent[m.ID] = m
	o.order = append(o.order, m.ID)
	return true, nil
}

// fixture is a service on a store of its own, with its relay running.
type fixture struct {
	*Service
	clock   *clock
	outbox  *outbox
	backend docstore.Backend
	random  io.Reader
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

// onSQLite opens a fixture on the embedded store.
func onSQLite(t testing.TB) *fixture { return start(t, teststore.SQLite(t)) }

// start opens the service on 2026-03-06.
func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	f := &fixture{clock: &clock{}, outbox: &outbox{sent: map[string]Message{}}, backend: backend}
	f.clock.day(t, "2026-03-06")
	f.Service = f.open(t, backend)
	ctx, cancel := context.WithCancel(context.Background())
	relayed := make(chan error, 1)
	store := f.store
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

// open makes another service over a backend.
func (f *fixture) open(t testing.TB, backend docstore.Backend) *Service {
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	requests, err := resource.OpenRequests(t.Context(), store, f.clock.now)
	require.NoError(t, err)
	service, err := New(t.Context(), store, requests, Options{Directory: directory{}, Delivery: f.outbox, Now: f.clock.now, Random: f.random})
	require.NoError(t, err)
	return service
}

// someone is a call on behalf of a person, without a request id.
var someone = resource.Call{Principal: "principals/anna", Method: "test"}

// request is the same with a request id.
func request(id string) resource.Call {
	return resource.Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte("x")}
}

func date(t testing.TB, text string) civil.Day {
	t.Helper()
	d, err := civil.ParseDay(text)
	require.NoError(t, err)
	return d
}

func ptr[T any](v T) *T { return &v }

// draft makes a draft owned by somebody, to a board, to be answered within March.
func (f *fixture) draft(t testing.TB, id, owner string, a Audience) resource.Stored[Solicitation] {
	t.Helper()
	s, err := f.Solicitations.Create(t.Context(), someone, id, Solicitation{Question: "What of " + id + "?", Owner: owner,
		Audience: a, Closes: date(t, "2026-03-20"), Decision: date(t, "2026-03-31")}, false)
	require.NoError(t, err)
	return s
}

// asked makes one and opens it.
func (f *fixture) asked(t testing.TB, id, owner string, a Audience) {
	t.Helper()
	f.draft(t, id, owner, a)
	require.NoError(t, f.tryOpen(t, id))
}

func (f *fixture) tryOpen(t testing.TB, id string) error {
	_, err := f.Solicitations.Open(t.Context(), someone, id, "", 0, false)
	return err
}

// idea submits one and returns its id.
func (f *fixture) idea(t testing.TB, title, account, solicitation string) string {
	t.Helper()
	i, err := f.Ideas.Submit(t.Context(), someone, Idea{Title: title, Giver: Giver{Account: account}, Solicitation: solicitation}, false)
	require.NoError(t, err)
	return i.ID
}

func (f *fixture) get(t testing.TB, id string) Idea {
	t.Helper()
	i, err := f.Ideas.Get(t.Context(), id)
	require.NoError(t, err)
	return i.State
}

var declined = Disposition{Outcome: Decline, Reason: "It would cost more than it saves."}

func (f *fixture) decline(t testing.TB, id string) {
	t.Helper()
	_, err := f.Ideas.Decide(t.Context(), someone, id, "", declined)
	require.NoError(t, err)
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

// deadline bounds what a broken test would wait for, and pause is between two looks.
const deadline, pause = time.Minute, 5 * time.Millisecond
