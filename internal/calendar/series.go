package calendar

import (
	"fmt"
	"iter"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Series is a recurrence ready to be expanded. It never changes, and may be shared.
type Series struct {
	rule     rule
	first    civil.Day
	since    time.Duration // the time of day, since midnight
	zone     civil.Zone
	duration time.Duration
	policy   Policy
	week     week
}

// Occurrence is one time at which something happens.
type Occurrence struct {
	// Day is the one that the rule names. It tells an occurrence from the others for
	// good, whatever holidays or people do to its time: written YYYY-MM-DD, it is an id
	// of the API.
	Day civil.Day
	// Start and End are in the recurrence's zone; the end is not included.
	Start, End time.Time
	// Why says why it is held on another day than its own, as "Saturday 25 December
	// 2027 is a holiday"; empty where it is on its own.
	Why string
}

// Zone returns the time zone of the recurrence.
func (s *Series) Zone() civil.Zone { return s.zone }

// TimeOfDay returns what has passed since midnight when occurrences start, on a day without
// changes of the clock.
func (s *Series) TimeOfDay() time.Duration { return s.since }

// All yields the occurrences in order, from the start for at most MaxYears. No two are
// on the same day: of several that holidays would bring onto one, that one is held
// whose own day it is, or else the earliest.
func (s *Series) All() iter.Seq[Occurrence] {
	return func(yield func(Occurrence) bool) {
		var waiting Occurrence // until nothing more can come onto its day
		on := civil.Never      // where it is held; Never while there is none
		for day := range s.days() {
			held, why, ok := s.week.apply(s.policy, day)
			if !ok {
				continue
			}
			if held == on {
				if held == day {
					waiting = s.occurrence(day, held, why)
				}
				continue
			}
			if on != civil.Never && !yield(waiting) {
				return
			}
			waiting, on = s.occurrence(day, held, why), held
		}
		if on != civil.Never {
			yield(waiting)
		}
	}
}

func (s *Series) occurrence(own, held civil.Day, why string) Occurrence {
	start := s.at(held)
	return Occurrence{Day: own, Start: start, End: start.Add(s.duration), Why: why}
}

// Between returns the occurrences that start at from or later, and before to. The
// error is a *fault.Error, OUT_OF_RANGE, where there are more than MaxOccurrences.
func (s *Series) Between(from, to time.Time) ([]Occurrence, error) {
	var list []Occurrence
	for o := range s.All() {
		if !o.Start.Before(to) {
			break
		}
		if o.Start.Before(from) {
			continue
		}
		if len(list) == MaxOccurrences {
			return nil, tooMany(from, to)
		}
		list = append(list, o)
	}
	return list, nil
}

func tooMany(from, to time.Time) error {
	return fault.New(fault.OutOfRange, fault.ReasonInvalidArgument,
		"There are more than %d occurrences between %s and %s: ask for a shorter time.", MaxOccurrences, dayOf(from), dayOf(to))
}

// Next returns the n first occurrences that start after an instant; fewer where the
// recurrence ends. At most MaxOccurrences come at once.
func (s *Series) Next(after time.Time, n int) []Occurrence {
	var list []Occurrence
	if n = min(n, MaxOccurrences); n <= 0 {
		return nil
	}
	for o := range s.All() {
		if !o.Start.After(after) {
			continue
		}
		if list = append(list, o); len(list) == n {
			break
		}
	}
	return list
}

// String describes the occurrence in its zone, as "Tue 2 Mar 2027 10:00 EST".
func (o Occurrence) String() string {
	text := o.Start.Format("Mon 2 Jan 2006 15:04 MST")
	if o.Why != "" {
		text += fmt.Sprintf(" (%s)", o.Why)
	}
	return text
}
