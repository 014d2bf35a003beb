package decision

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// TestR34DistanceIsExact adds exactly what is missing, a minor unit less, and
// the same on the last day and the day after.
func TestR34DistanceIsExact(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		account := w.account()
		at := rapid.SampledFrom(w.instants(t)).Draw(t, "at")
		today := w.oracle.company.Zone.DayOf(at)
		ways, err := w.book.Distance(account, at, "gift")
		if err != nil {
			require.ErrorIs(t, err, ErrNoSchedule)
			return
		}
		_, s, err := w.book.InForce(at)
		require.NoError(t, err)
		open := false
		for _, r := range s.Rules {
			if grants(s, r, "gift") {
				open = true
				if w.oracle.holds(r.When, today, today) {
					require.Empty(t, ways, "a condition is true")
					return
				}
			}
		}
		require.Equal(t, open, len(ways) > 0)
		for _, way := range ways {
			require.NotEmpty(t, way.Requires)
			for _, r := range way.Requires {
				require.Equal(t, max(r.Need-r.Have, 1), r.Missing)
				c := schedule.Condition{Subject: r.Subject, Measure: r.Window, Scope: r.Scope, AtLeast: r.Need}
				if r.Subject == schedule.Tenure {
					if r.On != civil.Never {
						require.False(t, w.oracle.holds(c, r.On-1, r.On-1))
						require.True(t, w.oracle.holds(c, r.On, r.On))
					}
					continue
				}
				if r.Subject == schedule.Programme {
					w.placeIsExact(t, r, today)
					continue
				}
				if r.Subject == schedule.Board {
					w.termsAreExact(t, c, r, today)
					continue
				}
				if r.Subject == schedule.Innovation {
					w.projectsAreExact(t, c, r, today)
					continue
				}
				met := func(on civil.Day, amount int64) bool {
					o := w.oracle
					o.account.Ledger, err = account.Ledger.Merge(Bucket{on, amount})
					require.NoError(t, err)
					if account.GroupLedger != nil {
						o.account.GroupLedger, err = account.GroupLedger.Merge(Bucket{on, amount})
						require.NoError(t, err)
					}
					if account.Joined == civil.Never {
						o.account.Joined = on
					}
					return o.holds(c, on, on)
				}
				if r.From > today {
					require.False(t, met(r.From-1, r.Missing), "counts only from %v", r.From)
					continue
				}
				require.True(t, met(today, r.Missing), "%+v", r)
				if account.Joined == civil.Never && r.Window == schedule.SinceJoining {
					continue // any entry makes it join, and the day it is made on counts
				}
				require.False(t, met(today, r.Missing-1), "%+v", r)
				if r.By != civil.Never {
					require.True(t, met(r.By, r.Missing), "%+v", r)
					require.False(t, met(r.By+1, r.Missing), "%+v", r)
				} else {
					require.True(t, met(today+500, r.Missing), "%+v", r)
				}
			}
		}
		require.True(t, slices.IsSortedFunc(ways, func(x, y Way) int { return len(x.Requires) - len(y.Requires) }))
	})
}

// placeIsExact gives the account the one place that is missing.
func (w *world) placeIsExact(t *rapid.T, r Requirement, today civil.Day) {
	c := schedule.Condition{Subject: schedule.Programme, Measure: r.Programme, AtLeast: 1}
	o := w.oracle
	require.False(t, o.holds(c, today, today), "%+v", r)
	o.account.Enrolments = append(slices.Clone(o.account.Enrolments), Enrolment{r.Programme, today, today + 1})
	require.True(t, o.holds(c, today, today), "%+v", r)
}

// termsAreExact completes as many terms as are missing, and one less.
func (w *world) termsAreExact(t *rapid.T, c schedule.Condition, r Requirement, today civil.Day) {
	o := w.oracle
	for missing := r.Missing; missing > 0; missing-- {
		require.False(t, o.holds(c, today, today), "%+v", r)
		o.account.Terms = append(slices.Clone(o.account.Terms), Term{Starts: today - 9, Ends: today})
	}
	require.True(t, o.holds(c, today, today), "%+v", r)
	serves := func(on civil.Day) bool {
		return slices.ContainsFunc(w.oracle.account.Terms, func(term Term) bool { return term.Starts <= on && on < term.Ends })
	}
	require.Equal(t, serves(today), r.TermEnds != civil.Never)
	for on := today; r.TermEnds != civil.Never && on < r.TermEnds; on++ {
		require.True(t, serves(on))
	}
}

// projectsAreExact completes as many projects as are missing, and one less.
func (w *world) projectsAreExact(t *rapid.T, c schedule.Condition, r Requirement, today civil.Day) {
	o := w.oracle
	for missing := r.Missing; missing > 0; missing-- {
		require.False(t, o.holds(c, today, today), "%+v", r)
		o.account.Completions = append(slices.Clone(o.account.Completions), Completion{From: today, To: civil.Never})
	}
	require.True(t, o.holds(c, today, today), "%+v", r)
}
