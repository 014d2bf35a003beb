package decision

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

func TestR27SpendingMoreNeverLosesABenefit(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		before := w.account()
		after := before
		extra := Bucket{genDay.Draw(t, "extra day"), rapid.Int64Range(0, 20).Draw(t, "extra amount")}
		var err error
		after.Ledger, err = before.Ledger.Merge(extra)
		require.NoError(t, err)
		if before.GroupLedger != nil {
			after.GroupLedger, err = before.GroupLedger.Merge(extra)
			require.NoError(t, err)
		}
		if before.Joined == before.Ledger.First() {
			after.Joined = after.Ledger.First()
			after.ActiveFrom = min(before.ActiveFrom, max(after.Joined, before.ActiveFrom-1))
		}
		w.loseNothing(t, before, after)
	})
}

func TestR27LongerTenureNeverLosesABenefit(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		before := w.account()
		if before.Joined == civil.Never {
			t.Skip("has not joined")
		}
		// What was refunded before the account joined is no part of its spend
		// since joining, and would become one.
		kept := func(l Ledger) Ledger {
			return slices.DeleteFunc(slices.Clone(l), func(b Bucket) bool { return b.Minor < 0 && b.Day < before.Joined })
		}
		before.Ledger = kept(before.Ledger)
		if before.GroupLedger != nil {
			before.GroupLedger = kept(before.GroupLedger)
		}
		after := before
		after.Joined -= civil.Day(rapid.Int32Range(0, 500).Draw(t, "earlier"))
		w.loseNothing(t, before, after)
	})
}

func TestR27OneMoreTermNeverLosesABenefit(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		before := w.account()
		after := before
		more := genTerm.Draw(t, "one more")
		after.Terms = append(slices.Clone(before.Terms), more)
		w.loseNothing(t, before, after)

		// Nor does it lose one that the last of its terms ends earlier than planned.
		before = after
		after.Terms = slices.Clone(before.Terms)
		after.Terms[len(after.Terms)-1].Ends -= civil.Day(rapid.Int32Range(0, 30).Draw(t, "earlier"))
		w.loseNothing(t, before, after)
	})
}

func TestR27OnePlaceMoreLosesNothing(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		before := w.account()
		after := before
		after.Enrolments = append(slices.Clone(before.Enrolments), genEnrolment.Draw(t, "one more"))
		w.loseNothing(t, before, after)

		// Nor does it lose one that it keeps the last place longer.
		before = after
		after.Enrolments = slices.Clone(before.Enrolments)
		if last := &after.Enrolments[len(after.Enrolments)-1]; last.To != civil.Never {
			last.To += civil.Day(rapid.Int32Range(0, 30).Draw(t, "longer"))
		}
		w.loseNothing(t, before, after)
	})
}

func TestR27OneMoreProjectNeverLosesABenefit(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		before := w.account()
		after := before
		after.Completions = append(slices.Clone(before.Completions), genCompletion.Draw(t, "one more"))
		w.loseNothing(t, before, after)

		// Nor does it lose one that the confirmation of the last stands longer.
		before = after
		after.Completions = slices.Clone(before.Completions)
		if last := &after.Completions[len(after.Completions)-1]; last.To != civil.Never {
			last.To += civil.Day(rapid.Int32Range(0, 30).Draw(t, "longer"))
		}
		w.loseNothing(t, before, after)
	})
}

func (w *world) loseNothing(t *rapid.T, before, after Account) {
	w.oracle.account = after
	had, has := w.book.Timeline(before), w.book.Timeline(after)
	for _, at := range w.instants(t) {
		for _, id := range []string{"gift", "hours"} {
			was, err := had.At(at, id)
			if err != nil || !was.Entitled() {
				continue
			}
			is, err := has.At(at, id)
			require.NoError(t, err)
			require.True(t, is.Entitled(), "%s at %v: had %+v", id, at, was)
			require.GreaterOrEqual(t, is.Benefit.Limit, was.Benefit.Limit, "%s at %v", id, at)
		}
	}
}
