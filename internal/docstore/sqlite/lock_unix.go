//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/evenhand/evenhand/internal/docstore"
)

// lockFile takes an exclusive lock that ends with the process, and leaves the process
// id in the file. The file stays: removing it would race with the next process.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		pid, _ := io.ReadAll(io.LimitReader(f, 32))
		return nil, fmt.Errorf("%w: process %s holds %s; stop it, or use another data folder",
			docstore.ErrLocked, strings.TrimSpace(string(pid)), path)
	}
	if err := writePID(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// fsyncDir makes new names in a folder durable.
func fsyncDir(dir *os.File) error { return dir.Sync() }
