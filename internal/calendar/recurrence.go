package calendar

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// What bounds every expansion.
const (
	// MaxOccurrences is how many occurrences are expanded at once.
	MaxOccurrences = 10_000
	// MaxYears is for how many years from its start something recurs.
	MaxYears = 200
	// MaxDuration is the longest an occurrence takes.
	MaxDuration = 31 * 24 * time.Hour
)

// LocalTime is how the start of a recurrence is written (a layout of package time).
const LocalTime = "2006-01-02T15:04"

// Recurrence says when something happens again and again. Each occurrence has the
// local time of the start, also across daylight saving: see Place for times that
// clocks skip or show twice.
//
// A day that a month or year does not have is left out (RFC 5545, section 3.3.10):
// BYMONTHDAY=31 recurs in seven months of the year, and 29 February every year in leap
// years only. BYMONTHDAY=-1 asks for the last day of every month, and
// BYMONTH=2;BYMONTHDAY=-1 for the last of every February.
type Recurrence struct {
	// Rule is the value of an RRULE (RFC 5545) that names days: FREQ=DAILY or longer,
	// without BYHOUR, BYMINUTE, BYSECOND and BYWEEKNO. It is in force from the start's
	// day, which is an occurrence only where the rule names it.
	Rule string `bson:"rule"`
	// Start is the first day possible and the local time of every occurrence, as
	// 2027-03-01T10:00.
	Start string `bson:"start"`
	// Zone is the IANA name of the time zone, as America/New_York.
	Zone string `bson:"zone"`
	// Duration is how long an occurrence takes, in nanoseconds; 0 is an instant.
	Duration time.Duration `bson:"duration,omitempty"`
	// OnHoliday says what becomes of an occurrence on a holiday or weekend.
	OnHoliday Policy `bson:"on_holiday,omitempty"`
}

// Check names everything that is wrong, each with its field: rule, start, zone,
// duration, on_holiday.
func (r Recurrence) Check() []fault.Field {
	_, problems := r.compile()
	return problems
}

// Series returns the occurrences of the recurrence among working days. The error is a
// *fault.Error, INVALID_ARGUMENT, that names every field that is wrong.
func (r Recurrence) Series(w Workdays) (*Series, error) {
	s, problems := r.compile()
	week, more := w.compile()
	if problems = append(problems, more...); len(problems) > 0 {
		return nil, fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, "%s: %s", problems[0].Path, problems[0].Description).
			WithFields(problems...)
	}
	s.week = week
	return s, nil
}

func (r Recurrence) compile() (*Series, []fault.Field) {
	var problems []fault.Field
	wrong := func(field string, format string, args ...any) {
		problems = append(problems, fault.Field{Path: field, Description: fmt.Sprintf(format, args...)})
	}
	s := &Series{policy: r.OnHoliday, duration: r.Duration}
	var err error
	if s.rule, err = parseRule(r.Rule); err != nil {
		wrong("rule", "%s", err)
	}
	start, err := time.Parse(LocalTime, r.Start)
	s.first = dayOf(start)
	s.since = start.Sub(midnight(s.first))
	if err != nil || s.first < firstDay || s.first.AddMonths(12*MaxYears) > lastDay {
		wrong("start", "%q is not a local time from %d to %d: write it as 2027-03-01T10:00", r.Start, 1970, 2199)
	}
	if s.zone, err = civil.LoadZone(r.Zone); err != nil {
		wrong("zone", "%s", err)
	}
	if r.Duration < 0 || r.Duration > MaxDuration || r.Duration%time.Second != 0 {
		wrong("duration", "is %s: it must be whole seconds, and at most %d days", r.Duration, MaxDuration/(24*time.Hour))
	}
	if r.OnHoliday != "" && !slices.Contains(Policies, r.OnHoliday) {
		wrong("on_holiday", "%q is not known: write keep, next, previous or skip", r.OnHoliday)
	}
	if len(problems) == 0 && !s.occurs() {
		wrong("rule", "names no day from %s on", s.first)
	}
	return s, problems
}

// occurs reports whether the rule names any day at all.
func (s *Series) occurs() bool {
	for range s.days() {
		return true
	}
	return false
}

// days yields the days that the rule names, in order. The days are expanded as UTC
// days, where none is longer than another: rrule-go would reckon with a zone's offsets.
func (s *Series) days() iter.Seq[civil.Day] {
	return func(yield func(civil.Day) bool) {
		option := s.rule.days
		option.Dtstart = midnight(s.first)
		all, err := rrule.NewRRule(option)
		if err != nil {
			return // parseRule lets none through that this would refuse
		}
		end := s.first.AddMonths(12 * MaxYears)
		next := all.Iterator()
		for at, more := next(); more; at, more = next() {
			if day := dayOf(at); day >= end || s.over(day) || !yield(day) {
				return
			}
		}
	}
}

// over reports whether a day is after the rule's UNTIL.
func (s *Series) over(day civil.Day) bool {
	return day > s.rule.lastDay || !s.rule.lastInstant.IsZero() && s.at(day).After(s.rule.lastInstant)
}

// at returns the instant of the recurrence's time on a day.
func (s *Series) at(day civil.Day) time.Time { return Place(day, s.since, s.zone) }
