package docstore_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func backend(t *testing.T) docstore.Backend {
	t.Helper()
	b, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
	require.NoError(t, err)
	return b
}

func open[T any](t *testing.T, b docstore.Backend, spec docstore.Spec) (*docstore.Store, *docstore.Collection[T]) {
	t.Helper()
	s, err := docstore.OpenStore(t.Context(), b, docstore.Options{Log: slog.New(slog.DiscardHandler), PollInterval: 5 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	c, err := docstore.OpenCollection[T](t.Context(), s, spec)
	require.NoError(t, err)
	return s, c
}

type body struct {
	Count int
	Names map[string]int
	Days  map[int]any
	List  []string
}

// Equal bodies are equal bytes, whatever order a map is walked in: otherwise updates
// that change nothing would be written.
func TestEncodingIsDeterministic(t *testing.T) {
	_, c := open[body](t, backend(t), docstore.Spec{Name: "docs"})
	full := body{Names: map[string]int{}, Days: map[int]any{-1: nil, 2: "x", 10: map[string]any{"a": 1, "b": 2, "c": 3}}}
	for _, name := range []string{"z", "a", "m", "", "ä", "b", "c", "d", "e"} {
		full.Names[name] = len(name)
	}
	d, err := c.Insert(t.Context(), "x", full)
	require.NoError(t, err)
	for range 50 {
		d, err = c.Update(t.Context(), "x", func(*docstore.Doc[body]) error { return nil })
		require.NoError(t, err)
		require.EqualValues(t, 1, d.Version)
	}
	require.Equal(t, full.Names, d.Body.Names)
	require.NotNil(t, d.Body.List, "a nil slice is stored as an empty one")
	require.Len(t, d.Body.Days, 3)
}

func TestMapKeysThatCannotBe(t *testing.T) {
	_, c := open[map[string]any](t, backend(t), docstore.Spec{Name: "docs"})
	_, err := c.Insert(t.Context(), "x", map[string]any{"f": map[float64]int{1.5: 1}})
	require.ErrorContains(t, err, "keys of type float64")
	_, err = c.Insert(t.Context(), "x", map[string]any{"c": make(chan int)})
	require.Error(t, err)
}

// A test function that calls FailNow in an update must not hang everybody else.
func TestUpdateFunctionEndsItsGoroutine(t *testing.T) {
	_, c := open[body](t, backend(t), docstore.Spec{Name: "docs"})
	_, err := c.Insert(t.Context(), "x", body{})
	require.NoError(t, err)
	_, err = c.Update(t.Context(), "x", func(*docstore.Doc[body]) error { runtime.Goexit(); return nil })
	require.ErrorContains(t, err, "ended the goroutine")
	_, err = c.Update(t.Context(), "x", func(d *docstore.Doc[body]) error { d.Body.Count++; return nil })
	require.NoError(t, err)
}

func TestPrincipal(t *testing.T) {
	require.Empty(t, docstore.Principal(t.Context()))
	require.Equal(t, "ann", docstore.Principal(docstore.WithPrincipal(t.Context(), "ann")))
}

// flaky fails the named operations.
type flaky struct {
	docstore.Backend
	mu   sync.Mutex
	fail map[string]error
}

func (f *flaky) set(operation string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail[operation] = err
}

func (f *flaky) err(operation string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fail[operation]
}

func (f *flaky) Replace(ctx context.Context, collection string, version int64, r docstore.Record) error {
	if err := f.err("replace"); err != nil {
		return err
	}
	return f.Backend.Replace(ctx, collection, version, r)
}

func (f *flaky) Pending(ctx context.Context, collection, after string, limit int) ([]docstore.Record, error) {
	if err := f.err("pending"); err != nil {
		return nil, err
	}
	return f.Backend.Pending(ctx, collection, after, limit)
}

// A document that never stands still gives ErrConflict after a while; a database that
// fails is not tried again, since nobody knows what it did.
func TestUpdateGivesUp(t *testing.T) {
	f := &flaky{Backend: backend(t), fail: map[string]error{}}
	_, c := open[body](t, f, docstore.Spec{Name: "docs"})
	_, err := c.Insert(t.Context(), "x", body{})
	require.NoError(t, err)
	for _, failure := range []error{docstore.ErrConflict, docstore.ErrUnavailable} {
		f.set("replace", failure)
		ran := 0
		change := func(d *docstore.Doc[body]) error { ran++; d.Body.Count++; return nil }
		_, err = c.Update(t.Context(), "x", change)
		require.ErrorIs(t, err, failure)
		require.Equal(t, errors.Is(failure, docstore.ErrConflict), ran > 1)
		require.Less(t, ran, 30)
		require.ErrorIs(t, c.Delete(t.Context(), "x", 0), failure)
	}
	f.set("replace", docstore.ErrConflict)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = c.Update(ctx, "x", func(d *docstore.Doc[body]) error { cancel(); d.Body.Count++; return nil })
	require.ErrorIs(t, err, context.Canceled)
}

// The relay outlives a database that fails, and goes on.
func TestRelayOutlivesFailures(t *testing.T) {
	f := &flaky{Backend: backend(t), fail: map[string]error{}}
	s, c := open[body](t, f, docstore.Spec{Name: "docs"})
	_, ok := s.Scanned()
	require.False(t, ok)
	f.set("pending", docstore.ErrUnavailable)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.RunRelay(ctx) }()
	_, err := c.Insert(t.Context(), "x", body{}, docstore.NewEvent{Type: "born"})
	require.NoError(t, err)
	require.ErrorIs(t, s.Flush(t.Context()), docstore.ErrUnavailable)
	f.set("pending", nil)
	require.NoError(t, s.Flush(t.Context()))
	head, err := s.Feed().Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, head)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)

	waiting, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = c.Insert(t.Context(), "y", body{}, docstore.NewEvent{Type: "born"})
	require.NoError(t, err)
	require.ErrorIs(t, s.Flush(waiting), context.DeadlineExceeded, "no relay runs")
}

// Every operation of a backend is seen by the observer, which may change its context.
func TestObserved(t *testing.T) {
	type key struct{}
	var mu sync.Mutex
	seen := map[string]int{}
	var failed []string
	observe := func(ctx context.Context, op docstore.Operation) (context.Context, func(error)) {
		mu.Lock()
		defer mu.Unlock()
		seen[op.Name+" "+op.Collection] += op.Size
		return context.WithValue(ctx, key{}, op.Name), func(err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = append(failed, op.Name)
			}
		}
	}
	b := docstore.Observed(&contextual{backend(t), t, func(ctx context.Context) any { return ctx.Value(key{}) }}, observe)
	require.True(t, b.Embedded())
	s, c := open[body](t, b, docstore.Spec{Name: "docs", Indexes: []docstore.Index{{Name: "by_count", Fields: []string{"count"}}}})
	ctx := t.Context()
	_, err := c.Insert(ctx, "x", body{}, docstore.NewEvent{Type: "born"})
	require.NoError(t, err)
	_, err = c.Insert(ctx, "x", body{})
	require.ErrorIs(t, err, docstore.ErrExists)
	_, err = c.Lookup(ctx, "by_count", 0, 1, 2)
	require.NoError(t, err)
	_, err = c.Find(ctx, docstore.Query{Limit: 9})
	require.NoError(t, err)
	require.NoError(t, c.Delete(ctx, "x", 0))
	relaying, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.RunRelay(relaying) }()
	require.NoError(t, s.Flush(ctx))
	_, err = c.Insert(ctx, "y", body{}, docstore.NewEvent{Type: "born"})
	require.NoError(t, err)
	require.NoError(t, s.Flush(ctx))
	require.NoError(t, s.Feed().Trim(ctx, time.Now().Add(time.Hour)))
	cancel()
	<-ended
	_, err = s.Feed().Locate(ctx, "docs/x", 1)
	require.NoError(t, err)
	require.NoError(t, s.Ping(ctx))

	mu.Lock()
	defer mu.Unlock()
	for _, op := range []string{
		"declare docs", "insert docs", "get docs", "replace docs", "find docs", "lookup docs", "pending docs", "relayed docs",
		"tombstones docs", "purge docs", "append_feed ", "read_feed ", "feed_bounds ", "locate_feed ", "trim_feed ", "ping ",
	} {
		require.Positive(t, seen[op], op)
	}
	require.Equal(t, 3, seen["lookup docs"])
	require.Contains(t, failed, "insert")
}

// contextual checks that the observer's context reaches the backend.
type contextual struct {
	docstore.Backend
	t    *testing.T
	name func(context.Context) any
}

func (c *contextual) Insert(ctx context.Context, collection string, records []docstore.Record) error {
	require.Equal(c.t, "insert", c.name(ctx))
	return c.Backend.Insert(ctx, collection, records)
}
