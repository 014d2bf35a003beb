package decision

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// R26: no rule can be written that only new customers meet. Whatever the schedules say, a
// customer that joined earlier, and is alike in everything else, has every benefit that the
// newcomer has, as much of it, at every instant.
func TestR26WhoJoinedEarlierHasNoLess(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		newcomer := w.account()
		if first := newcomer.Ledger.First(); newcomer.Joined > first {
			newcomer.Joined = first // neither has paid anything before the newcomer joined
		}
		older := newcomer
		if older.Joined != civil.Never {
			older.Joined -= civil.Day(rapid.Int32Range(1, 4000).Draw(t, "days earlier"))
		}
		if older.ActiveFrom != civil.Never {
			older.ActiveFrom = min(older.ActiveFrom, older.Joined)
		}
		theirs, ours := w.book.Timeline(newcomer), w.book.Timeline(older)
		for _, at := range w.instants(t) {
			for _, id := range w.book.Benefits() {
				d, err := theirs.At(at, id)
				if err != nil || !d.Entitled() {
					continue
				}
				own, err := ours.At(at, id)
				require.NoError(t, err)
				require.True(t, own.Entitled(), "%s at %v, by %s of version %d", id, at, d.Rule.ID, d.Version)
				require.GreaterOrEqual(t, own.Benefit.Limit, d.Benefit.Limit)
			}
		}
	})
}

// The same for conditions that are no rule's, as the criteria of programmes.
func TestR26CriteriaOfProgrammesAreMetByWhoJoinedEarlier(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		newcomer := w.account()
		if first := newcomer.Ledger.First(); newcomer.Joined > first {
			newcomer.Joined = first
		}
		older := newcomer
		if older.Joined != civil.Never {
			older.Joined -= civil.Day(rapid.Int32Range(1, 4000).Draw(t, "days earlier"))
		}
		if older.ActiveFrom != civil.Never {
			older.ActiveFrom = min(older.ActiveFrom, older.Joined)
		}
		criteria := genCondition(t, 2)
		for _, at := range w.instants(t) {
			if w.book.Judge(newcomer, at, &criteria).Met {
				require.True(t, w.book.Judge(older, at, &criteria).Met, "%v at %v", criteria, at)
			}
		}
	})
}

// R26: what would bound tenure above, or read the day of joining, is refused by the schedule's own
// words: there is no such measure.
func TestR26NoConditionIsForNewCustomersOnly(t *testing.T) {
	usd, err := schedule.LookupCurrency("USD")
	require.NoError(t, err)
	for _, text := range []string{
		"{tenure: months, at_most: 3}", "{tenure: months, less_than: 3}", "{joined: after, at_least: 2026}", "{not: {tenure: months, at_least: 3}}",
		"{tenure: months, at_least: 0}", "{tenure: months, at_least: -3}", "{new_customer: first-order, at_least: 1}",
	} {
		_, err := schedule.ParseCondition(text, "when", usd)
		require.Error(t, err, text)
	}
}
