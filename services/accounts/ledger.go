package accounts

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// Ledger is the use cases of revenue: entries are added, never changed.
type Ledger struct {
	chunks *docstore.Collection[chunk]
	// columns is the same collection, read without what followers are not told.
	columns  *docstore.Collection[columns]
	company  *Company
	accounts *Accounts
	ids      *resource.Sequence
	now      func() time.Time
	random   io.Reader
}

// Entry is one dated amount of money received from an account.
type Entry struct {
	// ID is the entry's resource id, below its account's.
	ID      string
	Account string
	Day     Day
	Amount  Money
	// Reporting is the amount in the reporting currency, or, while there is none, in
	// the ledger's only one.
	Reporting  Money
	ExternalID string
	Source     string
	Batch      string
	// Corrects is the id of the entry that this one takes back, or empty.
	Corrects string
	Note     string
	Recorded time.Time
	// By is the principal who recorded it.
	By string
}

// NewEntry is an entry about to be recorded.
type NewEntry struct {
	Account    string
	Day        Day
	Amount     Money
	ExternalID string
	Source     string
	Note       string
}

// Recorded is entries and the write that recorded them, a consistency token.
type Recorded struct {
	Entries   []Entry
	Aggregate string
	Version   int64
}

// EntryName returns the resource name of an entry.
func EntryName(account, id string) string { return AccountName(account) + "/revenueEntries/" + id }

const revenueRecorded = "revenue.recorded"

func openLedger(ctx context.Context, w wiring, company *Company, accounts *Accounts) (*Ledger, error) {
	l := &Ledger{company: company, accounts: accounts, now: w.now, random: w.random,
		ids: resource.NewSequence(w.now, w.random)}
	var err error
	if l.chunks, err = docstore.OpenCollection[chunk](ctx, w.store, chunkSpec); err != nil {
		return nil, err
	}
	l.columns, err = docstore.OpenCollection[columns](ctx, w.store, chunkSpec)
	return l, err
}

// Get returns an entry of an account, or ErrNotFound.
func (l *Ledger) Get(ctx context.Context, account, id string) (Entry, error) {
	_, e, err := l.find(ctx, account, id)
	return e, err
}

// find returns an entry and its chunk.
func (l *Ledger) find(ctx context.Context, account, id string) (docstore.Doc[chunk], Entry, error) {
	name := EntryName(account, id)
	key, ok := parseEntryID(id)
	if !ok {
		return docstore.Doc[chunk]{}, Entry{}, fail(resource.ErrNotFound, name, "%s does not exist", name)
	}
	docs, err := l.chunks.Lookup(ctx, "keys", key[:])
	if err != nil {
		return docstore.Doc[chunk]{}, Entry{}, fmt.Errorf("find %s: %w", name, err)
	}
	reporting, err := l.company.reporting(ctx)
	if err != nil {
		return docstore.Doc[chunk]{}, Entry{}, fmt.Errorf("read %s: %w", name, err)
	}
	for _, d := range docs {
		entries, err := d.Body.read(reporting, func(e *entry) bool { return e.key == key && e.account == account })
		if err != nil {
			return docstore.Doc[chunk]{}, Entry{}, fmt.Errorf("read %s: %w", name, err)
		}
		if len(entries) > 0 {
			return d, entries[0], nil
		}
	}
	return docstore.Doc[chunk]{}, Entry{}, fail(resource.ErrNotFound, name, "%s does not exist", name)
}

// read makes those entries of a chunk that are wanted; reporting is the currency of
// their reporting amounts.
func (c *chunk) read(reporting string, want func(*entry) bool) ([]Entry, error) {
	rows, err := c.entries()
	if err != nil {
		return nil, err
	}
	var wanted []Entry
	for i := range rows {
		if !want(&rows[i]) {
			continue
		}
		e, err := c.entry(&rows[i], reporting)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, e)
	}
	return wanted, nil
}

func (c *chunk) entry(e *entry, reporting string) (Entry, error) {
	own, err := LookupCurrency(e.currency)
	if err != nil {
		return Entry{}, err
	}
	in, err := LookupCurrency(reporting)
	if err != nil {
		return Entry{}, err
	}
	out := Entry{
		ID: e.key.EntryID(), Account: e.account, Day: e.day,
		Amount: Money{e.minor, own}, Reporting: Money{e.reporting, in},
		ExternalID: e.external, Source: e.source, Batch: c.Batch, Note: e.note, Recorded: c.Recorded, By: c.By,
	}
	if len(c.Corrects) == len(Key{}) {
		out.Corrects = Key(c.Corrects).EntryID()
	}
	return out, nil
}

// reporting is the currency of reporting amounts; empty while no entry has one.
func (c *Company) reporting(ctx context.Context) (string, error) {
	s, err := c.Get(ctx)
	if err != nil {
		return "", err
	}
	if s.State.Currency != "" {
		return s.State.Currency, nil
	}
	return s.State.LedgerCurrency, nil
}

// EntryPlace is behind an entry in the list of an account's entries.
type EntryPlace struct {
	// Chunk is the id of the entry's chunk.
	Chunk string
	// Listed is how many of the chunk's entries of the account were listed.
	Listed int
}

// List lists the entries of an account in the order they were recorded; ErrNotFound for
// the account. After is the next of an earlier page, or nil.
func (l *Ledger) List(ctx context.Context, account string, size int, after *EntryPlace) (page []Entry, next *EntryPlace, err error) {
	if _, err := l.accounts.Get(ctx, account); err != nil {
		return nil, nil, err
	}
	var places []EntryPlace
	reporting := "" // found out once, when there is an entry, without which there may be none
	collect := func(d docstore.Doc[chunk], skip int) (err error) {
		if reporting == "" {
			if reporting, err = l.company.reporting(ctx); err != nil {
				return err
			}
		}
		entries, err := d.Body.read(reporting, func(e *entry) bool { return e.account == account })
		for i := skip; err == nil && i < len(entries); i++ {
			page, places = append(page, entries[i]), append(places, EntryPlace{d.ID, i + 1})
		}
		return err
	}
	q := docstore.Query{Index: "accounts", Equal: []any{account}, Limit: min(size+1, 50)}
	if after != nil {
		first, err := l.chunks.Get(ctx, after.Chunk)
		if err == nil {
			err = collect(first, max(0, after.Listed))
		}
		if err != nil {
			return nil, nil, fmt.Errorf("list the entries of %s: %w", AccountName(account), err)
		}
		q.After = []any{after.Chunk}
	}
	for more := true; more && len(page) <= size; {
		found, err := l.chunks.Find(ctx, q)
		for i := 0; err == nil && i < len(found.Docs); i++ {
			err = collect(found.Docs[i], 0)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("list the entries of %s: %w", AccountName(account), err)
		}
		more, q.After = found.Next != nil, found.Next
	}
	if len(page) > size {
		page, next = page[:size], &places[size-1]
	}
	return page, next, nil
}
