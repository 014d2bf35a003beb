package schedule

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func mustCurrency(t testing.TB, code string) Currency {
	t.Helper()
	c, err := LookupCurrency(code)
	require.NoError(t, err)
	return c
}

func TestAmountsAreReadExactly(t *testing.T) {
	for _, c := range []struct {
		currency, text string
		want           int64
	}{
		{"USD", "500", 50000}, {"USD", "500.0", 50000}, {"USD", "500.00", 50000}, {"USD", "0.01", 1}, {"USD", "00.10", 10},
		{"JPY", "500", 500}, {"KWD", "1.234", 1234}, {"USD", "10000000000000.00", MaxAmount},
		{"USD", "2500315.63", 250031563},
	} {
		got, err := mustCurrency(t, c.currency).ParseAmount(c.text)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%s %s", c.currency, c.text)
	}
	for _, c := range []struct{ currency, text, message string }{
		{"USD", "500.005", "3 decimals but USD has 2"}, {"USD", "1.000", "decimals"}, {"JPY", "500.0", "JPY has 0"}, {"USD", "", "not an amount"},
		{"USD", "1,000.00", "not an amount"}, {"USD", ".5", "not an amount"}, {"USD", "5.", "not an amount"}, {"USD", "-5", "not an amount"},
		{"USD", "+5", "not an amount"}, {"USD", "5e2", "not an amount"}, {"USD", "1_000", "not an amount"}, {"USD", "٥", "not an amount"},
		{"USD", "10000000000000.01", "too large"}, {"USD", "99999999999999999999999", "too large"},
	} {
		_, err := mustCurrency(t, c.currency).ParseAmount(c.text)
		require.ErrorContains(t, err, c.message, c.text)
	}
}

func TestCurrencyCodes(t *testing.T) {
	for code, digits := range map[string]int{"USD": 2, "JPY": 0, "KWD": 3, "EUR": 2, "UYW": 4, "IDR": 2, "IQD": 3, "SLE": 2} {
		require.Equal(t, digits, mustCurrency(t, code).Digits, code)
	}
	for _, code := range []string{"", "usd", "US", "USDX", "XXX", "ZZZ", "DEM", "$"} {
		_, err := LookupCurrency(code)
		require.ErrorContains(t, err, "ISO 4217", code)
	}
}

func TestMoneyForPeople(t *testing.T) {
	for _, c := range []struct {
		currency string
		minor    int64
		want     string
	}{
		{"USD", 21240, "$212.40"}, {"USD", 1, "$0.01"}, {"USD", 0, "$0.00"}, {"USD", -5, "-$0.05"}, {"USD", 123456789, "$1,234,567.89"},
		{"JPY", 1234567, "¥1,234,567"}, {"KWD", 1234, "KWD 1.234"}, {"CAD", 99999, "CAD 999.99"}, {"USD", math.MinInt64, "-$92,233,720,368,547,758.08"},
	} {
		require.Equal(t, c.want, mustCurrency(t, c.currency).Format(c.minor))
	}
}
