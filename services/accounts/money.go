package accounts

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/currency"
)

// MaxMinor bounds the magnitude of an amount, in minor units, so that the sum of
// thousands of them stays within 64 bits.
const MaxMinor int64 = 1e15

// Currency is an ISO 4217 currency with the number of decimals of its minor unit: 0
// for JPY, 2 for USD, 3 for KWD.
type Currency struct {
	Code   string
	Digits int
}

// LookupCurrency returns the currency of an upper-case ISO 4217 code.
func LookupCurrency(code string) (Currency, error) {
	decimals, ok := currency.Digits(code)
	if !ok {
		return Currency{}, fmt.Errorf("%q is not an ISO 4217 currency: write three capital letters such as USD", code)
	}
	return Currency{Code: code, Digits: decimals}, nil
}

// Money is an amount in minor units of a currency.
type Money struct {
	Minor    int64
	Currency Currency
}

// ParseAmount reads a plain decimal such as 12.50, -3 or 0.00 as exact minor units.
func (c Currency) ParseAmount(text string) (int64, error) {
	rest := text
	negative := strings.HasPrefix(rest, "-")
	if negative {
		rest = rest[1:]
	}
	var minor int64
	point := -1 // decimals seen since the point, -1 before it
	for i := range len(rest) {
		b := rest[i]
		if b == '.' && point < 0 && i > 0 {
			point = 0
			continue
		}
		if b < '0' || b > '9' {
			return 0, c.notAnAmount(text)
		}
		if point >= 0 {
			if point++; point > c.Digits {
				if strings.Trim(rest[i:], "0123456789") != "" { // as 1.234,50
					return 0, c.notAnAmount(text)
				}
				return 0, fmt.Errorf("%q has more decimals than the %d of %s", text, c.Digits, c.Code)
			}
		}
		if minor = minor*10 + int64(b-'0'); minor > MaxMinor {
			return 0, c.tooLarge(text)
		}
	}
	if rest == "" || point == 0 {
		return 0, c.notAnAmount(text)
	}
	for range c.Digits - max(point, 0) {
		if minor *= 10; minor > MaxMinor {
			return 0, c.tooLarge(text)
		}
	}
	if negative {
		minor = -minor
	}
	return minor, nil
}

func (c Currency) notAnAmount(text string) error {
	hint := "write digits, with a minus before them for a refund and a decimal point at most, such as " + c.Decimal(1250)
	switch {
	case text == "":
		return fmt.Errorf("is empty: %s", hint)
	case strings.ContainsAny(text, ",' _\u00a0"):
		return fmt.Errorf("%q has a comma or a thousands separator, which could be read two ways: %s", text, hint)
	case strings.ContainsAny(text, "eE"):
		return fmt.Errorf("%q has an exponent: %s", text, hint)
	}
	return fmt.Errorf("%q is not an amount: %s", text, hint)
}

func (c Currency) tooLarge(text string) error {
	return fmt.Errorf("%q is too large: at most %s", text, c.Decimal(MaxMinor))
}

// Decimal writes minor units with all decimals of the currency: 500.00.
func (c Currency) Decimal(minor int64) string { return currency.Format(minor, c.Digits) }

// scale is how many minor units make one unit.
func (c Currency) scale() *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Digits)), nil)
}

// convert returns what an amount is worth at a rate (units of `to` for one unit of
// its own currency), exactly computed and rounded half to even.
func (m Money) convert(rate *big.Rat, to Currency) (int64, error) {
	value := new(big.Rat).SetFrac(big.NewInt(m.Minor), m.Currency.scale())
	value.Mul(value, rate)
	value.Mul(value, new(big.Rat).SetInt(to.scale()))
	minor := roundHalfEven(value)
	if !minor.IsInt64() || minor.Int64() > MaxMinor || minor.Int64() < -MaxMinor {
		return 0, fmt.Errorf("%s %s is too large in %s: at most %s",
			m.Currency.Decimal(m.Minor), m.Currency.Code, to.Code, to.Decimal(MaxMinor))
	}
	return minor.Int64(), nil
}

func roundHalfEven(r *big.Rat) *big.Int {
	// floor(r + 1/2), and one less where r + 1/2 is an odd integer.
	shifted := new(big.Rat).Add(r, big.NewRat(1, 2))
	floor := new(big.Int).Div(shifted.Num(), shifted.Denom()) // Euclidean: floors, as the denominator is positive
	if shifted.IsInt() && floor.Bit(0) == 1 {
		floor.Sub(floor, big.NewInt(1))
	}
	return floor
}
