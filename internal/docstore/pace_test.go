package docstore_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Who writes much waits for a relay that is behind, and for no longer than it runs.
func TestBulkWritesWaitForTheRelay(t *testing.T) {
	f := &flaky{Backend: backend(t), fail: map[string]error{}}
	var ahead atomic.Int64
	s, err := docstore.OpenStore(t.Context(), f, docstore.Options{
		Log: slog.New(slog.DiscardHandler), PollInterval: 5 * time.Millisecond,
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	c, err := docstore.OpenCollection[body](t.Context(), s, docstore.Spec{Name: "docs"})
	require.NoError(t, err)
	insert := func(ctx context.Context, id string, events ...docstore.NewEvent) error {
		return c.InsertMany(ctx, []docstore.New[body]{{ID: id, Events: events}})
	}
	event := docstore.NewEvent{Type: "made"}
	require.NoError(t, insert(t.Context(), "before there is a relay", event))

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	relayed := make(chan error, 1)
	go func() { relayed <- s.RunRelay(ctx) }()
	require.Eventually(t, func() bool { _, ok := s.Scanned(); return ok }, time.Minute, time.Millisecond)
	require.NoError(t, insert(t.Context(), "in step", event))

	f.set("pending", docstore.ErrUnavailable)
	ahead.Store(int64(time.Hour))
	short, end := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer end()
	require.ErrorIs(t, insert(short, "behind", event), context.DeadlineExceeded)
	_, err = c.Get(t.Context(), "behind")
	require.ErrorIs(t, err, docstore.ErrNotFound)
	require.NoError(t, insert(t.Context(), "says nothing"), "there is nothing to relay of it")
	f.set("pending", nil)
	require.NoError(t, insert(t.Context(), "in step again", event))

	cancel()
	require.ErrorIs(t, <-relayed, context.Canceled)
	ahead.Store(int64(2 * time.Hour))
	require.NoError(t, insert(t.Context(), "after the relay", event))
}

// A flush returns when all that was acknowledged before it is in the feed, however much
// the relay of this process still has to do.
func TestFlushOfAFullOutbox(t *testing.T) {
	s, c := open[body](t, backend(t), docstore.Spec{Name: "docs"})
	const documents = 3000
	docs := make([]docstore.New[body], documents)
	for i := range docs {
		docs[i] = docstore.New[body]{ID: string(rune('a'+i%26)) + time.Duration(i).String(), Events: []docstore.NewEvent{{Type: "made"}}}
	}
	require.NoError(t, c.InsertMany(t.Context(), docs))
	ctx, cancel := context.WithCancel(t.Context())
	relayed := make(chan error, 1)
	go func() { relayed <- s.RunRelay(ctx) }()
	require.NoError(t, s.Flush(t.Context()))
	head, err := s.Feed().Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, documents, head)
	cancel()
	<-relayed
}
