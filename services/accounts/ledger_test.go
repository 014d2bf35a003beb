package accounts

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestWritersOfTheLedgerLoseNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		usd := Currency{"USD", 2}
		const writers, rounds = 64, 4
		for _, id := range []string{"one", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"} {
			_, err := f.Accounts.Create(ctx, someone, id, Account{}, false)
			require.NoError(t, err)
		}
		on := *day(t, "2026-01-01")
		var group sync.WaitGroup
		for i := range writers {
			group.Go(func() {
				for round := range rounds {
					for _, account := range []string{"one", fmt.Sprint("a", i%8)} {
						call := request(fmt.Sprint(account, i, round), "x")
						var first Recorded
						for range 2 { // every request comes twice
							r, err := f.Ledger.Record(ctx, call, []NewEntry{{Account: account, Day: on, Amount: Money{100, usd}, Source: "till"}})
							assert.NoError(t, err)
							if first.Aggregate != "" {
								assert.Equal(t, first, r)
							}
							first = r
						}
						// An external id that several writers fight for is recorded once.
						external := fmt.Sprint(i%16, "-", round)
						_, err := f.Ledger.Record(ctx, someone, []NewEntry{{Account: "one", Day: on, Amount: Money{1, usd}, Source: "shop", ExternalID: external}})
						if !errors.Is(err, resource.ErrExists) {
							assert.NoError(t, err)
						}
					}
				}
			})
		}
		group.Wait()
		want := map[posting]int{{"one", on, 100, "USD", ""}: writers * rounds}
		for i := range 8 {
			want[posting{fmt.Sprint("a", i), on, 100, "USD", ""}] = writers / 8 * rounds
		}
		for i := range 16 {
			for round := range rounds {
				want[posting{"one", on, 1, "USD", fmt.Sprint(i, "-", round)}] = 1
			}
		}
		require.Equal(t, want, f.postings(t))

		var listed []Entry
		var after *EntryPlace
		for {
			page, next, err := f.Ledger.List(ctx, EntryQuery{Account: "one", Size: 100, After: after})
			require.NoError(t, err)
			listed = append(listed, page...)
			if next == nil {
				break
			}
			after = next
		}
		require.Len(t, listed, writers*rounds+16*rounds)
	})
}

// counting is a backend that counts the reads of single documents by their collection.
type counting struct {
	docstore.Backend
	mu   sync.Mutex
	gets map[string]int
}

func (c *counting) Get(ctx context.Context, collection string, ids []string) ([]docstore.Record, error) {
	c.mu.Lock()
	c.gets[collection]++
	c.mu.Unlock()
	return c.Backend.Get(ctx, collection, ids)
}

func (c *counting) of(collection string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gets[collection]
}

func TestAListReadsTheCompanyOnce(t *testing.T) {
	backend := &counting{Backend: teststore.SQLite(t), gets: map[string]int{}}
	f := start(t, backend)
	_, err := f.Accounts.Create(t.Context(), someone, "acme", Account{}, false)
	require.NoError(t, err)
	for range 5 { // each a chunk of its own
		_, err := f.Ledger.Record(t.Context(), someone, []NewEntry{{Account: "acme", Amount: Money{100, Currency{"USD", 2}}, Source: "till"}})
		require.NoError(t, err)
	}
	before := backend.of("company")
	entries, _, err := f.Ledger.List(t.Context(), EntryQuery{Account: "acme", Size: 10})
	require.NoError(t, err)
	require.Len(t, entries, 5)
	require.Equal(t, "USD", entries[4].Reporting.Currency.Code)
	require.Equal(t, 1, backend.of("company")-before)
}

// However rare the entries that are wanted, a page looks at so many chunks and no more, and
// all of them are found.
func TestAFilteredListIsBounded(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.Accounts.Create(ctx, someone, "acme", Account{}, false)
		require.NoError(t, err)
		_, err = f.Ledger.Record(ctx, someone, []NewEntry{{Account: "acme", Amount: Money{100, Currency{"USD", 2}}, Source: "till"}})
		require.NoError(t, err)
		const chunks = chunksLooked + 100
		var docs []docstore.New[chunk]
		for i := range chunks {
			docs = append(docs, docstore.New[chunk]{ID: fmt.Sprintf("c%06d", i), Body: newChunk([]entry{
				{account: "acme", day: Day(i), minor: 1, currency: "USD", reporting: 1, source: "till", key: Key{byte(i), byte(i >> 8), 1}},
				{account: "acme", day: -1, minor: 1, currency: "USD", reporting: 1, source: "till", key: Key{byte(i), byte(i >> 8), 2}}})})
		}
		require.NoError(t, f.Ledger.chunks.InsertMany(ctx, docs))
		var found []Day
		pages := 0
		for query := (EntryQuery{Account: "acme", Size: 2, Keep: func(e *Entry) bool { return e.Day == 7 || e.Day >= chunks-2 }}); ; {
			pages++
			page, next, err := f.Ledger.List(ctx, query)
			require.NoError(t, err)
			for _, e := range page {
				found = append(found, e.Day)
			}
			if next == nil {
				break
			}
			query.After = next
		}
		require.Equal(t, []Day{7, chunks - 2, chunks - 1}, found)
		require.Equal(t, 2, pages, "the first page ends before it is full")
		all, _, err := f.Ledger.List(ctx, EntryQuery{Account: "acme", Size: 1000})
		require.NoError(t, err)
		require.Len(t, all, 1000)
		require.Equal(t, "c000499", all[999].Chunk)
	})
}

// An error about one entry of several says which, in a field of the request.
func TestRecordNamesTheEntryThatIsWrong(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Accounts.Create(t.Context(), someone, "acme", Account{}, false)
	require.NoError(t, err)
	entry := func(account, currency string) NewEntry {
		return NewEntry{Account: account, Amount: Money{100, Currency{currency, 2}}, Source: "till"}
	}
	for _, tt := range []struct {
		news        []NewEntry
		reason      error
		field, text string
	}{
		{[]NewEntry{entry("nobody", "USD")}, resource.ErrNotFound, "parent", "accounts/nobody does not exist"},
		{[]NewEntry{entry("acme", "USD"), entry("nobody", "USD")}, resource.ErrNotFound, "requests[1].parent", "accounts/nobody does not exist"},
		{[]NewEntry{entry("acme", "USD"), entry("acme", "EUR")}, ErrWrongCurrency, "requests[1].revenue_entry.amount.currency_code",
			"the entry is in EUR, but the ledger is in USD"},
	} {
		_, err := f.Ledger.Record(t.Context(), someone, tt.news)
		wantReason(t, err, tt.reason, tt.text)
		var wrong *fault.Error
		require.ErrorAs(t, err, &wrong)
		require.Len(t, wrong.Fields, 1)
		require.Equal(t, tt.field, wrong.Fields[0].Path)
		require.Contains(t, wrong.Fields[0].Description, tt.text)
	}
	_, err = f.Company.Adopt(t.Context(), someone, "USD", "UTC")
	require.NoError(t, err)
	_, err = f.Ledger.Record(t.Context(), someone, []NewEntry{entry("acme", "EUR")})
	wantReason(t, err, ErrWrongCurrency, "no exchange rate from EUR")
	var wrong *fault.Error
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "revenue_entry.amount.currency_code", wrong.Fields[0].Path)
}

func TestAnEntryIsReversedOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.Accounts.Create(ctx, someone, "acme", Account{}, false)
		require.NoError(t, err)
		entry := NewEntry{Account: "acme", Day: *day(t, "2026-01-01"), Amount: Money{100, Currency{"USD", 2}}, Source: "till"}
		recorded, err := f.Ledger.Record(ctx, someone, []NewEntry{entry})
		require.NoError(t, err)
		id := recorded.Entries[0].ID
		done := make([]error, 16)
		var group sync.WaitGroup
		for i := range done {
			group.Go(func() { _, done[i] = f.Ledger.Reverse(ctx, someone, "acme", id, "typo") })
		}
		group.Wait()
		reversed := 0
		for _, err := range done {
			if err == nil {
				reversed++
				continue
			}
			wantReason(t, err, ErrAlreadyReversed, "was reversed already")
		}
		require.Equal(t, 1, reversed)
		_, err = f.Ledger.Reverse(ctx, someone, "other", id, "typo")
		wantReason(t, err, resource.ErrNotFound, "")
	})
}

func TestEntriesOfASecondCurrencyWaitForTheCompany(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.Accounts.Create(ctx, someone, "acme", Account{}, false)
		require.NoError(t, err)
		record := func(currency string) error {
			_, err := f.Ledger.Record(ctx, someone, []NewEntry{{Account: "acme", Day: 20_000, Amount: Money{100, Currency{currency, 2}}, Source: "till"}})
			return err
		}
		// Several currencies at once: one of them becomes the ledger's.
		currencies := []string{"USD", "EUR", "GBP", "CHF"}
		errs := make([]error, len(currencies))
		var group sync.WaitGroup
		for i, currency := range currencies {
			group.Go(func() { errs[i] = record(currency) })
		}
		group.Wait()
		company, err := f.Company.Get(ctx)
		require.NoError(t, err)
		for i, currency := range currencies {
			if currency == company.State.LedgerCurrency {
				require.NoError(t, errs[i])
			} else {
				wantReason(t, errs[i], ErrWrongCurrency, "set the company's currency and its rates first")
			}
		}
		require.Len(t, f.postings(t), 1)
		_, err = f.Company.Adopt(ctx, someone, "SEK", "UTC")
		wantReason(t, err, ErrWrongCurrency, "revenue is recorded in "+company.State.LedgerCurrency)
		_, err = f.Company.Adopt(ctx, someone, company.State.LedgerCurrency, "UTC")
		require.NoError(t, err)
		wantReason(t, record("SEK"), ErrWrongCurrency, "no exchange rate from SEK")
	})
}
