package feeds

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
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/mongodb"
	"github.com/evenhand/evenhand/internal/docstore/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var stores = map[string]func(testing.TB) docstore.Backend{
	"sqlite": func(t testing.TB) docstore.Backend {
		b, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "plans.db"), sqlite.Options{})
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

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, store *docstore.Store)) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			store, err := docstore.OpenStore(t.Context(), open(t), docstore.Options{})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			test(t, store)
		})
	}
}
