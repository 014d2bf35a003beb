package usage

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/resource"
)

// Query says which entries of an account to list.
type Query struct {
	Account string
	// From and To bound when entries were recorded, To not included; zero leaves an end
	// open.
	From, To time.Time
	// Keep says whether an entry is wanted; nil wants all.
	Keep func(*Entry) bool
	// Ascending begins with the oldest.
	Ascending bool
	// Size is the most entries of a page, and must be above 0.
	Size  int
	After resource.Place
}

// Page is a part of a list of entries.
type Page struct {
	Entries []Entry
	// Next is where the next page begins; nil on the last.
	Next resource.Place
}

// History lists what was recorded for an account, the latest first. The account is not
// looked for.
func (u *Usage) History(ctx context.Context, q Query) (Page, error) {
	var each []iter.Seq2[Entry, error]
	for d, err := range u.of(ctx, q.Account) {
		if err != nil {
			return Page{}, err
		}
		each = append(each, u.entries(ctx, &d.Body, q.start(), q.Ascending))
	}
	var page Page
	var last Entry
	looked := 0
	for e, err := range merge(each, q.compare) {
		switch {
		case err != nil:
			return Page{}, err
		case q.over(&e):
			return page, nil
		case !q.begun(&e):
			continue
		case looked == u.scanLimit:
			page.Next = placeOf(&last)
			return page, nil
		}
		if looked, last = looked+1, e; q.Keep != nil && !q.Keep(&e) {
			continue
		}
		if len(page.Entries) == q.Size {
			page.Next = placeOf(&page.Entries[q.Size-1])
			return page, nil
		}
		page.Entries = append(page.Entries, e)
	}
	return page, nil
}

// start is an instant such that no entry is wanted that the list has before those recorded
// then; zero where there is none.
func (q *Query) start() time.Time {
	after, _, _ := q.place()
	if q.Ascending {
		return later(q.From, after)
	}
	if !after.IsZero() {
		after = after.Add(time.Millisecond) // others recorded in the same millisecond may follow
	}
	if q.To.IsZero() || !after.IsZero() && after.Before(q.To) {
		return after
	}
	return q.To
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// place is the entry behind which the page begins: when it was recorded, its number, and
// its id; zero where it begins with the first.
func (q *Query) place() (at time.Time, seq int64, id string) {
	if len(q.After) == 3 {
		at, _ = q.After[0].(time.Time)
		seq, _ = q.After[1].(int64)
		id, _ = q.After[2].(string)
	}
	return at, seq, id
}

func placeOf(e *Entry) resource.Place { return resource.Place{e.At, e.Seq, e.ID} }

// begun says whether an entry follows where the list, and the page, begin.
func (q *Query) begun(e *Entry) bool {
	if q.Ascending && e.At.Before(q.From) || !q.Ascending && !q.To.IsZero() && !e.At.Before(q.To) {
		return false
	}
	at, seq, id := q.place()
	return at.IsZero() || q.compare(e, &Entry{At: at, Seq: seq, ID: id}) > 0
}

// over says that an entry, and all that follow it, are behind the end of the list.
func (q *Query) over(e *Entry) bool {
	if q.Ascending {
		return !q.To.IsZero() && !e.At.Before(q.To)
	}
	return e.At.Before(q.From)
}

// compare orders entries as the list does.
func (q *Query) compare(a, b *Entry) int {
	order := cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.ID, b.ID))
	if !q.Ascending {
		return -order
	}
	return order
}

// merge yields what several lists do, each in the order of compare, in that order; it ends
// with the first error.
func merge(lists []iter.Seq2[Entry, error], compare func(a, b *Entry) int) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		heads := make([]head, len(lists))
		var stops []func()
		defer func() {
			for _, stop := range stops {
				stop()
			}
		}()
		for i, list := range lists {
			next, stop := iter.Pull2(list)
			stops = append(stops, stop)
			heads[i].next = next
			if !heads[i].advance() {
				yield(Entry{}, heads[i].err)
				return
			}
		}
		for {
			heads = slices.DeleteFunc(heads, func(h head) bool { return h.over })
			if len(heads) == 0 {
				return
			}
			least := &heads[0]
			for i := range heads {
				if h := &heads[i]; compare(&h.entry, &least.entry) < 0 {
					least = h
				}
			}
			if !yield(least.entry, nil) {
				return
			}
			if !least.advance() {
				yield(Entry{}, least.err)
				return
			}
		}
	}
}

// head is the first entry of the rest of a list.
type head struct {
	next  func() (Entry, error, bool)
	entry Entry
	err   error
	over  bool
}

// advance goes on to the next entry, and returns false for an error.
func (h *head) advance() bool {
	var more bool
	h.entry, h.err, more = h.next()
	h.over = !more
	return h.err == nil
}
