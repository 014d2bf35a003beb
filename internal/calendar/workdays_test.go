package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

func TestHolidayPolicies(t *testing.T) {
	// 25 December 2027 is a Saturday; Monday and Tuesday after it are holidays too.
	christmas := Workdays{Holidays: days("2027-12-27", "2027-12-28", "2027-12-24")}
	tests := []struct {
		name, rule string
		policy     Policy
		workdays   Workdays
		want       string // day of the rule>day on which it is held
	}{
		{"keep", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;COUNT=1", Keep, christmas, "2027-12-25>2027-12-25"},
		{"none given", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;COUNT=1", "", christmas, "2027-12-25>2027-12-25"},
		{"next", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;COUNT=1", NextWorkday, christmas, "2027-12-25>2027-12-29"},
		{"previous", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;COUNT=1", PreviousWorkday, christmas, "2027-12-25>2027-12-23"},
		{"skip", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;COUNT=2", Skip, christmas, ""}, // the second is a Monday, 2028
		{"another weekend", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;COUNT=1", NextWorkday, Workdays{Weekend: "FR,SA"}, "2027-12-25>2027-12-26"},
		{"no weekend", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;COUNT=1", NextWorkday, Workdays{Weekend: NoWeekend}, "2027-12-25>2027-12-25"},
		{"one a day, forward: its own day counts", "FREQ=DAILY;COUNT=4", NextWorkday, Workdays{},
			"2027-12-23>2027-12-23 2027-12-24>2027-12-24 2027-12-25>2027-12-27"},
		{"one a day, forward onto an own day", "FREQ=DAILY;COUNT=5", NextWorkday, Workdays{},
			"2027-12-23>2027-12-23 2027-12-24>2027-12-24 2027-12-27>2027-12-27"},
		{"one a day, backward", "FREQ=DAILY;COUNT=5", PreviousWorkday, Workdays{},
			"2027-12-23>2027-12-23 2027-12-24>2027-12-24 2027-12-27>2027-12-27"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Recurrence{Rule: tt.rule, Start: "2027-12-23T10:00", Zone: "Europe/Berlin", OnHoliday: tt.policy}
			var got []string
			for o := range series(t, r, tt.workdays).All() {
				got = append(got, o.Day.String()+">"+dayOf(o.Start).String())
				require.Equal(t, o.Day != dayOf(o.Start), o.Why != "", "%v", o)
				require.Equal(t, 10, o.Start.Hour())
			}
			if tt.policy == Skip {
				require.Equal(t, []string{"2028-12-25>2028-12-25"}, got)
				return
			}
			require.Equal(t, strings.Fields(tt.want), got)
		})
	}
	moved := series(t, Recurrence{Rule: "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25", Start: "2027-01-01T10:00", Zone: "UTC", OnHoliday: NextWorkday}, Workdays{}).Next(time.Time{}, 1)
	require.Equal(t, "Mon 27 Dec 2027 10:00 UTC (Saturday 25 December 2027 is a weekend)", moved[0].String())
}

func TestWorkdaysProblemsAreNamed(t *testing.T) {
	var years []civil.Day
	for d := day("2027-01-01"); d < day("2032-01-01"); d++ {
		years = append(years, d)
	}
	tests := []struct {
		name, field, says string
		w                 Workdays
	}{
		{"a day far off", "holidays[1]", "2500-12-26 is not between", Workdays{Holidays: days("2027-12-25", "2500-12-26")}},
		{"no weekday", "weekend", "write SA,SU", Workdays{Weekend: "Saturday"}},
		{"a weekday twice", "weekend", "write SA,SU", Workdays{Weekend: "SA,SA"}},
		{"a week of weekends", "weekend", "leaves no day", Workdays{Weekend: "MO,TU,WE,TH,FR,SA,SU"}},
		{"years of holidays", "holidays", "no working day within 1500 days from 2027-01-01", Workdays{Holidays: years}},
		{"too many", "holidays", "at most 5000", Workdays{Holidays: make([]civil.Day, 5001)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			problems := tt.w.Check()
			require.Len(t, problems, 1)
			require.Equal(t, tt.field, problems[0].Path)
			require.Contains(t, problems[0].Description, tt.says)
		})
	}
	require.Empty(t, Workdays{Holidays: years[:1400]}.Check(), "it is shut for long")
	require.Empty(t, Workdays{Holidays: days("2027-12-25", "2027-12-25", "2027-12-26"), Weekend: "FR"}.Check())
}

// Whatever the holidays: an occurrence that may not be held on one is held on a working
// day, none between is free, they stay in order, and no two are on one day.
func TestHeldOnWorkdays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Workdays
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 400), 0, 60).Draw(t, "holidays") {
			w.Holidays = append(w.Holidays, day("2027-01-01")+civil.Day(n))
		}
		w.Weekend = rapid.SampledFrom([]string{"", "FR,SA", "SU", NoWeekend}).Draw(t, "weekend")
		if len(w.Check()) > 0 {
			t.Skip("a stretch without work")
		}
		policy := rapid.SampledFrom(Policies).Draw(t, "policy")
		rule := rapid.SampledFrom([]string{"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SA", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=WEEKLY;BYDAY=MO,SA,SU"}).Draw(t, "rule")
		s, err := Recurrence{Rule: rule, Start: "2027-01-01T18:00", Zone: "America/New_York", OnHoliday: policy}.Series(w)
		require.NoError(t, err)
		last := firstDay
		for _, o := range s.Next(time.Time{}, 150) {
			held := dayOf(o.Start)
			require.Greater(t, held, last)
			last = held
			require.True(t, policy == Keep || !s.week.idle(held))
			switch policy {
			case Keep, Skip:
				require.Equal(t, o.Day, held)
			case NextWorkday:
				for d := o.Day; d < held; d++ {
					require.True(t, s.week.idle(d))
				}
			case PreviousWorkday:
				for d := held + 1; d <= o.Day; d++ {
					require.True(t, s.week.idle(d))
				}
			}
		}
	})
}

func TestWorkingDaysOutsideOfASeries(t *testing.T) {
	working, err := Workdays{Holidays: days("2027-12-24")}.Working()
	require.NoError(t, err)
	for text, want := range map[string]string{"2027-12-23": "", "2027-12-24": "Friday 24 December 2027 is a holiday",
		"2027-12-25": "Saturday 25 December 2027 is a weekend"} {
		works, why := working.On(day(text))
		require.Equal(t, want, why)
		require.Equal(t, want == "", works)
	}
	_, err = Workdays{Weekend: "XX"}.Working()
	require.ErrorContains(t, err, "weekend")
}
