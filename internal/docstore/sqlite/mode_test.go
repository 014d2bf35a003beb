//go:build unix

package sqlite

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Whatever the umask, nobody else reads a database, nor its log.
func TestADatabaseIsItsOwnersAlone(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	dir := t.TempDir()
	b, err := Open(t.Context(), filepath.Join(dir, "test.db"), Options{})
	require.NoError(t, err)
	require.NoError(t, b.Declare(t.Context(), docstore.Spec{Name: "things"}))
	var files []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), entry.Name())
		files = append(files, entry.Name())
		return nil
	}))
	require.Equal(t, []string{"test.db", "test.db-shm", "test.db-wal", "test.db.lock"}, files)
	require.NoError(t, b.Close())
}
