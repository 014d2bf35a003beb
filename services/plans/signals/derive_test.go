package signals

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// factsOn are the facts of a kind about an active account that joined on 2020-03-01.
func factsOn(t testing.TB, m *memory, on string, kind Kind) []Fact {
	k := known{memory: m, account: active(day(t, "2020-03-01")), currency: "USD"}
	return k.facts(day(t, on), []Kind{kind})
}

// active is an account that joined on a day.
func active(joined civil.Day) feeds.Account {
	return feeds.Account{State: feeds.Active, Joined: joined, Closed: civil.Never}
}

func paid(t testing.TB, entries map[string]int64) *memory {
	m := &memory{}
	for on, minor := range entries {
		m.pay(day(t, on), minor)
	}
	return m
}

func TestR7SpendIsComparedWithTheAccountsOwnPast(t *testing.T) {
	m := paid(t, map[string]int64{
		"2025-03-15": 1,      // the day before the first window
		"2025-03-16": 40_000, // its first day
		"2025-06-15": 20_000, // its last, and a day of the four quarters
		"2025-06-16": 7_000,
		"2026-03-15": 13_001, // the last of the four quarters
		"2026-03-16": 10_000, // the first of the three months
		"2026-06-15": 5_000,
		"2026-06-16": 99_999, // to come
	})
	got := factsOn(t, m, "2026-06-15", Spend)
	require.Equal(t, []Fact{SpendFact{
		Day: day(t, "2026-06-15"), Currency: "USD", Quarter: "2026-q2", Comparable: true,
		Recent: 15_000, YearBefore: 60_000, ChangeYear: -75, Average: 20_000, ChangeAverage: -26,
	}}, got)
	require.Equal(t, "2026-q2", got[0].Cause())
	require.Empty(t, factsOn(t, &memory{}, "2026-06-15", Spend), "nobody has paid")
	require.Empty(t, factsOn(t, m, "2025-03-14", Spend), "nobody had paid yet")
}

func TestR7SpendCountsRefundsAndMayHaveNoPast(t *testing.T) {
	m := paid(t, map[string]int64{"2025-04-01": 10_000, "2026-05-01": 10_000})
	m.pay(day(t, "2025-04-01"), -10_000)
	f := factsOn(t, m, "2026-06-15", Spend)[0].(SpendFact)
	require.Zero(t, f.YearBefore)
	require.Zero(t, f.ChangeYear, "there is nothing to compare with")
	require.False(t, f.Comparable, "the entries begin after the window does")
	m.pay(day(t, "2025-03-16"), 1)
	require.True(t, factsOn(t, m, "2026-06-15", Spend)[0].(SpendFact).Comparable)
}

// The sums of windows are those of a plain count, however entries come, and what is kept
// is enough for two years back.
func TestSpendIsWhatAPlainCountSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		to := civil.Day(rapid.IntRange(15_000, 25_000).Draw(t, "to"))
		days := rapid.SliceOfN(rapid.IntRange(0, 1210), 1, 60).Draw(t, "days before")
		m := &memory{}
		m.pay(to, 0)
		for i, d := range days {
			m.pay(to-civil.Day(d), int64(100+i))
		}
		on := to - civil.Day(rapid.IntRange(0, 700).Draw(t, "on"))
		for _, window := range [][2]int{{-3, 0}, {-15, -12}, {-15, -3}} {
			after, until := on.AddMonths(window[0]), on.AddMonths(window[1])
			want := int64(0)
			for i, d := range days {
				if at := to - civil.Day(d); at > after && at <= until {
					want += int64(100 + i)
				}
			}
			if got := m.spent(after, until); got != want {
				t.Fatalf("after %s to %s: %d, not %d", after, until, got, want)
			}
		}
	})
}

func TestPercentagesAreRoundedDownAndNeverOverflow(t *testing.T) {
	const most = int64(9_000_000_000_000_000_000)
	for _, test := range []struct{ now, before, parts, want int64 }{
		{75, 100, 1, -25}, {74, 100, 1, -26}, {749, 1000, 1, -26}, {100, 100, 1, 0}, {1, 3, 1, -67}, {-50, 100, 1, -150},
		{most, 1, 1, 1_000_000 - 100}, {-most, 1, 1, -1_000_000 - 100}, {most, most, 1, 0}, {5, 0, 1, 0}, {5, -4, 1, 0},
		{100, 400, 4, 0}, {125, 400, 4, 25},
	} {
		require.Equal(t, test.want, change(test.now, test.before, test.parts), "%+v", test)
	}
	require.Equal(t, int64(100), percent(3, 0))
	require.Equal(t, int64(66), percent(2, 3))
	require.Equal(t, int64(-34), percent(-1, 3))
}

func TestR34AThresholdIsHowFarABenefitIs(t *testing.T) {
	k := known{memory: &memory{}, account: active(civil.Never), standing: standing{distances: []Distance{
		{Benefit: "free-shipping", Promise: "Free shipping.", Rule: "spend-500", Needs: "spend", Missing: 21_240, Have: 28_760, Need: 50_000,
			Currency: "USD", By: day(t, "2026-06-30"), Further: 1},
		{Benefit: "seat", Needs: "board", Missing: 1, Have: 0, Need: 1},
		{Benefit: "prototype", Needs: "innovation", Missing: 2, Have: 1, Need: 3},
	}}}
	got := k.facts(day(t, "2026-06-15"), []Kind{Threshold})
	require.Equal(t, ThresholdFact{
		Day: day(t, "2026-06-15"), Benefit: "free-shipping", Promise: "Free shipping.", Rule: "spend-500", Needs: "spend", Missing: 21_240,
		Have: 28_760, Need: 50_000, Currency: "USD", Percent: 57, By: day(t, "2026-06-30"), DaysLeft: 15, Further: 1, Quarter: "2026-q2",
	}, got[0])
	require.Equal(t, "free-shipping/2026-q2", got[0].Cause())
	require.Equal(t, int64(-1), got[1].(ThresholdFact).DaysLeft)
	require.Contains(t, figures(got[0]), Figure{"missing", "212.40 USD"})
	require.Contains(t, figures(got[0]), Figure{"by", "2026-06-30"})
	require.Contains(t, figures(got[1]), Figure{"missing", "1"}, "terms are no money")
	require.Equal(t, int64(33), got[2].(ThresholdFact).Percent)
}

func TestR7UsageIsMeasuredByThePeriod(t *testing.T) {
	m := &memory{}
	m.used("hours", day(t, "2026-02-01"))
	m.used("hours", day(t, "2026-01-01"))
	k := known{memory: m, account: active(civil.Never), standing: standing{balances: []Balance{
		{Benefit: "hours", Unit: "hour", Used: 2, Reserved: 1, Limit: 12, Left: 9, Begins: day(t, "2026-01-01"), Ends: day(t, "2026-12-31")},
		{Benefit: "calls", Used: 9, Limit: 10, Left: 1, Begins: day(t, "2025-07-03")},
	}}}
	got := k.facts(day(t, "2026-07-02"), []Kind{Usage})
	hours := got[0].(UsageFact)
	require.Equal(t, int64(50), hours.GonePercent, "183 of 365 days")
	require.Equal(t, int64(182), hours.DaysLeft)
	require.Equal(t, int64(16), hours.UsedPercent)
	require.Equal(t, day(t, "2026-02-01"), hours.LastUsed, "the last, in whatever order they came")
	require.Equal(t, "hours/2026-01-01", hours.Cause())
	rolling := got[1].(UsageFact)
	require.Equal(t, "calls/2026-q3", rolling.Cause())
	require.Equal(t, int64(-1), rolling.DaysLeft)
	require.Zero(t, rolling.GonePercent)
	last := k.facts(day(t, "2026-12-31"), []Kind{Usage})[0].(UsageFact)
	require.Equal(t, int64(100), last.GonePercent)
	require.Zero(t, last.DaysLeft)
}

func TestR7AGoalIsAtRiskBehindTheStraightLine(t *testing.T) {
	k := known{memory: &memory{}, account: active(day(t, "2020-03-01")), goals: []plans.Goal{
		{ID: "waste", Statement: "Halve our waste", Unit: "t", Baseline: 100, Target: 50, BaselineDay: day(t, "2026-01-01"), TargetDay: day(t, "2026-04-11"),
			Progress: []plans.Measurement{{Day: day(t, "2026-02-20"), Value: 80}, {Day: day(t, "2026-01-31"), Value: 90}}},
		{ID: "open-ended", Baseline: 1, Target: 2, BaselineDay: day(t, "2026-01-01")},
		{ID: "nowhere", Baseline: 1, Target: 1, BaselineDay: day(t, "2026-01-01"), TargetDay: day(t, "2026-04-11")},
	}}
	require.Empty(t, k.facts(day(t, "2025-12-31"), []Kind{Goal}))
	for on, want := range map[string][3]int64{ // done, expected, behind
		"2026-01-01": {0, 0, 0}, "2026-01-31": {20, 30, 10}, "2026-02-19": {20, 49, 29}, "2026-02-20": {40, 50, 10}, "2026-04-11": {40, 100, 60},
		"2026-05-01": {40, 100, 60},
	} {
		got := k.facts(day(t, on), []Kind{Goal})
		require.Len(t, got, 1, on)
		f := got[0].(GoalFact)
		require.Equal(t, want, [3]int64{f.DonePercent, f.ExpectedPercent, f.BehindPercent}, on)
	}
}

func TestR7ABrokenCommitmentIsAFactForSixtyDays(t *testing.T) {
	m := &memory{}
	broken(t, "acme", "c1", "2026-04-16").note(m)
	later := broken(t, "acme", "c1", "2026-05-01")
	later.Commitment = "resolution"
	later.note(m)
	for on, want := range map[string]int{"2026-04-15": 0, "2026-04-16": 1, "2026-06-15": 1, "2026-06-16": 0} {
		require.Len(t, factsOn(t, m, on, Breach), want, on)
	}
	f := factsOn(t, m, "2026-06-15", Breach)[0].(BreachFact)
	require.Equal(t, "first-reply", f.Commitment, "the first that was broken in the case")
	require.Equal(t, int64(60), f.DaysSince)
	require.Equal(t, "accounts/acme/cases/c1", f.Cause())
}

func TestR33AClauseInReviewConcernsThoseItWasCitedTo(t *testing.T) {
	m := &memory{}
	for _, on := range []string{"2026-05-01", "2026-04-01", "2026-07-01"} {
		Cited{Clause: "liability", Day: day(t, on)}.note(m)
	}
	k := known{memory: m, account: active(civil.Never), reviews: map[string][]review{
		"liability": {{Review: "reviews/one", Opened: day(t, "2026-06-01"), Decided: day(t, "2026-06-20")}},
		"delay":     {{Review: "reviews/two", Opened: day(t, "2026-06-01")}},
	}}
	for on, want := range map[string]int{"2026-05-31": 0, "2026-06-01": 1, "2026-06-19": 1, "2026-06-20": 0} {
		require.Len(t, k.facts(day(t, on), []Kind{Clause}), want, on)
	}
	f := k.facts(day(t, "2026-06-15"), []Kind{Clause})[0].(ClauseFact)
	require.Equal(t, ClauseFact{Day: f.Day, Clause: "liability", Review: "reviews/one", Opened: day(t, "2026-06-01"), DaysOpen: 14,
		Citations: 2, LastCited: day(t, "2026-05-01")}, f, "what is cited later is not known yet")
}

func TestR12ATermIsAFactBeforeItBeginsAndEnds(t *testing.T) {
	m := &memory{}
	seat := BoardTerm{Term: "boards/advisory/terms/t1", Board: "advisory", Begins: day(t, "2026-06-15"), Ends: day(t, "2028-06-15")}
	seat.note(m)
	for on, want := range map[string]string{"2026-03-16": "", "2026-03-17": "begins", "2026-06-15": "begins", "2026-06-16": "", "2028-06-15": "ends", "2028-06-16": ""} {
		got := factsOn(t, m, on, Term)
		if want == "" {
			require.Empty(t, got, on)
			continue
		}
		require.Len(t, got, 1, on)
		require.Equal(t, "boards/advisory/terms/t1/"+want, got[0].Cause(), on)
	}
	seat.Ends = seat.Begins // resigned before it began
	seat.note(m)
	require.Empty(t, factsOn(t, m, "2026-06-15", Term))
}

func TestR7AnAnniversaryIsAFactSixtyDaysAhead(t *testing.T) {
	for on, want := range map[string]string{
		"2020-12-30": "", "2020-12-31": "1 2021-03-01 60", "2021-03-01": "1 2021-03-01 0", "2021-03-02": "",
		"2025-01-15": "5 2025-03-01 45", "2020-03-01": "",
	} {
		got := ""
		for _, f := range factsOn(t, &memory{}, on, Anniversary) {
			a := f.(AnniversaryFact)
			got = fmt.Sprint(a.Years, " ", a.On, " ", a.DaysLeft)
		}
		require.Equal(t, want, got, on)
	}
	leap := known{memory: &memory{}, account: active(day(t, "2024-02-29"))}
	got := leap.facts(day(t, "2025-02-27"), []Kind{Anniversary})[0].(AnniversaryFact)
	require.Equal(t, day(t, "2025-02-28"), got.On)
	unknown := known{memory: &memory{}, account: active(civil.Never)}
	require.Empty(t, unknown.facts(day(t, "2025-02-27"), []Kind{Anniversary}))
}

func TestNothingIsSoOfWhoIsNoCustomer(t *testing.T) {
	m := &memory{}
	broken(t, "acme", "c1", "2026-06-10").note(m)
	for name, test := range map[string]struct {
		state          feeds.AccountState
		joined, closed civil.Day
		want           int
	}{
		"active":          {feeds.Active, civil.Never, civil.Never, 1},
		"prospect":        {feeds.Prospect, civil.Never, civil.Never, 0},
		"joins tomorrow":  {feeds.Active, day(t, "2026-06-16"), civil.Never, 0},
		"joins today":     {feeds.Active, day(t, "2026-06-15"), civil.Never, 1},
		"closed today":    {feeds.Closed, civil.Never, day(t, "2026-06-15"), 0},
		"closed later":    {feeds.Closed, civil.Never, day(t, "2026-06-16"), 1},
		"closed some day": {feeds.Closed, civil.Never, civil.Never, 0},
	} {
		k := known{memory: m, account: feeds.Account{State: test.state, Joined: test.joined, Closed: test.closed}}
		require.Len(t, k.facts(day(t, "2026-06-15"), []Kind{Breach}), test.want, name)
	}
}
