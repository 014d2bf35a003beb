package docstore

import (
	"context"
	"fmt"
	"iter"
)

// entriesPage is how many entries Entries reads at a time: few pages, since some servers of
// the MongoDB protocol sort all that is left for each.
const entriesPage = 50_000

// Entries returns, in the order of an index that carries a field, the id and that field of
// every document a query finds, without reading the documents: of large ones, many times as
// fast as All. Limit is the size of a page. While one page is used the next is read, by a
// goroutine that ends with the walk. Documents written meanwhile may or may not be among
// them.
func (c *Collection[T]) Entries(ctx context.Context, q Query) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		reading, stop := context.WithCancel(ctx)
		pages := make(chan entries)
		go func() {
			defer close(pages)
			c.readEntries(reading, q, pages)
		}()
		defer func() {
			stop()
			for range pages { // until it is closed
			}
		}()
		for page := range pages {
			if page.err != nil {
				yield(Entry{}, fmt.Errorf("entries of %s: %w", c.spec.Name, page.err))
				return
			}
			for _, e := range page.list {
				if !yield(e, nil) {
					return
				}
			}
		}
		if err := ctx.Err(); err != nil { // there may be more
			yield(Entry{}, fmt.Errorf("entries of %s: %w", c.spec.Name, err))
		}
	}
}

// entries is a page of them, or why there is none.
type entries struct {
	list []Entry
	err  error
}

// readEntries sends page after page until the last, an error, or the end of the context.
func (c *Collection[T]) readEntries(ctx context.Context, q Query, pages chan<- entries) {
	if q.Limit == 0 {
		q.Limit = entriesPage
	}
	_, err := c.checkQuery(&q)
	if err == nil {
		err = c.checkCarries(q.Index)
	}
	for more := err == nil; more; more = more && err == nil {
		var page entries
		page.list, q.After, err = c.store.backend.Entries(ctx, c.spec.Name, q)
		if err != nil {
			break
		}
		more = len(page.list) == q.Limit
		select {
		case pages <- page:
		case <-ctx.Done():
			return
		}
	}
	if err != nil {
		select {
		case pages <- entries{err: err}:
		case <-ctx.Done():
		}
	}
}

func (c *Collection[T]) checkCarries(index string) error {
	ix, err := c.spec.index(index)
	if err == nil && ix.Carries == "" {
		err = fmt.Errorf("index %s carries nothing", index)
	}
	return err
}
