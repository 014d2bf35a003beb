package entitlements

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/sqlite"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
)

// fakeSource is an accounts service in memory.
type fakeSource struct {
	mu       sync.Mutex
	changes  []Change
	grown    chan struct{}
	settings Settings
	adopted  int
	trimmed  bool
	refused  error // of Watch and Head, where it is not nil
	headless error // of Head alone
	others   bool
	// unrelayed are positions that LocateChange does not see yet.
	unrelayed map[string]int64
	// batch is the most changes handed over at once; 100 where it is 0.
	batch int
}

func newFakeSource() *fakeSource { return &fakeSource{grown: make(chan struct{})} }

// add appends changes to the feed and returns the last position.
func (f *fakeSource) add(changes ...Change) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		c.Position = int64(len(f.changes)) + 1
		f.changes = append(f.changes, c)
	}
	close(f.grown)
	f.grown = make(chan struct{})
	return int64(len(f.changes))
}

// refuse makes Watch and Head fail from now on, or succeed again with nil.
func (f *fakeSource) refuse(err error) {
	f.mu.Lock()
	f.refused = err
	f.mu.Unlock()
	f.add() // who waits looks again
}

// refuseHead makes Head fail from now on.
func (f *fakeSource) refuseHead(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.headless = err
}

// from returns what follows a resume token, at most n changes.
func (f *fakeSource) from(resume string, n int) (Batch, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := 0
	if resume != "" {
		at, _ = strconv.Atoi(resume)
	}
	end := min(at+n, len(f.changes))
	return Batch{Changes: f.changes[at:end], Resume: strconv.Itoa(end)}, f.grown
}

func (f *fakeSource) Watch(ctx context.Context, resume string, apply func(Batch) error) error {
	for {
		f.mu.Lock()
		trimmed, refused, size := f.trimmed, f.refused, f.batch
		f.mu.Unlock()
		if refused != nil {
			return refused
		}
		if trimmed {
			return ErrFeedTrimmed
		}
		if size == 0 {
			size = 100
		}
		b, grown := f.from(resume, size)
		if err := apply(b); err != nil {
			return err
		}
		resume = b.Resume
		if len(b.Changes) > 0 {
			continue
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *fakeSource) Head(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.changes)), errors.Join(f.refused, f.headless)
}

func (f *fakeSource) Locate(_ context.Context, token string) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.unrelayed[token]; ok {
		return 0, ErrNotYet
	}
	position, err := strconv.ParseInt(token, 10, 64)
	return position, err
}

func (f *fakeSource) Settings(context.Context) (Settings, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.settings, nil
}

func (f *fakeSource) AdoptSettings(_ context.Context, currency, zone string) error {
	f.mu.Lock()
	f.settings.Currency, f.settings.Zone = currency, zone
	f.adopted++
	settings := f.settings
	f.mu.Unlock()
	f.add(Change{Company: &settings})
	return nil
}

func (f *fakeSource) OtherApprovers(context.Context, string) (bool, error) { return f.others, nil }

// openStore opens a store of its own in a folder.
func openStore(t testing.TB, dir string) *docstore.Store {
	t.Helper()
	backend, err := sqlite.Open(context.Background(), filepath.Join(dir, "entitlements.db"), sqlite.Options{})
	require.NoError(t, err)
	store, err := docstore.OpenStore(context.Background(), backend, docstore.Options{})
	require.NoError(t, err)
	return store
}

// onEachStore runs a test on every database there is.
func onEachStore(t *testing.T, test func(t *testing.T, open func(testing.TB) *docstore.Store)) {
	for name, backend := range teststore.Backends {
		t.Run(name, func(t *testing.T) {
			test(t, func(t testing.TB) *docstore.Store {
				store, err := docstore.OpenStore(context.Background(), backend(t), docstore.Options{})
				require.NoError(t, err)
				return store
			})
		})
	}
}

// start runs a service until the test ends, or until stop is called.
func start(t testing.TB, s *Service) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// eventually waits for a condition; only a broken program ever waits to the end.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("this never came about: %s", what)
		}
	}
}
