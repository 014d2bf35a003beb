// Package teststore opens the backends of internal/docstore for tests: each is empty, and
// what it holds is gone once the test has ended.
package teststore

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/mongodb"
	"github.com/evenhand/evenhand/internal/docstore/sqlite"
)

// Backends are the backends that tests run on, by name. What one opens is closed by the test,
// as a rule by closing the [docstore.Store] on it.
var Backends = map[string]func(testing.TB) docstore.Backend{"sqlite": SQLite, "mongodb": MongoDB}

// SQLite opens the embedded backend on a new file.
func SQLite(t testing.TB) docstore.Backend {
	t.Helper()
	b, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
	require.NoError(t, err)
	return b
}

// MongoDB opens the MongoDB backend on a new database. The test is skipped where there is no
// server for it, see [Database].
func MongoDB(t testing.TB) docstore.Backend {
	t.Helper()
	uri, database := Database(t)
	b, err := mongodb.Open(t.Context(), uri, database, mongodb.Options{})
	require.NoError(t, err)
	return b
}

// Database names a new database on the MongoDB server at EVENHAND_TEST_MONGODB_URI, for tests
// that open it more than once. It is dropped when the test ends. Where the variable is not
// set, the test is skipped.
func Database(t testing.TB) (uri, database string) {
	t.Helper()
	uri = os.Getenv("EVENHAND_TEST_MONGODB_URI")
	if uri == "" {
		t.Skip("skipped: EVENHAND_TEST_MONGODB_URI does not name a MongoDB server (deploy/mongodb/local up starts one)")
	}
	database = "test_" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		client, err := mongo.Connect(options.Client().ApplyURI(uri))
		require.NoError(t, err)
		ctx := context.Background() // the test's own has ended
		require.NoError(t, client.Database(database).Drop(ctx))
		require.NoError(t, client.Disconnect(ctx))
	})
	return uri, database
}
