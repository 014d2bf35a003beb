package calendar

import (
	"fmt"
	"time"
)

// Day is a calendar day without a zone, written YYYY-MM-DD, so that days compare as
// their texts do. ParseDay makes one of what a person wrote.
type Day string

// The days between which everything here happens.
const (
	FirstDay Day = "1970-01-01"
	LastDay  Day = "2399-12-31"
)

// ParseDay reads a day from FirstDay to LastDay.
func ParseDay(text string) (Day, error) {
	d := Day(text)
	if _, err := time.Parse(time.DateOnly, text); err != nil || d < FirstDay || d > LastDay {
		return "", fmt.Errorf("%q is not a day between %s and %s: write it as YYYY-MM-DD, such as 2027-03-01", text, FirstDay, LastDay)
	}
	return d, nil
}

// DayOf returns the day on which an instant is, in the zone that it carries.
func DayOf(t time.Time) Day { return Day(t.Format(time.DateOnly)) }

// Midnight returns the day's beginning as wall-clock time, which package calendar keeps
// as if it were UTC.
func (d Day) Midnight() time.Time {
	t, _ := time.Parse(time.DateOnly, string(d))
	return t
}

// Add returns the day n days later, or earlier where n is negative.
func (d Day) Add(n int) Day { return DayOf(d.Midnight().AddDate(0, 0, n)) }

// Weekday returns the day of the week.
func (d Day) Weekday() time.Weekday { return d.Midnight().Weekday() }

// Words returns the day as in a sentence: "Saturday 25 December 2027".
func (d Day) Words() string { return d.Midnight().Format("Monday 2 January 2006") }
