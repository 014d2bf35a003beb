package accounts

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What is told where nothing is written is what the import then does, row by row: also
// for accounts that are there, ids that would be one here, repeated rows, rows that
// change earlier ones, and new attributes.
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
		row := func(key string) *rapid.Generator[AccountRow] {
			return rapid.Custom(func(t *rapid.T) AccountRow {
				return AccountRow{
					ExternalID:  ref("id", "A.1", "A-1", "a-1", "B", "b", "C", "D", "", "***"),
					DisplayName: rapid.SampledFrom([]string{"", "One", "Two"}).Draw(t, "name"),
					Joined:      rapid.SampledFrom([]string{"", "", "2020-02-29", "2021-02-29", "2030-01-01"}).Draw(t, "joined"),
					State:       rapid.SampledFrom([]string{"", "", "active", "prospect", "closed"}).Draw(t, "state"),
					Parent:      ref("parent", "", "", "", "A.1", "a-1", "B", "C", "D", "missing"),
					Attributes:  map[string]string{key: rapid.SampledFrom([]string{"", "IT", "Retail"}).Draw(t, "sector")},
				}
			})
		}
		lines := func(rows []AccountRow) []AccountRow {
			for i := range rows {
				rows[i].Line = int64(i + 2)
			}
			return rows
		}
		start := accountsStart(fmt.Sprint("b", cases))
		f.importAccounts(t, start, lines(rapid.SliceOfN(row("sector"), 0, 6).Draw(t, "there before")), 5)
		rows := lines(rapid.SliceOfN(row(fmt.Sprint("key", cases%7)), 0, 12).Draw(t, "rows"))
		start.UpdateExisting = rapid.Bool().Draw(t, "update")
		start.ValidateOnly = true
		checked, told := f.importAccounts(t, start, slices.Clone(rows), 5)
		start.ValidateOnly = false
		counts, refused := f.importAccounts(t, start, slices.Clone(rows), 5)
		require.Equal(t, refused.refused, told.refused)
		require.Equal(t, counts, checked)
	})
}

// Random rows seldom make circles, or days that do not fit each other.
func TestValidateOnlyRefusesCirclesAndDaysThatDoNotFit(t *testing.T) {
	f := onSQLite(t)
	start := accountsStart("customers.csv")
	f.importAccounts(t, start, []AccountRow{{Line: 2, ExternalID: "A"}, {Line: 3, ExternalID: "B", Parent: "A"}}, 10)
	start.UpdateExisting = true
	rows := []AccountRow{
		{Line: 2, ExternalID: "A", Parent: "B"},
		{Line: 3, ExternalID: "D"}, {Line: 4, ExternalID: "E", Parent: "D"}, {Line: 5, ExternalID: "D", Parent: "E"},
		{Line: 6, ExternalID: "F"}, {Line: 7, ExternalID: "F", State: "closed"}, {Line: 8, ExternalID: "F", Joined: "2030-01-01"},
	}
	for _, start.ValidateOnly = range []bool{true, false} {
		_, r := f.importAccounts(t, start, rows, 10)
		require.Equal(t, []int64{2, 5, 8}, r.lines(), "%v", r.refused)
	}
}

// A check takes changes of what the file made and of what was there in the file's order: of
// two that make a circle the later one is refused.
func TestValidateOnlyRefusesTheRowThatClosesACircle(t *testing.T) {
	f := onSQLite(t)
	start := accountsStart("customers.csv")
	f.importAccounts(t, start, []AccountRow{{Line: 2, ExternalID: "A"}}, 10)
	start.UpdateExisting = true
	rows := []AccountRow{{Line: 2, ExternalID: "B"}, {Line: 3, ExternalID: "B", Parent: "A"}, {Line: 4, ExternalID: "A", Parent: "B"}}
	for _, start.ValidateOnly = range []bool{true, false} {
		_, r := f.importAccounts(t, start, rows, 10)
		require.Equal(t, []int64{4}, r.lines(), "%v", r.refused)
	}
}

// The two rows that a check once refused and the import wrote.
func TestValidateOnlyOfAnUpdateKnowsWhatTheFileBrings(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		start := accountsStart("customers.csv")
		f.importAccounts(t, start, []AccountRow{{Line: 2, ExternalID: "A"}}, 10)
		start.UpdateExisting = true
		rows := []AccountRow{
			{Line: 2, ExternalID: "A", Parent: "X", Attributes: map[string]string{"sector": "IT"}},
			{Line: 3, ExternalID: "X"},
			{Line: 4, ExternalID: "A", Parent: "X", Attributes: map[string]string{"sector": "IT"}},
		}
		for _, start.ValidateOnly = range []bool{true, false} {
			c, r := f.importAccounts(t, start, rows, 10)
			require.Empty(t, r.refused)
			require.Equal(t, Counts{Read: 3, Written: 2, AlreadyThere: 1, Accounts: 2, AccountsCreated: 1, KeysDeclared: []string{"sector"}}, c)
		}
	})
}

// What a check remembers is bounded: the rest of the file is refused, and told so.
func TestValidateOnlyRemembersWithinBounds(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	accounts := &accountsImport{accounts: f.Accounts, resolver: resolver{accounts: f.Accounts, source: "crm", dryRun: true, create: true}}
	accounts.start.ValidateOnly, accounts.start.UpdateExisting = true, true
	rows := func(names ...string) (rows []*accountRow) {
		for i, name := range names {
			rows = append(rows, &accountRow{line: int64(i), state: Account{ExternalID: name, DisplayName: fmt.Sprint(i)}})
		}
		return rows
	}
	require.NoError(t, accounts.pretend(ctx, rows("known")))
	for i := range uint64(maxPretended - 1) {
		accounts.resolver.pretended[i] = pretended{}
	}
	require.NoError(t, accounts.pretend(ctx, rows("new", "known")))
	require.Equal(t, []Refused{{0, "", tooManyPretended}}, accounts.refused)
	require.EqualValues(t, 1, accounts.counts.AccountsCreated)
	found, problems := map[string]string{}, map[string]string{}
	require.NoError(t, accounts.resolver.resolve(ctx, []string{"known", "newer"}, found, problems))
	require.Equal(t, map[string]string{"known": "known"}, found)
	require.Equal(t, map[string]string{"newer": tooManyPretended}, problems)

	start := revenueStart("b")
	start.HasExternalIDs, start.ValidateOnly = true, true
	reader, err := f.Imports.newRevenueReader(ctx, someone, start)
	require.NoError(t, err)
	entries := []RevenueRow{{Line: 2, Account: "a", Date: "2026-01-01", Amount: "1", ExternalID: "1"}}
	first, err := reader.prepare(ctx, entries)
	require.NoError(t, err)
	require.Len(t, first.entries, 1)
	for i := range uint64(maxChecked - 1) {
		reader.checked[i] = 0
	}
	again, err := reader.prepare(ctx, append(entries, RevenueRow{Line: 3, Account: "a", Date: "2026-01-01", Amount: "1", ExternalID: "2"}))
	require.NoError(t, err)
	require.EqualValues(t, 1, again.there, "those it remembers it still knows")
	require.Equal(t, []Refused{{3, "external_id", tooManyChecked}}, again.refused)
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
