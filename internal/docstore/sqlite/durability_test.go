package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		child(path)
		return
	}
	goleak.VerifyTestMain(m)
}

func openTest(t *testing.T, opts Options) *backend {
	t.Helper()
	b, err := Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b.(*backend)
}

// Every connection, the writing one and all readers, writes the log to disk at each
// commit.
func TestPragmasOfEveryConnection(t *testing.T) {
	const readers = 3
	b := openTest(t, Options{Readers: readers})
	connections := []*conn{b.writer.conn}
	for range readers {
		connections = append(connections, <-b.readers)
	}
	require.Equal(t, readers, b.dialled)
	for i, c := range connections {
		for pragma, want := range map[string]any{
			"synchronous": int64(2), "journal_mode": "wal", "mmap_size": int64(0), "page_size": int64(4096),
		} {
			var got any
			require.NoError(t, c.query("PRAGMA "+pragma, nil, func(row []any) error { got = row[0]; return nil }))
			require.Equal(t, want, got, "connection %d, %s", i, pragma)
		}
		if i > 0 {
			_, err := c.exec("DELETE FROM feed")
			require.Error(t, err, "a reading connection writes")
			b.readers <- c
		}
	}
}

// blockWriter occupies the writer until the returned function is called.
func blockWriter(t *testing.T, b *backend) (release func()) {
	entered, done, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- b.write(context.Background(), func(*conn) error { close(entered); <-done; return nil })
	}()
	<-entered
	return func() { close(done); require.NoError(t, <-ended) }
}

func waiting(b *backend) int {
	b.writer.mu.Lock()
	defer b.writer.mu.Unlock()
	return len(b.writer.waiting)
}

// Writers who wait for the same commit share it.
func TestWritersShareCommits(t *testing.T) {
	b := openTest(t, Options{})
	require.NoError(t, b.Declare(t.Context(), docstore.Spec{Name: "c"}))
	before := b.commits.Load()
	release := blockWriter(t, b)
	const writers = 64
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			if err := b.Insert(t.Context(), "c", []docstore.Record{{ID: fmt.Sprint(i), Version: 1}}); err != nil {
				t.Error(err)
			}
		})
	}
	for waiting(b) < writers {
	}
	release()
	wg.Wait()
	require.EqualValues(t, before+2, b.commits.Load(), "one commit for the blocker, one for all others")
	got, err := b.Get(t.Context(), "c", []string{"0", "63"})
	require.NoError(t, err)
	require.Len(t, got, 2)
}

// One of a group that fails leaves nothing behind, and the others are written.
func TestFailureWithinGroup(t *testing.T) {
	b := openTest(t, Options{})
	require.NoError(t, b.Declare(t.Context(), docstore.Spec{Name: "c"}))
	insert := func(id string) error {
		return b.Insert(t.Context(), "c", []docstore.Record{{ID: id, Version: 1, Out: []docstore.Event{{N: 1, Type: id}}}})
	}
	require.NoError(t, insert("there"))
	release := blockWriter(t, b)
	errs := make(chan error, 3)
	for _, id := range []string{"a", "there", "b"} {
		go func() { errs <- insert(id) }()
	}
	for waiting(b) < 3 {
	}
	release()
	failed := 0
	for range 3 {
		if err := <-errs; err != nil {
			require.ErrorIs(t, err, docstore.ErrExists)
			failed++
		}
	}
	require.Equal(t, 1, failed)
	pending, err := b.Pending(t.Context(), "c", "", 10)
	require.NoError(t, err)
	require.Len(t, pending, 3)
}

// A caller may give up while it waits for its turn, and then nothing is written; once
// its operation runs, it learns what became of it.
func TestCancelWhileWaiting(t *testing.T) {
	b := openTest(t, Options{})
	require.NoError(t, b.Declare(t.Context(), docstore.Spec{Name: "c"}))
	release := blockWriter(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	outcome := make(chan error, 1)
	go func() { outcome <- b.Insert(ctx, "c", []docstore.Record{{ID: "x", Version: 1}}) }()
	for waiting(b) < 1 {
	}
	cancel()
	require.ErrorIs(t, <-outcome, context.Canceled)
	release()
	ctx, cancel = context.WithCancel(t.Context())
	err := b.write(ctx, func(c *conn) error { cancel(); return nil })
	require.NoError(t, err, "what is under way is reported as it ends")
	got, err := b.Get(t.Context(), "c", []string{"x"})
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestSecondProcessIsKeptOut(t *testing.T) {
	b := openTest(t, Options{})
	_, err := Open(t.Context(), b.path, Options{})
	require.ErrorIs(t, err, docstore.ErrLocked)
	require.ErrorContains(t, err, b.path)
	require.ErrorContains(t, err, fmt.Sprint("process ", os.Getpid()))
	require.NoError(t, b.Close())
	again, err := Open(t.Context(), b.path, Options{})
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

func TestOpenFails(t *testing.T) {
	_, err := Open(t.Context(), filepath.Join(t.TempDir(), "no", "such", "folder.db"), Options{})
	require.ErrorContains(t, err, "folder.db")
	path := filepath.Join(t.TempDir(), "text.db")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("this is no database. ", 1000)), 0o600))
	_, err = Open(t.Context(), path, Options{})
	require.ErrorContains(t, err, "not a database")
	odd := filepath.Join(t.TempDir(), "a b?c#d%20.db")
	b, err := Open(t.Context(), odd, Options{})
	require.NoError(t, err)
	require.NoError(t, b.Close())
	require.FileExists(t, odd)
}

// An index may not change its meaning under one name.
func TestIndexRedefined(t *testing.T) {
	b := openTest(t, Options{})
	ix := docstore.Index{Name: "i", Fields: []string{"a"}}
	require.NoError(t, b.Declare(t.Context(), docstore.Spec{Name: "c", Indexes: []docstore.Index{ix}}))
	require.NoError(t, b.Declare(t.Context(), docstore.Spec{Name: "c"}), "one not declared any more stays")
	ix.Unique = true
	err := b.Declare(t.Context(), docstore.Spec{Name: "c", Indexes: []docstore.Index{ix}})
	require.ErrorContains(t, err, "needs a new name")
	ix.Unique = false
	require.NoError(t, b.Declare(t.Context(), docstore.Spec{Name: "c", Indexes: []docstore.Index{ix}}))
	_, err = b.Get(t.Context(), "undeclared", []string{"x"})
	require.ErrorContains(t, err, "not declared")
}
