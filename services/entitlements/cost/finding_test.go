package cost

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func (f *fixture) limit(t testing.TB, id string, l Limit) {
	t.Helper()
	_, err := f.CreateLimit(t.Context(), anna, id, l, false)
	require.NoError(t, err)
}

// states are the findings by id, with their states.
func (f *fixture) states(t testing.TB) map[string]State {
	t.Helper()
	page, err := f.Findings(t.Context(), FindingQuery{Size: 100})
	require.NoError(t, err)
	states := map[string]State{}
	for _, s := range page.Items {
		states[s.ID] = s.State.State
	}
	return states
}

func (f *fixture) look(t testing.TB) map[string]State {
	t.Helper()
	require.NoError(t, f.Look(t.Context()))
	return f.states(t)
}

func TestR19FindingsOpenOnceAndClose(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		require.Empty(t, f.look(t))
		require.Zero(t, f.asked, "without limits nothing is read")
		f.limit(t, "five", Limit{Of: Account, Share: 500})
		f.used("acme", "hours", "2026-05-01", 1)
		f.used("fine", "hours", "2026-05-01", 1)
		f.pays("acme", "2026-05-01", 1_000_00)
		f.pays("fine", "2026-05-01", 10_000_00)
		const id = "five.account.acme.2026-q2"
		require.Equal(t, map[string]State{id: Open}, f.look(t))
		first, err := f.Finding(ctx, id)
		require.NoError(t, err)
		require.Equal(t, Finding{
			Limit: "five", Bound: first.State.Bound, Subject: "acme", From: day("2025-05-21"), To: day("2026-05-21"),
			Cost: Figures{Minor: 120_00, Units: 1}, Revenue: 1_000_00, Currency: "USD", State: Open, Opened: first.State.Opened,
			Times: first.State.Times,
		}, first.State)
		require.EqualValues(t, 500, first.State.Bound.Share)

		f.restart(t, f.store)
		require.Equal(t, map[string]State{id: Open}, f.look(t))
		again, err := f.Finding(ctx, id)
		require.NoError(t, err)
		require.Equal(t, first.Version, again.Version, "looking again, in another process, changes nothing")

		_, err = f.Acknowledge(ctx, anna, id, "", "")
		wantReason(t, err, "INVALID_ARGUMENT", "note")
		_, err = f.Acknowledge(ctx, anna, id, "other", "hm")
		wantReason(t, err, "STALE_ETAG", id)
		known, err := f.Acknowledge(ctx, anna, id, first.Etag(), "They have just begun.")
		require.NoError(t, err)
		require.Equal(t, "principals/anna", known.State.By)
		require.Equal(t, f.at, known.State.At)
		_, err = f.Acknowledge(ctx, anna, id, "", "again")
		wantReason(t, err, ReasonFindingState, "acknowledged before, by principals/anna")
		f.goTo("2026-07-02")
		require.Equal(t, map[string]State{id: Acknowledged}, f.look(t), "it goes on in the next quarter")

		f.pays("acme", "2026-07-01", 9_000_00)
		require.Equal(t, map[string]State{id: Closed}, f.look(t))
		_, err = f.Acknowledge(ctx, anna, id, "", "late")
		wantReason(t, err, ReasonFindingState, "is closed")
		f.used("acme", "hours", "2026-07-02", 9)
		require.Equal(t, map[string]State{id: Closed, "five.account.acme.2026-q3": Open}, f.look(t), "another quarter, another finding")
		f.used("acme", "hours", "2026-07-02", -9)
		require.Equal(t, map[string]State{id: Closed, "five.account.acme.2026-q3": Closed}, f.look(t), "what comes back counts")
		f.used("acme", "hours", "2026-07-03", 9)
		f.goTo("2026-07-03")
		require.Equal(t, map[string]State{id: Closed, "five.account.acme.2026-q3": Open}, f.look(t), "the same quarter, the same finding")
		reopened, err := f.Finding(ctx, "five.account.acme.2026-q3")
		require.NoError(t, err)
		require.Equal(t, f.at, reopened.State.Opened)
		require.Zero(t, reopened.State.Closed)
		require.NoError(t, f.DeleteLimit(ctx, anna, "five", ""))
		require.Equal(t, map[string]State{id: Closed, "five.account.acme.2026-q3": Closed}, f.look(t), "nothing is found of a limit that is gone")

		page, err := f.Findings(ctx, FindingQuery{State: Closed, Size: 1})
		require.NoError(t, err)
		require.Equal(t, "five.account.acme.2026-q3", page.Items[0].ID, "the latest first")
		page, err = f.Findings(ctx, FindingQuery{State: Closed, Size: 1, After: page.Next})
		require.NoError(t, err)
		require.Equal(t, id, page.Items[0].ID)
	})
}

func TestR19FindingsOfEachKindOfLimit(t *testing.T) {
	f := onSQLite(t)
	f.limit(t, "grows", Limit{Of: Rule, Growth: 2500})
	f.limit(t, "hours", Limit{Of: Benefit, Subject: "hours", Amount: 800_00, Currency: "USD"})
	f.limit(t, "all", Limit{Of: All, Share: 1000})
	f.used("acme", "hours", "2025-12-31", 4)
	f.used("acme", "hours", "2026-03-31", 5)
	f.used("acme", "shipping", "2026-03-31", 1000)
	f.pays("acme", "2026-03-31", 100_000_00)
	require.Equal(t, map[string]State{
		"grows.rule.partner.2026-q1":  Open, // 4,500 + 600 after 480
		"hours.benefit.hours.2026-q2": Open,
	}, f.look(t))
	grown, err := f.Finding(t.Context(), "grows.rule.partner.2026-q1")
	require.NoError(t, err)
	require.EqualValues(t, 480_00, grown.State.Before)
	require.EqualValues(t, 5100_00, grown.State.Cost.Minor)
	require.Equal(t, Span{day("2026-01-01"), day("2026-04-01")}, Span{grown.State.From, grown.State.To})
	require.EqualValues(t, 100_000_00, grown.State.Revenue)

	f.used("other", "hours", "2026-04-02", 50)
	require.Equal(t, Open, f.look(t)["all.company.2026-q2"])
	company, err := f.Finding(t.Context(), "all.company.2026-q2")
	require.NoError(t, err)
	require.Empty(t, company.State.Subject)
	require.Equal(t, 3, len(f.look(t)), "each once")
	f.goTo("2026-07-01")
	f.used("acme", "hours", "2026-06-01", 20)
	states := f.look(t)
	require.Equal(t, Closed, states["grows.rule.partner.2026-q1"], "the quarter is over")
	require.Equal(t, Open, states["grows.rule.partner.2026-q2"])
	require.Equal(t, Open, states["hours.benefit.hours.2026-q2"])
	require.Equal(t, Open, states["all.company.2026-q2"])
}

func TestNothingIsFoundWhileRevenueIsNotKnown(t *testing.T) {
	f := onSQLite(t)
	f.limit(t, "five", Limit{Of: Account, Share: 500})
	f.used("acme", "hours", "2026-05-01", 1)
	f.behind = errors.New("reading accounts")
	require.ErrorContains(t, f.Look(t.Context()), "revenue is not up to date: reading accounts")
	require.Empty(t, f.states(t))
}

// A loop under a lease finds what there is, and soon what a new limit finds; what happens
// is told once each, on whose behalf.
func TestR19FindingsAreTold(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.used("acme", "hours", "2026-05-01", 1)
		f.limit(t, "five", Limit{Of: Account, Share: 500})
		running, stop := context.WithCancel(t.Context())
		ended := make(chan error, 3)
		for _, run := range []func(context.Context) error{f.Run, f.store.RunRelay} {
			go func() { ended <- run(running) }()
		}
		t.Cleanup(func() { stop(); <-ended; <-ended })
		find := func(id string, state State) {
			require.Eventually(t, func() bool { return f.states(t)[id] == state }, time.Minute, 5*time.Millisecond)
		}
		find("five.account.acme.2026-q2", Open)
		f.limit(t, "much", Limit{Of: Account, Amount: 1, Currency: "USD"})
		find("much.account.acme.2026-q2", Open)
		_, err := f.Acknowledge(t.Context(), anna, "much.account.acme.2026-q2", "", "Known.")
		require.NoError(t, err)
		require.NoError(t, f.DeleteLimit(t.Context(), anna, "five", ""))
		find("five.account.acme.2026-q2", Closed)

		require.NoError(t, f.store.Flush(t.Context()))
		events, err := f.store.Feed().Read(t.Context(), 0, 100)
		require.NoError(t, err)
		var told []string
		for _, e := range events {
			told = append(told, e.Type+" by "+e.Who)
		}
		require.ElementsMatch(t, []string{
			"cost_limit.created by principals/anna", "cost_finding.opened by " + serviceName,
			"cost_limit.created by principals/anna", "cost_finding.opened by " + serviceName, "cost_finding.acknowledged by principals/anna",
			"cost_limit.deleted by principals/anna", "cost_finding.closed by " + serviceName,
		}, told)
	})
}
