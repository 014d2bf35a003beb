// Package storetest is the conformance suite of the storage contract. A backend's
// test is one call of Run; a theme is a file here. The suite goes through the typed
// layer where users do, and to the backend itself for what only the relay sees.
package storetest

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Database is one database that can be opened again and again.
type Database struct {
	// Open opens it. The suite closes what it opened, or crashes it.
	Open func(t testing.TB) docstore.Backend
	// Crash ends a backend without grace, so that the next Open finds what a process
	// that died would have left.
	Crash func(t testing.TB, b docstore.Backend)
}

// Run runs the suite. New makes an empty database, and sees to its removal by
// t.Cleanup.
func Run(t *testing.T, fresh func(t testing.TB) Database) {
	running := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, running) })
	for _, theme := range []struct {
		name  string
		tests []test
	}{
		{"Crud", crudTests},
		{"Versions", versionTests},
		{"Unique", uniqueTests},
		{"Paging", pagingTests},
		{"Outbox", outboxTests},
		{"Feed", feedTests},
		{"Relay", relayTests},
		{"Leases", leaseTests},
		{"Writers", writerTests},
		{"Requests", requestTests},
		{"Crash", crashTests},
		{"Model", modelTests},
	} {
		t.Run(theme.name, func(t *testing.T) {
			for _, test := range theme.tests {
				t.Run(test.name, func(t *testing.T) { test.run(t, fresh(t)) })
			}
		})
	}
}

type test struct {
	name string
	run  func(t *testing.T, db Database)
}

// thing is the document of these tests.
type thing struct {
	Name    string            `bson:"name"`
	Group   string            `bson:"group"`
	Rank    int64             `bson:"rank"`
	On      bool              `bson:"on"`
	At      time.Time         `bson:"at"`
	Email   *string           `bson:"email"`
	Hash    []byte            `bson:"hash"`
	Tags    []string          `bson:"tags"`
	Entries []part            `bson:"entries"`
	Place   place             `bson:"place"`
	Notes   map[string]string `bson:"notes"`
}

type part struct {
	Key  []byte `bson:"key"`
	What string `bson:"what"`
}

type place struct {
	City string `bson:"city"`
}

var things = docstore.Spec{Name: "things", Indexes: []docstore.Index{
	{Name: "by_group", Fields: []string{"group", "rank"}},
	{Name: "by_at", Fields: []string{"at"}},
	{Name: "by_on", Fields: []string{"on", "name"}},
	{Name: "by_hash", Fields: []string{"hash"}, Partial: true},
	{Name: "by_city", Fields: []string{"place.city"}},
	{Name: "by_tag", Fields: []string{"tags", "rank"}, Multikey: true},
	{Name: "email", Fields: []string{"email"}, Unique: true, Partial: true},
	{Name: "entry_key", Fields: []string{"entries.key"}, Unique: true, Multikey: true},
}}

// collection opens a store with the things in it.
func collection(t testing.TB, db Database) (*docstore.Store, *docstore.Collection[thing]) {
	t.Helper()
	s := openStore(t, db.Open(t), docstore.Options{})
	return s, openThings(t, s)
}

func openStore(t testing.TB, b docstore.Backend, opts docstore.Options) *docstore.Store {
	t.Helper()
	if opts.PollInterval == 0 {
		opts.PollInterval = 10 * time.Millisecond
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s, err := docstore.OpenStore(t.Context(), b, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func openThings(t testing.TB, s *docstore.Store) *docstore.Collection[thing] {
	t.Helper()
	c, err := docstore.OpenCollection[thing](t.Context(), s, things)
	require.NoError(t, err)
	return c
}

// relay runs the store's relay until the returned function is called.
func relay(t testing.TB, s *docstore.Store) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.RunRelay(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("the relay ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// clock is a clock that stands until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(1997, 12, 31, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// eventually waits for something that other goroutines are about to do.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	require.Eventually(t, done, time.Minute, 2*time.Millisecond, what)
}

func ids[T any](docs []docstore.Doc[T]) []string {
	out := make([]string, len(docs))
	for i, d := range docs {
		out[i] = d.ID
	}
	return out
}

func event(eventType string) docstore.NewEvent { return docstore.NewEvent{Type: eventType} }
