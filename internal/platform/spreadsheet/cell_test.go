package spreadsheet

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextIsNoFormula(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "Brook & Sons": "Brook & Sons", "a=1": "a=1",
		`=HYPERLINK("http://evil")`: `'=HYPERLINK("http://evil")`, "@sum": "'@sum", "+1+cmd|' /C calc'!A0": "'+1+cmd|' /C calc'!A0", "-2+3": "'-2+3",
		"-cmd": "'-cmd", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", "-1 USD+2": "'-1 USD+2", "-1\n": "'-1\n",
		"-": "-", "-12": "-12", "+7": "+7", "-1,234.50": "-1,234.50", "-1234.50 USD": "-1234.50 USD", "-3%": "-3%", "-3 %": "-3 %",
	} {
		require.Equal(t, want, Cell(text), text)
	}
	row := []string{"=1", "-1"}
	require.Equal(t, []string{"'=1", "-1"}, Row(row))
	require.Equal(t, []string{"=1", "-1"}, row, "what it is given stays as it is")
}
