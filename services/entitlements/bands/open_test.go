package bands

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// today is the day of the tests.
var today = civil.Date(2026, time.March, 31)

// customer is an account of the world of a test.
type customer struct {
	id        string
	spend     int64
	joined    civil.Day
	followers int64 // -1 where none was recorded
	inactive  bool
}

// world is the accounts of a test. It is a Ledger and Accounts.
type world struct {
	customers []customer
	currency  string
	fail      error
}

func (w *world) Standings(_ context.Context, day civil.Day, visit func(string, bool, int64, civil.Day)) error {
	for _, c := range w.customers {
		visit(c.id, !c.inactive && c.joined <= day, c.spend, c.joined)
	}
	return w.fail
}

func (w *world) Standing(_ context.Context, account string, _ civil.Day) (int64, civil.Day, bool, error) {
	for _, c := range w.customers {
		if c.id == account {
			return c.spend, c.joined, true, w.fail
		}
	}
	return 0, 0, false, w.fail
}

func (w *world) Reaches(_ context.Context, visit func(string, int64)) error {
	for _, c := range w.customers {
		if c.followers >= 0 {
			visit(c.id, c.followers)
		}
	}
	return nil
}

func (w *world) Today() civil.Day { return today }
func (w *world) Currency() string { return w.currency }

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, w *world, test func(t *testing.T, s *Service)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, openOn(t, open(t), w)) })
	}
}

func openOn(t testing.TB, backend docstore.Backend, w *world) *Service {
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	requests, err := resource.OpenRequests(t.Context(), store, func() time.Time { return time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC) })
	require.NoError(t, err)
	s, err := Open(t.Context(), requests, w, w)
	require.NoError(t, err)
	return s
}

// anna is on whose behalf changes are made.
var anna = resource.Call{Principal: "principals/anna", Method: "UpdateBandScale"}
