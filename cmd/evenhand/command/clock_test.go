package command

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const calendarsFile = `schedule: service-promise
rules: this part is not read
time_zone: America/New_York
calendars:
  office: {hours: "Mon-Fri 09:30-17:00", holidays: [2026-12-25]}
  nights: {hours: "Mon-Sun 00:00-04:00"}
  rare: {hours: "Mon 09:00-09:01"}
`

func TestR13ClockDue(t *testing.T) {
	path := file(t, "promise.yaml", calendarsFile)
	for _, c := range []struct {
		name     string
		calendar string
		args     []string // from, within, pauses
		want     string
	}{
		{"over a weekend", "office", []string{"2026-03-06T16:30:00", "1h"}, "2026-03-09T10:00:00-04:00"},
		{"an instant with an offset", "office", []string{"2026-03-06T21:30:00Z", "60m"}, "2026-03-09T10:00:00-04:00"},
		{"a holiday", "office", []string{"2026-12-24T16:30:00", "1h"}, "2026-12-28T10:00:00-05:00"},
		{"pauses, one with offsets and from before", "office", []string{"2026-03-06T16:00:00", "1h", "2026-03-06T16:30:00/2026-03-09T10:00:00", "2026-03-06T20:00:00Z/2026-03-06T21:15:00Z"}, "2026-03-09T10:45:00-04:00"},
		{"a pause that is still on, later", "office", []string{"2026-03-06T16:00:00", "1h", "2026-03-06T17:00:00/"}, "2026-03-06T17:00:00-05:00"},
		{"clocks that jump", "nights", []string{"2026-03-08T00:00:00", "4h"}, "2026-03-09T01:00:00-04:00"},
		{"parts of seconds", "office", []string{"2026-03-06T10:00:00.5", "1m"}, "2026-03-06T10:01:00.5-05:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{"clock", "due", path, "--calendar", c.calendar, "--from", c.args[0], "--within", c.args[1]}
			for _, pause := range c.args[2:] {
				args = append(args, "--pause", pause)
			}
			require.Equal(t, result{c.want + "\n", "", ExitDone}, execute(t, "", "", args...))
		})
	}
	t.Run("from standard input", func(t *testing.T) {
		got := execute(t, "", calendarsFile, "clock", "due", "-", "--calendar", "office", "--from", "2026-03-06T16:30", "--within", "1h")
		require.Equal(t, result{"2026-03-09T10:00:00-04:00\n", "", ExitDone}, got)
	})
}

func TestClockDueRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		file string
		args []string
		code int
		want string
	}{
		{"an unknown calendar", calendarsFile, []string{"--calendar", "offic"}, ExitUsage, "--calendar offic: there is no such calendar in"},
		{"no calendars at all", "time_zone: UTC\n", nil, ExitUsage, "it has: none"},
		{"a duration that is none", calendarsFile, []string{"--within", "4 hours"}, ExitUsage, `--within: "4 hours" is not a working time: write hours and minutes`},
		{"seconds", calendarsFile, []string{"--within", "90s"}, ExitUsage, "--within"},
		{"no time at all", calendarsFile, []string{"--within", "0h"}, ExitUsage, "give a working time from 1m to 8784h"},
		{"a negative time", calendarsFile, []string{"--within=-1h"}, ExitUsage, "--within"},
		{"too long a time", calendarsFile, []string{"--within", "8785h"}, ExitUsage, "give a working time from 1m to 8784h"},
		{"an instant that is none", calendarsFile, []string{"--from", "yesterday"}, ExitUsage, `--from: "yesterday" is not an instant`},
		{"a time that clocks jump over", calendarsFile, []string{"--from", "2026-03-08T02:30:00"}, ExitUsage, "--from: clocks in America/New_York jump over 2026-03-08T02:30:00"},
		{"a time that clocks show twice", calendarsFile, []string{"--pause", "2026-11-01T01:30:00/"}, ExitUsage, "write 2026-11-01T01:30:00-04:00 or 2026-11-01T01:30:00-05:00"},
		{"a pause without an end", calendarsFile, []string{"--pause", "2026-03-06T16:30:00"}, ExitUsage, "write FROM/TO, or FROM/ for one that is still on"},
		{"a pause that ends before it begins", calendarsFile, []string{"--pause", "2026-03-06T16:30:00/2026-03-06T16:00:00"}, ExitUsage, "ends before it begins"},
		{"a pause that is still on", calendarsFile, []string{"--pause", "2026-03-06T16:30:00/"}, ExitFailed, "not due: the clock stands still in a pause that is still on"},
		{"too few hours", calendarsFile, []string{"--calendar", "rare", "--within", "8784h"}, ExitFailed, "not due before the year 10000"},
		{"a file with a mistake", "time_zone: Mars\n", nil, ExitFailed, `promise.yaml:1:12: time_zone: "Mars" is not an IANA time zone`},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := file(t, "promise.yaml", c.file)
			args := []string{"clock", "due", path, "--calendar", "office", "--from", "2026-03-06T16:30:00", "--within", "1h"}
			got := execute(t, "", "", append(args, c.args...)...)
			require.Equal(t, c.code, got.code)
			require.Empty(t, got.stdout)
			require.Contains(t, got.stderr, c.want)
		})
	}
	t.Run("a flag that is missing", func(t *testing.T) {
		got := execute(t, "", "", "clock", "due", file(t, "promise.yaml", calendarsFile), "--from", "2026-03-06T16:30:00", "--within", "1h")
		require.Equal(t, ExitUsage, got.code)
		require.Contains(t, got.stderr, "--calendar")
	})
}
