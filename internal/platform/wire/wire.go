// Package wire turns the common value types of the API into plain ones and back:
// google.type.Money and minor units, google.type.Date and days, timestamps and times.
// It is exact both ways and refuses what has no exact equivalent.
package wire

import (
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/currency"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// nanosPer is how many nanos a minor unit is, by the decimals of the currency.
var nanosPer = []int64{1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000}

// Minor returns an amount in minor units of its currency, and the currency's code. An
// unknown currency, units and nanos of different sign, nanos that are no whole minor
// unit, and what does not fit 64 bits are INVALID_ARGUMENT about the field.
func Minor(field string, m *money.Money) (int64, string, error) {
	code := m.GetCurrencyCode()
	decimals, known := currency.Digits(code)
	if !known {
		return 0, "", fault.Invalid(field+".currency_code", "there is no currency %q: give an ISO 4217 code, as USD", code)
	}
	units, nanos := m.GetUnits(), int64(m.GetNanos())
	switch {
	case nanos <= -1_000_000_000 || nanos >= 1_000_000_000:
		return 0, "", fault.Invalid(field+".nanos", "must be between -999,999,999 and 999,999,999")
	case units > 0 && nanos < 0 || units < 0 && nanos > 0:
		return 0, "", fault.Invalid(field+".nanos", "must have the sign of units")
	case nanos%nanosPer[decimals] != 0:
		return 0, "", fault.Invalid(field+".nanos", "%s has %d decimals, and this amount has more", code, decimals)
	}
	factor := 1_000_000_000 / nanosPer[decimals]
	minor := units * factor
	if minor/factor != units {
		return 0, "", fault.Invalid(field+".units", "is out of range")
	}
	sum := minor + nanos/nanosPer[decimals]
	if (sum > minor) != (nanos > 0) && nanos != 0 {
		return 0, "", fault.Invalid(field+".units", "is out of range")
	}
	return sum, code, nil
}

// Money returns minor units of a known currency as google.type.Money.
func Money(minor int64, code string) *money.Money {
	decimals, known := currency.Digits(code)
	if !known {
		return nil
	}
	factor := 1_000_000_000 / nanosPer[decimals]
	return &money.Money{CurrencyCode: code, Units: minor / factor, Nanos: int32(minor % factor * nanosPer[decimals])}
}

// Day returns a date as days since 1970-01-01. Dates without year, month or day, days
// that there are not, and years outside 1 to 9999 are INVALID_ARGUMENT about the field.
func Day(field string, d *date.Date) (int32, error) {
	year, month, day := int(d.GetYear()), int(d.GetMonth()), int(d.GetDay())
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, fault.Invalid(field, "%04d-%02d-%02d is no calendar day: year, month and day are all needed", year, month, day)
	}
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if at.Day() != day {
		return 0, fault.Invalid(field, "there is no %04d-%02d-%02d", year, month, day)
	}
	return int32(at.Unix() / 86400), nil
}

// Date returns days since 1970-01-01 as google.type.Date.
func Date(days int32) *date.Date {
	at := time.Unix(int64(days)*86400, 0).UTC()
	return &date.Date{Year: int32(at.Year()), Month: int32(at.Month()), Day: int32(at.Day())}
}

// Time returns a timestamp as a time in UTC, and the zero time where it is not set.
// One outside the years 1 to 9999, with nanos out of range, or of the very instant that
// the zero time is, is INVALID_ARGUMENT about the field.
func Time(field string, t *timestamppb.Timestamp) (time.Time, error) {
	if t == nil {
		return time.Time{}, nil
	}
	if at := t.AsTime(); t.IsValid() && !at.IsZero() {
		return at, nil
	}
	return time.Time{}, fault.Invalid(field, "is no instant after 0001-01-01T00:00:00Z and before the year 10000")
}

// Timestamp returns a time as a timestamp, and nil for the zero time.
func Timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// MaxDay is the day 9999-12-31, the last that Date can say.
const MaxDay = 2932896
