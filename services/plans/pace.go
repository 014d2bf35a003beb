package plans

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// paceDays is for how many days a strategy is looked at: ten years, in which also a delay
// shows that grows by few days a year, as of monthly contacts with a gap of 30 days.
const paceDays = 3653

// paced wants the gap to leave room for all that the strategy asks for: where it does not, a
// cadence is put off beyond its own next contact, and from there on further and further. Known
// are the people whom one cadence addresses, and those of a role whom several do; that one
// person has several roles is seen where contacts are placed, and said there. Nobody is
// contacted on fewer days than from Monday to Friday here. The strategy must be right by
// itself; path is the field that it is in.
func (s *Strategy) paced(path string) error {
	if s.GapDays == 0 {
		return nil
	}
	begun := civil.Day(0) // from when on there are contacts of all cadences
	all := make([]*calendar.Series, len(s.Cadences))
	for i := range s.Cadences {
		c := &s.Cadences[i]
		when := c.When
		when.Zone = cmp.Or(when.Zone, "UTC")
		var err error
		if all[i], err = when.Series(calendar.Workdays{}); err != nil {
			return err
		}
		first := firstOf(all[i])
		if err := s.room(path, "", meantBetween(c, all[i], first, first+paceDays)); err != nil {
			return err
		}
		begun = max(begun, first)
	}
	roles := []string{""} // of people without a role, to begin with
	wanted := map[string][]meant{}
	for i := range s.Cadences {
		c := &s.Cadences[i]
		wanted[c.ID], roles = meantBetween(c, all[i], begun, begun+paceDays), append(roles, c.Roles...)
	}
	slices.Sort(roles)
	looked := map[string]bool{}
	for _, role := range slices.Compact(roles) {
		ids := s.addressing(role)
		among := strings.Join(ids, " ")
		if len(ids) < 2 || looked[among] {
			continue
		}
		looked[among] = true
		if err := s.room(path, role, together(wanted, ids)); err != nil {
			return err
		}
	}
	return nil
}

// addressing returns the ids of the cadences that address a person of one role.
func (s *Strategy) addressing(role string) []string {
	var ids []string
	for i := range s.Cadences {
		if c := &s.Cadences[i]; len(c.Roles) == 0 || slices.Contains(c.Roles, role) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// together returns the contacts of some cadences in the order in which they are placed.
func together(by map[string][]meant, ids []string) []meant {
	var list []meant
	for _, id := range ids {
		list = append(list, by[id]...)
	}
	slices.SortFunc(list, func(a, b meant) int {
		return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id(), b.id()))
	})
	return list
}

// meant is when a cadence wants a contact: the day, and that of its next one.
type meant struct {
	cadence   *Cadence
	at        time.Time
	day, next civil.Day
}

// id puts contacts that are meant for the same time in the order of their touchpoints.
func (m *meant) id() string { return m.cadence.ID + "-" + m.day.String() }

// firstOf returns the first day of a series, which there always is.
func firstOf(series *calendar.Series) civil.Day {
	for o := range series.All() {
		return civil.Date(o.Start.Date())
	}
	return 0
}

// meantBetween returns when a cadence wants contacts from a day on and before another.
func meantBetween(c *Cadence, series *calendar.Series, from, before civil.Day) []meant {
	var list []meant
	for o := range series.All() {
		day := civil.Date(o.Start.Date())
		if n := len(list); n > 0 {
			list[n-1].next = day
		}
		if day >= before {
			break
		}
		if day >= from {
			list = append(list, meant{c, o.Start, day, civil.Never})
		}
	}
	return list
}

// room wants each of the contacts with one person, in the order in which they are placed, to
// come before the next of its cadence. One that has to leave its own day goes to the next
// working day that keeps the gap. The role is that of the person; empty is that of anybody.
func (s *Strategy) room(path, role string, contacts []meant) error {
	var taken []civil.Day // in order
	for _, c := range contacts {
		on := c.day
		for at, near := s.near(taken, on); near || on != c.day && !working(on); at, near = s.near(taken, on) {
			if on++; near {
				on = at + civil.Day(s.GapDays) + 1
			}
		}
		if on >= c.next {
			return fault.Invalid(path+".gap_days", "%d leaves no room for what %s with one person%s: %q of %s would be put off beyond the next one. "+
				"Make the gap shorter, or the contacts rarer.", s.GapDays, asking(contacts), of(role), c.cadence.ID, c.day.Words())
		}
		at, _ := slices.BinarySearch(taken, on)
		taken = slices.Insert(taken, at, on)
	}
	return nil
}

// near returns the last of the days that are taken that is nearer to a day than the gap, and
// whether there is any.
func (s *Strategy) near(taken []civil.Day, day civil.Day) (civil.Day, bool) {
	gap := civil.Day(s.GapDays)
	after, _ := slices.BinarySearch(taken, day+gap+1)
	if after == 0 || taken[after-1] < day-gap {
		return 0, false
	}
	return taken[after-1], true
}

// working says whether a day is from Monday to Friday.
func working(day civil.Day) bool {
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
}

// asking names the cadences of contacts, as "letter" and "weekly" ask for.
func asking(contacts []meant) string {
	var ids []string
	for _, c := range contacts {
		if id := fmt.Sprintf("%q", c.cadence.ID); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	if len(ids) == 1 {
		return "the cadence " + ids[0] + " asks for"
	}
	last := len(ids) - 1
	return "the cadences " + strings.Join(ids[:last], ", ") + " and " + ids[last] + " ask for"
}

func of(role string) string {
	if role == "" {
		return ""
	}
	return " of the role " + role
}
