package accounts

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// now is the instant it is in tests, unless a test says otherwise.
var now = time.Date(2026, 3, 6, 15, 30, 0, 0, time.UTC)

// fixture is a service on a store of its own, with its relay running.
type fixture struct {
	*Service
	store   *docstore.Store
	backend docstore.Backend
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

// onSQLite opens a fixture on the embedded store.
func onSQLite(t testing.TB) *fixture { return start(t, teststore.SQLite(t)) }

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	service, err := New(t.Context(), store, Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	relayed := make(chan error, 1)
	go func() { relayed <- store.RunRelay(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-relayed; !errors.Is(err, context.Canceled) {
			t.Errorf("the relay ended with %v", err)
		}
		require.NoError(t, store.Close())
	})
	return &fixture{service, store, backend}
}

// someone is a call on behalf of a person, without a request id.
var someone = resource.Call{Principal: "anna", Method: "test"}

// request is the same with a request id and a payload.
func request(id, payload string) resource.Call {
	return resource.Call{Principal: "anna", Method: "test", RequestID: id, Payload: []byte(payload)}
}

// wantReason fails the test unless err is a failure for the reason.
func wantReason(t testing.TB, err error, reason error, text string) {
	t.Helper()
	require.ErrorIs(t, err, reason)
	require.ErrorContains(t, err, text)
}

func day(t testing.TB, text string) *Day {
	t.Helper()
	d, err := ParseDay(text)
	require.NoError(t, err)
	return &d
}

func ptr[T any](v T) *T { return &v }
