package mongodb

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/storetest"
)

func TestConformance(t *testing.T) {
	uri := testURI(t)
	storetest.Run(t, func(t testing.TB) storetest.Database {
		name := "test_" + strings.ToLower(rand.Text())
		t.Cleanup(func() { dropDatabase(t, uri, name) })
		return storetest.Database{
			Open: func(t testing.TB) docstore.Backend {
				b, err := Open(t.Context(), uri, name, Options{})
				require.NoError(t, err)
				return b
			},
			// This process keeps nothing that the server has not: there is nothing more to
			// lose than the connections. TestServerCrash kills the server.
			Crash: func(t testing.TB, b docstore.Backend) { require.NoError(t, b.Close()) },
		}
	})
}

func dropDatabase(t testing.TB, uri, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, err := Open(ctx, uri, name, Options{})
	require.NoError(t, err)
	require.NoError(t, b.(*backend).db.Drop(ctx))
	require.NoError(t, b.Close())
}
