package rewards

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Period is a month or a quarter of the calendar.
type Period struct {
	// ID names it: 2026-11 or 2026-q4.
	ID string
	// From is its first day, and To its last.
	From, To civil.Day
}

// MonthOf returns the month that a day is in.
func MonthOf(day civil.Day) Period {
	year, month, _ := day.Date()
	from := civil.Date(year, month, 1)
	return Period{fmt.Sprintf("%04d-%02d", year, month), from, from.AddMonths(1) - 1}
}

// QuarterOf returns the quarter that a day is in.
func QuarterOf(day civil.Day) Period {
	year, month, _ := day.Date()
	quarter := (int(month) - 1) / 3
	from := civil.Date(year, time.Month(quarter*3+1), 1)
	return Period{fmt.Sprintf("%04d-q%d", year, quarter+1), from, from.AddMonths(3) - 1}
}

var periodPattern = regexp.MustCompile(`^([0-9]{4})-(?:(0[1-9]|1[0-2])|q([1-4]))$`)

// ParsePeriod reads 2026-11 or 2026-q4; INVALID_ARGUMENT about the field otherwise.
func ParsePeriod(field, text string) (Period, error) {
	parts := periodPattern.FindStringSubmatch(text)
	if len(parts) == 0 || parts[1] == "0000" {
		return Period{}, fault.Invalid(field, "%q is neither a month, as 2026-11, nor a quarter, as 2026-q4", text)
	}
	year, _ := strconv.Atoi(parts[1])
	if parts[2] != "" {
		month, _ := strconv.Atoi(parts[2])
		return MonthOf(civil.Date(year, time.Month(month), 1)), nil
	}
	quarter, _ := strconv.Atoi(parts[3])
	return QuarterOf(civil.Date(year, time.Month(quarter*3), 1)), nil
}

// Months returns the months of the period, in order.
func (p Period) Months() []Period {
	var list []Period
	for first := p.From; first <= p.To; first = first.AddMonths(1) {
		list = append(list, MonthOf(first))
	}
	return list
}

// weekOf returns the Monday of the week that a day is in.
func weekOf(day civil.Day) civil.Day {
	return day - civil.Day((int(day.Weekday())+6)%7)
}

// affected returns the months whose credits may follow from work of a day: those that
// its week reaches into.
func affected(day civil.Day) []Period {
	monday := weekOf(day)
	first, last := MonthOf(monday), MonthOf(monday+6)
	if first == last {
		return []Period{first}
	}
	return []Period{first, last}
}
