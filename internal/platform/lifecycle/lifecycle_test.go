package lifecycle_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/platform/lifecycle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder notes in which order parts end.
type recorder struct {
	mu    sync.Mutex
	ended []string
}

func (r *recorder) part(name string, err error) lifecycle.Part {
	return lifecycle.Part{Name: name, Run: func(ctx context.Context) error {
		<-ctx.Done()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ended = append(r.ended, name)
		return err
	}}
}

func TestPartsEndFromTheLastToTheFirst(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var r recorder
	require.NoError(t, lifecycle.Run(ctx, r.part("store", nil), r.part("server", nil), r.part("gateway", nil)))
	require.Equal(t, []string{"gateway", "server", "store"}, r.ended)
}

func TestOneThatFailsEndsTheOthers(t *testing.T) {
	var r recorder
	bad := errors.New("port in use")
	err := lifecycle.Run(t.Context(), r.part("store", nil),
		lifecycle.Part{Name: "server", Run: func(context.Context) error { return bad }}, r.part("gateway", errors.New("late")))
	require.ErrorIs(t, err, bad)
	require.ErrorContains(t, err, "server: port in use")
	require.ErrorContains(t, err, "gateway: late")
	require.Equal(t, []string{"gateway", "store"}, r.ended)
}

func TestOneThatEndsByItselfIsAnError(t *testing.T) {
	var r recorder
	err := lifecycle.Run(t.Context(), r.part("store", nil), lifecycle.Part{Name: "relay", Run: func(context.Context) error { return nil }})
	require.EqualError(t, err, "relay ended by itself")
}
