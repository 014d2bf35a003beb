package command

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/worktime"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Clock is `evenhand clock`: working time by a schedule file, without a server.
type Clock struct {
	Due ClockDue `cmd:"" help:"When will so much working time have passed?"`
}

// ClockDue is `evenhand clock due`.
type ClockDue struct {
	File     string   `arg:"" help:"The schedule file, in YAML; - for standard input. Only its time_zone and calendars are read."`
	Calendar string   `required:"" placeholder:"ID" help:"The calendar of the file whose hours count."`
	From     string   `required:"" placeholder:"INSTANT" help:"When the clock starts."`
	Within   string   `required:"" placeholder:"TIME" help:"The working time, such as 4h, 90m or 1h30m."`
	Pause    []string `sep:"none" placeholder:"FROM/TO" help:"A stretch of time in which the clock stands still, FROM/ for one that is still on; may be given several times."`
}

// Help implements kong.HelpProvider.
func (*ClockDue) Help() string {
	return `Prints the instant, as RFC 3339 in the file's time zone, and nothing else. A time that is used up exactly at closing is due at closing. Pauses may overlap, and may begin before the clock starts: their union counts.

Hours are wall-clock and durations elapsed time: where clocks are put back, hours of 01:00-02:00 may have two hours, and where they jump, none.

Instants are those of RFC 3339, such as 2026-03-06T16:30:00-05:00, or what clocks show in the file's time zone, such as 2026-03-06T16:30:00. A time that clocks jump over, and one that they show twice, are refused: write those with their offset.

Exit code 1 means that there is no such instant, as with a pause that is still on, or that the file cannot be read; 2 that a flag is wrong.

Examples:

  evenhand clock due promise.yaml --calendar office --from 2026-03-06T16:30:00 --within 1h
  evenhand clock due promise.yaml --calendar office --from 2026-03-06T16:30:00-05:00 --within 4h --pause 2026-03-09T10:00:00/2026-03-09T15:00:00`
}

// Run computes and prints.
func (c *ClockDue) Run(env *Env) error {
	within, err := c.within()
	if err != nil {
		return err
	}
	zone, hours, err := c.hours(env)
	if err != nil {
		return err
	}
	from, err := zone.ParseInstant(c.From)
	if err != nil {
		return &usageError{"--from: " + err.Error()}
	}
	pauses, err := c.pauses(zone)
	if err != nil {
		return err
	}
	due, ok := hours.Due(from, within, pauses)
	if !ok {
		return notDue(pauses)
	}
	_, err = fmt.Fprintln(env.Stdout, due.Format(time.RFC3339Nano))
	return err
}

// within reads --within by the bounds of a schedule.
func (c *ClockDue) within() (time.Duration, error) {
	within, err := schedule.ParseWithin(c.Within)
	if err != nil {
		return 0, &usageError{"--within: " + err.Error()}
	}
	if within <= 0 || within > schedule.MaxWithin {
		return 0, &usageError{fmt.Sprintf("--within %s: give a working time from 1m to %s", c.Within, schedule.FormatWithin(schedule.MaxWithin))}
	}
	return within, nil
}

// hours reads the file, and returns the hours of the calendar that was asked for.
func (c *ClockDue) hours(env *Env) (civil.Zone, *worktime.Hours, error) {
	text, err := readAll(env, c.File)
	if err != nil {
		return civil.Zone{}, nil, err
	}
	zone, calendars, err := schedule.ParseCalendars(text)
	if err != nil {
		problems := strings.Split(err.Error(), "\n")
		for i := range problems {
			problems[i] = c.File + ":" + problems[i]
		}
		return civil.Zone{}, nil, &failure{message: "the file has no calendars to count by", details: problems, cause: err}
	}
	calendar, ok := calendars[c.Calendar]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(calendars)), ", ")
		if known == "" {
			known = "none"
		}
		return civil.Zone{}, nil, &usageError{fmt.Sprintf("--calendar %s: there is no such calendar in %s; it has: %s", c.Calendar, c.File, known)}
	}
	return zone, worktime.New(&calendar, zone), nil
}

func (c *ClockDue) pauses(zone civil.Zone) ([]worktime.Pause, error) {
	var pauses []worktime.Pause
	for _, text := range c.Pause {
		first, last, ok := strings.Cut(text, "/")
		if !ok {
			return nil, &usageError{fmt.Sprintf("--pause %s: write FROM/TO, or FROM/ for one that is still on", text)}
		}
		var p worktime.Pause
		var err error
		if p.From, err = zone.ParseInstant(first); err == nil && last != "" {
			p.To, err = zone.ParseInstant(last)
		}
		if err != nil {
			return nil, &usageError{fmt.Sprintf("--pause %s: %v", text, err)}
		}
		if last != "" && p.To.Before(p.From) {
			return nil, &usageError{fmt.Sprintf("--pause %s: ends before it begins", text)}
		}
		pauses = append(pauses, p)
	}
	return pauses, nil
}

// notDue tells why no instant is due.
func notDue(pauses []worktime.Pause) error {
	if slices.ContainsFunc(pauses, func(p worktime.Pause) bool { return p.To.IsZero() }) {
		return &failure{message: "not due: the clock stands still in a pause that is still on", fix: "give the pause's end, as --pause FROM/TO, once it is known"}
	}
	return &failure{message: "not due before the year 10000: the calendar has too few hours"}
}
