package touchpoints

import (
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans"
)

// scene is what decides when the contacts with one customer can be. It is pure: the same
// scene places the same contacts on the same days.
type scene struct {
	gap     int // days between two contacts with one person
	quiet   plans.QuietHours
	working calendar.Working
	away    map[string][]Away // by principal
	touches []touch           // the contacts that have their day
}

// touch is a contact with some people on a day.
type touch struct {
	name   string
	day    civil.Day
	people []string
}

// slot is when and by whom a contact is made, and why not as it was meant.
type slot struct {
	due   time.Time
	day   civil.Day
	owner string
	why   []Adjustment
}

// maxSteps is how many days are tried for a contact: more than an absence and the longest gaps
// before and after take. Where none of them will do it stays on its own.
const maxSteps = maxAway + 2*plans.MaxGapDays

// wish is when and by whom a contact is meant to be made.
type wish struct {
	day civil.Day
	// from is the first day that will do; 0 where that is its own.
	from   civil.Day
	since  time.Duration // the time of the day, since midnight
	zone   civil.Zone
	owner  string
	people []Contact
}

// place finds the first time, from its own on, at which a contact can be made. Only what
// has to leave its own day needs a working day: whether its own is one was decided before.
func (s *scene) place(w wish) slot {
	found := slot{}
	ids := idsOf(w.people)
	first := max(w.day, w.from-1) // quiet hours may bring one onto the next day
	for step := range civil.Day(maxSteps) {
		due, quiet := s.loud(calendar.Place(first+step, w.since, w.zone), w.zone, w.people)
		day := w.zone.DayOf(due)
		if day < w.from {
			continue
		}
		if works, why := s.working.On(day); day != w.day && !works {
			found.note(Holiday, why)
			continue
		}
		owner, absent, ok := s.present(w.owner, day)
		if !ok {
			found.note(Absence, absent)
			continue
		}
		if near := s.near(day, ids); near != "" {
			found.note(Gap, near)
			continue
		}
		if quiet != "" {
			found.note(Quiet, quiet)
		}
		if absent != "" {
			found.note(Absence, absent)
		}
		found.due, found.day, found.owner = due, day, owner
		return found
	}
	found.note(Gap, fmt.Sprintf("no other day within %d would do", maxSteps))
	found.day, found.owner = max(w.day, w.from), w.owner
	found.due = calendar.Place(found.day, w.since, w.zone)
	return found
}

// note adds a reason, once.
func (s *slot) note(reason Reason, words string) {
	a := Adjustment{Reason: reason, Words: words}
	if !slices.Contains(s.why, a) {
		s.why = append(s.why, a)
	}
}

// crowded reports whether other contacts are in its way, and nobody's absence is.
func (s *slot) crowded() bool {
	return slices.ContainsFunc(s.why, func(a Adjustment) bool { return a.Reason == Gap }) &&
		!slices.ContainsFunc(s.why, func(a Adjustment) bool { return a.Reason == Absence })
}

// present returns who does on a day what a principal is to do, and why it is somebody else;
// false where nobody does.
func (s *scene) present(principal string, day civil.Day) (owner, why string, ok bool) {
	ok = true
	for i := range s.away[principal] {
		a := &s.away[principal][i]
		if !a.covers(day) {
			continue
		}
		why = fmt.Sprintf("%s is away from %s to %s", plans.PrincipalName(principal), a.First.Words(), a.Last.Words())
		if a.StandIn != "" && !slices.ContainsFunc(s.away[a.StandIn], func(other Away) bool { return other.covers(day) }) {
			return a.StandIn, why + ", and " + plans.PrincipalName(a.StandIn) + " stands in", true
		}
		ok = false
	}
	return principal, why, ok
}

// near says which contact with one of these people is too near to a day; empty where none is.
func (s *scene) near(day civil.Day, people []string) string {
	if s.gap == 0 {
		return ""
	}
	for i := range s.touches {
		t := &s.touches[i]
		apart := int(day - t.day)
		if max(apart, -apart) > s.gap || !slices.ContainsFunc(people, func(id string) bool { return slices.Contains(t.people, id) }) {
			continue
		}
		return fmt.Sprintf("%s is on %s with the same person, nearer than the gap of %s", t.name, t.day.Words(), days(s.gap))
	}
	return ""
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// loud returns the first instant, from one on, that is within nobody's quiet hours, and why
// it is another. Where there is none for all, the first of them decides. Without people the
// zone in which it was planned does.
func (s *scene) loud(at time.Time, zone civil.Zone, people []Contact) (time.Time, string) {
	if s.quiet.None() {
		return at, ""
	}
	zones := zonesOf(people, zone)
	hushed := slices.IndexFunc(zones, func(z civil.Zone) bool { return s.hushed(at, z) })
	if hushed < 0 {
		return at, ""
	}
	why := fmt.Sprintf("%s is within the quiet hours, %s to %s in %s", at.In(zones[hushed].Location()).Format("15:04"),
		minute(s.quiet.From), minute(s.quiet.To), zones[hushed])
	var ends []time.Time
	for _, z := range zones {
		for step := range civil.Day(3) {
			if end := s.end(z.DayOf(at)+step, z); end.After(at) {
				ends = append(ends, end)
			}
		}
	}
	slices.SortFunc(ends, time.Time.Compare)
	for _, end := range ends {
		if !slices.ContainsFunc(zones, func(z civil.Zone) bool { return s.hushed(end, z) }) {
			return end.In(zone.Location()), why
		}
	}
	for day := zones[0].DayOf(at); ; day++ {
		if end := s.end(day, zones[0]); !end.Before(at) {
			return end.In(zone.Location()), why
		}
	}
}

// hushed reports whether an instant is within the quiet hours of a zone.
func (s *scene) hushed(at time.Time, zone civil.Zone) bool {
	hour, minute, _ := at.In(zone.Location()).Clock()
	return s.quiet.Contains(60*hour + minute)
}

// end returns when the quiet hours that end on a day do.
func (s *scene) end(day civil.Day, zone civil.Zone) time.Time {
	return calendar.Place(day, time.Duration(s.quiet.To)*time.Minute, zone)
}

// zonesOf returns the zones of people, each once, or the zone of those who have none.
func zonesOf(people []Contact, otherwise civil.Zone) []civil.Zone {
	var zones []civil.Zone
	add := func(zone civil.Zone) {
		if !slices.ContainsFunc(zones, func(z civil.Zone) bool { return z.String() == zone.String() }) {
			zones = append(zones, zone)
		}
	}
	for i := range people {
		zone, err := civil.LoadZone(people[i].Zone)
		if people[i].Zone == "" || err != nil {
			zone = otherwise
		}
		add(zone)
	}
	if len(zones) == 0 {
		add(otherwise)
	}
	return zones
}

func idsOf(people []Contact) []string {
	var ids []string
	for i := range people {
		ids = append(ids, people[i].ID)
	}
	return ids
}

// minute writes minutes after midnight as 09:30.
func minute(n int) string { return fmt.Sprintf("%02d:%02d", n/60, n%60) }
