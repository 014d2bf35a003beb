package remedies

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// directory knows all benefits but one called nothing.
type directory struct{}

func (directory) Benefit(_ context.Context, id string) error {
	if id == "nothing" {
		return resource.ErrNotFound
	}
	return nil
}

// fixture is a catalogue on a store of its own, on 2026-11-22.
type fixture struct {
	*Service
	mu sync.Mutex
	at time.Time
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	f := &fixture{at: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)}
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	requests, err := resource.OpenRequests(t.Context(), store, f.clock)
	require.NoError(t, err)
	f.Service, err = Open(t.Context(), requests, Options{Directory: directory{}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	relayed := make(chan error, 1)
	go func() { relayed <- store.RunRelay(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-relayed, context.Canceled)
		require.NoError(t, store.Close())
	})
	return f
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// someone is a call on behalf of a person, without a request id.
var someone = resource.Call{Principal: "principals/anna", Method: "test"}

// request is the same with a request id.
func request(id string) resource.Call {
	return resource.Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte("x")}
}

func day(t require.TestingT, text string) civil.Day {
	d, err := civil.ParseDay(text)
	require.NoError(t, err)
	return d
}

func requireReason(t testing.TB, err error, reason string) *fault.Error {
	t.Helper()
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, reason, told.Reason)
	return told
}
