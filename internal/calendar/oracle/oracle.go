// Package oracle expands recurrences a second time, for tests to hold others against: it
// shares nothing with the library that the product expands them by.
package oracle

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Instants returns when a rule recurs, by the days that it names from one to another. It is
// in force from start on, as 2027-03-01T09:00, which is a time on the clocks of a zone.
func Instants(rule, start string, zone civil.Zone, from, to civil.Day) (map[civil.Day]time.Time, error) {
	at, err := time.Parse("2006-01-02T15:04", start)
	if err != nil {
		return nil, fmt.Errorf("the start of a recurrence: %w", err)
	}
	found := map[civil.Day]time.Time{}
	for day := from; day <= to; day++ {
		if recurs(rule, civil.Date(at.Date()), day) {
			found[day] = shown(zone, day, at)
		}
	}
	return found, nil
}

// shown is the first instant at which the clocks of a zone show a time of a day, or else
// would have, had they not been put forward.
func shown(in civil.Zone, day civil.Day, at time.Time) time.Time {
	year, month, of := day.Date()
	wall := time.Date(year, month, of, at.Hour(), at.Minute(), 0, 0, time.UTC)
	if instants := in.Instants(wall); len(instants) > 0 {
		return instants[0].UTC()
	}
	for before := wall; ; before = before.Add(-time.Minute) { // by the clocks before the jump
		if instants := in.Instants(before); len(instants) > 0 {
			return instants[len(instants)-1].Add(wall.Sub(before)).UTC()
		}
	}
}

// recurs says, from the text of RFC 5545, section 3.3.10, alone, whether a rule that is in
// force from a day on names another. It knows FREQ, INTERVAL, BYMONTH, BYMONTHDAY and BYDAY,
// whose weeks begin on Monday, and looks at each day for itself.
func recurs(rule string, from, day civil.Day) bool {
	part := map[string]string{}
	for text := range strings.SplitSeq(rule, ";") {
		name, value, _ := strings.Cut(text, "=")
		part[name] = value
	}
	year, month, of := day.Date()
	firstYear, firstMonth, firstOf := from.Date()
	if day < from || part["BYMONTH"] != "" && !slices.Contains(numbers(part["BYMONTH"]), int(month)) {
		return false
	}
	last := lastOf(year, month)
	onDate := slices.ContainsFunc(numbers(part["BYMONTHDAY"]), func(n int) bool { return n == of || n == of-last-1 })
	if part["BYMONTHDAY"] != "" && !onDate || part["BYDAY"] != "" && !onWeekday(part["BYDAY"], day, of, last) {
		return false
	}
	every := 1
	if part["INTERVAL"] != "" {
		every, _ = strconv.Atoi(part["INTERVAL"])
	}
	named := part["BYMONTHDAY"] != "" || part["BYDAY"] != ""
	monday := func(d civil.Day) civil.Day { return d - (civil.Day(d.Weekday())+6)%7 }
	switch part["FREQ"] {
	case "DAILY":
		return int(day-from)%every == 0
	case "WEEKLY":
		return int(monday(day)-monday(from))/7%every == 0 && (named || day.Weekday() == from.Weekday())
	case "MONTHLY":
		return (12*(year-firstYear)+int(month-firstMonth))%every == 0 && (named || of == firstOf)
	case "YEARLY":
		return (year-firstYear)%every == 0 && (part["BYMONTH"] != "" || month == firstMonth) && (named || of == firstOf)
	}
	return false
}

func numbers(list string) []int {
	var found []int
	for text := range strings.SplitSeq(list, ",") {
		if n, err := strconv.Atoi(text); err == nil {
			found = append(found, n)
		}
	}
	return found
}

// onWeekday says whether a day is one of a list as TU,2WE,-1FR, whose numbers count within
// its month.
func onWeekday(list string, day civil.Day, of, last int) bool {
	names := []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	for text := range strings.SplitSeq(list, ",") {
		name := text[len(text)-2:]
		if names[day.Weekday()] != name {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSuffix(text, name))
		if err != nil || n == (of-1)/7+1 || n == -((last-of)/7+1) {
			return true
		}
	}
	return false
}

func lastOf(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
