package touchpoints

import (
	"testing"

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
		require.NoError(t, f.Take(t.Context(), []feeds.Change{{Service: feeds.Entitlements, ScheduleVersion: "2"}}))
		for _, today := range []string{"2027-07-10", "2027-07-12", "2027-07-16", "2027-08-20", "2027-08-31"} {
			f.noon(today)
			require.NoError(t, f.mark(t.Context(), "acme", civil.Day(0)))
			f.settled(t)
			require.Equal(t, "2027-09-01", f.due(t, "acme")["quarterly-2027-08-20"], today)
		}
	})
}
