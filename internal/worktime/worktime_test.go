package worktime

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

func zone(t require.TestingT, name string) civil.Zone {
	z, err := civil.LoadZone(name)
	require.NoError(t, err)
	return z
}

func calendar(t require.TestingT, hours string, holidays ...string) *Calendar {
	if hours == "" {
		return nil
	}
	parsed, err := ParseWeek(hours)
	require.NoError(t, err)
	c := &Calendar{Hours: parsed}
	for _, text := range holidays {
		d, err := civil.ParseDay(text)
		require.NoError(t, err)
		c.Holidays = append(c.Holidays, d)
	}
	return c
}

func instant(t require.TestingT, text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

// pauses reads pairs of instants; an empty end is a pause that is still on.
func pauses(t require.TestingT, texts []string) []Pause {
	var read []Pause
	for i := 0; i+1 < len(texts); i += 2 {
		p := Pause{From: instant(t, texts[i])}
		if texts[i+1] != "" {
			p.To = instant(t, texts[i+1])
		}
		read = append(read, p)
	}
	return read
}

const office = "Mon-Fri 09:30-17:00"

func TestR13Due(t *testing.T) {
	for _, c := range []struct {
		name     string
		zone     string
		hours    string // empty for every hour of every day
		holidays []string
		from     string
		within   string
		pauses   []string
		want     string
	}{
		{"over a weekend", "America/New_York", office, nil, "2026-03-06T16:30:00-05:00", "1h", nil, "2026-03-09T10:00:00-04:00"},
		{"exactly at closing", "America/New_York", office, nil, "2026-03-04T16:00:00-05:00", "1h", nil, "2026-03-04T17:00:00-05:00"},
		{"begun at closing", "America/New_York", office, nil, "2026-03-04T17:00:00-05:00", "1h", nil, "2026-03-05T10:30:00-05:00"},
		{"begun before opening", "America/New_York", office, nil, "2026-03-04T03:00:00-05:00", "1h", nil, "2026-03-04T10:30:00-05:00"},
		{"over holidays", "America/New_York", office, []string{"2026-12-24", "2026-12-25"}, "2026-12-23T16:30:00-05:00", "1h", nil, "2026-12-28T10:00:00-05:00"},
		{"begun on a holiday", "UTC", office, []string{"2026-12-25"}, "2026-12-25T12:00:00Z", "1h", nil, "2026-12-28T10:30:00Z"},
		{"many days", "UTC", office, nil, "2026-03-06T16:30:00Z", "75h", nil, "2026-03-20T16:30:00Z"},
		{"no time at all, at night", "UTC", office, nil, "2026-03-07T03:00:00Z", "0h", nil, "2026-03-07T03:00:00Z"},
		{"two ranges a day", "UTC", "Mon-Fri 09:00-12:00; Mon-Fri 13:00-17:00", nil, "2026-03-02T11:30:00Z", "1h", nil, "2026-03-02T13:30:00Z"},
		{"milliseconds", "UTC", office, nil, "2026-03-06T16:59:59.75Z", "1m", nil, "2026-03-09T09:30:59.75Z"},

		{"every hour", "America/New_York", "", nil, "2026-03-07T12:00:00-05:00", "24h", nil, "2026-03-08T13:00:00-04:00"},
		{"every hour of a calendar", "America/New_York", "Mon-Sun 00:00-24:00", nil, "2026-03-07T12:00:00-05:00", "24h", nil, "2026-03-08T13:00:00-04:00"},
		{"a day of 23 hours", "America/New_York", "Mon-Sun 00:00-24:00", nil, "2026-03-08T00:00:00-05:00", "23h", nil, "2026-03-09T00:00:00-04:00"},
		{"a day of 25 hours", "America/New_York", "Mon-Sun 00:00-24:00", nil, "2026-11-01T00:00:00-04:00", "25h", nil, "2026-11-02T00:00:00-05:00"},
		{"hours that are left out", "America/New_York", "Mon-Sun 02:00-03:00", nil, "2026-03-07T02:30:00-05:00", "1h", nil, "2026-03-09T02:30:00-04:00"},
		{"hours that come twice", "America/New_York", "Mon-Sun 01:00-02:00", nil, "2026-11-01T01:30:00-04:00", "90m", nil, "2026-11-01T02:00:00-05:00"},
		{"hours that come twice, apart", "America/New_York", "Mon-Sun 01:00-01:30", nil, "2026-11-01T00:00:00-04:00", "45m", nil, "2026-11-01T01:15:00-05:00"},
		{"clocks that jump half an hour", "Australia/Lord_Howe", "Mon-Sun 01:00-03:00", nil, "2026-10-04T00:00:00+10:30", "90m", nil, "2026-10-04T03:00:00+11:00"},
		{"clocks that go back half an hour", "Australia/Lord_Howe", "Mon-Sun 01:00-03:00", nil, "2026-04-05T00:00:00+11:00", "150m", nil, "2026-04-05T03:00:00+10:30"},
		{"clocks that jump over midnight", "America/Sao_Paulo", "Mon-Sun 00:00-02:00", nil, "2018-11-03T12:00:00-03:00", "1h", nil, "2018-11-04T02:00:00-02:00"},
		{"clocks that go back over midnight: the evening comes twice", "America/Sao_Paulo", "Sat 22:00-24:00", nil, "2018-02-17T12:00:00-02:00", "3h", nil, "2018-02-18T00:00:00-03:00"},
		{"a summer time that begins at midnight", "Africa/Cairo", "Fri 00:00-03:00", nil, "2026-04-23T12:00:00+02:00", "2h", nil, "2026-04-24T03:00:00+03:00"},
		{"a summer time that ends at midnight", "Africa/Cairo", "Thu 22:00-24:00", nil, "2026-10-29T12:00:00+03:00", "3h", nil, "2026-10-30T00:00:00+02:00"},
		{"a day that was left out", "Pacific/Apia", "Thu-Sat 09:00-17:00", nil, "2011-12-29T16:00:00-10:00", "2h", nil, "2011-12-31T10:00:00+14:00"},
		{"the last day of a leap year", "America/New_York", office, nil, "2040-12-31T16:30:00-05:00", "1h", nil, "2041-01-01T10:00:00-05:00"},

		{"a pause in working hours", "UTC", office, nil, "2026-03-02T10:00:00Z", "2h", []string{"2026-03-02T11:00:00Z", "2026-03-02T13:00:00Z"}, "2026-03-02T14:00:00Z"},
		{"a pause while closed", "UTC", office, nil, "2026-03-02T16:30:00Z", "1h", []string{"2026-03-02T18:00:00Z", "2026-03-03T09:00:00Z"}, "2026-03-03T10:00:00Z"},
		{"a pause from before closing until after opening", "UTC", office, nil, "2026-03-02T16:00:00Z", "1h", []string{"2026-03-02T16:30:00Z", "2026-03-03T10:00:00Z"}, "2026-03-03T10:30:00Z"},
		{"pauses that overlap, one from before", "UTC", office, nil, "2026-03-02T10:00:00Z", "1h", []string{"2026-03-02T11:00:00Z", "2026-03-02T13:00:00Z", "2026-03-02T08:00:00Z", "2026-03-02T12:00:00Z"}, "2026-03-02T14:00:00Z"},
		{"due when a pause begins", "UTC", office, nil, "2026-03-02T10:00:00Z", "1h", []string{"2026-03-02T11:00:00Z", "2026-03-02T13:00:00Z"}, "2026-03-02T11:00:00Z"},
		{"due before a pause that is still on", "UTC", office, nil, "2026-03-02T10:00:00Z", "1h", []string{"2026-03-02T11:00:00Z", ""}, "2026-03-02T11:00:00Z"},
		{"a pause that ends before it begins", "UTC", office, nil, "2026-03-02T10:00:00Z", "1h", []string{"2026-03-02T10:30:00Z", "2026-03-02T10:10:00Z"}, "2026-03-02T11:00:00Z"},
		{"a pause that ended before", "UTC", office, nil, "2026-03-02T10:00:00Z", "1h", []string{"2026-03-01T10:30:00Z", "2026-03-02T10:00:00Z"}, "2026-03-02T11:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			hours := New(calendar(t, c.hours, c.holidays...), zone(t, c.zone))
			within, err := time.ParseDuration(c.within)
			require.NoError(t, err)
			due, ok := hours.Due(instant(t, c.from), within, pauses(t, c.pauses))
			require.True(t, ok)
			require.Equal(t, c.want, due.Format(time.RFC3339Nano))
			require.Equal(t, within, hours.Between(instant(t, c.from), due, pauses(t, c.pauses)), "the time until then")
		})
	}
}

func TestR13NeverDue(t *testing.T) {
	from := instant(t, "2026-03-02T10:00:00Z")
	every := New(calendar(t, "Mon-Sun 00:00-24:00"), civil.UTC)
	for _, c := range []struct {
		name   string
		hours  *Hours
		within time.Duration
		pauses []Pause
	}{
		{"a pause that is still on", every, 2 * time.Hour, []Pause{{From: from.Add(time.Hour)}}},
		{"a pause from before that is still on", New(nil, civil.UTC), time.Millisecond, []Pause{{From: from.Add(-time.Hour)}}},
		{"a calendar without hours", New(&Calendar{}, civil.UTC), time.Hour, nil},
		{"a minute a week, in a zone whose clocks change", New(calendar(t, "Mon 09:00-09:01"), zone(t, "Europe/Paris")), 366 * 24 * time.Hour, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, ok := c.hours.Due(from, c.within, c.pauses)
			require.False(t, ok)
			due, ok := c.hours.Due(from, 0, c.pauses)
			require.True(t, ok, "no time at all has passed at once")
			require.True(t, due.Equal(from))
		})
	}
}

func TestBetween(t *testing.T) {
	hours := New(calendar(t, office, "2026-12-25"), zone(t, "America/New_York"))
	for _, c := range []struct {
		name     string
		from, to string
		pauses   []string
		want     string
	}{
		{"a week", "2026-03-02T00:00:00-05:00", "2026-03-09T00:00:00-04:00", nil, "37h30m"},
		{"a year with a holiday", "2026-01-01T00:00:00-05:00", "2027-01-01T00:00:00-05:00", nil, "1950h"},
		{"backwards", "2026-03-03T12:00:00-05:00", "2026-03-02T12:00:00-05:00", nil, "0h"},
		{"a pause still on", "2026-03-02T10:00:00-05:00", "2026-03-06T12:00:00-05:00", []string{"2026-03-02T11:00:00-05:00", ""}, "1h"},
		{"all of it paused, twice", "2026-03-02T10:00:00-05:00", "2026-03-02T12:00:00-05:00", []string{"2026-03-02T09:00:00-05:00", "2026-03-02T11:30:00-05:00", "2026-03-02T11:00:00-05:00", "2026-03-05T00:00:00-05:00"}, "0h"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, err := time.ParseDuration(c.want)
			require.NoError(t, err)
			require.Equal(t, want, hours.Between(instant(t, c.from), instant(t, c.to), pauses(t, c.pauses)))
		})
	}
	t.Run("longer than a duration can be", func(t *testing.T) {
		require.Equal(t, time.Duration(1<<63-1), New(nil, civil.UTC).Between(time.Unix(0, 0), time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC), nil))
	})
}
