package accounts

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Page is a part of a list.
type Page[T any] struct {
	Items []Stored[T]
	// Next is where the next page begins; it is nil on the last.
	Next Place
}

// scanLimit is how many documents one page looks at, at most, to find those that a
// filter wants: a page can be short, or empty, and still have a next one.
const scanLimit = 10_000

// list returns up to size aggregates of a query that keep wants; nil wants all. Place
// says where in the query's order an aggregate stands (docstore.Query.After).
func (t *table[T, P]) list(
	ctx context.Context, q docstore.Query, size int, place func(Stored[T]) Place, keep func(Stored[T]) bool,
) (Page[T], error) {
	var page Page[T]
	q.Limit = size
	if keep != nil {
		q.Limit = max(size, 200)
	}
	for looked := 0; ; looked += q.Limit {
		found, err := t.docs.Find(ctx, q)
		if err != nil {
			return Page[T]{}, err
		}
		for i, d := range found.Docs {
			s := t.stored(d)
			if keep != nil && !keep(s) {
				continue
			}
			page.Items = append(page.Items, s)
			if len(page.Items) == size {
				if i+1 < len(found.Docs) || found.Next != nil {
					page.Next = place(s)
				}
				return page, nil
			}
		}
		if found.Next == nil {
			return page, nil
		}
		q.After = found.Next
		if looked >= scanLimit {
			page.Next = place(t.stored(found.Docs[len(found.Docs)-1]))
			return page, nil
		}
	}
}

// Place is behind an item of a list: what the list is ordered by, and the id.
type Place []string

func (p Place) after() []any {
	if p == nil {
		return nil
	}
	return anys(p)
}

// byID is the place of an aggregate in a list in the order of ids.
func byID[T any](s Stored[T]) Place { return Place{s.ID} }
