package accounts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/resource"
)

func accountsStart(batch string) AccountImportStart {
	return AccountImportStart{ImportStart: ImportStart{Source: "crm", Batch: batch, Digest: "d", Resume: true}}
}

func (f *fixture) importAccounts(t require.TestingT, start AccountImportStart, rows []AccountRow, step int) (Counts, *reported) {
	r := &reported{}
	result, err := f.Imports.Accounts(context.Background(), someone, start, rowsOf(rows, step), r)
	require.NoError(t, err)
	c := result.Import.State.Counts
	require.Equal(t, c.Read, c.Written+c.AlreadyThere+c.Refused)
	require.EqualValues(t, len(rows), c.Read, "no row is dropped")
	require.EqualValues(t, len(r.refused), c.Refused, "each refused row is reported")
	return c, r
}

func TestAccountsImportNamesEachRefusedRow(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		_, err := f.Access.CreatePrincipal(t.Context(), someone, "anna", Principal{})
		require.NoError(t, err)
		rows := []AccountRow{
			{Line: 2, ExternalID: "A.1", DisplayName: "One", Joined: "2020-02-29", Owner: "principals/anna", Attributes: map[string]string{"sector": "IT", "hq": ""}},
			{Line: 3, ExternalID: ""},
			{Line: 4, ExternalID: "B", Joined: "2021-02-29"},
			{Line: 5, ExternalID: "C", State: "asleep"},
			{Line: 6, ExternalID: "D", Owner: "nobody"},
			{Line: 7, ExternalID: "E", Parent: "E"},
			{Line: 8, ExternalID: "F", Parent: "missing"},
			{Line: 9, ExternalID: "A-1"},
			{Line: 10, ExternalID: "G", Parent: "H", State: "closed"}, // its parent comes later
			{Line: 11, ExternalID: "H", Parent: "A.1", State: "prospect"},
			{Line: 12, ExternalID: "I", Parent: "J"}, // above each other
			{Line: 13, ExternalID: "J", Parent: "I"},
			{Line: 14, ExternalID: "H", Parent: "A.1"}, // again, the same
			{Line: 15, ExternalID: "A.1", DisplayName: "Two"},
		}
		want := map[int64]Refused{
			3: {Field: "external_id", Text: "is empty"}, 4: {Field: "joined", Text: `"2021-02-29" is not a day`},
			5: {Field: "state", Text: "none of prospect, active and closed"}, 6: {Field: "owner", Text: "principals/nobody does not exist"},
			7: {Field: "parent", Text: "its own parent"}, 8: {Field: "parent", Text: `"missing"`},
			9:  {Field: "external_id", Text: "would be accounts/a-1, which stands for"},
			12: {Field: "parent", Text: `"J"`}, 13: {Field: "parent", Text: `"I"`}, 15: {Field: "display_name", Text: "--update to change it"},
		}
		for _, check := range []bool{true, false} {
			start := accountsStart("customers.csv")
			start.ValidateOnly = check
			c, r := f.importAccounts(t, start, rows, 3)
			for _, refused := range r.refused {
				require.Equal(t, want[refused.Line].Field, refused.Field, "%v", refused)
				require.Contains(t, refused.Text, want[refused.Line].Text)
			}
			require.True(t, slices.IsSortedFunc(r.refused, byLine), "%v", r.refused)
			require.Len(t, r.refused, len(want), "%v", r.refused)
			require.EqualValues(t, 3, c.AccountsCreated)
			require.EqualValues(t, 1, c.AlreadyThere)
			if check {
				require.Equal(t, []string{"hq", "sector"}, c.KeysDeclared)
				_, err := f.Accounts.Get(t.Context(), "a-1")
				wantReason(t, err, resource.ErrNotFound, "")
			}
		}
		g, err := f.Accounts.Get(t.Context(), "g")
		require.NoError(t, err)
		require.Equal(t, "h", g.State.Parent)
		require.Equal(t, Closed, g.State.State)
		require.Equal(t, "2026-03-06", g.State.Closed.String())
		one, err := f.Accounts.Get(t.Context(), "a-1")
		require.NoError(t, err)
		require.Equal(t, "anna", one.State.Owner)
		require.Equal(t, map[string]string{"sector": "IT"}, one.State.Attributes)
		require.Equal(t, "2020-02-29", one.State.Joined.String())
	})
}

func TestR1AnImportBringsNoLevels(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Imports.Accounts(t.Context(), someone, accountsStart("b"),
		rowsOf([]AccountRow{{Line: 2, ExternalID: "A", Attributes: map[string]string{"customer-tier": "gold"}}}, 1), &reported{})
	wantReason(t, err, ErrHandSetLevel, "customer-tier")
}

func TestAccountsImportChangesWhatItIsToldTo(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		start := accountsStart("customers.csv")
		first := []AccountRow{{Line: 2, ExternalID: "A", DisplayName: "One"}, {Line: 3, ExternalID: "B", Parent: "A"}}
		f.importAccounts(t, start, first, 10)
		changed := []AccountRow{{Line: 2, ExternalID: "A", DisplayName: "Two", Parent: "B", State: "prospect"}, {Line: 3, ExternalID: "B", DisplayName: "New"}}
		c, r := f.importAccounts(t, start, changed, 10)
		require.EqualValues(t, 2, c.Refused)
		require.Contains(t, r.refused[0].Text, "--update to change it")
		start.UpdateExisting = true
		c, r = f.importAccounts(t, start, changed, 10)
		require.EqualValues(t, 1, c.Written)
		require.Len(t, r.refused, 1)
		require.Equal(t, "parent", r.refused[0].Field)
		require.Contains(t, r.refused[0].Text, "above themselves")
		changed[0].Parent = ""
		c, _ = f.importAccounts(t, start, changed, 10)
		require.EqualValues(t, 1, c.Written)
		require.EqualValues(t, 1, c.AlreadyThere)
		a, err := f.Accounts.Get(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, "Two", a.State.DisplayName)
		require.Equal(t, Prospect, a.State.State)
		start.UpdateExisting = false
		c, _ = f.importAccounts(t, start, changed, 10)
		require.EqualValues(t, 2, c.AlreadyThere)
	})
}

// Two systems number their customers as they like: that both have a 1001 does not make
// them one, and a file of one must not change the other's.
func TestAnAccountsImportLeavesOtherSystemsAlone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for _, a := range []struct {
			id string
			Account
		}{
			{"1001", Account{ExternalID: "1001", Source: "erp", DisplayName: "Acme"}},
			{"erp-1002", Account{ExternalID: "1002", Source: "erp", DisplayName: "Bolt"}},
			{"crm-1003", Account{ExternalID: "1003", Source: "crm", DisplayName: "Old"}},
			{"1003", Account{ExternalID: "1003", Source: "erp", DisplayName: "Cog"}},
			{"1004", Account{ExternalID: "1004", DisplayName: "Typed"}},
		} {
			_, err := f.Accounts.Create(ctx, someone, a.id, a.Account, false)
			require.NoError(t, err)
		}
		rows := []AccountRow{{Line: 2, ExternalID: "1001", DisplayName: "Beta"}, {Line: 3, ExternalID: "1002", DisplayName: "Gamma"},
			{Line: 4, ExternalID: "1003", DisplayName: "New"}, {Line: 5, ExternalID: "1004", DisplayName: "Delta"}}
		start := accountsStart("crm.csv")
		start.UpdateExisting = true
		for _, start.ValidateOnly = range []bool{true, false} {
			c, r := f.importAccounts(t, start, slices.Clone(rows), 2)
			require.Equal(t, []int64{2, 5}, r.lines())
			require.Equal(t, Refused{2, "external_id", `"1001" of source "crm" would be accounts/1001, which stands for "1001" of source "erp": ` +
				`give it an account id of its own by creating it first; or, if both ids are of one system, import with --source "erp"`}, r.refused[0])
			require.Contains(t, r.refused[1].Text, `which stands for "1004": give it an account id of its own`)
			require.EqualValues(t, 2, c.Written)
			require.EqualValues(t, 1, c.AccountsCreated)
		}
		for id, name := range map[string]string{"1001": "Acme", "erp-1002": "Bolt", "1002": "Gamma", "crm-1003": "New", "1003": "Cog", "1004": "Typed"} {
			a, err := f.Accounts.Get(ctx, id)
			require.NoError(t, err)
			require.Equal(t, name, a.State.DisplayName, id)
		}
		start.Source = "erp" // as the refusal says
		c, r := f.importAccounts(t, start, rows[:1], 2)
		require.Empty(t, r.refused)
		require.EqualValues(t, 1, c.Written)
	})
}

// Accounts in any order, some refused, cut off anywhere and imported again: those that
// can be placed are, each below its parent, and again nothing changes.
func TestAccountsOfAFileInAnyOrder(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		cases := 0
		rapid.Check(t, func(t *rapid.T) {
			if cases++; cases > f.cases() {
				return
			}
			n := rapid.IntRange(1, 30).Draw(t, "accounts")
			ref := func(i int) string { return fmt.Sprintf("C%d-%d", cases, i) }
			parents := make([]int, n) // -1 for none; n for one that is missing
			rows := make([]AccountRow, n)
			for i := range n {
				parents[i] = rapid.IntRange(-1, n).Draw(t, "parent")
				rows[i] = AccountRow{Line: int64(i + 2), ExternalID: ref(i)}
				if parents[i] >= 0 {
					rows[i].Parent = ref(parents[i])
				}
			}
			placed := func(i int) bool { // its parents lead to an account without one
				for steps := 0; steps <= n; steps++ {
					if i == n {
						return false
					}
					if parents[i] < 0 {
						return true
					}
					i = parents[i]
				}
				return false
			}
			rows = rapid.Permutation(rows).Draw(t, "rows")
			step := rapid.SampledFrom([]int{1, 3, 100}).Draw(t, "step")
			cut := rapid.IntRange(0, n).Draw(t, "cut")
			start := accountsStart(fmt.Sprint("b", cases))
			f.importAccounts(t, start, slices.Clone(rows[:cut]), step)
			f.importAccounts(t, start, slices.Clone(rows), step)
			want := int64(0)
			for i := range n {
				a, err := f.Accounts.Get(context.Background(), slug(ref(i)))
				if !placed(i) {
					require.True(t, errors.Is(err, resource.ErrNotFound), "%s: %v", ref(i), err)
					continue
				}
				require.NoError(t, err)
				want++
				parent := ""
				if parents[i] >= 0 {
					parent = slug(ref(parents[i]))
				}
				require.Equal(t, parent, a.State.Parent)
			}
			c, _ := f.importAccounts(t, start, slices.Clone(rows), step)
			require.Equal(t, want, c.AlreadyThere)
			require.Zero(t, c.Written)
		})
	})
}

// What the API would refuse of an account a row cannot bring either: with it, no later
// change of the account would be taken.
func TestAccountsImportKeepsTheLimitsOfAnAccount(t *testing.T) {
	f := onSQLite(t)
	attributes := func(n int) map[string]string {
		all := map[string]string{"empty": ""}
		for i := range n {
			all[fmt.Sprint("key-", i)] = "x"
		}
		return all
	}
	rows := []AccountRow{
		{Line: 2, ExternalID: "most", Attributes: attributes(maxAttributes)},
		{Line: 3, ExternalID: "more", Attributes: attributes(maxAttributes + 1)},
		{Line: 4, ExternalID: "today", Joined: "2026-03-06", State: "closed"},
		{Line: 5, ExternalID: "later", Joined: "2026-03-07", State: "closed"},
	}
	_, r := f.importAccounts(t, accountsStart("b"), rows, 10)
	require.Equal(t, []Refused{
		{3, "attributes", "are 101, and an account has at most 100"},
		{5, "joined", "2026-03-07 is after 2026-03-06, the day the account is closed"},
	}, r.refused)
	for _, id := range []string{"most", "today"} {
		_, err := f.Accounts.Update(t.Context(), someone, id, "", AccountPatch{DisplayName: ptr("New")}, false)
		require.NoError(t, err)
	}
}

func TestRowsWaitForParentsWithinBounds(t *testing.T) {
	f := onSQLite(t)
	rows := make([]AccountRow, maxWaiting+10)
	for i := range rows {
		rows[i] = AccountRow{Line: int64(i + 2), ExternalID: fmt.Sprint("a", i), Parent: "missing"}
	}
	c, r := f.importAccounts(t, accountsStart("b"), rows, 1000)
	require.EqualValues(t, len(rows), c.Refused)
	require.Contains(t, r.refused[0].Text, `no account has the external id "missing"`)
	require.Contains(t, r.refused[len(rows)-1].Text, "put parents first", "there was no room to let it wait")
	page, err := f.Accounts.List(t.Context(), AccountQuery{Size: 1})
	require.NoError(t, err)
	require.Empty(t, page.Items)
}
