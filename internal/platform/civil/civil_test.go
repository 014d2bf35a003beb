package civil

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func day(t testing.TB, text string) Day {
	t.Helper()
	d, err := ParseDay(text)
	require.NoError(t, err)
	return d
}

func TestDayMatchesTimePackage(t *testing.T) {
	require.Equal(t, Day(0), Date(1970, time.January, 1))
	require.Equal(t, FirstDay, Date(1, time.January, 1))
	require.Equal(t, LastDay, Date(9999, time.December, 31))
	rapid.Check(t, func(t *rapid.T) {
		d := Day(rapid.Int32Range(int32(FirstDay), int32(LastDay)).Draw(t, "day"))
		want := time.Unix(int64(d)*secondsPerDay, 0).UTC()
		year, month, dayOfMonth := d.Date()
		require.Equal(t, want.Format(time.DateOnly), d.String())
		require.Equal(t, d, Date(year, month, dayOfMonth))
		require.Equal(t, want.Weekday(), d.Weekday())
		parsed, err := ParseDay(d.String())
		require.NoError(t, err)
		require.Equal(t, d, parsed)
	})
}

func TestAddMonthsClampsToMonthEnd(t *testing.T) {
	for _, c := range []struct {
		from   string
		months int
		want   string
	}{
		{"2023-01-31", 1, "2023-02-28"},
		{"2024-01-31", 1, "2024-02-29"},
		{"2024-02-29", 12, "2025-02-28"},
		{"2024-02-29", 48, "2028-02-29"},
		{"2024-02-29", -12, "2023-02-28"},
		{"2025-02-28", -12, "2024-02-28"},
		{"2024-03-31", -1, "2024-02-29"},
		{"2023-12-31", 2, "2024-02-29"},
		{"1900-01-31", 1, "1900-02-28"},
		{"2000-01-31", 1, "2000-02-29"},
		{"0001-01-31", 0, "0001-01-31"},
	} {
		require.Equal(t, c.want, day(t, c.from).AddMonths(c.months).String(), "%s %+d months", c.from, c.months)
	}
	require.Equal(t, Never, Never.AddMonths(-12))
}

func TestAddMonthsIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Day(rapid.Int32Range(-40000, 40000).Draw(t, "day"))
		n := rapid.IntRange(-30, 30).Draw(t, "months")
		require.LessOrEqual(t, d.AddMonths(n), (d + 1).AddMonths(n))
		p := Period{Months: rapid.IntRange(0, 30).Draw(t, "m"), Days: rapid.IntRange(0, 99).Draw(t, "d")}
		require.LessOrEqual(t, p.After(d), p.After(d+1))
	})
}

func TestParseDayRefusesOtherSpellings(t *testing.T) {
	for _, text := range []string{"", "1998-6-30", "1998-02-29", "0000-01-01", "30/06/1998", "1998-06-30T00:00:00Z", "+1998-06-30", "10000-01-01"} {
		_, err := ParseDay(text)
		require.ErrorContains(t, err, "YYYY-MM-DD", text)
	}
}

func TestPeriod(t *testing.T) {
	for text, want := range map[string]Period{
		"P0D": {}, "P12M": {Months: 12}, "P1Y": {Months: 12}, "P1Y6M": {Months: 18}, "P2W": {Days: 14},
		"P1Y2M3W4D": {Months: 14, Days: 25}, "P100Y": {Months: 1200}, "P00001D": {Days: 1},
	} {
		p, err := ParsePeriod(text)
		require.NoError(t, err)
		require.Equal(t, want, p, text)
		again, err := ParsePeriod(p.String())
		require.NoError(t, err)
		require.Equal(t, p, again, "%s written as %s", text, p)
	}
	for _, text := range []string{"", "P", "12M", "P12", "PT4H", "P1DT1H", "P-1D", "P1.5D", "P1M1Y", "P1M1M", "p1m", "P1S", "P101Y", "P999999D", " P1D"} {
		_, err := ParsePeriod(text)
		require.Error(t, err, text)
	}
	require.Equal(t, "2024-03-01", Period{Months: 1, Days: 1}.After(day(t, "2024-01-31")).String(), "months first, then days")
	require.Equal(t, Never, Period{Days: 1}.After(Never))
}

func zone(t testing.TB, name string) Zone {
	t.Helper()
	z, err := LoadZone(name)
	require.NoError(t, err)
	return z
}

func TestDaysBeginInEveryZone(t *testing.T) {
	for _, c := range []struct{ zone, day, start string }{
		{"UTC", "1998-06-30", "1998-06-30T00:00:00Z"},
		{"America/New_York", "1998-06-30", "1998-06-30T04:00:00Z"},
		{"America/New_York", "1998-10-25", "1998-10-25T04:00:00Z"},
		{"Asia/Kolkata", "2024-01-01", "2023-12-31T18:30:00Z"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"}, // no midnight: clocks went from 00:00 to 01:00
		{"America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z"}, // clocks went from 24:00 back to 23:00
		{"Asia/Beirut", "2022-03-27", "2022-03-26T22:00:00Z"},       // no midnight
		{"America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z"},  // two midnights: clocks went from 00:01 to 23:01
		{"Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z"},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"}, // left out: empty
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},
	} {
		require.Equal(t, c.start, zone(t, c.zone).Start(day(t, c.day)).UTC().Format(time.RFC3339), "%s in %s", c.day, c.zone)
	}
	require.Equal(t, Forever, UTC.StartMilli(Never))
}

func TestDaysPartitionTimeInEveryZone(t *testing.T) {
	names := []string{"UTC", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "Asia/Beirut", "Pacific/Apia",
		"Pacific/Kwajalein", "America/Juneau", "Asia/Manila", "Africa/Monrovia", "Australia/Lord_Howe", "Asia/Kathmandu"}
	zones := map[string]Zone{}
	for _, name := range names {
		zones[name] = zone(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		z := zones[rapid.SampledFrom(names).Draw(t, "zone")]
		at := time.UnixMilli(rapid.Int64Range(-4e12, 4e12).Draw(t, "instant"))
		d := z.DayOf(at)
		require.False(t, at.Before(z.Start(d)), "%v before the start of its day %v", at, d)
		require.True(t, at.Before(z.Start(d+1)), "%v not before the start of the day after %v", at, d)
		require.Equal(t, z.Start(d+1).Add(-time.Millisecond), z.End(d))
		if z.StartMilli(d) < z.StartMilli(d+1) {
			require.Equal(t, d, z.DayOf(z.Start(d)))
			require.Equal(t, d, z.DayOf(z.End(d)))
		}
	})
}

func TestLoadZoneRefusesWhatDiffersBetweenMachines(t *testing.T) {
	for _, name := range []string{"", "Local", "Mars/Olympus", "../etc/passwd", "EST5EDT4"} {
		_, err := LoadZone(name)
		require.ErrorContains(t, err, "IANA", name)
	}
}

// Package time says of the last day of some leap years that its offset ended before it
// began.
func TestDaysAroundTheEndOfALeapYear(t *testing.T) {
	zone, err := LoadZone("America/New_York")
	require.NoError(t, err)
	for _, year := range []int{2040, 2044, 2096} {
		for d := Date(year, time.December, 29); d <= Date(year+1, time.January, 3); d++ {
			require.Equal(t, d.String()+"T00:00:00-05:00", zone.Start(d).Format(time.RFC3339))
			require.Equal(t, d, zone.DayOf(zone.Start(d)))
		}
	}
}
