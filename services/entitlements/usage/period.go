package usage

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// firstMonday is the day from which calendar periods of days are counted.
var firstMonday = civil.Date(1970, time.January, 5)

// terms are how the units of a benefit come back.
type terms struct {
	period civil.Period // more than P0D
	resets schedule.Resets
	// anchor is the day from which anniversary periods are counted.
	anchor civil.Day
}

// span is the days of a period, to exclusive.
type span struct{ from, to civil.Day }

// at returns the period that a day is in. Where the benefit rolls, these are the days
// whose uses count on that day, up to and including it.
func (t terms) at(day civil.Day) span {
	switch t.resets {
	case schedule.Rolling:
		return span{t.rollingFrom(day), day + 1}
	case schedule.ByCalendar:
		return t.calendar(day)
	}
	return t.anniversary(day)
}

// rollingFrom returns the first day whose uses count on a day.
func (t terms) rollingFrom(day civil.Day) civil.Day {
	from := day.AddMonths(-t.period.Months) - civil.Day(t.period.Days) - 3 // months end on different days
	for t.period.After(from) <= day {
		from++
	}
	return from
}

func (t terms) calendar(day civil.Day) span {
	if n := t.period.Months; n > 0 {
		year, month, _ := day.Date()
		first := floorDiv(year*12+int(month)-1, n) * n
		from := civil.Date(floorDiv(first, 12), time.Month(first-floorDiv(first, 12)*12+1), 1)
		return span{from, from.AddMonths(n)}
	}
	n := t.period.Days
	from := firstMonday + civil.Day(floorDiv(int(day-firstMonday), n)*n)
	return span{from, from + civil.Day(n)}
}

func (t terms) anniversary(day civil.Day) span {
	begin := func(k int) civil.Day {
		return t.anchor.AddMonths(k*t.period.Months) + civil.Day(k*t.period.Days)
	}
	k := floorDiv(int(day-t.anchor), 31*t.period.Months+t.period.Days)
	for begin(k) > day { // days before the anchor, where months are shorter than 31 days
		k--
	}
	for begin(k+1) <= day {
		k++
	}
	return span{begin(k), begin(k + 1)}
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
