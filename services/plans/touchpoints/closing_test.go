package touchpoints

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Nothing is due with an account from the day on from which it is no customer any more, and
// all of it again once it was opened again.
func TestAnAccountThatIsClosedIsOwedNothingFromThenOn(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00")}})
		f.settled(t)
		byHand, err := f.Plan(ctx, anna, New{Plan: "acme", Purpose: "Send the plan", Channel: plans.Email, Due: day("2027-03-25")}, false)
		require.NoError(t, err)
		_, err = f.Reschedule(ctx, anna, "acme/weekly-2027-03-23", "", day("2027-03-24"), "they asked", false)
		require.NoError(t, err)
		f.settled(t)
		before := f.due(t, "acme")

		f.closes(t, "acme", day("2027-03-16"))
		require.Equal(t, map[string]string{"weekly-2027-03-02": "2027-03-02", "weekly-2027-03-09": "2027-03-09"}, f.due(t, "acme"),
			"it is a customer until then")
		gone := f.all(t, "acme")["weekly-2027-03-16"].State
		require.Equal(t, Withdrawn, gone.State)
		require.Equal(t, "accounts/acme is no customer from 16 March 2027 on", gone.EndReason)
		_, err = f.Plan(ctx, anna, New{Plan: "acme", Purpose: "Say goodbye", Channel: plans.Call, Due: day("2027-03-16")}, false)
		requireReason(t, err, "ACCOUNT_STATE")
		_, err = f.Plan(ctx, anna, New{Plan: "acme", Purpose: "Say goodbye", Channel: plans.Call, Due: day("2027-03-15")}, true)
		require.NoError(t, err)
		_, err = f.Reschedule(ctx, anna, "acme/weekly-2027-03-09", "", day("2027-03-16"), "later", false)
		requireReason(t, err, "ACCOUNT_STATE")

		f.closes(t, "acme", 0)
		require.Equal(t, before, f.due(t, "acme"), "it stays a customer")
		require.True(t, f.all(t, "acme")["weekly-2027-03-23"].State.Moved)
		require.Empty(t, f.all(t, "acme")[byHand.ID[len("acme/"):]].State.EndReason)

		f.noon("2027-03-18")
		f.settled(t)
		f.closes(t, "acme", day("2027-03-12")) // told late
		require.Equal(t, map[string]string{"weekly-2027-03-02": "2027-03-02", "weekly-2027-03-09": "2027-03-09"}, f.due(t, "acme"))
		_, err = f.Complete(ctx, anna, "acme/weekly-2027-03-09", "", Outcome{Text: "Well."})
		requireReason(t, err, "ACCOUNT_STATE")
		_, err = f.Complete(ctx, anna, "acme/weekly-2027-03-09", "", Outcome{Text: "Well.", On: day("2027-03-11")})
		require.NoError(t, err)
		f.noon("2027-04-18")
		n, err := f.Pass(ctx)
		require.NoError(t, err)
		require.Zero(t, n, "nothing is laid out for it any more")
		f.closes(t, "acme", 0)
		require.Equal(t, map[string]string{"weekly-2027-03-02": "2027-03-02", "weekly-2027-04-20": "2027-04-20", "weekly-2027-04-27": "2027-04-27",
			"weekly-2027-05-04": "2027-05-04", "weekly-2027-05-11": "2027-05-11", "weekly-2027-05-18": "2027-05-18"}, f.due(t, "acme"),
			"while it was closed nothing was owed")
	})
}

// Whoever gets the plan while the account is closed gets what is overdue since before that too.
func TestAHandoverWhileTheAccountIsClosedLeavesNothingBehind(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		theirs := cadence("theirs", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T11:00")
		theirs.Owner = "bob"
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00"), theirs}})
		f.settled(t)
		_, err := f.Plan(ctx, anna, New{ID: "given", Plan: "acme", Purpose: "Send the plan", Channel: plans.Email, Due: day("2027-03-03"), Owner: "cleo"}, false)
		require.NoError(t, err)
		f.noon("2027-03-10")
		f.settled(t)
		f.closes(t, "acme", day("2027-03-09"))
		f.change(t, "acme", func(p *plans.Plan) { p.Owner = "dora" })
		f.settled(t)
		owners := map[string]string{}
		for id := range f.due(t, "acme") {
			owners[id] = f.all(t, "acme")[id].State.Owner
		}
		require.Equal(t, map[string]string{"weekly-2027-03-02": "dora", "theirs-2027-03-02": "bob", "given": "cleo"}, owners)

		f.noon("2027-03-11")
		f.closes(t, "acme", 0)
		before := f.all(t, "acme")
		require.Equal(t, "dora", before["weekly-2027-03-02"].State.Owner)
		require.NoError(t, f.mark(ctx, "acme", 0))
		f.settled(t)
		require.Equal(t, before, f.all(t, "acme"))
	})
}

// What was due when an account was no customer any more was not missed.
func TestWhatAClosedAccountIsNotOwedWasNotMissed(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00")}})
		f.settled(t)
		f.noon("2027-03-18")
		f.settled(t)
		f.closes(t, "acme", day("2027-03-12"))
		require.NoError(t, f.store.Flush(t.Context()))
		events, err := f.store.Feed().Read(t.Context(), 0, 1000)
		require.NoError(t, err)
		ended := 0
		for _, e := range events {
			work, err := Work(e)
			require.NoError(t, err)
			require.Nil(t, work, e.Source)
			if e.Type == withdrawn {
				ended++
			}
		}
		require.Equal(t, 6, ended)
	})
}

// The plans of accounts that change otherwise are not settled for it.
func TestOnlyAnotherDayOfClosingSettlesThePlan(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00")}})
		f.settled(t)
		told := func() int {
			require.NoError(t, f.Take(t.Context(), []feeds.Change{{Account: &feeds.Account{ID: "acme"}}, {Account: &feeds.Account{ID: "brook"}}}))
			n, err := f.Pass(t.Context())
			require.NoError(t, err)
			return n
		}
		require.Zero(t, told())
		f.world.ends["acme"] = day("2027-03-20")
		require.Equal(t, 1, told())
		require.Zero(t, told())
		_, err := f.passes.Get(t.Context(), "brook")
		require.ErrorIs(t, err, docstore.ErrNotFound, "it has no plan")
		f.noon("2027-03-20")
		n, err := f.Pass(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n, "the day has come")
	})
}

// What a calendar leaves out comes back once the calendar was corrected, also where it was
// left out from the beginning.
func TestACorrectedCalendarBringsBackWhatItLeftOut(t *testing.T) {
	for _, policy := range []calendar.Policy{calendar.Skip, calendar.NextWorkday, calendar.PreviousWorkday} {
		t.Run(string(policy), func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, f *fixture) {
				daily := cadence("daily", "FREQ=DAILY;INTERVAL=2", "2027-03-02T09:00") // onto one another where holidays are
				daily.When.OnHoliday = policy
				shut := calendar.Workdays{Weekend: calendar.NoWeekend}
				for d := day("2027-03-10"); d < day("2027-03-20"); d++ {
					shut.Holidays = append(shut.Holidays, d)
				}
				published := func(w calendar.Workdays) map[string]string {
					f.workdays["office"] = w
					require.NoError(t, f.Take(t.Context(), []feeds.Change{{Service: feeds.Entitlements, ScheduleVersion: "2", At: f.Service.now()}}))
					f.settled(t)
					return f.due(t, "acme")
				}
				f.workdays["office"] = shut
				f.active(t, "acme", plans.Strategy{Calendar: "office", Cadences: []plans.Cadence{daily}})
				f.settled(t)
				without := f.due(t, "acme")
				open := published(calendar.Workdays{Weekend: calendar.NoWeekend})
				require.Len(t, open, 18)
				for d := day("2027-03-02"); d <= day("2027-04-05"); d += 2 {
					require.Equal(t, d.String(), open["daily-"+d.String()])
				}
				require.Equal(t, without, published(shut))
				require.Equal(t, open, published(calendar.Workdays{Weekend: calendar.NoWeekend}))
			})
		})
	}
}
