package accounts

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What is told where nothing is written is what the import then does, row by row: also
// for ids that would be one here, repeated rows, and rows that change earlier ones. (Only
// a circle that rows close by giving accounts of the same file new parents goes unseen.)
func TestValidateOnlySaysWhatAnAccountsImportDoes(t *testing.T) {
	f := onSQLite(t)
	cases := 0
	rapid.Check(t, func(t *rapid.T) {
		cases++
		ref := func(label string, of ...string) string {
			id := rapid.SampledFrom(of).Draw(t, label)
			if id == "" || id == "***" {
				return id
			}
			return fmt.Sprintf("%d.%s", cases, id)
		}
		row := rapid.Custom(func(t *rapid.T) AccountRow {
			return AccountRow{
				ExternalID:  ref("id", "A.1", "A-1", "a-1", "B", "b", "C", "D", "", "***"),
				DisplayName: rapid.SampledFrom([]string{"", "One", "Two"}).Draw(t, "name"),
				Joined:      rapid.SampledFrom([]string{"", "2020-02-29", "2021-02-29"}).Draw(t, "joined"),
				State:       rapid.SampledFrom([]string{"", "", "active", "prospect"}).Draw(t, "state"),
				Parent:      ref("parent", "", "", "", "A.1", "missing"),
				Attributes:  map[string]string{"sector": rapid.SampledFrom([]string{"", "IT", "Retail"}).Draw(t, "sector")},
			}
		})
		rows := rapid.SliceOfN(row, 0, 12).Draw(t, "rows")
		for i := range rows {
			rows[i].Line = int64(i + 2)
		}
		start := accountsStart(fmt.Sprint("b", cases))
		start.UpdateExisting = rapid.Bool().Draw(t, "update")
		start.ValidateOnly = true
		checked, told := f.importAccounts(t, start, slices.Clone(rows), 5)
		start.ValidateOnly = false
		counts, refused := f.importAccounts(t, start, slices.Clone(rows), 5)
		checked.KeysDeclared, counts.KeysDeclared = nil, nil // the first case declares them
		require.Equal(t, refused.refused, told.refused)
		require.Equal(t, counts, checked)
	})
}

func TestValidateOnlySaysWhatARevenueImportDoes(t *testing.T) {
	f := onSQLite(t)
	cases := 0
	rapid.Check(t, func(t *rapid.T) {
		cases++
		row := rapid.Custom(func(t *rapid.T) RevenueRow {
			r := drawRow(t)
			if r.Account = rapid.SampledFrom([]string{"A.1", "A-1", "a-1", "B", "b", "", "***"}).Draw(t, "ref"); r.Account != "" {
				r.Account = fmt.Sprintf("%d.%s", cases, r.Account)
			}
			r.ExternalID = rapid.SampledFrom([]string{"1", "2", "3", "4", ""}).Draw(t, "external id")
			return r
		})
		rows := rapid.SliceOfN(row, 0, 12).Draw(t, "rows")
		for i := range rows {
			rows[i].Line = int64(i + 2)
		}
		if at := rapid.IntRange(0, len(rows)).Draw(t, "padding at"); rapid.Bool().Draw(t, "in several windows") {
			rows = slices.Insert(rows, at, slices.Repeat([]RevenueRow{{Line: 99}}, windowSize)...)
		}
		start := revenueStart(fmt.Sprint("b", cases))
		start.Source = fmt.Sprint("shop ", cases)
		start.HasExternalIDs = rapid.Bool().Draw(t, "has ids")
		start.CreateAccounts = rapid.Bool().Draw(t, "create accounts")
		start.ValidateOnly = true
		checked, told := f.importRevenue(t, start, slices.Clone(rows), 5)
		start.ValidateOnly = false
		counts, refused := f.importRevenue(t, start, slices.Clone(rows), 5)
		require.Equal(t, counts, checked)
		require.Equal(t, refused.lines(), told.lines())
	})
}
