package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/sqlite"
	"github.com/evenhand/evenhand/internal/docstore/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Database {
		path := filepath.Join(t.TempDir(), "test.db")
		return storetest.Database{
			Open: func(t testing.TB) docstore.Backend {
				b, err := sqlite.Open(t.Context(), path, sqlite.Options{})
				require.NoError(t, err)
				return b
			},
			// Nothing is written while the suite crashes a backend, so that the files as
			// they stand are what a dead process leaves.
			Crash: func(t testing.TB, b docstore.Backend) {
				left := filepath.Join(t.TempDir(), "left.db")
				for _, suffix := range []string{"", "-wal"} {
					content, err := os.ReadFile(path + suffix)
					require.NoError(t, err)
					require.NoError(t, os.WriteFile(left+suffix, content, 0o600))
				}
				require.NoError(t, b.Close())
				path = left
			},
		}
	})
}
