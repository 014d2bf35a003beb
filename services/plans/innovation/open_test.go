package innovation

import (
	"context"
	"fmt"
	"slices"
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
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// directory knows all but those called nobody.
type directory struct{ alone bool }

func (directory) known(id string) error {
	if strings.Contains(id, "nobody") {
		return resource.ErrNotFound
	}
	return nil
}

func (d directory) Principal(_ context.Context, id string) error { return d.known(id) }
func (d directory) Account(_ context.Context, id string) error   { return d.known(id) }
func (d directory) Contact(_ context.Context, name string) error { return d.known(name) }

// OtherConfirmers knows ben, who may confirm, where there is anybody else.
func (d directory) OtherConfirmers(_ context.Context, principals []string) (bool, error) {
	return !d.alone && !slices.Contains(principals, "ben"), nil
}

// fixture is projects on a store of their own, in New York, at noon UTC of 2026-11-22.
type fixture struct{ *Service }

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

var noon = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	tick := 0
	var mu sync.Mutex
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		tick++
		return noon.Add(time.Duration(tick) * time.Millisecond)
	}
	requests, err := resource.OpenRequests(t.Context(), store, now)
	require.NoError(t, err)
	service, err := Open(t.Context(), requests, Options{Directory: directory{},
		Zone: func(context.Context) (civil.Zone, error) { return civil.LoadZone("America/New_York") }})
	require.NoError(t, err)
	return &fixture{service}
}

// someone is a call on behalf of a person, without a request id.
var someone = resource.Call{Principal: "principals/anna", Method: "test"}

// request is the same with a request id.
func request(id string) resource.Call {
	return resource.Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte(id)}
}

var ben, anna = Caller{"principals/ben", true}, Caller{"principals/anna", true}

// recycling is a project whose agreement lacks nothing.
func recycling() Definition {
	return Definition{
		Title: "Recycled caps", Accounts: []string{"acme"}, Lead: "anna",
		Proposal: Proposal{What: "Caps of recycled resin.", Why: "Their customers ask for it.", Downstream: "Bottles that can be sold as recyclable."},
		Agreement: Agreement{
			Gains: []Gain{
				{Measure: "caps sold", Unit: "million a year", Target: "12.5", By: 21_000},
				{Account: "acme", Measure: "complaints", Unit: "a month", Target: "5", Baseline: "40", By: 21_000},
			},
			Contributions: []Contribution{{Text: "The tools."}, {Account: "acme", Text: "A line for trials."}},
			Ownership:     "The tools are ours, the design is theirs.", End: "Either side with a month's notice.",
		},
		Stages: []Stage{{Title: "Design", Criteria: []string{"Drop test passed"}}, {Title: "Trial", Criteria: []string{"1% scrap or less"}}},
	}
}

// agreed makes a project that both sides have agreed on.
func (f *fixture) agreed(t testing.TB, id string, d Definition) {
	t.Helper()
	ctx := t.Context()
	_, err := f.Propose(ctx, someone, id, d, false)
	require.NoError(t, err)
	_, err = f.Sign(ctx, someone, id, "", Signature{By: "principals/zoe"})
	require.NoError(t, err)
	for _, account := range d.Accounts {
		_, err = f.Sign(ctx, someone, id, "", Signature{Account: account, By: "accounts/" + account + "/contacts/jane"})
		require.NoError(t, err)
	}
}

// completed makes a project that is completed, and waits to be confirmed.
func (f *fixture) completed(t testing.TB, id string, d Definition) {
	t.Helper()
	ctx := t.Context()
	f.agreed(t, id, d)
	_, err := f.Start(ctx, someone, id, "")
	require.NoError(t, err)
	for range d.Stages {
		_, err = f.Decide(ctx, someone, id, "", Decision{Verdict: Go, Reason: "As hoped.", Evidence: "Report 7"}, "")
		require.NoError(t, err)
	}
	_, err = f.Launch(ctx, someone, id, "", 0)
	require.NoError(t, err)
	for i := range d.Agreement.Gains {
		_, err = f.Gained(ctx, someone, id, "", Result{Gain: i + 1, Actual: "7", Evidence: "Sheet 3"})
		require.NoError(t, err)
	}
	_, err = f.Complete(ctx, someone, id, "")
	require.NoError(t, err)
}

// confirmation is the word of acme.
func confirmation() Confirmation {
	return Confirmation{Account: "acme", Contact: "accounts/acme/contacts/jane", Evidence: "Her letter of 20 November"}
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
	require.ErrorAs(t, err, &told, fmt.Sprint(err))
	require.Equal(t, reason, told.Reason)
	return told
}
