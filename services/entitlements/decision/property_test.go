package decision

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// agree compares the timeline with the oracle at one instant.
func (w *world) agree(t require.TestingT, timeline Timeline, at time.Time, id string) Decision {
	d, err := timeline.At(at, id)
	if at.Before(w.oracle.versions[0].From) {
		require.ErrorIs(t, err, ErrNoSchedule)
		return d
	}
	if err != nil {
		require.ErrorIs(t, err, ErrUnknownBenefit)
		require.Empty(t, w.oracle.granting(at, id))
		return d
	}
	all := w.oracle.granting(at, id)
	require.Equal(t, len(all) > 0, d.Entitled(), "%s at %v: oracle %v, timeline %+v", id, at, all, d)
	if !d.Entitled() {
		return d
	}
	cited := answer{d.Rule.ID, d.Version, d.Benefit.Limit}
	require.Contains(t, all, cited, "%s at %v", id, at)
	for _, other := range all {
		require.LessOrEqual(t, other.limit, cited.limit, "%s at %v", id, at)
	}
	return d
}

func TestHoldingsAgreeWithAt(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		timeline := w.book.Timeline(w.account())
		for _, id := range w.book.Benefits() {
			held, err := timeline.Holdings(id)
			require.NoError(t, err)
			for _, at := range w.instants(t) {
				d, err := timeline.At(at, id)
				if err != nil {
					continue
				}
				i := slices.IndexFunc(held, func(h Holding) bool { return !at.Before(h.From) && (h.To.IsZero() || at.Before(h.To)) })
				require.Equal(t, d.Entitled(), i >= 0, "%s at %v", id, at)
				if i >= 0 {
					require.Equal(t, []any{d.Rule, d.Version, d.Benefit, d.ValidUntil}, []any{held[i].Rule, held[i].Version, held[i].Benefit, held[i].To})
				}
			}
		}
		_, err := timeline.Holdings("nothing")
		require.ErrorIs(t, err, ErrUnknownBenefit)
	})
}

func TestR17R18TimelineAgreesWithTheDefinitions(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		timeline := w.book.Timeline(w.account())
		for _, at := range w.instants(t) {
			for _, id := range []string{"gift", "hours", "extra"} {
				d := w.agree(t, timeline, at, id)
				if d.Entitled() {
					require.NotZero(t, d.Version)
					require.NotEmpty(t, d.Rule.ID)
				}
				if until := d.ValidUntil; !until.IsZero() {
					require.True(t, until.After(at))
					before, after := w.agree(t, timeline, until.Add(-time.Millisecond), id), w.agree(t, timeline, until, id)
					require.Equal(t, []any{d.Rule, d.Version, until}, []any{before.Rule, before.Version, before.ValidUntil}, "the same until just before")
					require.NotEqual(t, []any{d.Rule, d.Version}, []any{after.Rule, after.Version}, "and another from then on")
				}
			}
		}
	})
}

// TestValidUntilMissesNothing walks through every day: where the answer changes,
// the answer before said so, and the cited rule is the one that lasts longest.
func TestValidUntilMissesNothing(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 15)
		timeline := w.book.Timeline(w.account())
		var turns []time.Time
		for d := firstDay - 450; d < lastDay+450; d++ {
			turns = append(turns, w.oracle.company.Zone.Start(d))
		}
		for _, v := range w.oracle.versions {
			turns = append(turns, v.From)
		}
		slices.SortFunc(turns, func(a, b time.Time) int { return a.Compare(b) })
		id := rapid.SampledFrom([]string{"gift", "hours"}).Draw(t, "benefit")
		grantedAt := make([][]answer, len(turns))
		for i, at := range turns {
			if !at.Before(w.oracle.versions[0].From) {
				grantedAt[i] = w.oracle.granting(at, id)
			}
		}
		end := func(from int, a answer) int {
			for from < len(turns) && slices.Contains(grantedAt[from], a) {
				from++
			}
			return from
		}
		for i := range turns[:len(turns)-1] {
			now, err := timeline.At(turns[i], id)
			if err != nil {
				continue
			}
			require.Equal(t, len(grantedAt[i]) > 0, now.Entitled(), turns[i])
			next, err := timeline.At(turns[i+1], id)
			require.NoError(t, err)
			if now.Rule == next.Rule && now.Version == next.Version {
				require.Equal(t, now.ValidUntil, next.ValidUntil)
			} else {
				require.True(t, now.ValidUntil.Equal(turns[i+1]), "changes at %v, said %v", turns[i+1], now.ValidUntil)
			}
			if !now.Entitled() {
				continue
			}
			cited := answer{now.Rule.ID, now.Version, now.Benefit.Limit}
			for _, other := range grantedAt[i] {
				if other.limit == cited.limit && end(i, other) >= end(i, cited) && other != cited {
					require.Equal(t, end(i, other), end(i, cited), "%v lasts longer than the cited %v at %v", other, cited, turns[i])
					require.True(t, other.version < cited.version || other.version == cited.version && other.rule > cited.rule, "%v comes before the cited %v", other, cited)
				}
			}
		}
	})
}

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

func TestProjectsCountInAnyOrder(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		shuffled := w.account()
		shuffled.Completions = rapid.Permutation(shuffled.Completions).Draw(t, "shuffled")
		require.Equal(t, w.book.Timeline(w.account()).steps, w.book.Timeline(shuffled).steps)
	})
}

func TestTermsCountInAnyOrder(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		shuffled := w.account()
		shuffled.Terms = rapid.Permutation(shuffled.Terms).Draw(t, "shuffled")
		require.Equal(t, w.book.Timeline(w.account()).steps, w.book.Timeline(shuffled).steps)
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

func TestR4R21BaselineIsTheSameForEveryAccount(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		poor, rich := w.account(), w.account()
		poor.Ledger, rich.Ledger = ledger(t, Bucket{firstDay, 1}), ledger(t, Bucket{firstDay, 100_000_000})
		for _, at := range w.instants(t) {
			baseline, err := w.book.Baseline(at)
			if at.Before(w.oracle.versions[0].From) {
				require.ErrorIs(t, err, ErrNoSchedule)
				continue
			}
			require.NoError(t, err)
			inForce := 0
			for _, v := range w.oracle.versions {
				if !v.From.After(at) {
					inForce = v.Number
				}
			}
			require.Equal(t, Baseline{inForce, w.oracle.versions[inForce-1].Schedule.Commitments}, baseline)
			for _, a := range []Account{poor, rich} {
				entries, err := w.book.Timeline(a).All(at)
				require.NoError(t, err)
				for _, e := range entries {
					require.NotEqual(t, "courtesy", e.BenefitID, "a commitment is nobody's benefit")
				}
			}
		}
	})
}

func TestAllAgreesWithAt(t *testing.T) {
	check(t, func(t *rapid.T) {
		w := genWorld(t, 400)
		timeline := w.book.Timeline(w.account())
		for _, at := range w.instants(t) {
			entries, err := timeline.All(at)
			_, s, inForceErr := w.book.InForce(at)
			require.Equal(t, inForceErr, err)
			if err != nil {
				continue
			}
			listed := map[string]bool{}
			for i, e := range entries {
				d, err := timeline.At(at, e.BenefitID)
				require.NoError(t, err)
				require.Equal(t, d, e.Decision)
				listed[e.BenefitID] = true
				if i < len(s.Benefits) {
					require.Equal(t, s.Benefits[i].ID, e.BenefitID)
				} else {
					require.True(t, e.Entitled())
				}
			}
			for _, id := range []string{"gift", "hours", "extra"} {
				if d, err := timeline.At(at, id); err == nil && d.Entitled() {
					require.True(t, listed[id])
				}
			}
		}
	})
}

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

func TestMergeGivesTheSameLedgerInAnyOrder(t *testing.T) {
	check(t, func(t *rapid.T) {
		entries := genEntries.Draw(t, "entries")
		want := ledger(t, entries...)
		shuffled := rapid.Permutation(entries).Draw(t, "shuffled")
		cut := rapid.IntRange(0, len(shuffled)).Draw(t, "cut")
		first := ledger(t, shuffled[:cut]...)
		got, err := first.Merge(shuffled[cut:]...)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, ledger(t, shuffled[:cut]...), first, "Merge leaves its receiver alone")
	})
}
