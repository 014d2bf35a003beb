package calendarfeed

import (
	"context"
	"crypto/rand"
	"errors"
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

// clock is a clock that a test sets on.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) goOn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// fixture is feeds on a store of their own.
type fixture struct {
	*Feeds
	clock *clock
	store *docstore.Store
}

var stores = map[string]func(testing.TB) docstore.Backend{
	"sqlite": func(t testing.TB) docstore.Backend {
		b, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "feeds.db"), sqlite.Options{})
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
		t.Cleanup(func() {
			client, err := mongo.Connect(options.Client().ApplyURI(uri))
			require.NoError(t, err)
			require.NoError(t, client.Database(database).Drop(context.Background()))
			require.NoError(t, client.Disconnect(context.Background()))
		})
		return b
	},
}

func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
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
	c := &clock{at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	requests, err := resource.OpenRequests(t.Context(), store, c.now)
	require.NoError(t, err)
	feeds, err := Open(t.Context(), store, requests, Kind{Type: "evenhand/SomeFeed", Names: "someFeeds", Event: "some_feed"}, nil)
	require.NoError(t, err)
	return &fixture{feeds, c, store}
}
