package touchpoints

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans"
)

// Whatever puts a contact off, and for however long: it is owed as long as the strategy has it.
func TestNothingThatIsPutOffIsLost(t *testing.T) {
	if checks := flag.Lookup("rapid.checks").Value; os.Getenv("EVENHAND_TEST_LONG") == "" && checks.String() == "100" {
		require.NoError(t, checks.Set("20")) // each runs a service through years
		t.Cleanup(func() { require.NoError(t, checks.Set("100")) })
	}
	f := start(t, teststore.SQLite(t))
	runs := 0
	rapid.Check(t, func(r *rapid.T) {
		f.noon("2027-03-01")
		runs++
		account := fmt.Sprintf("a%d", runs)
		owner := account + "-anna"
		defer f.forget(t, account)
		f.contacts[account] = []Contact{{ID: "ines"}}
		f.change(t, account, func(p *plans.Plan) {
			p.Owner, p.State = owner, plans.Active
			p.Strategy = plans.Strategy{GapDays: rapid.SampledFrom([]int{0, 1, 30, 200, plans.MaxGapDays}).Draw(r, "gap"),
				Cadences: []plans.Cadence{cadence("monthly", "FREQ=MONTHLY;BYMONTHDAY=15", "2027-01-15T09:00"), cadence("yearly", "FREQ=YEARLY", "2027-03-20T09:00")}}
		})
		f.settled(t)
		for range rapid.IntRange(1, 12).Draw(r, "turns") {
			planned := f.due(t, account)
			today, err := f.Today(t.Context())
			require.NoError(r, err)
			if rapid.Bool().Draw(r, "is away") {
				first := today + civil.Day(rapid.IntRange(1, 30).Draw(r, "first"))
				_, err := f.CreateAbsence(t.Context(), anna, Away{Principal: owner, First: first, Last: first + civil.Day(rapid.IntRange(0, maxAway-1).Draw(r, "length"))}, false)
				require.NoError(r, err)
			} else {
				f.noon((today + civil.Day(rapid.IntRange(1, 150).Draw(r, "days"))).String())
			}
			f.settled(t)
			require.NoError(r, f.mark(t.Context(), account, 0))
			_, err = f.Pass(t.Context())
			require.NoError(r, err)
			for id := range planned {
				require.Contains(r, f.due(t, account), id)
			}
		}
	})
}

func TestAContactThatAnAbsencePutsOffByAYearIsOwed(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("yearly", "FREQ=YEARLY", "2027-03-20T09:00")}})
		_, err := f.CreateAbsence(t.Context(), anna, Away{Principal: "anna", First: day("2027-03-15"), Last: day("2027-10-31")}, false)
		require.NoError(t, err)
		f.settled(t)
		require.Equal(t, map[string]string{"yearly-2027-03-20": "2027-11-01"}, f.due(t, "acme"))
		f.noon("2027-08-01") // more than 100 days after
		require.NoError(t, f.mark(t.Context(), "acme", 0))
		f.settled(t)
		require.Equal(t, map[string]string{"yearly-2027-03-20": "2027-11-01"}, f.due(t, "acme"))
	})
}

// A pass may come before what changed was heard of: the outcome is the same.
func TestAPassAheadOfTheFeedLosesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		weekly, other := cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-02-02T09:00"), cadence("other", "FREQ=WEEKLY;BYDAY=WE", "2027-02-03T09:00")
		f.change(t, "acme", func(p *plans.Plan) {
			p.Owner, p.State, p.Strategy = "anna", plans.Active, plans.Strategy{Cadences: []plans.Cadence{weekly}}
		})
		f.noon("2027-03-04")
		require.NoError(t, f.mark(ctx, "acme", 0)) // for something else
		_, err := f.Pass(ctx)
		require.NoError(t, err)
		require.Equal(t, "2027-03-02", f.due(t, "acme")["weekly-2027-03-02"], "it was active then")
		require.NotContains(t, f.due(t, "acme"), "weekly-2027-02-23")

		f.noon("2027-03-09")
		f.change(t, "acme", func(p *plans.Plan) { p.Strategy.Cadences = append(p.Strategy.Cadences, other) })
		f.noon("2027-03-11")
		f.change(t, "acme", func(p *plans.Plan) { p.CustomerEffect = "They wait less." })
		f.noon("2027-03-12")
		require.NoError(t, f.mark(ctx, "acme", 0))
		_, err = f.Pass(ctx)
		require.NoError(t, err)
		ahead := f.due(t, "acme")
		require.Equal(t, "2027-03-10", ahead["other-2027-03-10"])
		require.NotContains(t, ahead, "other-2027-03-03")
		f.settled(t)
		require.Equal(t, ahead, f.due(t, "acme"), "and then it is heard of")
	})
}

// An absence that is written down during a pass counts for all that is laid out after that.
func TestAnAbsenceThatComesDuringAPassIsNotLost(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00")}})
		f.caughtUp(t)
		zone, err := f.opts.Zone(ctx)
		require.NoError(t, err)
		r := &round{service: f.Service, zone: zone, at: f.Service.now(), today: day("2027-03-01"), working: map[string]workdays{}, away: map[string][]Away{}}
		before, err := r.absent(ctx, []string{"anna"}) // as for a plan that was laid out before
		require.NoError(t, err)
		require.Empty(t, before["anna"])
		_, err = f.CreateAbsence(ctx, anna, Away{Principal: "anna", StandIn: "bob", First: day("2027-03-08"), Last: day("2027-03-10")}, false)
		require.NoError(t, err)
		f.caughtUp(t)
		laid, err := f.passes.Get(ctx, "acme")
		require.NoError(t, err)
		subjects, err := f.subjects(ctx, []docstore.Doc[pass]{laid})
		require.NoError(t, err)
		require.NoError(t, f.settleOne(ctx, r, &subjects[0]))
		require.Equal(t, "bob", f.all(t, "acme")["weekly-2027-03-09"].State.Owner)
	})
}

// A cadence asks for nothing of before it was, whatever of the plan changed before and is not
// settled.
func TestNothingIsBornOverdueFromBeforeACadenceWas(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		weekly, daily := cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00"), cadence("daily", "FREQ=DAILY", "2027-01-01T09:00")
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{weekly}})
		f.settled(t)
		f.fail = errTest // nobody tells the contacts of the account
		f.noon("2027-03-09")
		f.change(t, "acme", func(p *plans.Plan) { p.CustomerEffect = "They wait less." })
		f.caughtUp(t)
		_, err := f.Pass(t.Context())
		require.ErrorIs(t, err, errTest)
		f.noon("2027-03-10")
		f.change(t, "acme", func(p *plans.Plan) { p.Strategy.Cadences = append(p.Strategy.Cadences, daily) })
		f.fail = nil
		f.settled(t)
		due := f.due(t, "acme")
		require.NotContains(t, due, "daily-2027-03-09")
		require.Contains(t, due, "daily-2027-03-10")
	})
}

// What a plan asked for before it was active is not owed, however late it is heard of.
func TestNothingIsBornOverdueFromBeforeAPlanWasActive(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		weekly := cadence("weekly", "FREQ=WEEKLY;BYDAY=SA", "2027-02-06T09:00")
		weekly.When.OnHoliday = calendar.PreviousWorkday
		f.change(t, "acme", func(p *plans.Plan) {
			p.Owner, p.State, p.Strategy = "anna", plans.Draft, plans.Strategy{Cadences: []plans.Cadence{weekly}}
		})
		f.noon("2027-03-13") // Saturday
		f.change(t, "acme", func(p *plans.Plan) {
			p.State = plans.Active
		})
		f.noon("2027-03-16")
		f.settled(t)
		require.Equal(t, map[string]string{"weekly-2027-03-20": "2027-03-19", "weekly-2027-03-27": "2027-03-26", "weekly-2027-04-03": "2027-04-02",
			"weekly-2027-04-10": "2027-04-09", "weekly-2027-04-17": "2027-04-16"}, f.due(t, "acme"), "the 13th is held on the 12th, before it was active")
		n := 0
		for range f.touches.All(t.Context(), docstore.Query{}) {
			n++
		}
		require.Equal(t, 5, n)
	})
}
