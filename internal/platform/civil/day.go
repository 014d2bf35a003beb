// Package civil is the calendar that the services decide by: days without a
// zone, periods counted in months and days, and the instants at which a day
// begins in a company's time zone. What a customer is owed and how long a seat
// is held are decided by calendar days; only the zone turns them into instants.
package civil

import (
	"fmt"
	"math"
	"time"
)

// Day is a calendar day of the proleptic Gregorian calendar, counted from
// 1970-01-01 = 0. It has no zone.
type Day int32

// Never is later than every calendar day. It stands for "no end" and for "has
// not happened"; arithmetic on it stays at Never.
const Never Day = math.MaxInt32

// FirstDay and LastDay are 0001-01-01 and 9999-12-31, the days that can be
// written down.
const (
	FirstDay Day = -719162
	LastDay  Day = 2932896
)

// daysPerEra is the length of the 400 years after which the calendar repeats.
const daysPerEra = 146097

// Date returns the day of a year, month and day of month, which must exist:
// see DaysIn.
func Date(year int, month time.Month, day int) Day {
	// Years are counted from March, so that the leap day ends them.
	y, m := year, int(month)-3
	if m < 0 {
		y, m = y-1, m+12
	}
	era := floorDiv(y, 400)
	yearOfEra := y - era*400
	dayOfYear := (153*m+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return Day(era*daysPerEra + dayOfEra - 719468)
}

// Date returns the year, month and day of month of d.
func (d Day) Date() (year int, month time.Month, day int) {
	z := int(d) + 719468
	era := floorDiv(z, daysPerEra)
	dayOfEra := z - era*daysPerEra
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*dayOfYear + 2) / 153
	year, month = era*400+yearOfEra, time.Month(m+3)
	if m >= 10 {
		year, month = year+1, month-12
	}
	return year, month, dayOfYear - (153*m+2)/5 + 1
}

// DaysIn returns the number of days of a month.
func DaysIn(year int, month time.Month) int {
	switch month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

// AddMonths returns the same day of the month n months later (earlier when n is
// negative), or the last day of that month when it has no such day: 31 January
// + 1 month is 28 or 29 February, 29 February + 12 months is 28 February. It is
// monotone: a later day never gives an earlier result.
func (d Day) AddMonths(n int) Day {
	if d == Never {
		return Never
	}
	year, month, day := d.Date()
	months := year*12 + int(month) - 1 + n
	year, month = floorDiv(months, 12), time.Month(months-floorDiv(months, 12)*12+1)
	return Date(year, month, min(day, DaysIn(year, month)))
}

// Weekday returns the day of the week of d.
func (d Day) Weekday() time.Weekday {
	return time.Weekday(int(d) + 4 - floorDiv(int(d)+4, 7)*7)
}

// String returns the day as YYYY-MM-DD, or "never".
func (d Day) String() string {
	if d == Never {
		return "never"
	}
	year, month, day := d.Date()
	return fmt.Sprintf("%04d-%02d-%02d", year, month, day)
}

// Words returns the day as it is written in a sentence: "30 June 1998".
func (d Day) Words() string {
	if d == Never {
		return "never"
	}
	year, month, day := d.Date()
	return fmt.Sprintf("%d %s %d", day, month, year)
}

// ParseDay reads a day written as YYYY-MM-DD, from 0001-01-01 to 9999-12-31.
func ParseDay(text string) (Day, error) {
	date, err := time.Parse(time.DateOnly, text)
	if err != nil || date.Year() < 1 {
		return 0, fmt.Errorf("%q is not a calendar day: write it as YYYY-MM-DD, such as 1998-06-30", text)
	}
	return Date(date.Year(), date.Month(), date.Day()), nil
}

// floorDiv divides rounding towards minus infinity; b is positive.
func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
