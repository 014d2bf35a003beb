package accounts

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What files from other programs hold, and what a user is told of it.
func TestImportRefusesWhatCanBeReadTwoWays(t *testing.T) {
	f := onSQLite(t)
	row := func(date, amount, currency string) RevenueRow {
		return RevenueRow{Account: "acme", Date: date, Amount: amount, Currency: currency}
	}
	tests := []struct {
		row         RevenueRow
		field, text string
	}{
		{row("2026-01-31", "1,234.50", ""), "amount", `"1,234.50" has a comma or a thousands separator, which could be read two ways`},
		{row("2026-01-31", "1.234,50", ""), "amount", "has a comma"},
		{row("2026-01-31", "12,50", ""), "amount", "such as 12.50"},
		{row("2026-01-31", "1 234.50", ""), "amount", "thousands separator"},
		{row("2026-01-31", "1'234.50", ""), "amount", "thousands separator"},
		{row("2026-01-31", "$12.50", ""), "amount", `"$12.50" is not an amount`},
		{row("2026-01-31", "(12.50)", ""), "amount", "with a minus before them for a refund"},
		{row("2026-01-31", "12.50-", ""), "amount", "not an amount"},
		{row("2026-01-31", "+12.50", ""), "amount", "not an amount"},
		{row("2026-01-31", "1.5e3", ""), "amount", "has an exponent"},
		{row("2026-01-31", "NaN", ""), "amount", "not an amount"},
		{row("2026-01-31", "", ""), "amount", "is empty"},
		{row("2026-01-31", ".", ""), "amount", "not an amount"},
		{row("2026-01-31", "12.", ""), "amount", "not an amount"},
		{row("2026-01-31", ".50", ""), "amount", "not an amount"},
		{row("2026-01-31", "12.505", ""), "amount", "more decimals than the 2 of USD"},
		{row("2026-01-31", "12.5", "JPY"), "amount", "more decimals than the 0 of JPY"},
		{row("2026-01-31", "99999999999999999999", ""), "amount", "too large: at most 10000000000000.00"},
		{row("2026-01-31", "1", "usd"), "currency_code", "write three capital letters such as USD"},
		{row("2026-01-31", "1", "EUR"), "currency_code", "no exchange rate from EUR to USD dated on or before 2026-01-31"},
		{row("31.01.2026", "1", ""), "date", `"31.01.2026" is not a day between 1900-01-01 and 2200-12-31, written like 2026-01-31`},
		{row("01/31/2026", "1", ""), "date", "written like 2026-01-31"},
		{row("2026-1-31", "1", ""), "date", "written like 2026-01-31"},
		{row("2026-01-31T00:00:00Z", "1", ""), "date", "written like 2026-01-31"},
		{row("2026-02-30", "1", ""), "date", "is not a day"},
		{row("1899-12-31", "1", ""), "date", "between 1900-01-01 and 2200-12-31"},
		{row("2201-01-01", "1", ""), "date", "between 1900-01-01 and 2200-12-31"},
		{row("", "1", ""), "date", "is not a day"},
	}
	_, err := f.Company.Adopt(t.Context(), someone, "USD", "UTC")
	require.NoError(t, err)
	rows := make([]RevenueRow, len(tests))
	for i := range tests {
		rows[i] = tests[i].row
		rows[i].Line = int64(i + 2)
	}
	counts, told := f.importRevenue(t, revenueStart("orders.csv"), rows, 10)
	require.Len(t, told.refused, len(tests))
	for i, refused := range told.refused {
		require.EqualValues(t, i+2, refused.Line)
		require.Equal(t, tests[i].field, refused.Field, "%v", refused)
		require.Contains(t, refused.Text, tests[i].text)
	}
	require.Zero(t, counts.Written)
	counts, _ = f.importRevenue(t, revenueStart("empty.csv"), nil, 1)
	require.Equal(t, Counts{}, counts, "a file without rows is no fault")
}
