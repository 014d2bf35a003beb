package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

func series(t testing.TB, r Recurrence, w Workdays) *Series {
	t.Helper()
	s, err := r.Series(w)
	require.NoError(t, err)
	return s
}

// starts expands a recurrence for the n first occurrences, in RFC 3339.
func starts(t testing.TB, r Recurrence, w Workdays, n int) []string {
	t.Helper()
	var list []string
	for _, o := range series(t, r, w).Next(time.Time{}, n) {
		list = append(list, o.Start.Format(time.RFC3339))
	}
	return list
}

func TestLocalTimeAcrossDaylightSaving(t *testing.T) {
	tests := []struct {
		name, rule, start, zone string
		want                    []string
	}{
		{"spring, New York", "FREQ=WEEKLY", "2027-03-09T10:00", "America/New_York",
			[]string{"2027-03-09T10:00:00-05:00", "2027-03-16T10:00:00-04:00", "2027-03-23T10:00:00-04:00"}},
		{"autumn, Berlin", "FREQ=DAILY", "2027-10-30T09:00", "Europe/Berlin",
			[]string{"2027-10-30T09:00:00+02:00", "2027-10-31T09:00:00+01:00", "2027-11-01T09:00:00+01:00"}},
		{"a time that clocks jump over is reckoned by the offset before", "FREQ=DAILY", "2027-03-13T02:30", "America/New_York",
			[]string{"2027-03-13T02:30:00-05:00", "2027-03-14T03:30:00-04:00", "2027-03-15T02:30:00-04:00"}},
		{"a time that clocks show twice is the first", "FREQ=DAILY", "2027-11-06T01:30", "America/New_York",
			[]string{"2027-11-06T01:30:00-04:00", "2027-11-07T01:30:00-04:00", "2027-11-08T01:30:00-05:00"}},
		{"half an hour, Lord Howe Island, gap", "FREQ=DAILY;COUNT=2", "2027-10-03T02:15", "Australia/Lord_Howe",
			[]string{"2027-10-03T02:45:00+11:00", "2027-10-04T02:15:00+11:00"}},
		{"half an hour, Lord Howe Island, twice", "FREQ=DAILY;COUNT=2", "2027-04-04T01:45", "Australia/Lord_Howe",
			[]string{"2027-04-04T01:45:00+11:00", "2027-04-05T01:45:00+10:30"}},
		{"midnight left out, Beirut", "FREQ=DAILY;COUNT=2", "2027-03-27T00:00", "Asia/Beirut",
			[]string{"2027-03-27T00:00:00+02:00", "2027-03-28T01:00:00+03:00"}},
		{"a rotation in the week of the change", "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "2026-01-01T02:00", "America/New_York",
			[]string{"2026-03-08T03:00:00-04:00", "2027-03-14T03:00:00-04:00", "2028-03-12T03:00:00-04:00"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, starts(t, Recurrence{Rule: tt.rule, Start: tt.start, Zone: tt.zone}, Workdays{}, len(tt.want)))
		})
	}
}

// Package time says of the last day of some leap years that its offset ended before it
// began.
func TestPlaceOnTheLastDayOfALeapYear(t *testing.T) {
	zone, err := civil.LoadZone("America/New_York")
	require.NoError(t, err)
	for _, wall := range []string{"2040-12-31T10:00:00Z", "2041-01-01T00:00:00Z", "2044-12-31T23:59:00Z"} {
		placed := Place(dayOf(at(wall)), at(wall).Sub(midnight(dayOf(at(wall)))), zone)
		require.Equal(t, at(wall), wallOf(placed))
	}
}

// Clocks show the time that was asked for, unless they skip it; then what they show is
// later by the jump. No earlier instant shows it.
func TestPlaceShowsTheTime(t *testing.T) {
	zones := []string{"America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca",
		"Asia/Beirut", "America/St_Johns", "Pacific/Chatham", "Africa/Monrovia", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := civil.LoadZone(rapid.SampledFrom(zones).Draw(t, "zone"))
		require.NoError(t, err)
		wall := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "wall"), 0).UTC().Truncate(time.Minute)
		if rapid.Bool().Draw(t, "near a change") {
			if _, end := wall.In(zone.Location()).ZoneBounds(); !end.IsZero() {
				wall = wallOf(end).Add(time.Duration(rapid.IntRange(-150, 150).Draw(t, "minutes")) * time.Minute)
			}
		}
		placed := Place(dayOf(wall), wall.Sub(midnight(dayOf(wall))), zone)
		shown := wallOf(placed)
		var matches []time.Time // by trying every offset of the days around
		for at := placed.Add(-30 * time.Hour); at.Before(placed.Add(30 * time.Hour)); at = at.Add(30 * time.Minute) {
			_, offset := at.Zone()
			if candidate := wall.Add(-time.Duration(offset) * time.Second).In(zone.Location()); wallOf(candidate).Equal(wall) {
				matches = append(matches, candidate)
			}
		}
		if len(matches) == 0 {
			require.True(t, shown.After(wall), "%s in a gap shows %s", wall, shown)
			_, before := placed.Add(-25 * time.Hour).Zone()
			require.Equal(t, wall.Unix()-int64(before), placed.Unix())
			return
		}
		require.True(t, shown.Equal(wall))
		for _, m := range matches {
			require.False(t, m.Before(placed), "%s is earlier than %s", m, placed)
		}
	})
}

func TestMonthEndsAndLeapDays(t *testing.T) {
	tests := []struct {
		name, rule, start string
		want              string
	}{
		{"the 31st, in months that have one", "FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-01T10:00", "2027-01-31 2027-03-31 2027-05-31 2027-07-31"},
		{"the 31st, from its start", "FREQ=MONTHLY", "2027-01-31T10:00", "2027-01-31 2027-03-31 2027-05-31 2027-07-31"},
		{"the last day of every month", "FREQ=MONTHLY;BYMONTHDAY=-1", "2028-01-01T10:00", "2028-01-31 2028-02-29 2028-03-31 2028-04-30"},
		{"29 February every year", "FREQ=YEARLY", "2028-02-29T10:00", "2028-02-29 2032-02-29 2036-02-29"},
		{"29 February over a century without", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2093-01-01T10:00", "2096-02-29 2104-02-29"},
		{"the end of February", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "2027-01-01T10:00", "2027-02-28 2028-02-29 2029-02-28"},
		{"the last weekday of a quarter", "FREQ=MONTHLY;BYMONTH=3,6,9,12;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2027-01-01T10:00",
			"2027-03-31 2027-06-30 2027-09-30 2027-12-31"},
		{"until a day, which counts whole", "FREQ=DAILY;UNTIL=20270103", "2027-01-01T23:30", "2027-01-01 2027-01-02 2027-01-03"},
		{"until an instant in UTC", "RRULE:FREQ=DAILY;UNTIL=20270103T150000Z", "2027-01-01T10:00", "2027-01-01 2027-01-02 2027-01-03"},
		{"until an instant before that", "freq=daily;until=20270103T145959Z", "2027-01-01T10:00", "2027-01-01 2027-01-02"},
		{"the start is no occurrence unless the rule names it", "FREQ=MONTHLY;BYDAY=1TU;COUNT=2", "2027-01-06T10:00", "2027-02-02 2027-03-02"},
		{"every other year", "FREQ=YEARLY;INTERVAL=2;BYMONTH=6;BYDAY=-1FR;COUNT=3", "2027-01-01T10:00", "2027-06-25 2029-06-29 2031-06-27"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := strings.Fields(tt.want)
			var days []string
			for _, o := range series(t, Recurrence{Rule: tt.rule, Start: tt.start, Zone: "America/New_York"}, Workdays{}).Next(time.Time{}, len(want)+1) {
				days = append(days, o.Day.String())
			}
			require.Equal(t, want, days[:min(len(days), len(want))])
			if strings.Contains(strings.ToUpper(tt.rule), "UNTIL") {
				require.Len(t, days, len(want))
			}
		})
	}
}

func TestRecurrenceProblemsAreNamed(t *testing.T) {
	good := Recurrence{Rule: "FREQ=YEARLY", Start: "2027-03-01T10:00", Zone: "UTC"}
	rule := func(text string) Recurrence { r := good; r.Rule = text; return r }
	tests := []struct {
		name, field, says string
		r                 Recurrence
	}{
		{"seconds", "rule", "FREQ=SECONDLY: recurs within a day", rule("FREQ=SECONDLY")},
		{"hours", "rule", "FREQ=HOURLY: recurs within a day", rule("FREQ=HOURLY;COUNT=3")},
		{"no rule", "rule", "is missing", rule(" ")},
		{"no frequency", "rule", "FREQ is missing", rule("BYMONTH=3")},
		{"a strange frequency", "rule", "is no frequency", rule("FREQ=FORTNIGHTLY")},
		{"an unknown part", "rule", `"BYFOO=1" is no part`, rule("FREQ=YEARLY;BYFOO=1")},
		{"a second rule", "rule", "has several lines", rule("FREQ=YEARLY\nRRULE:FREQ=DAILY")},
		{"a part twice", "rule", "BYDAY comes twice", rule("FREQ=MONTHLY;BYDAY=MO;BYDAY=TU")},
		{"hours of the day", "rule", "BYHOUR: the time of day is that of the start", rule("FREQ=DAILY;BYHOUR=9,17")},
		{"weeks", "rule", "BYWEEKNO: weeks are not counted", rule("FREQ=YEARLY;BYWEEKNO=20")},
		{"a month too many", "rule", "BYMONTH=13: must be whole numbers from 1 to 12", rule("FREQ=YEARLY;BYMONTH=13")},
		{"an interval of nothing", "rule", "INTERVAL=0: must be", rule("FREQ=YEARLY;INTERVAL=0")},
		{"count and until", "rule", "exclude each other", rule("FREQ=DAILY;COUNT=3;UNTIL=20300101")},
		{"until in local time", "rule", "neither a day nor an instant in UTC", rule("FREQ=DAILY;UNTIL=20300101T100000")},
		{"a numbered weekday of a week", "rule", "needs FREQ=MONTHLY or YEARLY", rule("FREQ=WEEKLY;BYDAY=1MO")},
		{"weekdays of both kinds", "rule", "mixes days", rule("FREQ=MONTHLY;BYDAY=MO,1TU")},
		{"the sixth Monday", "rule", "at most five", rule("FREQ=MONTHLY;BYDAY=6MO")},
		{"the 53rd Monday of March", "rule", "at most five", rule("FREQ=YEARLY;BYMONTH=3;BYDAY=-53MO")},
		{"an empty weekday", "rule", "is no weekday", rule("FREQ=WEEKLY;BYDAY=")},
		{"a position of nothing", "rule", "BYSETPOS chooses among", rule("FREQ=MONTHLY;BYSETPOS=1")},
		{"30 February", "rule", "names no day", rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")},
		{"30 February, day by day", "rule", "names no day", rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")},
		{"over before it begins", "rule", "names no day", rule("FREQ=DAILY;UNTIL=20260101")},
		{"a start without time", "start", "write it as", Recurrence{Rule: good.Rule, Start: "2027-03-01", Zone: "UTC"}},
		{"a start far off", "start", "from 1970 to 2199", Recurrence{Rule: good.Rule, Start: "2500-03-01T10:00", Zone: "UTC"}},
		{"no zone", "zone", "IANA", Recurrence{Rule: good.Rule, Start: good.Start}},
		{"the machine's zone", "zone", "IANA", Recurrence{Rule: good.Rule, Start: good.Start, Zone: "Local"}},
		{"too long", "duration", "at most 31 days", Recurrence{Rule: good.Rule, Start: good.Start, Zone: "UTC", Duration: MaxDuration + time.Second}},
		{"a strange policy", "on_holiday", "write keep", Recurrence{Rule: good.Rule, Start: good.Start, Zone: "UTC", OnHoliday: "maybe"}},
	}
	require.Empty(t, good.Check())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			problems := tt.r.Check()
			require.Len(t, problems, 1)
			require.Equal(t, tt.field, problems[0].Path)
			require.Contains(t, problems[0].Description, tt.says)
			_, err := tt.r.Series(Workdays{})
			require.ErrorContains(t, err, problems[0].Description)
		})
	}
}

func TestExpansionIsBounded(t *testing.T) {
	daily := series(t, Recurrence{Rule: "FREQ=DAILY", Start: "2000-01-01T10:00", Zone: "UTC"}, Workdays{})
	from := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	_, err := daily.Between(from, from.AddDate(50, 0, 0))
	require.ErrorContains(t, err, "more than 10000 occurrences")
	last := 0
	for o := range daily.All() {
		last = o.Start.Year()
	}
	require.Equal(t, 2000+MaxYears-1, last)
}
