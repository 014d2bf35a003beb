package schedule

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/currency"
)

// MaxAmount bounds every amount in a schedule, in minor units: a thousand
// billion of a currency with three decimals.
const MaxAmount int64 = 1e15

// Currency is an ISO 4217 currency with the number of decimals of its minor
// unit: 0 for JPY, 2 for USD, 3 for KWD.
type Currency struct {
	Code   string
	Digits int
}

// LookupCurrency returns the currency of a three-letter ISO 4217 code, which
// must be upper case. The decimals are those of ISO 4217, as the ledger has them: a
// threshold must mean in the schedule what it means there.
func LookupCurrency(code string) (Currency, error) {
	digits, known := currency.Digits(code)
	if !known {
		return Currency{}, fmt.Errorf("%q is not a currency of ISO 4217 in use: write three capital letters such as USD", code)
	}
	return Currency{Code: code, Digits: digits}, nil
}

// ParseAmount reads a plain decimal such as 500, 500.0 or 500.00 as exact minor
// units. Signs, exponents, separators and more decimals than the currency has
// are refused, even zeros: 1.000 may have been meant as a thousand.
func (c Currency) ParseAmount(text string) (int64, error) {
	whole, decimals, point := strings.Cut(text, ".")
	if !isDigits(whole) || point && !isDigits(decimals) {
		return 0, fmt.Errorf("%q is not an amount: write digits with a decimal point at most, such as %s", text, c.Decimal(50000))
	}
	if len(decimals) > c.Digits {
		return 0, fmt.Errorf("%q has %d decimals but %s has %d: write amounts like %s", text, len(decimals), c.Code, c.Digits, c.Decimal(50000))
	}
	minor, err := strconv.ParseInt(whole+decimals+strings.Repeat("0", c.Digits-len(decimals)), 10, 64)
	if err != nil || minor > MaxAmount {
		return 0, fmt.Errorf("%q is too large: at most %s", text, c.Decimal(MaxAmount))
	}
	return minor, nil
}

// Decimal writes minor units with all decimals of the currency: 500.00.
func (c Currency) Decimal(minor int64) string {
	sign, whole, decimals := c.split(minor)
	return sign + whole + decimals
}

// symbols are the signs that name one currency on their own.
var symbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "ILS": "₪", "UAH": "₴", "VND": "₫", "NGN": "₦"}

// Format writes minor units for people, exactly: $1,234.50, -€0.05, KWD 1.234.
func (c Currency) Format(minor int64) string {
	sign, whole, decimals := c.split(minor)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if symbol, ok := symbols[c.Code]; ok {
		return sign + symbol + whole + decimals
	}
	return sign + c.Code + " " + whole + decimals
}

// split returns the sign, the whole units and the decimals with their point.
func (c Currency) split(minor int64) (sign, whole, decimals string) {
	magnitude := uint64(minor)
	if minor < 0 {
		sign, magnitude = "-", -magnitude
	}
	digits := strconv.FormatUint(magnitude, 10)
	if c.Digits == 0 {
		return sign, digits, ""
	}
	if missing := c.Digits + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	at := len(digits) - c.Digits
	return sign, digits[:at], "." + digits[at:]
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
