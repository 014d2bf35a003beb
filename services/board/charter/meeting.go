package charter

import (
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// EarliestCall returns the first day for which a meeting can be called on a day, so that
// it is announced in time.
func (c *Charter) EarliestCall(today civil.Day) civil.Day {
	return today + civil.Day(c.Meetings.NoticeDays)
}

// Meeting checks a change of the days on which the board meets, as moving or skipping
// one. Both lists ascend and are complete up to a day. It returns everything that is
// broken after the change and was not before. Of a move that is announced too late for
// both days, the day that it leaves is named.
func (c *Charter) Meeting(today civil.Day, before, after []civil.Day, until civil.Day) []Breach {
	var found []Breach
	for _, day := range before {
		if contains(after, day) || day <= today {
			continue
		}
		if late := int(today) + c.Meetings.NoticeDays - int(day); late > 0 {
			found = append(found, Breach{Rule: RuleNotice, Rotation: &day, Size: late, Text: "changing the meeting of " + day.String() +
				" would be announced " + count(int(day-today), "day") + " ahead, and the charter has " + count(c.Meetings.NoticeDays, "day")})
		}
	}
	for _, day := range after {
		if late := int(c.EarliestCall(today) - day); late > 0 && day > today && !contains(before, day) && len(found) == 0 {
			found = append(found, Breach{Rule: RuleNotice, Rotation: &day, Size: late, Text: "a meeting on " + day.String() +
				" would be announced " + count(int(day-today), "day") + " ahead, and the charter has " + count(c.Meetings.NoticeDays, "day")})
		}
	}
	thin := c.sparse(before, until)
	for _, gap := range c.sparse(after, until) {
		same := func(y year) bool { // twelve months that were as thin; about these, where a meeting is new
			return y.meetings <= gap.meetings && (y.from == gap.from || !contains(before, gap.from) && y.overlaps(gap))
		}
		if slices.ContainsFunc(thin, same) {
			continue
		}
		found = append(found, Breach{Rule: RuleMeetings, Rotation: &gap.from, Size: c.Meetings.PerYear - gap.meetings,
			Text: "the board would meet " + count(gap.meetings, "time") + " in the twelve months from " + gap.from.String() +
				", and the charter has at least " + count(c.Meetings.PerYear, "meeting") + " a year"})
	}
	return found
}

// contains reports whether a day is in a list that ascends.
func contains(days []civil.Day, day civil.Day) bool {
	_, found := slices.BinarySearch(days, day)
	return found
}

// year is twelve months that begin with a meeting.
type year struct {
	from     civil.Day
	meetings int
}

// overlaps reports whether two years have a day in common.
func (y year) overlaps(other year) bool {
	return y.from < other.from.AddMonths(12) && other.from < y.from.AddMonths(12)
}

// sparse returns the twelve months from each meeting on that have too few meetings,
// that one included.
func (c *Charter) sparse(days []civil.Day, until civil.Day) []year {
	var found []year
	for i, from := range days {
		to := from.AddMonths(12)
		if to > until {
			break
		}
		end, _ := slices.BinarySearch(days, to)
		if end-i < c.Meetings.PerYear {
			found = append(found, year{from, end - i})
		}
	}
	return found
}
