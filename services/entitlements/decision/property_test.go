package decision

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
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
