package clauses

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/reviews"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// directory knows all but those called nobody.
type directory struct{}

func (directory) known(id string) error {
	if strings.Contains(id, "nobody") {
		return resource.ErrNotFound
	}
	return nil
}

func (d directory) Principal(_ context.Context, id string) error       { return d.known(id) }
func (d directory) Account(_ context.Context, id string) error         { return d.known(id) }
func (d directory) Case(_ context.Context, name string) error          { return d.known(name) }
func (d directory) Subject(_ context.Context, name string) error       { return d.known(name) }
func (directory) Waives(context.Context, string, string) (bool, error) { return false, nil }

// fixture is clauses with their reviews on a store of its own, in New York, at noon UTC of
// 2026-11-22.
type fixture struct {
	*Service
	reviews *reviews.Service
	store   *docstore.Store
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	f := &fixture{}
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	f.store = store
	now := func() time.Time { return time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC) }
	requests, err := resource.OpenRequests(t.Context(), store, now)
	require.NoError(t, err)
	f.reviews, err = reviews.OpenService(t.Context(), requests, reviews.Options{Directory: directory{}, Zone: newYork})
	require.NoError(t, err)
	f.Service, err = Open(t.Context(), requests, Options{Directory: directory{}, Reviews: f.reviews, Zone: newYork})
	require.NoError(t, err)
	f.background(t, store.RunRelay)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return f
}

// background runs something until the test ends.
func (f *fixture) background(t testing.TB, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
}

// someone is a call on behalf of a person, without a request id.
var someone = resource.Call{Principal: "principals/anna", Method: "test"}

// request is the same with a request id.
func request(id string) resource.Call {
	return resource.Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte("x")}
}

func newYork(context.Context) (civil.Zone, error) { return civil.LoadZone("America/New_York") }

// liability writes the clause down that three citations in a quarter bring to review.
func (f *fixture) liability(t testing.TB) {
	t.Helper()
	_, err := f.Create(t.Context(), someone, "liability",
		Clause{Title: "Liability", Text: "We are not liable for delays.", Owner: "ben", Citations: 3}, false)
	require.NoError(t, err)
}

// cites records a citation, and returns the id of the review it is part of.
func (f *fixture) cites(t testing.TB, on string) string {
	t.Helper()
	_, review, err := f.Cite(t.Context(), someone, Citation{Clause: "liability", Day: day(t, on)}, false)
	require.NoError(t, err)
	return review
}

func day(t testing.TB, text string) civil.Day {
	t.Helper()
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
