package command

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/currency"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Day is a calendar day on the command line, as 2026-01-31.
type Day struct{ *date.Date }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Day) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil && dayPattern.Match(text) {
		return fmt.Errorf("there is no day %s in the calendar", text)
	}
	if err != nil {
		return fmt.Errorf("%q is not a day such as 2026-01-31", text)
	}
	d.Date = &date.Date{Year: int32(t.Year()), Month: int32(t.Month()), Day: int32(t.Day())}
	return nil
}

var dayPattern = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// moment is an instant, or the end of a day in the company's zone.
type moment struct {
	instant *timestamppb.Timestamp
	day     *date.Date
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *moment) UnmarshalText(text []byte) error {
	var d Day
	if err := d.UnmarshalText(text); err == nil || dayPattern.Match(text) {
		m.day = d.Date
		return err
	}
	t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(string(text)))
	if err != nil {
		return fmt.Errorf("%q is neither a day such as 2026-01-31 nor an instant such as 2026-01-31T16:30:00Z or 2026-01-31T16:30:00-05:00", text)
	}
	m.instant = timestamppb.New(t)
	return nil
}

// AsOf is the --as-of flag.
type AsOf struct {
	AsOf moment `name:"as-of" placeholder:"DATE" help:"Answer as of the end of this day in the company's time zone, or of an RFC 3339 instant; now, where it is not given."`
}

func showDay(d *date.Date) string {
	if d == nil {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.GetYear(), d.GetMonth(), d.GetDay())
}

func showTime(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().UTC().Format(time.RFC3339Nano)
}

// showAmount writes an amount with the decimals its currency has, or more where the
// amount has more: `12.50`.
func showAmount(m *money.Money) string {
	if m == nil {
		return ""
	}
	sign, units, nanos := "", m.GetUnits(), m.GetNanos()
	if units < 0 || nanos < 0 {
		sign = "-"
	}
	fraction := strings.TrimRight(fmt.Sprintf("%09d", max(nanos, -nanos)), "0")
	scale := decimals(m.GetCurrencyCode())
	for len(fraction) < scale {
		fraction += "0"
	}
	text := sign + strings.TrimPrefix(strconv.FormatInt(units, 10), "-")
	if fraction == "" {
		return text
	}
	return text + "." + fraction
}

// showMoney writes an amount behind its currency: `USD 12.50`.
func showMoney(m *money.Money) string {
	if m == nil {
		return ""
	}
	return strings.TrimSpace(m.GetCurrencyCode() + " " + showAmount(m))
}

// decimals is how many a currency has; 2 where that is not known.
func decimals(code string) int {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}

var amountPattern = regexp.MustCompile(`^([+-]?)([0-9]{1,18})(?:\.([0-9]{1,9}))?$`)

// parseMoney reads a decimal amount exactly.
func parseMoney(text, currencyCode string) (*money.Money, error) {
	parts := amountPattern.FindStringSubmatch(text)
	if parts == nil {
		return nil, &usageError{fmt.Sprintf("%q is not an amount such as 12.50 or -3", text)}
	}
	units, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return nil, &usageError{fmt.Sprintf("%q is too large an amount", text)}
	}
	nanos, err := strconv.ParseInt((parts[3] + "000000000")[:9], 10, 32)
	if err != nil {
		return nil, fmt.Errorf("amount %q: %w", text, err)
	}
	if parts[1] == "-" {
		units, nanos = -units, -nanos
	}
	return &money.Money{CurrencyCode: currencyCode, Units: units, Nanos: int32(nanos)}, nil
}

// showCount writes a number with separators, as 69,659.
func showCount(n int64) string {
	if n < 0 && n != math.MinInt64 {
		return "-" + showCount(-n)
	}
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// showEnum writes an enum value without its prefix, in lower case.
func showEnum(value fmt.Stringer, prefix string) string {
	text := strings.TrimPrefix(value.String(), prefix)
	if text == "UNSPECIFIED" {
		return ""
	}
	return strings.ToLower(strings.ReplaceAll(text, "_", "-"))
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
