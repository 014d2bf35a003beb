package touchpoints

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Whatever people do to a plan, its touchpoints and their own absences, on whatever days: once
// it is settled, the laws of touchpoints hold.
func TestLawsOfTouchpointsHoldWhateverPeopleDo(t *testing.T) {
	if checks := flag.Lookup("rapid.checks").Value; os.Getenv("EVENHAND_TEST_LONG") == "" && checks.String() == "100" {
		require.NoError(t, checks.Set("20")) // each runs a service through weeks
		t.Cleanup(func() { require.NoError(t, checks.Set("100")) })
	}
	f := start(t, teststore.SQLite(t))
	runs := 0
	rapid.Check(t, func(r *rapid.T) {
		f.noon("2027-03-01")
		runs++
		account := fmt.Sprintf("a%d", runs)
		defer f.forget(t, account)
		f.contacts[account] = []Contact{{ID: "ines", Roles: []string{"finance"}, Zone: "Europe/Berlin"}, {ID: "otto", Roles: []string{"it"}}}
		plan := plans.Plan{Owner: account + "-anna", State: plans.Active}
		write := func() {
			f.change(t, account, func(p *plans.Plan) { p.Owner, p.State, p.Strategy = plan.Owner, plan.State, plan.Strategy })
		}
		strategy := func() plans.Strategy {
			s := plans.Strategy{GapDays: rapid.IntRange(0, 3).Draw(r, "gap")}
			if rapid.Bool().Draw(r, "quiet") {
				s.Quiet = plans.QuietHours{From: 17 * 60, To: 9 * 60}
			}
			for i := range rapid.IntRange(0, 3).Draw(r, "cadences") {
				c := cadence(fmt.Sprintf("c%d", i), rapid.SampledFrom([]string{"FREQ=WEEKLY;BYDAY=TU", "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY;BYMONTHDAY=15",
					"FREQ=MONTHLY;BYDAY=-1FR", "FREQ=DAILY;INTERVAL=9"}).Draw(r, "rule"), fmt.Sprintf("2027-02-%02dT%02d:00", 1+i, rapid.IntRange(6, 20).Draw(r, "hour")))
				c.Roles = rapid.SampledFrom([][]string{nil, {"it"}, {"finance"}}).Draw(r, "roles")
				c.When.OnHoliday = rapid.SampledFrom(calendar.Policies).Draw(r, "policy")
				s.Cadences = append(s.Cadences, c)
			}
			return s
		}
		plan.Strategy = strategy()
		write()
		var absences []string
		owed := func() (ids []string) {
			for id, s := range f.all(t, account) {
				if s.State.State == Planned {
					ids = append(ids, id)
				}
			}
			slices.Sort(ids)
			return ids
		}
		pick := func() (resource.Stored[Touchpoint], bool) {
			ids := owed()
			if len(ids) == 0 {
				return resource.Stored[Touchpoint]{}, false
			}
			return f.all(t, account)[rapid.SampledFrom(ids).Draw(r, "touchpoint")], true
		}
		today := func() civil.Day {
			day, err := f.Today(t.Context())
			require.NoError(r, err)
			return day
		}
		soon := rapid.Custom(func(r *rapid.T) civil.Day { return today() + civil.Day(rapid.IntRange(0, 30).Draw(r, "soon")) })
		r.Repeat(map[string]func(*rapid.T){
			"a new strategy": func(*rapid.T) { plan.Strategy = strategy(); write() },
			"a new owner": func(*rapid.T) {
				plan.Owner = account + rapid.SampledFrom([]string{"-anna", "-bob"}).Draw(r, "owner")
				write()
			},
			"another state": func(*rapid.T) {
				plan.State = rapid.SampledFrom([]plans.State{plans.Active, plans.Active, plans.UnderReview, plans.Closed}).Draw(r, "state")
				write()
			},
			"days go by": func(*rapid.T) { f.noon((today() + civil.Day(rapid.IntRange(1, 12).Draw(r, "days"))).String()) },
			"an absence": func(*rapid.T) {
				first := soon.Draw(r, "first")
				a, err := f.CreateAbsence(t.Context(), anna, Away{Principal: account + rapid.SampledFrom([]string{"-anna", "-bob", "-dora"}).Draw(r, "who"), First: first,
					Last: first + civil.Day(rapid.IntRange(0, 6).Draw(r, "length")), StandIn: rapid.SampledFrom([]string{"", account + "-cleo"}).Draw(r, "stand-in")}, false)
				require.NoError(r, err)
				absences = append(absences, a.ID)
			},
			"an absence less": func(*rapid.T) {
				if len(absences) > 0 {
					require.NoError(r, f.DeleteAbsence(t.Context(), anna, absences[0], ""))
					absences = absences[1:]
				}
			},
			"one is done": func(*rapid.T) {
				if one, ok := pick(); ok && one.State.Opens <= today() {
					_, err := f.Complete(t.Context(), anna, one.ID, "", Outcome{Text: "Well."})
					require.NoError(r, err)
				}
			},
			"one is skipped": func(*rapid.T) {
				if one, ok := pick(); ok {
					_, err := f.Skip(t.Context(), anna, one.ID, "", "no")
					require.NoError(r, err)
				}
			},
			"one is handed on": func(*rapid.T) {
				if one, ok := pick(); ok {
					_, err := f.Reassign(t.Context(), anna, one.ID, "", account+rapid.SampledFrom([]string{"-bob", "-cleo", "-dora"}).Draw(r, "to"), "")
					require.NoError(r, err)
				}
			},
			"one is moved": func(*rapid.T) {
				if one, ok := pick(); ok {
					_, err := f.Reschedule(t.Context(), anna, one.ID, "", max(soon.Draw(r, "to"), one.State.Opens), "they asked", false)
					require.NoError(r, err)
				}
			},
			"the customer rings": func(*rapid.T) { // R7
				before := owed()
				_, err := f.RecordContact(t.Context(), anna, Record{Plan: account, Purpose: "A question", Channel: plans.Call,
					Outcome: Outcome{Text: "Answered.", Initiator: Customer, Contacts: []string{"ines", "otto"}}}, false)
				require.NoError(r, err)
				require.Equal(r, before, owed())
			},
			"one is planned by hand": func(*rapid.T) {
				if plan.State.Counts() {
					_, err := f.Plan(t.Context(), anna, New{Plan: account, Purpose: "Hello", Channel: plans.Call, Due: soon.Draw(r, "due")}, false)
					require.NoError(r, err)
				}
			},
			"": func(*rapid.T) {
				f.settled(t)
				f.lawful(r, account, &plan, today())
			},
		})
	})
}

// forget has passes leave a plan alone, so that those of the next run settle only its own.
func (f *fixture) forget(t *testing.T, account string) {
	_, err := f.passes.Upsert(t.Context(), account, func(d *docstore.Doc[pass]) error {
		d.Body.Next = civil.Never
		return nil
	})
	require.NoError(t, err)
}

// lawful wants the laws to hold of a plan that is settled.
func (f *fixture) lawful(t *rapid.T, account string, plan *plans.Plan, today civil.Day) {
	all := map[string]resource.Stored[Touchpoint]{}
	for s, err := range f.touches.All(t.Context(), docstore.Query{Index: byPlan, Equal: []any{account}}) {
		require.NoError(t, err)
		all[s.ID] = s
	}
	for id, s := range all {
		one := &s.State
		if one.State != Planned {
			continue
		}
		require.True(t, plan.State.Counts(), "%s is owed, and the plan is %s", id, plan.State)
		require.Equal(t, one.Day, one.DueDay)
		if one.Moved || one.DueDay <= today {
			continue // people decided that, or it was due before
		}
		require.GreaterOrEqual(t, one.DueDay, one.Occurrence-3, "no earlier than the working day before the rule's")
		require.LessOrEqual(t, one.Occurrence-2, today+Ahead, "no further ahead than the working day before the rule's")
		for _, a := range f.awayOf(t, one.Owner) {
			require.False(t, a.covers(one.DueDay), "%s is %s's, who is away", id, one.Owner)
		}
		for other, x := range all {
			if other == id || !x.State.touches() || !slices.ContainsFunc(x.State.people(), func(p string) bool { return slices.Contains(one.Contacts, p) }) {
				continue
			}
			apart := max(one.DueDay-x.State.Day, x.State.Day-one.DueDay)
			require.False(t, plan.Strategy.GapDays > 0 && apart <= civil.Day(plan.Strategy.GapDays), "%s on %s and %s on %s", id, one.DueDay, other, x.State.Day)
		}
	}
	require.NoError(t, f.mark(t.Context(), account, 0))
	_, err := f.Pass(t.Context())
	require.NoError(t, err)
	for s, err := range f.touches.All(t.Context(), docstore.Query{Index: byPlan, Equal: []any{account}}) {
		require.NoError(t, err)
		require.Equal(t, all[s.ID].Version, s.Version, "settled twice, %s changes: %v and %v", s.ID, all[s.ID].State, s.State)
	}
}

func (f *fixture) awayOf(t *rapid.T, principal string) []Away {
	list, err := f.away(t.Context(), principal, 0)
	require.NoError(t, err)
	return list
}
