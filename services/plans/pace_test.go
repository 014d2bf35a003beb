package plans

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
)

func recurring(id, rule, start string, roles ...string) Cadence {
	return Cadence{ID: id, Purpose: "Say hello", Channel: Call, Roles: roles, When: calendar.Recurrence{Rule: rule, Start: start + "T09:00"}}
}

func TestR9AGapLeavesRoomForTheCadences(t *testing.T) {
	weekly, yearly := recurring("weekly", "FREQ=WEEKLY", "2027-03-02"), recurring("yearly", "FREQ=YEARLY", "2028-05-03")
	monthly := recurring("monthly", "FREQ=MONTHLY", "2027-01-15")
	with := func(c Cadence, roles ...string) Cadence {
		c.Roles = roles
		return c
	}
	for name, c := range map[string]struct {
		gap      int
		cadences []Cadence
		refused  string
	}{
		"no gap":                          {0, []Cadence{recurring("daily", "FREQ=DAILY", "2027-03-02"), weekly}, ""},
		"just room":                       {6, []Cadence{weekly}, ""},
		"a day too many":                  {7, []Cadence{weekly}, `7 leaves no room for what the cadence "weekly" asks for with one person: "weekly" of 6 April 2027 would be put off beyond the next one. Make the gap shorter, or the contacts rarer.`},
		"every day":                       {1, []Cadence{recurring("daily", "FREQ=DAILY", "2027-03-02")}, `the cadence "daily" asks for`},
		"a few days a year":               {30, []Cadence{monthly}, `the cadence "monthly" asks for`},
		"only in February":                {29, []Cadence{monthly}, ""},
		"some at once, and then no more":  {5, []Cadence{recurring("begin", "FREQ=DAILY;COUNT=3", "2027-03-02")}, `"begin"`},
		"one a year more than there is":   {6, []Cadence{weekly, yearly}, `what the cadences "weekly" and "yearly" ask for with one person: "weekly" of 8 May 2029`},
		"as many as there is room for":    {2, []Cadence{weekly, yearly}, ""},
		"other people":                    {6, []Cadence{with(weekly, "finance"), with(yearly, "it")}, ""},
		"people of one role":              {6, []Cadence{with(weekly, "finance"), with(yearly, "board", "finance")}, "with one person of the role finance"},
		"all, and those of a role":        {6, []Cadence{weekly, with(yearly, "it")}, "with one person of the role it"},
		"all of three":                    {4, []Cadence{weekly, recurring("other", "FREQ=WEEKLY", "2027-03-04"), recurring("third", "FREQ=WEEKLY", "2027-03-06")}, `the cadences "other", "third" and "weekly" ask for`},
		"one that is over before another": {6, []Cadence{recurring("old", "FREQ=WEEKLY;UNTIL=20270401T000000Z", "2026-03-02"), recurring("new", "FREQ=WEEKLY", "2027-06-02")}, ""},
		"weekends are in the way":         {4, []Cadence{recurring("a", "FREQ=DAILY;INTERVAL=10", "2027-03-01"), recurring("b", "FREQ=DAILY;INTERVAL=10", "2027-03-01")}, `the cadences "a" and "b" ask for`},
		"the earlier one comes first": {4, []Cadence{
			{ID: "a", Purpose: "Hello", Channel: Call, When: calendar.Recurrence{Rule: "FREQ=DAILY;INTERVAL=10", Start: "2027-03-01T10:00"}},
			{ID: "b", Purpose: "Hello", Channel: Call, When: calendar.Recurrence{Rule: "FREQ=DAILY;INTERVAL=5", Start: "2027-03-01T09:00"}}}, `"b" of 6 March 2027`},
		"weekends are put together": {1, []Cadence{{ID: "ends", Purpose: "Hello", Channel: Call, When: calendar.Recurrence{Rule: "FREQ=WEEKLY;BYDAY=SA,SU", Start: "2027-03-02T09:00", OnHoliday: calendar.NextWorkday}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := Strategy{GapDays: c.gap, Cadences: c.cadences}
			require.NoError(t, s.check("s"))
			err := s.paced("s")
			if c.refused == "" {
				require.NoError(t, err)
				return
			}
			requireField(t, err, "s.gap_days")
			require.ErrorContains(t, err, c.refused)
		})
	}
}

// Of evenly spaced cadences of the same people, those are refused of which more fall due in
// a time than there is room for in it; and none with half as many, of which none is nearer
// than the gap to its own next.
func TestR9AStrategyIsRefusedForWhatItAsks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gap := rapid.IntRange(1, 20).Draw(t, "gap")
		s := Strategy{GapDays: gap}
		load, shortest := 0.0, 1000
		n := rapid.IntRange(1, 4).Draw(t, "cadences")
		for i := range n {
			every := rapid.IntRange(2, 90).Draw(t, fmt.Sprint("every ", i))
			first := civil.Day(20_000 + rapid.IntRange(0, 400).Draw(t, fmt.Sprint("first ", i)))
			s.Cadences = append(s.Cadences, recurring(fmt.Sprint("c", i), fmt.Sprintf("FREQ=DAILY;INTERVAL=%d", every), first.String()))
			load += float64(gap+1) / float64(every)
			shortest = min(shortest, every)
		}
		err := s.paced("s")
		if load > 1.05 {
			require.Error(t, err, "a load of %.2f", load)
		}
		if shortest > n*(gap+3) { // all of the others fit between two of each, and weekends after them
			require.NoError(t, err, "a load of %.2f", load)
		}
		slices.Reverse(s.Cadences)
		require.Equal(t, err == nil, s.paced("s") == nil, "in whatever order they are written")
	})
}

func TestR9APlanKeepsAStrategyThatWasThereBefore(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		tight := []Cadence{recurring("weekly", "FREQ=WEEKLY", "2027-03-02")}
		f.begun(t, whole(t))
		_, err := f.Update(ctx, someone, "acme", "", Patch{Cadences: &tight, GapDays: new(10)})
		requireField(t, err, "plan.strategy.gap_days")
		_, err = f.Create(ctx, someone, "brick", "anna", Plan{Strategy: Strategy{Cadences: tight, GapDays: 10}}, true)
		requireField(t, err, "plan.strategy.gap_days")
		_, err = f.CreateTemplate(ctx, someone, "tight", Template{DisplayName: "Tight"}, Edition{Strategy: Strategy{Cadences: tight, GapDays: 10}}, true)
		requireField(t, err, "plan_template.version.strategy.gap_days")

		_, err = f.plans.Update(ctx, someone, "acme", nil, "plan.updated", func(p *Plan) error { // as an earlier release let it be
			p.Strategy.Cadences, p.Strategy.GapDays = tight, 10
			return nil
		})
		require.NoError(t, err)
		changed, err := f.Update(ctx, someone, "acme", "", Patch{Contribution: new("More.")})
		require.NoError(t, err, "what else is in the plan can be changed")
		require.Equal(t, "More.", changed.State.Contribution)
		_, err = f.Update(ctx, someone, "acme", "", Patch{GapDays: new(6)})
		require.NoError(t, err)
	})
}

// Own cadences and those of the template may ask for too much together.
func TestR9RenewingLeavesRoomForOwnCadences(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.template(t)
	_, err := f.Apply(t.Context(), someone, keyAccounts("acme"))
	require.NoError(t, err)
	cadences := []Cadence{monthly("month"), recurring("weekly", "FREQ=WEEKLY", "2027-03-02")}
	_, err = f.Update(t.Context(), someone, "acme", "", Patch{Cadences: &cadences})
	require.NoError(t, err)
	_, err = f.PublishTemplate(t.Context(), someone, "key-accounts", "", Edition{Strategy: Strategy{Cadences: []Cadence{monthly("month")}, GapDays: 6}}, false)
	require.NoError(t, err)
	done, err := f.Apply(t.Context(), someone, keyAccounts("acme"))
	require.NoError(t, err)
	require.Equal(t, Refused, done[0].Outcome)
	require.Contains(t, done[0].Problem, `6 leaves no room for what the cadences "month" and "weekly" ask for`)
}
