package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Policy says what becomes of an occurrence that falls on a day on which nobody works.
type Policy string

// The policies.
const (
	// Keep holds it all the same; it is what the empty Policy means.
	Keep Policy = "keep"
	// NextWorkday holds it on the next day on which people work.
	NextWorkday Policy = "next"
	// PreviousWorkday holds it on the last such day before.
	PreviousWorkday Policy = "previous"
	// Skip does not hold it.
	Skip Policy = "skip"
)

// Policies are all policies.
var Policies = []Policy{Keep, NextWorkday, PreviousWorkday, Skip}

// NoWeekend is the Weekend of those who work every day of the week.
const NoWeekend = "none"

// Workdays says on which days people work.
type Workdays struct {
	// Holidays are days on which nobody works, in any order; at most 5,000.
	Holidays []civil.Day `bson:"holidays,omitempty"`
	// Weekend are the days of every week on which nobody works, as in RFC 5545 with
	// commas: "SA,SU", which the empty text means too, "FR,SA", or NoWeekend.
	Weekend string `bson:"weekend,omitempty"`
}

// The days between which everything here happens.
var (
	firstDay = civil.Date(1970, time.January, 1)
	lastDay  = civil.Date(2399, time.December, 31)
)

const (
	maxHolidays = 5000
	// maxIdle is how many days in a row may be without work, so that there always is a next
	// and a previous working day: as long as calendars of the schedule can be shut, with a
	// thousand holidays and the weekends between them.
	maxIdle = 1500
)

var weekdays = map[string]time.Weekday{"SU": time.Sunday, "MO": time.Monday, "TU": time.Tuesday, "WE": time.Wednesday,
	"TH": time.Thursday, "FR": time.Friday, "SA": time.Saturday}

// Check names everything that is wrong, each with its field: holidays[2], weekend.
func (w Workdays) Check() []fault.Field {
	_, problems := w.compile()
	return problems
}

// Working tells working days from others. It never changes, and may be shared.
type Working struct{ week week }

// Working returns the working days ready for use. The error is a *fault.Error,
// INVALID_ARGUMENT, that names every field that is wrong.
func (w Workdays) Working() (Working, error) {
	compiled, problems := w.compile()
	if len(problems) > 0 {
		return Working{}, fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, "%s: %s", problems[0].Path, problems[0].Description).
			WithFields(problems...)
	}
	return Working{compiled}, nil
}

// On reports whether people work on a day, and why where they do not, as "Saturday 25
// December 2027 is a holiday".
func (w Working) On(day civil.Day) (works bool, why string) {
	if !w.week.idle(day) {
		return true, ""
	}
	return false, w.week.why(day)
}

// week is Workdays ready for use.
type week struct {
	weekend  [7]bool
	holidays map[civil.Day]bool
}

func (w Workdays) compile() (week, []fault.Field) {
	compiled := week{holidays: make(map[civil.Day]bool, len(w.Holidays))}
	var problems []fault.Field
	weekend := w.Weekend
	switch weekend {
	case "":
		weekend = "SA,SU"
	case NoWeekend:
		weekend = ""
	}
	idle := 0
	for name := range strings.SplitSeq(weekend, ",") {
		day, known := weekdays[name]
		switch {
		case weekend == "":
		case !known || compiled.weekend[day]:
			problems = append(problems, fault.Field{Path: "weekend", Description: fmt.Sprintf(
				"%q is not a list of different days of the week: write SA,SU or FR,SA, or %s where people work on all seven", w.Weekend, NoWeekend)})
			return compiled, problems
		default:
			compiled.weekend[day] = true
			idle++
		}
	}
	if idle == len(compiled.weekend) {
		problems = append(problems, fault.Field{Path: "weekend", Description: "leaves no day on which people work"})
	}
	if len(w.Holidays) > maxHolidays {
		return compiled, append(problems, fault.Field{Path: "holidays",
			Description: fmt.Sprintf("are %d; at most %d are possible", len(w.Holidays), maxHolidays)})
	}
	for i, day := range w.Holidays {
		if day < firstDay || day > lastDay {
			problems = append(problems, fault.Field{Path: fmt.Sprintf("holidays[%d]", i),
				Description: fmt.Sprintf("%s is not between %s and %s", day, firstDay, lastDay)})
		}
		compiled.holidays[day] = true
	}
	if len(problems) == 0 {
		problems = compiled.checkIdle(w.Holidays)
	}
	return compiled, problems
}

// checkIdle finds a stretch of days without work that is too long.
func (w week) checkIdle(holidays []civil.Day) []fault.Field {
	last := firstDay - 1
	for _, day := range slices.Sorted(slices.Values(holidays)) {
		if day <= last {
			continue // within the stretch before
		}
		for last = day; w.idle(last); last++ {
			if last >= day+maxIdle {
				return []fault.Field{{Path: "holidays", Description: fmt.Sprintf(
					"leave no working day within %d days from %s: say which of these days are worked", maxIdle, day)}}
			}
		}
	}
	return nil
}

// idle reports whether nobody works on a day.
func (w week) idle(day civil.Day) bool { return w.weekend[day.Weekday()] || w.holidays[day] }

// words writes a day as in a sentence: "Saturday 25 December 2027".
func words(day civil.Day) string { return day.Weekday().String() + " " + day.Words() }

// why says why nobody works on a day.
func (w week) why(day civil.Day) string {
	if w.holidays[day] {
		return words(day) + " is a holiday"
	}
	return words(day) + " is a weekend"
}

// apply returns the day on which an occurrence is held, and why where it is another
// than its own; false where it is not held.
func (w week) apply(p Policy, own civil.Day) (held civil.Day, why string, ok bool) {
	if p == Keep || p == "" || !w.idle(own) {
		return own, "", true
	}
	if p == Skip {
		return own, w.why(own), false
	}
	step := civil.Day(1)
	if p == PreviousWorkday {
		step = -1
	}
	held = own
	for w.idle(held) {
		held += step
	}
	return held, w.why(own), true
}
