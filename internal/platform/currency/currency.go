// Package currency knows the currencies of ISO 4217 and reads and writes their amounts
// exactly, in minor units (cents).
package currency

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// digits is the number of decimals of the minor unit of every currency in use (ISO
// 4217, list one), without funds, metals and test codes.
var digits = func() map[string]int {
	m := map[string]int{}
	for n, codes := range map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
		2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC " +
			"CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD " +
			"KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO " +
			"NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL " +
			"THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
		3: "BHD IQD JOD KWD LYD OMR TND",
		4: "UYW",
	} {
		for code := range strings.FieldsSeq(codes) {
			m[code] = n
		}
	}
	return m
}()

// Digits returns how many decimals the minor unit of a currency has (USD 2, JPY 0),
// and false where there is no such currency.
func Digits(code string) (int, bool) {
	n, ok := digits[code]
	return n, ok
}

// Parse reads a decimal amount ("12.50", "-3", "+0.5") in minor units of a currency
// with so many decimals. It is exact: more decimals than the currency has are refused
// unless they are zeros, and so is what does not fit 64 bits.
func Parse(amount string, decimals int) (int64, error) {
	number := strings.TrimPrefix(amount, "+")
	unsigned, negative := strings.CutPrefix(number, "-")
	if negative && number != amount {
		return 0, notAmount(amount)
	}
	whole, fraction, point := strings.Cut(unsigned, ".")
	if whole == "" && fraction == "" || point && fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return 0, notAmount(amount)
	}
	if len(fraction) > decimals {
		if strings.Trim(fraction[decimals:], "0") != "" {
			return 0, fmt.Errorf("%q has more decimals than the %d of the currency", amount, decimals)
		}
		fraction = fraction[:decimals]
	}
	text := whole + fraction + strings.Repeat("0", decimals-len(fraction))
	text = strings.TrimLeft(text, "0")
	if negative {
		text = "-" + text
	}
	if text == "" || text == "-" {
		return 0, nil
	}
	minor, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is out of range", amount)
	}
	return minor, nil
}

func notAmount(amount string) error {
	return fmt.Errorf("%q is not a decimal amount, such as 12.50 or -3", amount)
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Format writes minor units as a decimal amount: Format(-1250, 2) is "-12.50".
func Format(minor int64, decimals int) string {
	sign := ""
	magnitude := uint64(minor)
	if minor < 0 {
		sign, magnitude = "-", -magnitude // two's complement: right for the smallest too
	}
	if decimals == 0 {
		return sign + strconv.FormatUint(magnitude, 10)
	}
	unit := uint64(math.Pow10(decimals))
	return fmt.Sprintf("%s%d.%0*d", sign, magnitude/unit, decimals, magnitude%unit)
}
