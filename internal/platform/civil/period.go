package civil

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxPeriodMonths and MaxPeriodDays bound a period to a hundred years.
const (
	MaxPeriodMonths = 1200
	MaxPeriodDays   = 36525
)

// Period is a length of time in calendar months and days, the part of ISO 8601
// durations that needs no clock. A year is twelve months and a week seven days,
// so P1Y and P12M are the same period. The zero value is P0D.
type Period struct {
	Months int // 0 to MaxPeriodMonths
	Days   int // 0 to MaxPeriodDays
}

// IsZero reports whether the period is P0D.
func (p Period) IsZero() bool { return p == Period{} }

// Valid reports whether both parts are within their bounds.
func (p Period) Valid() bool {
	return p.Months >= 0 && p.Months <= MaxPeriodMonths && p.Days >= 0 && p.Days <= MaxPeriodDays
}

// After returns the day one period after d: months first, as AddMonths does,
// then days. It is monotone in d.
func (p Period) After(d Day) Day {
	if d == Never {
		return Never
	}
	return d.AddMonths(p.Months) + Day(p.Days)
}

// String returns the shortest ISO 8601 form with years, months and days, such
// as P1Y, P18M as P1Y6M, P30D, and P0D for nothing.
func (p Period) String() string {
	if p.IsZero() {
		return "P0D"
	}
	text := []byte{'P'}
	for _, part := range []struct {
		n    int
		unit byte
	}{{p.Months / 12, 'Y'}, {p.Months % 12, 'M'}, {p.Days, 'D'}} {
		if part.n != 0 {
			text = append(strconv.AppendInt(text, int64(part.n), 10), part.unit)
		}
	}
	return string(text)
}

var errPeriod = errors.New("write it as P0D, P30D, P2W, P12M or P1Y6M (years, months, weeks and days only)")

// ParsePeriod reads an ISO 8601 duration of years, months, weeks and days, in
// that order, each at most once, as whole numbers without a sign. Hours and
// smaller are refused, as is anything longer than a hundred years.
func ParsePeriod(text string) (Period, error) {
	rest, ok := strings.CutPrefix(text, "P")
	if !ok || rest == "" {
		return Period{}, fmt.Errorf("%q is not a period: %w", text, errPeriod)
	}
	var p Period
	units := "YMWD"
	for rest != "" {
		digits := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if digits < 1 || digits > 5 {
			return Period{}, fmt.Errorf("%q is not a period: %w", text, errPeriod)
		}
		n, _ := strconv.Atoi(rest[:digits])
		at := strings.IndexByte(units, rest[digits])
		if at < 0 {
			return Period{}, fmt.Errorf("%q is not a period: %w", text, errPeriod)
		}
		switch units[at] {
		case 'Y':
			p.Months += 12 * n
		case 'M':
			p.Months += n
		case 'W':
			p.Days += 7 * n
		case 'D':
			p.Days += n
		}
		units, rest = units[at+1:], rest[digits+1:]
	}
	if !p.Valid() {
		return Period{}, fmt.Errorf("%q is too long: at most a hundred years (P100Y or P%dD)", text, MaxPeriodDays)
	}
	return p, nil
}
