package accounts

import (
	"errors"
	"time"
)

// Day is a calendar day, counted from 1970-01-01, which is day 0.
type Day int32

// The first and the last day that the service takes, both included.
var (
	FirstDay = MakeDay(1900, 1, 1)
	LastDay  = MakeDay(2200, 12, 31)
)

var errDay = errors.New("is not a day between 1900-01-01 and 2200-12-31, written like 2026-01-31")

// MakeDay returns the day of a date of the Gregorian calendar. The date must exist.
func MakeDay(year, month, day int) Day {
	// Years begin in March here, so that the leap day is the last of its year, and
	// 400 years are 146,097 days.
	y, m := year, month-3
	if m < 0 {
		y, m = y-1, m+12
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	inEra := y - era*400
	dayOfYear := (153*m+2)/5 + day - 1
	return Day(era*146097 + inEra*365 + inEra/4 - inEra/100 + dayOfYear - 719468)
}

// CheckDate returns the day of a date, or an error where there is no such day or it
// is not from 1900 to 2200.
func CheckDate(year, month, day int) (Day, error) {
	if year < 1900 || year > 2200 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, errDay
	}
	return MakeDay(year, month, day), nil
}

// ParseDay reads a day written as 2026-01-31 and nothing else.
func ParseDay(text string) (Day, error) {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return 0, errDay
	}
	year, ok1 := digits(text[:4])
	month, ok2 := digits(text[5:7])
	day, ok3 := digits(text[8:])
	if !ok1 || !ok2 || !ok3 {
		return 0, errDay
	}
	return CheckDate(year, month, day)
}

func digits(text string) (n int, ok bool) {
	for i := range len(text) {
		c := text[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int(c)
	}
	return n, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// DayOf returns the day it is at an instant in a zone.
func DayOf(t time.Time, zone *time.Location) Day {
	y, m, d := t.In(zone).Date()
	return MakeDay(y, int(m), d)
}

// Date returns year, month and day.
func (d Day) Date() (year, month, day int) {
	y, m, dd := time.Unix(int64(d)*86400, 0).UTC().Date()
	return y, int(m), dd
}

// String writes the day as 2026-01-31.
func (d Day) String() string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }
