package accounts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
)

// revenueWriter writes windows of an import into the ledger. Several goroutines use
// it.
type revenueWriter struct {
	ledger *Ledger
	call   resource.Call
	start  RevenueImportStart
	// expectKnown says that the next window's entries are likely there already, so that
	// it is worth looking before writing.
	expectKnown atomic.Bool
}

const (
	// writeAttempts bounds how often a window is written anew because another importer of
	// the same rows was faster.
	writeAttempts = 20
	// patience bounds how often because the database did not answer, or undid a write
	// that stood in another's way; each time the import waits a little longer.
	patience      = 6
	patiencePause = 100 * time.Millisecond
)

// settle writes what is not there of a window, and counts.
func (w *revenueWriter) settle(ctx context.Context, window *revenueWindow) error {
	firsts, repeats := w.split(window.entries)
	known := map[Key]entry{} // what the ledger had of them
	if err := w.write(ctx, window, firsts, known); err != nil {
		return err
	}
	good := make([]entry, 0, len(window.entries))
	first := make(map[Key]*entry, len(repeats))
	for i := range firsts {
		e := &firsts[i]
		there, ok := known[e.key]
		if !ok || w.repeats(window, e, &there, "the ledger as "+EntryName(there.account, there.key.EntryID())) {
			good = append(good, *e)
		}
		if len(repeats) > 0 {
			first[e.key] = e
		}
	}
	for i := range repeats {
		e := &repeats[i]
		there, ok := known[e.key]
		where := "the ledger as " + EntryName(there.account, there.key.EntryID())
		if !ok {
			there = *first[e.key]
			where = fmt.Sprintf("line %d", there.line)
		}
		if w.repeats(window, e, &there, where) {
			good = append(good, *e)
		}
	}
	window.entries = slices.Concat(good, window.repeated)
	return nil
}

// split takes rows apart that repeat an id of the same window.
func (w *revenueWriter) split(entries []entry) (firsts, repeats []entry) {
	if !w.start.HasExternalIDs { // ids that we give do not repeat
		return entries, nil
	}
	seen := make(map[Key]bool, len(entries))
	for _, e := range entries {
		if seen[e.key] {
			repeats = append(repeats, e)
			continue
		}
		seen[e.key] = true
		firsts = append(firsts, e)
	}
	return firsts, repeats
}

// write writes those entries that are not in the ledger, and adds the others to known.
func (w *revenueWriter) write(ctx context.Context, window *revenueWindow, rest []entry, known map[Key]entry) error {
	look := w.expectKnown.Load() || w.start.ValidateOnly
	tried := map[string]bool{} // chunks of this window that may have been written
	unavailable := 0
	for range writeAttempts {
		if look {
			there, err := w.ledger.existing(ctx, rest)
			if err != nil {
				return err
			}
			w.expectKnown.Store(len(there) > 0)
			rest = slices.DeleteFunc(slices.Clone(rest), func(e entry) bool { _, ok := there[e.key]; return ok })
			for key, e := range there {
				if tried[e.chunk] {
					window.written++
				} else {
					known[key] = e
				}
			}
		}
		if w.start.ValidateOnly || len(rest) == 0 {
			window.written += int64(len(rest))
			return nil
		}
		failed, err := w.insert(ctx, rest, tried)
		if errors.Is(err, docstore.ErrUnavailable) && unavailable < patience {
			unavailable++
			failed, err = rest, lifecycle.Pause(ctx, time.Duration(unavailable)*patiencePause)
		}
		if err != nil {
			return err
		}
		window.written += int64(len(rest) - len(failed))
		if len(failed) == 0 {
			return nil
		}
		rest, look = failed, true
	}
	return fmt.Errorf("write revenue: %w", docstore.ErrConflict)
}

// repeats counts a row whose entry is there already, or refuses it where that says
// something else.
func (w *revenueWriter) repeats(window *revenueWindow, e, known *entry, where string) bool {
	if e.sameAs(known) {
		window.there++
		return true
	}
	window.refuse(e.line, "external_id", fmt.Sprintf("%s is in %s with other values (%s, %s, %s): reverse that entry and record a new one under a new id",
		quoted(e.external, e.source), where, AccountName(known.account), known.day, known.decimal()))
	return false
}

func (e *entry) decimal() string {
	currency, err := LookupCurrency(e.currency)
	if err != nil {
		return e.currency
	}
	return currency.Decimal(e.minor) + " " + e.currency
}

// insert writes entries in chunks, all of them at once, and returns the entries of
// those chunks that met a key already there. Where it fails some may have been written:
// those of the chunks that it adds to tried.
func (w *revenueWriter) insert(ctx context.Context, entries []entry, tried map[string]bool) ([]entry, error) {
	var docs []docstore.New[chunk]
	var parts [][]entry
	at := w.ledger.now()
	for part := range slices.Chunk(entries, chunkSize) {
		id, err := w.ledger.ids.Next()
		if err != nil {
			return nil, err
		}
		c := newChunk(part)
		c.Batch, c.Recorded, c.By = w.start.Batch, at, w.call.Principal
		docs = append(docs, docstore.New[chunk]{ID: id, Body: c, Events: []docstore.NewEvent{{Type: revenueRecorded}}})
		parts = append(parts, part)
		tried[id] = true
	}
	err := w.ledger.chunks.InsertMany(w.call.Context(ctx), docs)
	var batch *docstore.BatchError
	if !errors.As(err, &batch) {
		return nil, err
	}
	var failed []entry
	for i, part := range parts {
		switch err := batch.Failed[i]; {
		case err == nil:
		case isDuplicate(err):
			failed = append(failed, part...)
		default:
			return nil, fmt.Errorf("write revenue: %w", err)
		}
	}
	return failed, nil
}
