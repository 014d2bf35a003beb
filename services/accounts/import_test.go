package accounts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// rowsOf gives rows some at a time.
func rowsOf[T any](rows []T, step int) Rows[T] {
	return func(context.Context) ([]T, error) {
		n := min(step, len(rows))
		part := rows[:n]
		rows = rows[n:]
		if len(rows) == 0 {
			return part, io.EOF
		}
		return part, nil
	}
}

// reported is what an import told.
type reported struct {
	refused  []Refused
	progress []Counts
}

func (r *reported) Progress(c Counts) error   { r.progress = append(r.progress, c); return nil }
func (r *reported) Refused(row Refused) error { r.refused = append(r.refused, row); return nil }

func (r *reported) lines() []int64 {
	var lines []int64
	for _, row := range r.refused {
		lines = append(lines, row.Line)
	}
	slices.Sort(lines)
	return lines
}

// revenueStart is how tests begin imports.
func revenueStart(batch string) RevenueImportStart {
	return RevenueImportStart{ImportStart: ImportStart{Source: "shop", Batch: batch, Digest: "d", Resume: true}, Currency: "USD", CreateAccounts: true}
}

func (f *fixture) importRevenue(t require.TestingT, start RevenueImportStart, rows []RevenueRow, step int) (Counts, *reported) {
	r := &reported{}
	result, err := f.Imports.Revenue(context.Background(), someone, start, rowsOf(rows, step), r)
	require.NoError(t, err)
	c := result.Import.State.Counts
	require.Equal(t, c.Read, c.Written+c.AlreadyThere+c.Refused)
	require.EqualValues(t, len(rows), c.Read, "no row is dropped")
	require.EqualValues(t, len(r.refused), c.Refused, "each refused row is reported")
	for _, p := range r.progress {
		require.Equal(t, p.Read, p.Written+p.AlreadyThere+p.Refused)
	}
	return c, r
}

// posting is what an entry of the ledger says.
type posting struct {
	account  string
	day      Day
	minor    int64
	currency string
	external string
}

// postings reads the whole ledger.
func (f *fixture) postings(t require.TestingT) map[posting]int {
	all := map[posting]int{}
	keys := map[Key]bool{}
	for d, err := range f.Ledger.chunks.All(context.Background(), docstore.Query{}) {
		require.NoError(t, err)
		entries, err := d.Body.entries()
		require.NoError(t, err)
		for _, e := range entries {
			require.False(t, keys[e.key], "a key stands for one entry")
			keys[e.key] = true
			all[posting{e.account, e.day, e.minor, e.currency, e.external}]++
		}
	}
	return all
}

func TestImportNamesEachRefusedRow(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		start := revenueStart("orders.csv")
		rows := []RevenueRow{
			{2, "00001", "1997-01-01", "11.77", "", "", ""},
			{3, "", "1997-01-01", "1", "", "", ""},
			{4, "a", "1997-02-29", "1", "", "", ""},
			{5, "a", "1997-01-01", "1,000", "", "", ""},
			{6, "a", "1997-01-01", "1.234", "", "", ""},
			{7, "a", "1997-01-01", "1", "EUR", "", ""},
			{8, "a", "1997-01-01", "1", "ABC", "", ""},
			{9, "***", "1997-01-01", "1", "", "", ""},
			{10, " 00001 ", " 1997-01-01 ", " 11.77 ", " USD ", "", ""},
			{11, "A!", "1997-01-01", "0.00", "", "", ""},
			{12, "A?", "1997-01-01", "-1", "", "", ""},
			{13, "a\x00b", "1997-01-01", "1", "", "", ""},
			{14, "a\xff", "1997-01-01", "1", "", "", ""},
		}
		want := []Refused{
			{3, "account", "is empty"}, {4, "date", `"1997-02-29" is not a day`}, {5, "amount", "thousands separator"},
			{6, "amount", "more decimals"}, {7, "currency_code", "set the company's currency and its rates first"},
			{8, "currency_code", "not an ISO 4217"}, {9, "account", "no id can be made"}, {12, "account", "would be accounts/a, which stands for"},
			{13, "account", "control character"}, {14, "account", "not UTF-8"},
		}
		for _, check := range []bool{true, false} {
			start.ValidateOnly = check
			c, r := f.importRevenue(t, start, rows, 5)
			slices.SortFunc(r.refused, func(a, b Refused) int { return int(a.Line - b.Line) })
			require.Len(t, r.refused, len(want), "%v", r.refused)
			for i := range want {
				require.Equal(t, want[i].Line, r.refused[i].Line)
				require.Equal(t, want[i].Field, r.refused[i].Field)
				require.Contains(t, r.refused[i].Text, want[i].Text)
			}
			require.EqualValues(t, 3, c.Written)
			require.EqualValues(t, 2, c.Accounts)
			require.EqualValues(t, 2, c.AccountsCreated)
			require.Equal(t, map[string]int64{"USD": 2354}, c.Totals)
			if check {
				require.Empty(t, f.postings(t))
			}
		}
		require.Equal(t, map[posting]int{
			{"00001", *day(t, "1997-01-01"), 1177, "USD", ""}: 2, {"a", *day(t, "1997-01-01"), 0, "USD", ""}: 1}, f.postings(t))
		require.Equal(t, "USD", func() string {
			c, err := f.Company.Get(t.Context())
			require.NoError(t, err)
			return c.State.LedgerCurrency
		}())
	})
}

func TestImportKnowsAccountsByEitherID(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for id, s := range map[string]Account{
			"one":   {ExternalID: "X", Source: "shop"},
			"two":   {ExternalID: "X", Source: "crm"},
			"three": {ExternalID: "Y", Source: "crm"},
			"four":  {ExternalID: "Z", Source: "crm"},
			"five":  {ExternalID: "Z", Source: "erp"},
			"plain": {},
		} {
			_, err := f.Accounts.Create(ctx, someone, id, s, false)
			require.NoError(t, err)
		}
		start := revenueStart("b")
		start.CreateAccounts = false
		row := func(line int64, account string) RevenueRow {
			return RevenueRow{line, account, "2026-01-01", "1", "", "", ""}
		}
		_, r := f.importRevenue(t, start, []RevenueRow{row(1, "X"), row(2, "Y"), row(3, "Z"), row(4, "plain"), row(5, "nobody"), row(6, "three")}, 10)
		require.Equal(t, []int64{3, 5}, r.lines())
		on := *day(t, "2026-01-01")
		require.Equal(t, map[posting]int{{"one", on, 100, "USD", ""}: 1, {"three", on, 100, "USD", ""}: 2, {"plain", on, 100, "USD", ""}: 1}, f.postings(t))
		for _, refused := range r.refused {
			if refused.Line == 3 {
				require.Contains(t, refused.Text, "several accounts have this id")
			} else {
				require.Contains(t, refused.Text, "--create-accounts")
			}
		}
	})
}

func TestImportWithIDsOfItsOwn(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		start := revenueStart("b")
		start.HasExternalIDs = true
		row := func(line int64, amount, id string) RevenueRow {
			return RevenueRow{line, "acme", "2026-01-01", amount, "", id, ""}
		}
		rows := []RevenueRow{row(1, "1", "a"), row(2, "1", "b"), row(3, "1", "a"), row(4, "2", "a"), row(5, "3", ""), row(6, "1.00", "b")}
		for _, run := range []struct {
			check          bool
			written, there int64
		}{{true, 2, 2}, {false, 2, 2}, {true, 0, 4}, {false, 0, 4}} {
			start.ValidateOnly = run.check
			c, r := f.importRevenue(t, start, rows, 2)
			require.Equal(t, []int64{4, 5}, r.lines())
			require.Equal(t, run.written, c.Written)
			require.Equal(t, run.there, c.AlreadyThere)
			require.Equal(t, map[string]int64{"USD": 400}, c.Totals)
		}
		start.ValidateOnly = false
		start.Batch = "another"
		c, r := f.importRevenue(t, start, []RevenueRow{row(1, "1", "a"), row(2, "9", "b")}, 2)
		require.EqualValues(t, 1, c.AlreadyThere, "an id is its source's, whatever the batch")
		require.Equal(t, []int64{2}, r.lines())
		require.Contains(t, r.refused[0].Text, "with other values (accounts/acme, 2026-01-01, 1.00 USD)")
	})
}

func TestImportConvertsByDatedRates(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	_, err := f.Company.Adopt(ctx, someone, "USD", "UTC")
	require.NoError(t, err)
	_, err = f.Company.CreateRate(ctx, someone, Rate{Currency: "EUR", Day: *day(t, "2026-01-10"), Value: "1.25", Source: "ECB"})
	require.NoError(t, err)
	start := revenueStart("b")
	start.Currency = ""
	_, r := f.importRevenue(t, start, []RevenueRow{
		{1, "acme", "2026-01-10", "10", "EUR", "", ""}, {2, "acme", "2026-01-09", "10", "EUR", "", ""}, {3, "acme", "2026-01-09", "10", "", "", ""},
	}, 10)
	require.Equal(t, []int64{2}, r.lines())
	require.Contains(t, r.refused[0].Text, "no exchange rate from EUR to USD dated on or before 2026-01-09")
	entries, next, err := f.Ledger.List(ctx, EntryQuery{Account: "acme", Size: 10})
	require.NoError(t, err)
	require.Nil(t, next)
	require.Len(t, entries, 2)
	require.Equal(t, Money{1000, Currency{"EUR", 2}}, entries[0].Amount)
	require.Equal(t, Money{1250, Currency{"USD", 2}}, entries[0].Reporting)
	back, err := f.Ledger.Reverse(ctx, someone, "acme", entries[0].ID, "wrong")
	require.NoError(t, err)
	require.EqualValues(t, -1250, back.Entries[0].Reporting.Minor)
}

// Only a row that is not refused decides what currency the ledger is in, and it is the
// first of those.
func TestARefusedRowDecidesNoCurrency(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		_, err := f.Accounts.Create(t.Context(), someone, "a", Account{}, false)
		require.NoError(t, err)
		row := func(line int64, account, currency string) RevenueRow {
			return RevenueRow{Line: line, Account: account, Date: "2026-01-01", Amount: "1", Currency: currency}
		}
		rows := []RevenueRow{row(2, "***", "EUR"), row(3, "A!", "EUR"), row(4, "new", "CHF"), row(5, "a", "GBP"), row(6, "other", "EUR"), row(7, "new", "GBP")}
		for _, tt := range []struct {
			create  bool
			refused []int64
			ledger  string
			created int64
		}{{false, []int64{2, 3, 4, 6, 7}, "GBP", 0}, {true, []int64{2, 3, 5, 6, 7}, "CHF", 1}} {
			start := revenueStart("b")
			start.CreateAccounts, start.ValidateOnly = tt.create, true
			c, r := f.importRevenue(t, start, slices.Clone(rows), 10)
			require.Equal(t, tt.refused, r.lines())
			require.Equal(t, map[string]int64{tt.ledger: 100}, c.Totals)
			require.Equal(t, tt.created, c.AccountsCreated, "a row refused for its currency makes no account")
		}
		start := revenueStart("b")
		// A whole window of refused rows decides nothing either.
		rows = append(slices.Repeat(rows[:2], windowSize), rows[2:]...)
		_, r := f.importRevenue(t, start, rows, 500)
		require.Len(t, r.refused, 2*windowSize+3)
		company, err := f.Company.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, "CHF", company.State.LedgerCurrency)
		_, err = f.Accounts.Get(t.Context(), "other")
		require.True(t, errors.Is(err, resource.ErrNotFound))
		_, r = f.importRevenue(t, start, []RevenueRow{row(2, "other", "EUR")}, 1)
		require.Contains(t, r.refused[0].Text, "the entry is in EUR, but the ledger is in CHF")
	})
}

func TestImportRefusesRowsThatCouldNotBeRead(t *testing.T) {
	f := onSQLite(t)
	const fault = "the row has 2 fields where the header has 3"
	_, r := f.importRevenue(t, revenueStart("b"), []RevenueRow{{Line: 2, Fault: fault}}, 1)
	require.Equal(t, []Refused{{2, "", fault}}, r.refused)
	_, r = f.importAccounts(t, accountsStart("b"), []AccountRow{{Line: 3, Fault: fault}}, 1)
	require.Equal(t, []Refused{{3, "", fault}}, r.refused)
}

func TestImportNeedsACurrency(t *testing.T) {
	f := onSQLite(t)
	start := revenueStart("b")
	start.Currency = ""
	_, r := f.importRevenue(t, start, []RevenueRow{{1, "acme", "2026-01-10", "10", "", "", ""}}, 10)
	require.Contains(t, r.refused[0].Text, "--currency")
	start.Currency = "ABC"
	_, err := f.Imports.Revenue(t.Context(), someone, start, rowsOf([]RevenueRow{}, 1), &reported{})
	wantReason(t, err, ErrInvalid, "ABC")
}

func TestBatchesAreKnownByNameAndDigest(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		run := func(start RevenueImportStart) (ImportResult, error) {
			return f.Imports.Revenue(ctx, someone, start, rowsOf([]RevenueRow{{1, "acme", "2026-01-10", "10", "", "", ""}}, 1), &reported{})
		}
		start := revenueStart("orders.csv")
		start.Resume = false
		first, err := run(start)
		require.NoError(t, err)
		require.Equal(t, "orders-csv", first.Import.ID)
		again, err := run(start)
		require.NoError(t, err)
		require.Equal(t, "orders-csv", again.Import.ID)
		require.Greater(t, again.Import.Version, first.Import.Version)
		start.Digest = "other"
		_, err = run(start)
		wantReason(t, err, ErrBatchChanged, "resume if it is the same file grown")
		start.ValidateOnly = true
		_, err = run(start)
		wantReason(t, err, ErrBatchChanged, "")
		start.ValidateOnly, start.Resume = false, true
		grown, err := run(start)
		require.NoError(t, err)
		require.Equal(t, "other", grown.Import.State.Digest)
		start.Batch = "orders_csv"
		same, err := run(start)
		require.NoError(t, err)
		require.Regexp(t, "^orders-csv-[0-9a-f]{8}$", same.Import.ID)
		accounts, err := f.Imports.Accounts(ctx, someone, AccountImportStart{ImportStart: start.ImportStart}, rowsOf([]AccountRow{}, 1), &reported{})
		require.NoError(t, err)
		require.NotEqual(t, same.Import.ID, accounts.Import.ID, "kinds of imports do not meet")
		all, err := f.Imports.List(ctx, 10, nil)
		require.NoError(t, err)
		require.Len(t, all.Items, 3)
	})
}

// A consistency token of an import stands behind all of its chunks.
func TestTheEndOfAnImportIsBehindItsChunks(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		rows := make([]RevenueRow, 3000)
		for i := range rows {
			rows[i] = RevenueRow{int64(i), fmt.Sprint("acct", i%100), "2026-01-10", "10", "", "", ""}
		}
		result, err := f.Imports.Revenue(ctx, someone, revenueStart("b"), rowsOf(rows, 700), &reported{})
		require.NoError(t, err)
		require.NoError(t, f.store.Flush(ctx))
		position, err := f.Feed.Locate(ctx, result.Import.Aggregate, result.Import.Version)
		require.NoError(t, err)
		events, err := f.store.Feed().Read(ctx, 0, 10_000)
		require.NoError(t, err)
		entries := 0
		for len(events) > 0 {
			states, err := f.Ledger.tell(ctx, events)
			require.NoError(t, err)
			for i, s := range states {
				if s.Revenue != nil {
					entries += len(s.Revenue.Days)
					require.Less(t, events[i].Position, position)
				}
			}
			events = events[len(states):]
		}
		require.Equal(t, len(rows), entries)
	})
}

func FuzzRevenueRow(f *testing.F) {
	f.Add("00001", "1997-01-01", "11.77", "USD", "1")
	f.Add("", "", "", "", "")
	f.Add("BRK.B", "2024-02-29", "-0.01", "", "x y")
	f.Add("a\x00", "2023-02-29", "1,000.00", "EUR", "\xff")
	f.Fuzz(func(t *testing.T, account, date, amount, currency, external string) {
		usd, err := LookupCurrency("USD")
		require.NoError(t, err)
		for _, ids := range []bool{false, true} {
			r := &revenueReader{currencies: map[string]Currency{}, currency: usd,
				start: RevenueImportStart{HasExternalIDs: ids, ImportStart: ImportStart{Source: "s"}}}
			p, field, problem := r.parse(&RevenueRow{7, account, date, amount, currency, external, ""})
			if problem != "" {
				require.NotEmpty(t, field, "a refusal names its field")
				continue
			}
			require.NotEmpty(t, p.ref)
			require.True(t, p.day >= FirstDay && p.day <= LastDay)
			require.LessOrEqual(t, max(p.minor, -p.minor), MaxMinor)
			back, err := p.amount.Currency.ParseAmount(p.amount.Currency.Decimal(p.minor))
			require.NoError(t, err)
			require.Equal(t, p.minor, back)
			require.Equal(t, ids, p.external != "")
		}
	})
}
