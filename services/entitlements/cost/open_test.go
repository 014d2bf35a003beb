package cost

import (
	"context"
	"log/slog"
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

// world is a company with what was used of its benefits: a Ledger and a Company. A unit
// of hours costs 120.00 by version 1 and 150.00 by version 2, a unit of shipping 4.50;
// what thanks cost is not stated.
type world struct {
	uses    []Use
	paid    []payment
	today   civil.Day
	behind  error
	asked   int // how often the ledger was read
	account map[string]bool
}

type payment struct {
	account string
	day     civil.Day
	minor   int64
}

func (w *world) Uses(_ context.Context, account string, visit func(Use)) error {
	w.asked++
	for _, u := range w.uses {
		if account == "" || u.Account == account {
			visit(u)
		}
	}
	return nil
}

func (w *world) UnitCost(version int, benefit string) (int64, bool) {
	switch benefit {
	case "hours":
		return []int64{0, 120_00, 150_00}[version], true
	case "shipping":
		return 4_50, true
	}
	return 0, false
}

func (w *world) Revenues(ctx context.Context, days []civil.Day, visit func(string, []int64)) error {
	for account := range w.account {
		minor, err := w.Revenue(ctx, account, days)
		if err != nil {
			return err
		}
		visit(account, minor)
	}
	return nil
}

func (w *world) Revenue(_ context.Context, account string, days []civil.Day) ([]int64, error) {
	if !w.account[account] {
		return nil, fault.Missing("evenhand/Account", "accounts/"+account)
	}
	minor := make([]int64, len(days)-1)
	for _, p := range w.paid {
		for i := range minor {
			if p.account == account && days[i] <= p.day && p.day < days[i+1] {
				minor[i] += p.minor
			}
		}
	}
	return minor, nil
}

func (w *world) Following() error { return w.behind }
func (w *world) Today() civil.Day { return w.today }
func (w *world) Currency() string { return "USD" }

// used records uses by rule partner, of version 1, that were asked for.
func (w *world) used(account, benefit, on string, units int64) {
	w.uses = append(w.uses, Use{Account: account, Benefit: benefit, Rule: "partner", Version: 1, Origin: "asked-for", Day: day(on), Units: units})
	w.account[account] = true
}

func (w *world) pays(account, on string, minor int64) {
	w.paid = append(w.paid, payment{account, day(on), minor})
	w.account[account] = true
}

func day(text string) civil.Day {
	d, err := civil.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// fixture is the service about a world, on a store of its own, on 20 May 2026.
type fixture struct {
	*Service
	*world
	at time.Time
}

func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

func onSQLite(t *testing.T) *fixture { return start(t, teststore.SQLite(t)) }

func start(t *testing.T, backend docstore.Backend) *fixture {
	t.Helper()
	f := &fixture{world: &world{today: day("2026-05-20"), account: map[string]bool{}}, at: time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)}
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	f.restart(t, store)
	return f
}

// restart opens the service on a store anew, as another process does.
func (f *fixture) restart(t *testing.T, store *docstore.Store) {
	t.Helper()
	requests, err := resource.OpenRequests(t.Context(), store, func() time.Time { return f.at })
	require.NoError(t, err)
	f.Service, err = New(t.Context(), store, requests, f.world, f.world, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
}

// goTo makes it noon of a day.
func (f *fixture) goTo(text string) {
	f.today = day(text)
	f.at = time.UnixMilli(0).UTC().AddDate(0, 0, int(f.today)).Add(12 * time.Hour)
}

// anna is on whose behalf changes are made.
var anna = resource.Call{Principal: "principals/anna", Method: "test"}

// wantReason fails the test unless err is a fault with the reason, whose message says
// something.
func wantReason(t testing.TB, err error, reason, text string) {
	t.Helper()
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, reason, e.Reason, "%v", err)
	require.ErrorContains(t, err, text)
}
