package accounts

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Record adds up to 500 entries to the ledger, all or none. ErrNotFound for an account;
// ErrExists where the source's external id is recorded; ErrInvalid; ErrWrongCurrency. Errors
// name the entry by its place. A retry is answered with what the first call recorded.
func (l *Ledger) Record(ctx context.Context, call resource.Call, news []NewEntry) (Recorded, error) {
	if len(news) == 0 || len(news) > chunkSize {
		return Recorded{}, invalid("requests", "has %d entries: give 1 to %d", len(news), chunkSize)
	}
	if earlier, known, err := l.replay(ctx, call); known || err != nil {
		return earlier, err
	}
	if err := l.checkAccounts(ctx, news); err != nil {
		return Recorded{}, err
	}
	entries, err := l.keyed(call, news)
	if err != nil {
		return Recorded{}, err
	}
	if err := l.convert(ctx, news, entries); err != nil {
		return Recorded{}, err
	}
	// The index would tell too, but some databases of the MongoDB protocol let writers
	// of one unique value wait for each other until a deadlock is found.
	if err := l.alreadyRecorded(ctx, entries); err != nil {
		return Recorded{}, err
	}
	return l.write(ctx, call, newChunk(entries), func() error {
		if err := l.alreadyRecorded(ctx, entries); err != nil {
			return err
		}
		return fmt.Errorf("record revenue: %w", docstore.ErrConflict)
	})
}

// place names a field of the entry at a place of the request.
func place(news []NewEntry, i int, field string) string {
	return requestPlace(news, i, "revenue_entry."+field)
}

// requestPlace names a field of the request of the entry at a place.
func requestPlace(news []NewEntry, i int, field string) string {
	if len(news) == 1 {
		return field
	}
	return fmt.Sprintf("requests[%d].%s", i, field)
}

func (l *Ledger) checkAccounts(ctx context.Context, news []NewEntry) error {
	ids := make([]string, len(news))
	for i, n := range news {
		ids[i] = n.Account
	}
	found, err := l.accounts.accounts.Versions(ctx, ids)
	if err != nil {
		return err
	}
	for i, n := range news {
		if _, ok := found[n.Account]; !ok {
			return fail(resource.ErrNotFound, AccountName(n.Account), "%s does not exist", AccountName(n.Account)).
				WithField(requestPlace(news, i, "parent"), "%s does not exist", AccountName(n.Account))
		}
	}
	return nil
}

// keyed makes the ledger's form of new entries, each with its key.
func (l *Ledger) keyed(call resource.Call, news []NewEntry) ([]entry, error) {
	entries := make([]entry, len(news))
	seen := make(map[Key]int, len(news))
	var h hasher
	for i, n := range news {
		e := entry{account: n.Account, day: n.Day, minor: n.Amount.Minor, currency: n.Amount.Currency.Code,
			source: n.Source, external: n.ExternalID, note: n.Note}
		switch {
		case n.Source == "":
			return nil, invalid(place(news, i, "source"), "is empty: name the system the entry comes from")
		case n.Day < FirstDay || n.Day > LastDay:
			return nil, invalid(place(news, i, "date"), "%s", errDay)
		case n.Amount.Minor > MaxMinor || n.Amount.Minor < -MaxMinor:
			return nil, invalid(place(news, i, "amount"), "is too large: at most %s", n.Amount.Currency.Decimal(MaxMinor))
		case n.ExternalID != "":
			e.key = h.external(n.Source, n.ExternalID)
		case call.RequestID != "":
			e.key = h.request(call.Request().Key, i)
		default:
			if _, err := io.ReadFull(l.random, e.key[:]); err != nil {
				return nil, fmt.Errorf("make an entry's key: %w", err)
			}
		}
		if first, twice := seen[e.key]; twice {
			return nil, invalid(place(news, i, "external_id"), "%s is that of requests[%d] too", quoted(n.ExternalID, n.Source), first)
		}
		seen[e.key] = i
		entries[i] = e
	}
	return entries, nil
}

// convert gives entries their reporting amounts.
func (l *Ledger) convert(ctx context.Context, news []NewEntry, entries []entry) error {
	rule, err := l.currencyRule(ctx)
	if err != nil {
		return err
	}
	for i := range entries {
		if entries[i].reporting, err = rule.apply(ctx, news[i].Amount, news[i].Day); err != nil {
			return inPlace(err, place(news, i, "amount.currency_code"))
		}
	}
	return inPlace(rule.claim(ctx), place(news, 0, "amount.currency_code"))
}

// inPlace makes an error about an entry's currency name the field.
func inPlace(err error, field string) error {
	var wrong *fault.Error
	if !errors.Is(err, ErrWrongCurrency) || !errors.As(err, &wrong) {
		return err
	}
	return wrong.WithField(field, "%s", textOf(wrong))
}

// write adds a chunk. Where keys of it are there, and not by this very request,
// explain says what that means.
func (l *Ledger) write(ctx context.Context, call resource.Call, c chunk, explain func() error) (Recorded, error) {
	c.Recorded, c.By = l.now(), call.Principal
	if call.RequestID != "" {
		request := call.Request()
		key := new(hasher).request(request.Key, -1)
		c.Request, c.Keys = &request, append(c.Keys, key[:])
	}
	id, err := l.ids.Next()
	if err != nil {
		return Recorded{}, err
	}
	d, err := l.chunks.Insert(call.Context(ctx), id, c, docstore.NewEvent{Type: revenueRecorded})
	if isDuplicate(err) {
		earlier, known, err := l.replay(ctx, call)
		if !known && err == nil {
			err = explain()
		}
		return earlier, err
	}
	if err != nil {
		return Recorded{}, fmt.Errorf("record revenue: %w", err)
	}
	return l.recorded(ctx, d)
}

func (l *Ledger) recorded(ctx context.Context, d docstore.Doc[chunk]) (Recorded, error) {
	reporting, err := l.company.reporting(ctx)
	if err != nil {
		return Recorded{}, err
	}
	entries, err := readChunk(d, reporting, func(*entry) bool { return true })
	return Recorded{entries, l.chunks.Source(d.ID), d.Version}, err
}

// replay returns what this request recorded before.
func (l *Ledger) replay(ctx context.Context, call resource.Call) (Recorded, bool, error) {
	if call.RequestID == "" {
		return Recorded{}, false, nil
	}
	request := call.Request()
	key := new(hasher).request(request.Key, -1)
	found, err := l.chunks.Lookup(ctx, "keys", key[:])
	if err != nil || len(found) == 0 {
		return Recorded{}, false, err
	}
	if first := found[0].Body.Request; first == nil || !bytes.Equal(first.Digest, request.Digest) {
		return Recorded{}, false, call.Reused()
	}
	r, err := l.recorded(ctx, found[0])
	return r, true, err
}

// alreadyRecorded fails where some of the entries are in the ledger, and says which.
// Only ids that come from outside can be.
func (l *Ledger) alreadyRecorded(ctx context.Context, entries []entry) error {
	given := slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return e.external == "" })
	if len(given) == 0 {
		return nil
	}
	there, err := l.existing(ctx, given)
	if err != nil || len(there) == 0 {
		return err
	}
	var name string
	var fields []fault.Field
	for i := range entries {
		first, ok := there[entries[i].key]
		if !ok {
			continue
		}
		known := EntryName(first.account, first.key.EntryID())
		name = cmp.Or(name, known)
		fields = append(fields, fault.Field{Path: place(make([]NewEntry, len(entries)), i, "external_id"),
			Description: quoted(entries[i].external, entries[i].source) + " is recorded already as " + known})
	}
	return fail(resource.ErrExists, name, "an entry with the source's external id is recorded already").WithFields(fields...)
}

// existing returns those of the entries whose keys are in the ledger, as they are
// there.
func (l *Ledger) existing(ctx context.Context, entries []entry) (map[Key]entry, error) {
	keys := make([]any, len(entries))
	wanted := make(map[Key]bool, len(entries))
	for i := range entries {
		keys[i] = entries[i].key[:]
		wanted[entries[i].key] = true
	}
	docs, err := l.chunks.Lookup(ctx, "keys", keys...)
	if err != nil {
		return nil, fmt.Errorf("find entries in the ledger: %w", err)
	}
	there := make(map[Key]entry, len(entries))
	for i := range docs {
		rows, err := docs[i].Body.entries()
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if wanted[row.key] {
				row.chunk = docs[i].ID
				there[row.key] = row
			}
		}
	}
	return there, nil
}

// Reverse adds the counter-entry of an entry: the negative amount on the same day.
// ErrNotFound; ErrAlreadyReversed; ErrNotReversible where it is itself a reversal.
func (l *Ledger) Reverse(ctx context.Context, call resource.Call, account, id, note string) (Recorded, error) {
	if earlier, known, err := l.replay(ctx, call); known || err != nil {
		return earlier, err
	}
	name := EntryName(account, id)
	_, e, err := l.find(ctx, account, id)
	if err != nil {
		return Recorded{}, err
	}
	if e.Corrects != "" {
		return Recorded{}, fail(ErrNotReversible, name, "%s is itself a reversal: record a new entry instead", name)
	}
	key, _ := parseEntryID(id)
	counter := entry{
		account: account, day: e.Day, minor: -e.Amount.Minor, currency: e.Amount.Currency.Code,
		reporting: -e.Reporting.Minor, key: new(hasher).reversal(key), source: e.Source, note: note,
	}
	c := newChunk([]entry{counter})
	c.Corrects = key[:]
	return l.write(ctx, call, c, func() error {
		return fail(ErrAlreadyReversed, name, "%s was reversed already, by %s", name, EntryName(account, counter.key.EntryID()))
	})
}
