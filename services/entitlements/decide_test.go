package entitlements

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

func TestR17CheckFollowsTheFeed(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("acme", ""), paid("acme", may, 49_999))
	f.caughtUp(t)
	require.False(t, f.entitled(t, "acme", "thanks"))
	f.source.add(paid("acme", may, 1))
	f.caughtUp(t)
	require.True(t, f.entitled(t, "acme", "thanks"))
	f.source.add(paid("acme", may, -1))
	f.caughtUp(t)
	require.False(t, f.entitled(t, "acme", "thanks"))
}

func TestR18EveryEntitlementCitesItsRuleAndVersion(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("acme", ""), paid("acme", may, 50_000))
	f.caughtUp(t)
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	e, err := d.Explain(context.Background(), "acme", "thanks")
	require.NoError(t, err)
	require.Equal(t, "spend-500", e.Rule.ID)
	require.Equal(t, "schedule/versions/1", d.VersionName(e.Version))
	require.Contains(t, e.Reason, "Who spends $500 within a year is thanked.")
	require.Equal(t, "1999-05-01", civil.UTC.DayOf(e.ValidUntil).String())
}

func TestR34DistanceOfWhatIsNotHad(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("acme", ""), paid("acme", may, 28_760), active("idle", ""))
	f.caughtUp(t)
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	e, err := d.Explain(context.Background(), "acme", "thanks")
	require.NoError(t, err)
	require.Len(t, e.Ways, 1)
	require.Equal(t, int64(21_240), e.Ways[0].Requires[0].Missing)
	e, err = d.Explain(context.Background(), "idle", "thanks")
	require.NoError(t, err)
	require.Equal(t, int64(50_000), e.Ways[0].Requires[0].Missing)
	require.Contains(t, e.Reason, "neither a joined date nor a revenue entry")
}

func TestGroupsCountTogetherAsTheyChange(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("top", ""), active("low", "top"), active("alone", ""),
		paid("top", may, 60_000), paid("low", may, 30_000), paid("alone", may, 20_000))
	f.caughtUp(t)
	for _, id := range []string{"top", "low", "alone"} {
		require.False(t, f.entitled(t, id, "hours"), id)
	}
	f.source.add(active("alone", "low"))
	f.caughtUp(t)
	for _, id := range []string{"top", "low", "alone"} {
		require.True(t, f.entitled(t, id, "hours"), id)
	}
	f.source.add(paid("low", may, -10_001))
	f.caughtUp(t)
	for _, id := range []string{"top", "low", "alone"} {
		require.False(t, f.entitled(t, id, "hours"), id)
	}
	f.source.add(paid("top", may, 10_001), active("low", ""))
	f.caughtUp(t)
	require.False(t, f.entitled(t, "top", "hours"))
}

// What is measured for the sentence is read after the timeline.
func TestReasonAgreesWithTheDecisionWhileAGroupChanges(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("top", ""), active("low", "top"), paid("top", may, 60_000), paid("low", may, 30_000))
	f.caughtUp(t)
	for _, amount := range []int64{10_000, -10_000} {
		d, err := f.AsOf(time.Time{})
		require.NoError(t, err)
		before, seen, err := d.timeline(t.Context(), "top")
		require.NoError(t, err)
		f.source.add(paid("low", may, amount))
		f.caughtUp(t)
		e, err := d.explained(t.Context(), "top", "hours", before, seen)
		require.NoError(t, err)
		require.Equal(t, amount > 0, e.Entitled())
		require.Equal(t, amount < 0, len(e.Ways) == 1)
		require.NotContains(t, e.Reason, "no rule")
		list, err := d.listed(t.Context(), "top", false, before, seen)
		require.NoError(t, err)
		require.Contains(t, list, e)
	}
}

func TestR4BaselineIsTheSameForEveryActiveAccount(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("poor", ""), paid("poor", may, 1), active("rich", ""), paid("rich", may, 100_000_000), active("new", ""),
		Change{Account: &AccountChange{ID: "gone", State: Closed, Joined: 0, Closed: may}},
		Change{Account: &AccountChange{ID: "lead", State: Prospect, Joined: civil.Never, Closed: civil.Never}})
	f.caughtUp(t)
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	want, err := d.Baseline()
	require.NoError(t, err)
	for _, id := range []string{"poor", "rich", "new"} {
		got, err := d.BaselineOf(context.Background(), id)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, id := range []string{"gone", "lead"} {
		_, err := d.BaselineOf(context.Background(), id)
		require.ErrorIs(t, err, ErrAccountState, id)
	}
	_, err = d.BaselineOf(context.Background(), "nobody")
	require.ErrorIs(t, err, ErrNotFound)
	before, err := f.AsOfDay(may - 1)
	require.NoError(t, err)
	_, err = before.BaselineOf(context.Background(), "gone")
	require.NoError(t, err, "it was a customer then")
	early, err := f.AsOfDay(civil.Date(1996, time.December, 31))
	require.NoError(t, err)
	_, err = early.Baseline()
	require.ErrorIs(t, err, ErrNoSchedule)
}

func TestWithoutAScheduleNothingIsPromised(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.source.add(active("acme", ""))
	f.caughtUp(t)
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	_, err = d.Check(context.Background(), "acme", "thanks")
	require.ErrorIs(t, err, ErrNoSchedule)
	_, err = d.CountHolders(context.Background(), "thanks")
	require.ErrorIs(t, err, ErrNoSchedule)
	_, err = d.Spend(context.Background(), "acme")
	require.ErrorIs(t, err, ErrCurrency)
	_, err = f.AsOfDay(may)
	require.ErrorIs(t, err, ErrNoSchedule)
	sum, err := d.Summary(context.Background())
	require.NoError(t, err)
	require.Equal(t, Summary{Accounts: 1}, sum)
}

func TestUnknownAccountsAndBenefitsAreNotFound(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("acme", ""), paid("unannounced", may, 50_000))
	f.caughtUp(t)
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	for _, id := range []string{"nobody", "unannounced"} {
		_, err = d.Check(context.Background(), id, "thanks")
		require.ErrorIs(t, err, ErrNotFound)
	}
	_, err = d.Check(context.Background(), "acme", "no-such")
	require.ErrorIs(t, err, ErrNotFound)
	_, err = d.CountHolders(context.Background(), "no-such")
	require.ErrorIs(t, err, ErrNotFound)
	f.source.add(active("unannounced", ""))
	f.caughtUp(t)
	require.True(t, f.entitled(t, "unannounced", "thanks"), "its revenue came before it was announced")
	_, err = f.AsOf(time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC))
	var told *fault.Error
	require.True(t, errors.As(err, &told))
	require.Equal(t, "as_of", told.Fields[0].Path)
}
