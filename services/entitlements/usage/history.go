package usage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
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

// scanLimit is how many entries of the ledger one page looks at, at most: a page can be
// short, or empty, and still have a next one.
const scanLimit = 10_000

// History lists what was recorded for an account, the latest first. The account is not
// looked for.
func (u *Usage) History(ctx context.Context, q Query) (Page, error) {
	latest, err := u.latest(ctx, q) // first these: what leaves them goes to the ledger before
	if err != nil {
		return Page{}, err
	}
	seen := map[string]bool{}
	for _, e := range latest {
		seen[e.ID] = true
	}
	query := docstore.Query{Index: byTime, Equal: []any{q.Account}, Descending: !q.Ascending, After: q.After, Limit: max(q.Size, 200)}
	if !q.From.IsZero() {
		query.From = q.From
	}
	if !q.To.IsZero() {
		query.To = q.To
	}
	var list []Entry
	var next resource.Place
	for looked := 0; len(list) <= q.Size; looked += query.Limit {
		found, err := u.ledger.Find(ctx, query)
		if err != nil {
			return Page{}, err
		}
		for _, d := range found.Docs {
			if e := d.Body.stored(); !seen[e.ID] && q.wants(&e) {
				list = append(list, e)
			}
		}
		if next = found.Next; next == nil || looked >= scanLimit {
			break
		}
		query.After = next
	}
	return q.page(list, latest, next), nil
}

// latest returns what the balances of the account hold of the entries that are wanted.
func (u *Usage) latest(ctx context.Context, q Query) ([]Entry, error) {
	var list []Entry
	for d, err := range u.of(ctx, q.Account) {
		if err != nil {
			return nil, err
		}
		entries, err := d.Body.entries(0, nil)
		if err != nil {
			return nil, err
		}
		for i := range entries {
			if e := &entries[i]; q.behind(e) && q.wants(e) {
				list = append(list, *e)
			}
		}
	}
	return list, nil
}

// wants says whether an entry is asked for.
func (q *Query) wants(e *Entry) bool {
	return (q.From.IsZero() || !e.At.Before(q.From)) && (q.To.IsZero() || e.At.Before(q.To)) && (q.Keep == nil || q.Keep(e))
}

// behind says whether an entry follows the place where the page begins.
func (q *Query) behind(e *Entry) bool {
	if len(q.After) != 3 {
		return true
	}
	at, _ := q.After[0].(time.Time)
	seq, _ := q.After[1].(int64)
	id, _ := q.After[2].(string)
	return q.compare(e, &Entry{At: at, Seq: seq, ID: strings.TrimPrefix(id, ledgerID(e.Account, ""))}) > 0
}

// compare orders entries as the list does.
func (q *Query) compare(a, b *Entry) int {
	order := cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.ID, b.ID))
	if !q.Ascending {
		return -order
	}
	return order
}

// page puts what was found in the ledger and the latest entries together. Where the ledger
// goes on at a place, nothing behind that place is on the page.
func (q *Query) page(ledger, latest []Entry, next resource.Place) Page {
	list := slices.Concat(ledger, latest)
	slices.SortFunc(list, func(a, b Entry) int { return q.compare(&a, &b) })
	if next != nil {
		rest := Query{Ascending: q.Ascending, After: next}
		list = slices.DeleteFunc(list, func(e Entry) bool { return rest.behind(&e) })
	}
	if len(list) > q.Size {
		last := list[q.Size-1]
		return Page{Entries: list[:q.Size], Next: resource.Place{last.At, last.Seq, ledgerID(last.Account, last.ID)}}
	}
	return Page{Entries: list, Next: next}
}
