package touchpoints

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// shut is a calendar that is shut from one day to another, both included.
func shut(first, last string) calendar.Workdays {
	var w calendar.Workdays
	for d := day(first); d <= day(last); d++ {
		w.Holidays = append(w.Holidays, d)
	}
	return w
}

// quarterly is a contact that holidays bring forward.
func quarterly() plans.Strategy {
	c := cadence("quarterly", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=20", "2027-05-20T09:00")
	c.When.OnHoliday = calendar.PreviousWorkday
	return plans.Strategy{Calendar: "office", Cadences: []plans.Cadence{c}}
}

// What a calendar that is shut for long brings forward is laid out ahead all the same, once.
func TestWhatIsBroughtForwardByMonthsIsLaidOutAhead(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.workdays["office"] = shut("2027-07-01", "2027-08-31")
		f.active(t, "acme", quarterly())
		f.settled(t)
		begun := map[string]string{}
		for today := day("2027-03-02"); today <= day("2027-09-01"); today++ {
			f.noon(today.String())
			_, err := f.Pass(t.Context())
			require.NoError(t, err)
			for id := range f.due(t, "acme") {
				if begun[id] == "" {
					begun[id] = today.String()
				}
			}
		}
		require.Equal(t, map[string]string{"quarterly-2027-05-20": "2027-04-15", "quarterly-2027-08-20": "2027-05-26"}, begun)
		require.Equal(t, map[string]string{"quarterly-2027-05-20": "2027-05-20", "quarterly-2027-08-20": "2027-06-30"}, f.due(t, "acme"))
		for id, s := range f.all(t, "acme") {
			require.EqualValues(t, 1, s.Version, "%s is laid out once", id)
		}
	})
}

// A calendar that is shut from a day on that is over asks for nothing on a day before: what
// could not be made then is due once people work again.
func TestNothingIsBroughtForwardToADayThatIsOver(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.active(t, "acme", quarterly())
		f.settled(t)
		f.noon("2027-07-10")
		f.settled(t)
		f.workdays["office"] = shut("2027-07-01", "2027-08-31")
		require.NoError(t, f.Take(t.Context(), []feeds.Change{{Service: feeds.Entitlements, ScheduleVersion: "2", At: f.Service.now()}}))
		for _, today := range []string{"2027-07-10", "2027-07-12", "2027-07-16", "2027-08-20", "2027-08-31"} {
			f.noon(today)
			require.NoError(t, f.mark(t.Context(), "acme", civil.Day(0)))
			f.settled(t)
			require.Equal(t, "2027-09-01", f.due(t, "acme")["quarterly-2027-08-20"], today)
		}
	})
}

func TestAPublishedScheduleMovesWhatIsToCome(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		weekly := cadence("weekly", "FREQ=WEEKLY;BYDAY=FR", "2027-03-05T09:00")
		weekly.When.OnHoliday = calendar.NextWorkday
		f.active(t, "acme", plans.Strategy{Calendar: "office", Cadences: []plans.Cadence{weekly}})
		f.settled(t)
		f.workdays["office"] = calendar.Workdays{Holidays: []civil.Day{day("2027-03-26")}}
		require.NoError(t, f.Take(t.Context(), []feeds.Change{{Service: feeds.Entitlements, Type: "usage.recorded"}}))
		f.settled(t)
		require.Equal(t, day("2027-03-26"), f.all(t, "acme")["weekly-2027-03-26"].State.DueDay)
		require.NoError(t, f.Take(t.Context(), []feeds.Change{{Service: feeds.Entitlements, ScheduleVersion: "2", At: f.Service.now()}}))
		f.settled(t)
		moved := f.all(t, "acme")["weekly-2027-03-26"].State
		require.Equal(t, day("2027-03-29"), moved.DueDay)
		require.Equal(t, day("2027-03-26"), moved.Occurrence)
		require.Equal(t, []Adjustment{{Reason: Holiday, Words: "Friday 26 March 2027 is a holiday"}}, moved.Adjustments)
		n, err := f.Pass(t.Context())
		require.NoError(t, err)
		require.Zero(t, n, "once")
	})
}

// A schedule that is published for later has its calendars when it comes into force, by the
// clock of whoever keeps it: that may be a little behind.
func TestAScheduleThatComesIntoForceMovesWhatIsToCome(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		weekly := cadence("weekly", "FREQ=WEEKLY;BYDAY=FR", "2027-03-05T09:00")
		weekly.When.OnHoliday = calendar.NextWorkday
		f.active(t, "acme", plans.Strategy{Calendar: "office", Cadences: []plans.Cadence{weekly}})
		f.settled(t)
		inForce := f.noonOf("2027-03-03")
		published := feeds.Change{Service: feeds.Entitlements, ScheduleVersion: "2", At: f.Service.now(), InForce: inForce}
		require.NoError(t, f.Take(t.Context(), []feeds.Change{published, published}))
		f.settled(t)
		passed := func(at time.Time) int {
			f.set(at)
			n, err := f.Pass(t.Context())
			require.NoError(t, err)
			return n
		}
		require.Zero(t, passed(inForce.Add(-time.Hour)))
		require.Equal(t, 1, passed(inForce))
		require.Equal(t, "2027-03-26", f.due(t, "acme")["weekly-2027-03-26"], "there it is not yet")
		f.workdays["office"] = calendar.Workdays{Holidays: []civil.Day{day("2027-03-26")}}
		require.Zero(t, passed(inForce.Add(30*time.Second)))
		require.Equal(t, 1, passed(inForce.Add(time.Minute)))
		require.Equal(t, "2027-03-29", f.due(t, "acme")["weekly-2027-03-26"])
		require.Zero(t, passed(inForce.Add(time.Hour)), "once more, and no more")

		published.At, published.InForce = inForce.Add(2*time.Hour), inForce.Add(2*time.Hour) // at once
		f.set(published.InForce)
		require.NoError(t, f.Take(t.Context(), []feeds.Change{published}))
		require.Equal(t, 1, passed(published.InForce))
		require.Equal(t, 1, passed(published.InForce.Add(time.Minute)))
		require.Zero(t, passed(published.InForce.Add(time.Hour)))
	})
}

// A calendar that is shut for long keeps no plan from being laid out.
func TestACalendarMayBeShutForLong(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		for d := day("2027-03-10"); d < day("2028-03-10"); d++ {
			f.workdays["office"] = calendar.Workdays{Holidays: append(f.workdays["office"].Holidays, d)}
		}
		weekly := cadence("weekly", "FREQ=WEEKLY;BYDAY=FR", "2027-03-05T09:00")
		weekly.When.OnHoliday = calendar.NextWorkday
		f.active(t, "acme", plans.Strategy{Calendar: "office", Cadences: []plans.Cadence{weekly}})
		f.settled(t)
		require.Equal(t, map[string]string{"weekly-2027-03-05": "2027-03-05"}, f.due(t, "acme"), "the 10th of March a year later is a Friday of its own")
	})
}
