package currency_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/currency"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		in       string
		decimals int
		want     int64
	}{
		{"12.50", 2, 1250}, {"-3", 2, -300}, {"+0.5", 2, 50}, {".5", 2, 50}, {"0", 2, 0}, {"-0.00", 2, 0}, {"1.2300", 2, 123},
		{"100", 0, 100}, {"100.00", 0, 100}, {"1.234", 3, 1234}, {"92233720368547758.07", 2, math.MaxInt64},
		{"-92233720368547758.08", 2, math.MinInt64}, {"000000000000000000000001", 2, 100},
	} {
		got, err := currency.Parse(test.in, test.decimals)
		require.NoError(t, err, test.in)
		require.Equal(t, test.want, got, test.in)
	}
	for _, bad := range []string{"", ".", "1.", "-", "+", "+-1", "-+1", "1.001", "1e3", "0x1", "1,000.00", " 1", "1 ", "NaN", "Inf", "१",
		"92233720368547758.08", "-92233720368547758.09", "1.2.3", "--1", "$1"} {
		_, err := currency.Parse(bad, 2)
		require.Error(t, err, bad)
		require.ErrorContains(t, err, "\"", "says what was given")
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor, decimals := rapid.Int64().Draw(t, "minor"), rapid.IntRange(0, 4).Draw(t, "decimals")
		got, err := currency.Parse(currency.Format(minor, decimals), decimals)
		require.NoError(t, err)
		require.Equal(t, minor, got)
	})
}

func TestDigits(t *testing.T) {
	for code, want := range map[string]int{"USD": 2, "JPY": 0, "KWD": 3, "EUR": 2} {
		got, ok := currency.Digits(code)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	for _, code := range []string{"", "usd", "XXX", "DEM", "ABC"} {
		_, ok := currency.Digits(code)
		require.False(t, ok, code)
	}
}
