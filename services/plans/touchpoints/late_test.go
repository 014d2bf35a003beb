package touchpoints

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// However long after a change a plan is settled: what is owed then is the same as if it had
// been at once.
func TestWhenAChangeIsSettledMakesNoDifference(t *testing.T) {
	take := func(t *testing.T, f *fixture, on string, c feeds.Change) {
		c.At = f.noonOf(on)
		require.NoError(t, f.Take(t.Context(), []feeds.Change{c}))
	}
	office := func(rule, start string, policy calendar.Policy) plans.Strategy {
		c := cadence("office", rule, start)
		c.When.OnHoliday = policy
		return plans.Strategy{Calendar: "office", Cadences: []plans.Cadence{c}}
	}
	for name, scenario := range map[string]struct {
		before func(t *testing.T, f *fixture) // and settled
		on     string                         // the day of the change
		change func(t *testing.T, f *fixture)
		told   func(t *testing.T, f *fixture) // of what others tell, when the plan is settled
		late   string                         // when it is settled late
		want   map[string]string              // among others; nothing of what is not owed
	}{
		"a plan is activated on a Sunday": {
			on: "2027-03-07", late: "2027-03-10",
			change: func(t *testing.T, f *fixture) {
				f.active(t, "acme", office("FREQ=WEEKLY;BYDAY=SA", "2027-01-02T09:00", calendar.NextWorkday))
			},
			want: map[string]string{"office-2027-03-06": "2027-03-08"},
		},
		"a closing is called off": {
			before: func(t *testing.T, f *fixture) {
				f.active(t, "acme", office("FREQ=DAILY", "2027-03-02T09:00", calendar.Keep))
				f.settled(t)
				for on := day("2027-03-15"); on <= day("2027-03-17"); on++ {
					_, err := f.Plan(t.Context(), anna, New{ID: "on-" + on.String(), Plan: "acme", Purpose: "Send the plan", Channel: plans.Email, Due: on}, false)
					require.NoError(t, err)
				}
				_, err := f.Reschedule(t.Context(), anna, "acme/office-2027-03-15", "", day("2027-03-16"), "they asked", false)
				require.NoError(t, err)
				f.closes(t, "acme", day("2027-03-15"))
			},
			on: "2027-03-14", late: "2027-03-18",
			change: func(*testing.T, *fixture) {},
			told: func(t *testing.T, f *fixture) {
				delete(f.world.ends, "acme")
				take(t, f, "2027-03-14", feeds.Change{Service: feeds.Accounts, Account: &feeds.Account{ID: "acme"}})
			},
			want: map[string]string{"on-2027-03-15": "2027-03-15", "on-2027-03-16": "2027-03-16", "on-2027-03-17": "2027-03-17",
				"office-2027-03-15": "2027-03-16", "office-2027-03-16": "2027-03-16"},
		},
		"a calendar is corrected": {
			before: func(t *testing.T, f *fixture) {
				f.workdays["office"] = shut("2027-03-08", "2027-03-12")
				f.active(t, "acme", office("FREQ=DAILY", "2027-03-02T09:00", calendar.Skip))
			},
			on: "2027-03-09", late: "2027-03-12",
			change: func(_ *testing.T, f *fixture) { f.workdays["office"] = calendar.Workdays{} },
			told: func(t *testing.T, f *fixture) {
				take(t, f, "2027-03-09", feeds.Change{Service: feeds.Entitlements, ScheduleVersion: "2"})
			},
			want: map[string]string{"office-2027-03-05": "2027-03-05", "office-2027-03-09": "", "office-2027-03-10": "2027-03-10", "office-2027-03-11": "2027-03-11"},
		},
		"a corrected calendar comes into force": {
			before: func(t *testing.T, f *fixture) {
				f.workdays["office"] = shut("2027-03-08", "2027-03-12")
				f.active(t, "acme", office("FREQ=DAILY", "2027-03-02T09:00", calendar.Skip))
				f.noon("2027-03-05")
				take(t, f, "2027-03-05", feeds.Change{Service: feeds.Entitlements, ScheduleVersion: "2", InForce: f.noonOf("2027-03-10").Add(-12 * time.Hour)})
			},
			on: "2027-03-10", late: "2027-03-15",
			change: func(_ *testing.T, f *fixture) { f.workdays["office"] = calendar.Workdays{} },
			want:   map[string]string{"office-2027-03-05": "2027-03-05", "office-2027-03-09": "", "office-2027-03-10": "2027-03-10", "office-2027-03-11": "2027-03-11"},
		},
		"a calendar is corrected for later": {
			before: func(t *testing.T, f *fixture) {
				f.workdays["office"] = shut("2027-03-08", "2027-03-12")
				f.active(t, "acme", office("FREQ=DAILY", "2027-03-02T09:00", calendar.Skip))
			},
			on: "2027-03-10", late: "2027-03-15",
			change: func(_ *testing.T, f *fixture) { f.workdays["office"] = calendar.Workdays{} },
			told: func(t *testing.T, f *fixture) {
				take(t, f, "2027-03-05", feeds.Change{Service: feeds.Entitlements, ScheduleVersion: "2", InForce: f.noonOf("2027-03-10").Add(-12 * time.Hour)})
			},
			want: map[string]string{"office-2027-03-05": "2027-03-05", "office-2027-03-09": "", "office-2027-03-10": "2027-03-10", "office-2027-03-11": "2027-03-11"},
		},
		"another calendar is chosen": {
			before: func(t *testing.T, f *fixture) {
				f.workdays["office"] = shut("2027-03-08", "2027-03-12")
				f.active(t, "acme", office("FREQ=DAILY", "2027-03-02T09:00", calendar.Skip))
			},
			on: "2027-03-09", late: "2027-03-12",
			change: func(t *testing.T, f *fixture) {
				f.change(t, "acme", func(p *plans.Plan) { p.Strategy.Calendar = "" })
			},
			want: map[string]string{"office-2027-03-09": "", "office-2027-03-10": "2027-03-10", "office-2027-03-11": "2027-03-11"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := func(told string, passes bool) map[string]string {
				f := start(t, teststore.SQLite(t))
				if scenario.before != nil {
					scenario.before(t, f)
					f.settled(t)
				}
				f.noon(scenario.on)
				scenario.change(t, f)
				for today := day(scenario.on); today <= day(scenario.late); today++ {
					f.noon(today.String())
					if today == day(told) && scenario.told != nil {
						scenario.told(t, f)
					}
					if today >= day(told) {
						f.caughtUp(t)
					}
					if today >= day(told) || passes {
						_, err := f.Pass(t.Context())
						require.NoError(t, err)
					}
				}
				return f.due(t, "acme")
			}
			due := run(scenario.on, true)
			for id, on := range scenario.want {
				require.Equal(t, on, due[id], id)
			}
			require.Equal(t, due, run(scenario.late, false))
			require.Equal(t, due, run(scenario.late, true), "passes for other reasons change nothing of that")
		})
	}
}
