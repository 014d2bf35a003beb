package usage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// page is a document of the ledger: entries of one balance that follow one another, at
// least moveAt. It never changes.
//
// The pages of a balance have no gaps and do not overlap, whoever writes them, in however
// many processes:
//
//   - A page's id is made of the balance and of the number of its first entry, and a store
//     takes an id once.
//   - A page begins behind an entry up to which all are known to be in the ledger, and that
//     is always the last one of a page that is there, or none: it is either what the balance
//     has Moved, or the Last of a page that was written or read.
//   - Who finds an id taken reads that page and goes on behind its Last, be that more or
//     fewer entries than those about to be written. The entries are the same, since the
//     number of an entry is given to it by the one write of the balance that adds it.
//   - What leaves a balance is what is known to be in the ledger, so that Moved is the Last
//     of a page again.
type page struct {
	Account string `bson:"a"`
	Benefit string `bson:"b"`
	// First and Last are the numbers of its first and its last entry.
	First int64 `bson:"n"`
	Last  int64 `bson:"m"`
	// At is when the last one was recorded.
	At time.Time `bson:"at"`
	// Keys are those of its entries, and of the entries that they are about.
	Keys []int64 `bson:"keys"`
	// Encoded are the entries, as a balance has them.
	Encoded lines `bson:"e"`
}

func (p *page) run() run { return run{p.Account, p.Benefit, p.First - 1, p.Encoded} }

// pageID is the id of the page that begins with an entry. In the order of ids the pages of
// a balance come in the order of their entries.
func pageID(balance string, first int64) string { return fmt.Sprintf("%s/%012d", balance, first) }

// pageKey is by what the pages are found that hold an entry of an account, or one about
// it. It is short, since every use adds one to an index, and begins with the account, so
// that those of one page come beside each other there. Others may have the same.
func pageKey(account, id string) int64 {
	return int64(hash(account))<<32 | int64(hash(id))
}

func hash(text string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text)) // it never fails
	return h.Sum32()
}

// pageOf makes a page of the entries of a balance behind a number.
func pageOf(b *balance, behind int64) page {
	p := page{Account: b.Account, Benefit: b.Benefit, First: behind + 1, Last: b.Count.Seq, At: b.Count.Last,
		Encoded: b.latest().above(behind).encoded}
	for _, raw := range p.Encoded.all() {
		p.Keys = append(p.Keys, pageKey(b.Account, idOf(raw)))
		if of := aboutOf(raw); of != "" {
			p.Keys = append(p.Keys, pageKey(b.Account, of))
		}
	}
	return p
}

// move writes the latest entries of a balance, as it was read, to the ledger; the next use
// takes them out of the balance. Callers in this process who want it at the same time
// share it.
func (u *Usage) move(ctx context.Context, id string, b *balance) error {
	done := u.moving.DoChan(id, func() (any, error) { return nil, u.moveNow(context.WithoutCancel(ctx), id, b) })
	select {
	case moved := <-done:
		return moved.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// makeRoom moves what a balance holds now.
func (u *Usage) makeRoom(ctx context.Context, id string) error {
	d, err := u.balances.Get(ctx, id)
	if err != nil {
		return err
	}
	return u.move(ctx, id, &d.Body)
}

func (u *Usage) moveNow(ctx context.Context, id string, b *balance) error {
	for {
		behind := max(b.Moved, u.seen.of(id))
		if b.Count.Seq-behind < moveAt {
			return nil
		}
		last, err := u.addPage(ctx, id, pageOf(b, behind))
		if err != nil {
			return fmt.Errorf("move entries of %s to the ledger: %w", id, err)
		}
		u.seen.set(id, last)
	}
}

// addPage writes a page, and returns the last entry of the one that is there then. It fails
// where that holds other entries, so that none is dropped from the balance that no page has:
// then one of the two collections was restored from a backup without the other.
func (u *Usage) addPage(ctx context.Context, balance string, p page) (int64, error) {
	id := pageID(balance, p.First)
	_, err := u.ledger.Insert(ctx, id, p)
	if !errors.Is(err, docstore.ErrExists) {
		return p.Last, err
	}
	d, err := u.ledger.Get(ctx, id)
	if err != nil {
		return 0, err
	}
	both := min(len(d.Body.Encoded), len(p.Encoded))
	if !bytes.Equal(d.Body.Encoded[:both], p.Encoded[:both]) {
		return 0, fmt.Errorf("the ledger has other entries from number %d on than the balance: was one restored without the other?", p.First)
	}
	return d.Body.Last, nil
}

// pagesWith returns what the ledger has of an account that may hold an entry, or be about
// it.
func (u *Usage) pagesWith(ctx context.Context, account, id string) ([]run, error) {
	found, err := u.ledger.Lookup(ctx, byKey, pageKey(account, id))
	if err != nil {
		return nil, fmt.Errorf("look for an entry in the ledger: %w", err)
	}
	var runs []run
	for _, d := range found {
		if d.Body.Account == account {
			runs = append(runs, d.Body.run())
		}
	}
	return runs, nil
}

// pagesAtATime is how many pages are read at a time.
const pagesAtATime = 50

// runs yields the entries of a balance, as it was read, run by run: those in the ledger, and
// the latest, which the balance holds. They begin with the run of the first entry recorded
// at an instant or later, and go on from there, or back to the first one; a zero instant
// yields all.
func (u *Usage) runs(ctx context.Context, b *balance, from time.Time, ascending bool) iter.Seq2[run, error] {
	return func(yield func(run, error) bool) {
		if !ascending && !yield(b.latest(), nil) {
			return
		}
		q, err := u.pages(ctx, b, from, ascending)
		if err != nil {
			yield(run{}, err)
			return
		}
		for d, err := range u.ledger.All(ctx, q) {
			if !yield(d.Body.run(), err) || err != nil {
				return
			}
		}
		if ascending {
			yield(b.latest(), nil)
		}
	}
}

// entries yields those of runs one by one.
func (u *Usage) entries(ctx context.Context, b *balance, from time.Time, ascending bool) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for r, err := range u.runs(ctx, b, from, ascending) {
			var list []Entry
			if err == nil {
				list, err = r.entries(nil)
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if !ascending {
				slices.Reverse(list)
			}
			for _, e := range list {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// pages asks for the pages that runs yields.
func (u *Usage) pages(ctx context.Context, b *balance, from time.Time, ascending bool) (docstore.Query, error) {
	id := balanceID(b.Account, b.Benefit)
	q := docstore.Query{From: pageID(id, 1), To: pageID(id, b.Moved+1), Descending: !ascending, Limit: pagesAtATime}
	if from.IsZero() {
		return q, nil
	}
	first, err := u.firstPage(ctx, b, from)
	if ascending {
		q.From = pageID(id, first)
	} else {
		q.To = pageID(id, min(first, b.Moved)+1)
	}
	return q, err
}

// firstPage returns the number with which the first page begins that ends at an instant or
// later; Moved+1 where none does. Pages are in the order of time, since that never goes
// back within a balance.
func (u *Usage) firstPage(ctx context.Context, b *balance, at time.Time) (int64, error) {
	id := balanceID(b.Account, b.Benefit)
	first := b.Moved + 1
	for low, high := int64(1), first; low < high; {
		middle := (low + high) / 2
		found, err := u.ledger.Find(ctx, docstore.Query{From: pageID(id, middle), To: pageID(id, high), Limit: 1})
		switch {
		case err != nil:
			return 0, err
		case len(found.Docs) == 0:
			high = middle
		case found.Docs[0].Body.At.Before(at):
			low = found.Docs[0].Body.Last + 1
		default:
			first, high = found.Docs[0].Body.First, middle
		}
	}
	return first, nil
}
