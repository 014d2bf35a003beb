package board

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
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

func (c *clock) set(text string) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// pass lets time go on.
func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// fixture is a service on a store of its own, with its relay running.
type fixture struct {
	*Service
	clock  *clock
	source *fakeSource
	store  *docstore.Store
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

// onSQLite opens a fixture on the embedded store.
func onSQLite(t testing.TB) *fixture { return start(t, teststore.SQLite(t)) }

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	return startWith(t, backend, nil)
}

// startWith opens a fixture with a source of randomness; nil is the real one.
func startWith(t testing.TB, backend docstore.Backend, random io.Reader) *fixture {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	clock := &clock{}
	clock.set("2026-03-06T15:30:00Z")
	source := newFakeSource()
	service, err := New(t.Context(), store, source, Options{Now: clock.now, Random: random})
	require.NoError(t, err)
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
	return &fixture{service, clock, source, store}
}

// follow runs what the service does by itself.
func (f *fixture) follow(t testing.TB) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the service ended with %v", err)
		}
	})
}

// someone is a call on behalf of a person, without a request id.
var someone = resource.Call{Principal: "principals/anna", Method: "test"}

// request is the same with a request id and a payload.
func request(id, payload string) resource.Call {
	return resource.Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte(payload)}
}

func ptr[T any](v T) *T { return &v }
