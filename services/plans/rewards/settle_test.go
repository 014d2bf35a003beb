package rewards

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

func TestR10CompletedWorkIsCreditedOnceAndCitesItsEvidence(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		rules := f.publish(t, simple())
		w := touch(t, "a", "2026-11-20")
		w.Evidence = []string{"https://notes.example/7"}
		f.credits(t, w)
		f.credits(t, w) // again
		f.open(t)       // and after a restart
		f.credits(t, w)

		all := f.ledger(t, "2026-11")
		require.Len(t, all, 1)
		e := all["a/touch/carol/1"]
		require.Equal(t, "plans/acme/touchpoints/a", e.Work)
		require.Equal(t, []string{"https://notes.example/7"}, e.Evidence)
		require.Equal(t, []any{Credited, 10, 10, 10, "touch", rules.State.Number, "acme"},
			[]any{e.Kind, e.Points, e.Full, e.Worth, e.Rule, e.Version, e.Account})
	})
}

func TestR10WorkOfKindsWithoutARuleGivesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		w := touch(t, "a", "2026-11-20")
		f.credits(t, w)
		require.Empty(t, f.ledger(t, "2026-11"), "there are no rules")
		f.publish(t, Rules{Effective: civil.Date(2026, 11, 20), Rules: []Rule{{ID: "solve", Work: EngagementCompleted, Points: 50}}})
		f.credits(t)
		require.Empty(t, f.ledger(t, "2026-11"), "there is none for touchpoints")
	})
}

func TestR10TheVersionOfTheDayOfCompletionCounts(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.credits(t, touch(t, "before", "2026-11-20")) // there are no rules yet
		first := simple()
		first.Effective = civil.Date(2026, 11, 20)
		f.publish(t, first)
		f.credits(t)
		require.Equal(t, map[string]int{"before/touch/carol": 10}, f.net(t, "2026-11"))

		second := simple()
		second.Effective, second.Rules[0].Points = civil.Date(2026, 11, 25), 7
		f.publish(t, second)
		late := touch(t, "midnight", "2026-11-25")
		late.Completed = time.Date(2026, 11, 25, 4, 59, 59, 0, time.UTC) // still the 24th in New York
		f.credits(t, touch(t, "old", "2026-11-24"), late, touch(t, "new", "2026-11-25"), touch(t, "none", "2026-11-19"))
		require.Equal(t, map[string]int{"before/touch/carol": 10, "old/touch/carol": 10, "midnight/touch/carol": 10, "new/touch/carol": 7},
			f.net(t, "2026-11"))
	})
}

func TestR10WithdrawnWorkGetsACounterEntryThatCitesTheCredit(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, simple())
		w := touch(t, "a", "2026-11-20")
		f.credits(t, w)
		w.Version, w.Withdrawn, w.Completed = 2, true, time.Time{}
		f.credits(t, w)
		f.credits(t, touch(t, "a", "2026-11-20")) // the first version, late
		all := f.ledger(t, "2026-11")
		require.Len(t, all, 2)
		first, counter := all["a/touch/carol/1"], all["a/touch/carol/2"]
		require.Equal(t, []any{Countered, -10, 0, Withdrawn}, []any{counter.Kind, counter.Points, counter.Worth, counter.Unmet})
		require.Equal(t, entryID(first.Credit, 1), counter.Cites)

		w = touch(t, "a", "2026-12-01") // done anew, in another month
		w.Version = 3
		f.credits(t, w)
		require.Empty(t, f.net(t, "2026-11"))
		require.Equal(t, map[string]int{"a/touch/carol": 10}, f.net(t, "2026-12"))
		w = touch(t, "a", "2026-11-21") // it was November after all
		w.Version = 4
		f.credits(t, w)
		require.Equal(t, map[string]int{"a/touch/carol": 10}, f.net(t, "2026-11"))
		require.Equal(t, Moved, f.ledger(t, "2026-12")["a/touch/carol/2"].Unmet)
	})
}

func TestR10WorkThatIsWithdrawnBeforeItIsKnownIsNeverCredited(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, simple())
		w := touch(t, "a", "2026-11-20")
		w.Version, w.Withdrawn, w.Completed = 2, true, time.Time{}
		f.credits(t, w)
		f.credits(t, touch(t, "a", "2026-11-20"))
		require.Empty(t, f.ledger(t, "2026-11"))
	})
}

func TestR10WhatARuleDemandsIsSaidWhereItIsNotMet(t *testing.T) {
	rules := Rules{Effective: civil.Date(2026, 1, 1), Rules: []Rule{
		{ID: "seen", Work: TouchpointDone, Points: 1, Witnessed: true},
		{ID: "shown", Work: TouchpointDone, Points: 2, Evidence: "The minutes.", MinEvidence: 2},
		{ID: "said", Work: TouchpointDone, Points: 4, Confirmed: true},
		{ID: "liked", Work: TouchpointDone, Points: 8, MinRating: 4},
	}}
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, rules)
		w := touch(t, "a", "2026-11-20")
		w.SelfReported, w.Evidence, w.Rating = true, []string{"one"}, 3
		f.credits(t, w)
		all := f.ledger(t, "2026-11")
		require.Len(t, all, 4, "an entry says so where there are no points")
		for key, unmet := range map[string]Unmet{"seen": UnmetWitnessed, "shown": UnmetEvidence, "said": UnmetConfirmed, "liked": UnmetRating} {
			e := all["a/"+key+"/carol/1"]
			require.Equal(t, unmet, e.Unmet)
			require.Zero(t, e.Points)
			require.Positive(t, e.Full)
		}
		w.Version, w.SelfReported, w.Evidence, w.Rating, w.Confirmed = 2, false, []string{"one", "two"}, 4, true
		f.credits(t, w)
		require.Equal(t, map[string]int{"a/seen/carol": 1, "a/shown/carol": 2, "a/said/carol": 4, "a/liked/carol": 8}, f.net(t, "2026-11"))
		w.Version, w.Confirmed = 3, false
		f.credits(t, w)
		require.Equal(t, -4, f.ledger(t, "2026-11")["a/said/carol/3"].Points)
	})
}

func TestR10APersonWhoTurnsOutNotToHaveDoneItLosesTheCredit(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, simple())
		w := touch(t, "a", "2026-11-20")
		f.credits(t, w)
		w.Version, w.Persons = 2, []string{"dora", "dora"}
		f.credits(t, w)
		require.Equal(t, map[string]int{"a/touch/dora": 10}, f.net(t, "2026-11"))
		require.Equal(t, Changed, f.ledger(t, "2026-11")["a/touch/carol/2"].Unmet)
		w.Version, w.Account = 3, "brick" // and it was for another account
		f.credits(t, w)
		for account, points := range map[string]int{"acme": 0, "brick": 10} {
			team, err := f.TeamStatement(t.Context(), account, MonthOf(civil.Date(2026, 11, 1)))
			require.NoError(t, err)
			require.Equal(t, points, team.Points, account)
		}
	})
}

func TestR10WhatACapCutsOffIsWrittenDown(t *testing.T) {
	rules := simple()
	rules.Caps = Caps{PersonMonth: 35, AccountMonth: 25, KindWeek: []KindCap{{TouchpointDone, 15}}}
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, rules)
		// 2026-11-16 is a Monday.
		f.credits(t, touch(t, "mo", "2026-11-16"), touch(t, "tu", "2026-11-17"), touch(t, "su", "2026-11-22"), touch(t, "next", "2026-11-23"))
		all := f.ledger(t, "2026-11")
		require.Len(t, all, 4)
		require.Equal(t, 10, all["mo/touch/carol/1"].Points)
		require.Equal(t, []any{5, []Cut{{CapKindWeek, 15, 5}}}, []any{all["tu/touch/carol/1"].Points, all["tu/touch/carol/1"].Cuts})
		require.Equal(t, []any{0, []Cut{{CapKindWeek, 15, 10}}}, []any{all["su/touch/carol/1"].Points, all["su/touch/carol/1"].Cuts})
		require.Equal(t, 10, all["next/touch/carol/1"].Points)

		// By now acme has given 25 in the month, and carol has 25.
		dora, brick := touch(t, "dora", "2026-11-24"), touch(t, "brick", "2026-11-30")
		dora.Persons, brick.Account = []string{"dora"}, "brick"
		f.credits(t, dora, brick, touch(t, "again", "2026-11-30"))
		all = f.ledger(t, "2026-11")
		require.Equal(t, []Cut{{CapAccountMonth, 25, 10}}, all["dora/touch/dora/1"].Cuts)
		require.Equal(t, []Cut{{CapAccountMonth, 25, 10}}, all["again/touch/carol/1"].Cuts)
		require.Equal(t, []Cut{{CapKindWeek, 15, 5}}, all["brick/touch/carol/1"].Cuts)
	})
}

func TestR10LateWorkTakesTheRoomOfWhatCameAfterIt(t *testing.T) {
	rules := simple()
	rules.Caps.PersonMonth = 15
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, rules)
		f.credits(t, touch(t, "b", "2026-11-10"), touch(t, "c", "2026-11-11"))
		require.Equal(t, map[string]int{"b/touch/carol": 10, "c/touch/carol": 5}, f.net(t, "2026-11"))
		f.credits(t, touch(t, "a", "2026-11-09"))
		require.Equal(t, map[string]int{"a/touch/carol": 10, "b/touch/carol": 5}, f.net(t, "2026-11"))
		all := f.ledger(t, "2026-11")
		require.Len(t, all, 5)
		require.Equal(t, []Cut{{CapPersonMonth, 15, 5}}, all["b/touch/carol/2"].Cuts)
		require.Equal(t, []any{-5, []Cut{{CapPersonMonth, 15, 10}}}, []any{all["c/touch/carol/2"].Points, all["c/touch/carol/2"].Cuts})
	})
}

func TestR10AWeekReachesIntoTheNextMonth(t *testing.T) {
	rules := simple()
	rules.Caps.KindWeek = []KindCap{{TouchpointDone, 10}}
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, rules)
		f.credits(t, touch(t, "december", "2026-12-01"))
		require.Equal(t, map[string]int{"december/touch/carol": 10}, f.net(t, "2026-12"))
		f.credits(t, touch(t, "november", "2026-11-30")) // the Monday before, late
		require.Equal(t, map[string]int{"november/touch/carol": 10}, f.net(t, "2026-11"))
		require.Empty(t, f.net(t, "2026-12"))
	})
}

func TestCompletedWorkIsCreditedInTheBackground(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, simple())
		require.NoError(t, f.Observe(t.Context(), []Work{touch(t, "a", "2026-11-20")}))
		f.background(t, f.Run)
		require.Eventually(t, func() bool {
			list, _, err := f.ListTotals(context.Background(), MonthOf(civil.Date(2026, 11, 1)), 10, nil)
			return err == nil && len(list) == 1 && list[0].Points == 10
		}, time.Minute, 10*time.Millisecond)
	})
}
