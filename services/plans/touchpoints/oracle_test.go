package touchpoints

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

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
