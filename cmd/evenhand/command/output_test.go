package command

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// What a customer is called is text in a spreadsheet too, and what is owed to them a number.
func TestCSVIsNoFormula(t *testing.T) {
	var out bytes.Buffer
	l := Output{Output: formatCSV}.newList(&out, "accounts", "Account", "Amount")
	require.NoError(t, l.add(&accountsv1.Account{}, `=HYPERLINK("http://x")`, "-12.50"))
	require.NoError(t, l.end())
	require.Equal(t, "account,amount\n\"'=HYPERLINK(\"\"http://x\"\")\",-12.50\n", out.String())
	out.Reset()
	require.NoError(t, Output{Output: formatCSV}.printOne(&out, &accountsv1.Account{}, []pair{{"Account", "@brook"}, {"Amount", "-1"}}))
	require.Equal(t, "account,amount\n'@brook,-1\n", out.String())
}
