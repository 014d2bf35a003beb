package accounts

import (
	"context"
	"errors"
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
	// Chunk is the id of the chunk it was recorded in.
	Chunk string
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

// ChunkName returns the name of a chunk, by which the feed tells it.
func ChunkName(id string) string { return chunkSpec.Name + "/" + id }

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
		entries, err := readChunk(d, reporting, func(e *entry) bool { return e.key == key && e.account == account })
		if err != nil {
			return docstore.Doc[chunk]{}, Entry{}, fmt.Errorf("read %s: %w", name, err)
		}
		if len(entries) > 0 {
			return d, entries[0], nil
		}
	}
	return docstore.Doc[chunk]{}, Entry{}, fail(resource.ErrNotFound, name, "%s does not exist", name)
}

// readChunk makes those entries of a chunk that are wanted; reporting is the currency of
// their reporting amounts.
func readChunk(d docstore.Doc[chunk], reporting string, want func(*entry) bool) ([]Entry, error) {
	rows, err := d.Body.entries()
	if err != nil {
		return nil, err
	}
	var wanted []Entry
	for i := range rows {
		if !want(&rows[i]) {
			continue
		}
		e, err := d.Body.entry(&rows[i], reporting)
		if err != nil {
			return nil, err
		}
		e.Chunk = d.ID
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

// EntryQuery says which entries to list.
type EntryQuery struct {
	// Account is the id of the account.
	Account string
	// Chunk is the id of the only chunk whose entries are wanted; nil wants those of all.
	Chunk *string
	// Keep says whether an entry is wanted; nil wants all.
	Keep func(*Entry) bool
	// Size is the most to return; at least 1.
	Size int
	// After is the next of an earlier page, or nil.
	After *EntryPlace
}

// chunksLooked is how many chunks one page looks at, at most, to find entries that are
// wanted: a page can be short, or empty, and still have a next one.
const chunksLooked = 2_000

// List lists the entries of an account in the order they were recorded; ErrNotFound for
// the account.
//
// Chunks are found by their accounts alone. Those of an account are few beside its entries,
// and an index by day as well would cost every import, so what a query keeps is looked for
// in them.
func (l *Ledger) List(ctx context.Context, query EntryQuery) (page []Entry, next *EntryPlace, err error) {
	if _, err := l.accounts.Get(ctx, query.Account); err != nil {
		return nil, nil, err
	}
	list := entryList{ledger: l, query: query}
	if query.Chunk != nil {
		err = list.only(ctx, *query.Chunk)
	} else {
		err = list.all(ctx)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("list the entries of %s: %w", AccountName(query.Account), err)
	}
	if len(list.page) > query.Size {
		return list.page[:query.Size], &list.places[query.Size-1], nil
	}
	return list.page, list.rest, nil
}

// entryList is a page of entries on its way.
type entryList struct {
	ledger *Ledger
	query  EntryQuery
	// reporting is found out once, when there is an entry, without which there may be none.
	reporting string
	// page are the entries that are wanted, and places where each of them stands.
	page   []Entry
	places []EntryPlace
	// rest is where the next page begins, where this one ended before it was full.
	rest *EntryPlace
}

// add adds the entries of a chunk that are wanted, but for as many of the account's as were
// listed before.
func (n *entryList) add(ctx context.Context, d docstore.Doc[chunk], listed int) (err error) {
	if n.reporting == "" {
		if n.reporting, err = n.ledger.company.reporting(ctx); err != nil {
			return err
		}
	}
	entries, err := readChunk(d, n.reporting, func(e *entry) bool { return e.account == n.query.Account })
	for i := listed; err == nil && i < len(entries); i++ {
		if n.query.Keep == nil || n.query.Keep(&entries[i]) {
			n.page, n.places = append(n.page, entries[i]), append(n.places, EntryPlace{d.ID, i + 1})
		}
	}
	return err
}

// only reads one chunk; one that there is not has no entries.
func (n *entryList) only(ctx context.Context, id string) error {
	listed := 0
	if n.query.After != nil {
		listed = max(0, n.query.After.Listed)
	}
	d, err := n.ledger.chunks.Get(ctx, id)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return n.add(ctx, d, listed)
}

// all reads the chunks that have entries of the account.
func (n *entryList) all(ctx context.Context) error {
	q := docstore.Query{Index: "accounts", Equal: []any{n.query.Account}, Limit: min(n.query.Size+1, 50)}
	if n.query.Keep != nil {
		q.Limit = 50
	}
	if after := n.query.After; after != nil {
		first, err := n.ledger.chunks.Get(ctx, after.Chunk)
		if err == nil {
			err = n.add(ctx, first, max(0, after.Listed))
		}
		if err != nil {
			return err
		}
		q.After = []any{after.Chunk}
	}
	for looked := 0; len(n.page) <= n.query.Size; looked += q.Limit {
		found, err := n.ledger.chunks.Find(ctx, q)
		if err != nil {
			return err
		}
		for _, d := range found.Docs {
			if err := n.add(ctx, d, 0); err != nil {
				return err
			}
		}
		if found.Next == nil {
			return nil
		}
		q.After = found.Next
		if looked >= chunksLooked {
			last := found.Docs[len(found.Docs)-1]
			n.rest = &EntryPlace{last.ID, chunkSize}
			return nil
		}
	}
	return nil
}
