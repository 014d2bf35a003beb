package board

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/mongodb"
	"github.com/evenhand/evenhand/internal/docstore/sqlite"
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

type backends map[string]func(testing.TB) docstore.Backend

// stores are the backends that tests run on.
var stores = backends{
	"sqlite": func(t testing.TB) docstore.Backend {
		b, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "board.db"), sqlite.Options{})
		require.NoError(t, err)
		return b
	},
	"mongodb": func(t testing.TB) docstore.Backend {
		uri := os.Getenv("EVENHAND_TEST_MONGODB_URI")
		if uri == "" {
			t.Skip("skipped: EVENHAND_TEST_MONGODB_URI does not name a MongoDB server (deploy/mongodb/local up starts one)")
		}
		database := "test_" + strings.ToLower(rand.Text())
		b, err := mongodb.Open(t.Context(), uri, database, mongodb.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { dropDatabase(t, uri, database) })
		return b
	},
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

// onSQLite opens a fixture on the embedded store.
func onSQLite(t testing.TB) *fixture { return start(t, stores["sqlite"](t)) }

func dropDatabase(t testing.TB, uri, database string) {
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	require.NoError(t, err)
	require.NoError(t, client.Database(database).Drop(context.Background()))
	require.NoError(t, client.Disconnect(context.Background()))
}

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
