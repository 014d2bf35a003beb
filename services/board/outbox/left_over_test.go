package outbox_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/services/board/outbox"
)

// losing is a database that is lost for one write of a letter, once a message was handed over.
type losing struct {
	docstore.Backend
	*post
	lost atomic.Bool
}

func (l *losing) Send(ctx context.Context, to outbox.Address, m outbox.Message) error {
	if m.ID == "m1" {
		l.lost.Store(true)
	}
	return l.post.Send(ctx, to, m)
}

func (l *losing) Replace(ctx context.Context, collection string, version int64, r docstore.Record) error {
	if collection == "letters" && l.lost.CompareAndSwap(true, false) {
		return docstore.ErrUnavailable
	}
	return l.Backend.Replace(ctx, collection, version, r)
}

func TestALetterIsNotLeftBeingSent(t *testing.T) {
	l := &losing{Backend: teststore.SQLite(t), post: &post{sent: map[string]int{}, knows: true}}
	store, err := docstore.OpenStore(t.Context(), l, docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	o, err := outbox.Open(t.Context(), store, l, people{"acme/ann": "ann@acme.example"}, now, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})

	require.NoError(t, o.Put(t.Context(), message("m1", "ann")))
	handedOver := func() bool {
		sent, err := l.Sent(ctx, "m1")
		return sent && err == nil
	}
	require.Eventually(t, handedOver, time.Minute, time.Millisecond)
	require.NoError(t, o.Put(t.Context(), message("m2", "ann"))) // which has it look again at once
	for _, id := range []string{"m1", "m2"} {
		require.Eventually(t, func() bool { return stateOf(t, o, id).State == outbox.Sent }, time.Minute, time.Millisecond, id)
	}
	require.Equal(t, map[string]int{"m1": 1, "m2": 1}, l.sent)
}
