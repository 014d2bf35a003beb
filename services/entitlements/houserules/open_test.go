package houserules

import (
	"context"
	"errors"
	"strings"
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
	"github.com/evenhand/evenhand/services/entitlements/reviews"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// directory knows all but those called nobody; it has 100 accounts, of which those that
// are held have the waiver of late-fee.
type directory struct {
	mu   sync.Mutex
	held map[string]bool
	all  int
	gone string // who is not known any more
	// behind is why the accounts cannot be counted.
	behind error
}

func (d *directory) known(id string) error {
	if strings.Contains(id, "nobody") || id == d.gone && id != "" {
		return resource.ErrNotFound
	}
	return nil
}

func (d *directory) Principal(_ context.Context, id string) error { return d.known(id) }
func (d *directory) Account(_ context.Context, id string) error   { return d.known(id) }
func (d *directory) Subject(_ context.Context, id string) error   { return d.known(id) }

func (d *directory) Accounts(context.Context) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all, d.behind
}

func (d *directory) Waives(_ context.Context, benefit, rule string) (bool, error) {
	return benefit == "late-fee-waiver" && rule == "late-fee", nil
}

func (d *directory) Waived(_ context.Context, account, benefit, rule string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held[account] && benefit == "late-fee-waiver" && rule == "late-fee", nil
}

// fixture is house rules with their reviews on a store of its own, on 2026-11-22.
type fixture struct {
	*Service
	reviews   *reviews.Service
	directory *directory
	store     *docstore.Store
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	f := &fixture{directory: &directory{held: map[string]bool{}, all: 100}}
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	f.store = store
	now := func() time.Time { return time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC) }
	requests, err := resource.OpenRequests(t.Context(), store, now)
	require.NoError(t, err)
	f.reviews, err = reviews.OpenService(t.Context(), requests, reviews.Options{Directory: f.directory})
	require.NoError(t, err)
	f.Service, err = Open(t.Context(), requests, Options{Directory: f.directory, Reviews: f.reviews})
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

// lateFee writes the rule down that three breaches by two of a hundred accounts in a
// quarter bring to review.
func (f *fixture) lateFee(t testing.TB) resource.Stored[Rule] {
	t.Helper()
	r, err := f.Create(t.Context(), someone, "late-fee", Rule{Text: "Who pays late pays a fee.", Why: "Money costs interest.", Owner: "ben",
		Threshold: tally.Threshold{Count: 3, Share: 200, Window: tally.Quarter}}, false)
	require.NoError(t, err)
	return r
}

// breaks records a breach by an account, and returns the id of the review it is part of.
func (f *fixture) breaks(t testing.TB, account, on string) string {
	t.Helper()
	_, review, err := f.Record(t.Context(), someone, Breach{Rule: "late-fee", Account: account, Day: day(t, on), Response: Enforced}, false)
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
