package docstore

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// pageSize is how many documents All reads at a time.
const pageSize = 500

// Page is a part of what a query finds.
type Page[T any] struct {
	Docs []Doc[T]
	// Next goes into Query.After to read on; it is nil on the last page.
	Next []any
}

// Find returns one page of documents in the order of an index. A query without a
// Limit gets 500 at most.
func (c *Collection[T]) Find(ctx context.Context, q Query) (Page[T], error) {
	fields, err := c.checkQuery(&q)
	if err != nil {
		return Page[T]{}, fmt.Errorf("find in %s: %w", c.spec.Name, err)
	}
	limit := q.Limit
	q.Limit++ // one more tells whether there is a next page
	rs, err := c.store.backend.Find(ctx, c.spec.Name, q)
	if err != nil {
		return Page[T]{}, fmt.Errorf("find in %s: %w", c.spec.Name, err)
	}
	var page Page[T]
	if len(rs) > limit {
		rs = rs[:limit]
		if page.Next, err = Place(rs[limit-1], fields[len(q.Equal):]); err != nil {
			return Page[T]{}, fmt.Errorf("find in %s: %w", c.spec.Name, err)
		}
	}
	page.Docs, err = c.docs(rs)
	return page, err
}

// All returns every document a query finds, reading page by page; Limit is the size
// of a page. Documents written meanwhile may or may not be among them.
func (c *Collection[T]) All(ctx context.Context, q Query) iter.Seq2[Doc[T], error] {
	return func(yield func(Doc[T], error) bool) {
		for {
			page, err := c.Find(ctx, q)
			if err != nil {
				yield(Doc[T]{}, err)
				return
			}
			for _, d := range page.Docs {
				if !yield(d, nil) {
					return
				}
			}
			if page.Next == nil {
				return
			}
			q.After = page.Next
		}
	}
}

// Lookup returns the documents in which the field of a single-field index has (or,
// multikey, contains) one of the values, each once and in no order.
func (c *Collection[T]) Lookup(ctx context.Context, index string, values ...any) ([]Doc[T], error) {
	ix, err := c.spec.index(index)
	if err == nil && len(ix.Fields) != 1 {
		err = fmt.Errorf("index %s has %d fields, and a lookup takes an index of one", index, len(ix.Fields))
	}
	var vs []any
	if err == nil {
		vs, err = indexables(values)
	}
	if err != nil {
		return nil, fmt.Errorf("look up in %s: %w", c.spec.Name, err)
	}
	if len(vs) == 0 {
		return nil, nil
	}
	rs, err := c.store.backend.Lookup(ctx, c.spec.Name, index, vs)
	if err != nil {
		return nil, fmt.Errorf("look up in %s: %w", c.spec.Name, err)
	}
	return c.docs(rs)
}

// checkQuery brings a query to the form a backend takes, and returns the fields of
// its index.
func (c *Collection[T]) checkQuery(q *Query) ([]string, error) {
	var ix Index
	var err error
	if q.Index != "" {
		if ix, err = c.spec.index(q.Index); err != nil {
			return nil, err
		}
	}
	switch open := len(ix.Fields) - len(q.Equal); {
	case q.Limit < 0:
		return nil, fmt.Errorf("limit %d is negative", q.Limit)
	case open < 0:
		return nil, fmt.Errorf("%d values for the %d fields of index %q", len(q.Equal), len(ix.Fields), q.Index)
	case ix.Multikey && len(q.Equal) == 0:
		return nil, fmt.Errorf("index %s holds array elements, so a query must fix its first field", q.Index)
	case q.After != nil && len(q.After) != open+1:
		return nil, fmt.Errorf("a place to go on from in index %q has %d values, not %d", q.Index, open+1, len(q.After))
	case open == 0 && ix.Fields != nil && (q.From != nil || q.To != nil):
		return nil, fmt.Errorf("all fields of index %q are fixed, so there is none to bound", q.Index)
	}
	if q.Limit == 0 {
		q.Limit = pageSize
	}
	if q.Equal, err = indexables(q.Equal); err != nil {
		return nil, err
	}
	if q.After, err = indexables(q.After); err != nil {
		return nil, err
	}
	if q.From != nil {
		if q.From, err = indexable(q.From); err != nil {
			return nil, err
		}
	}
	if q.To != nil {
		if q.To, err = indexable(q.To); err != nil {
			return nil, err
		}
	}
	return ix.Fields, nil
}

// Place is the place of a document in the open fields of an index, for Query.After.
func Place(r Record, open []string) ([]any, error) {
	place := make([]any, 0, len(open)+1)
	for _, field := range open {
		vs, err := FieldValues(r.Body, strings.Split(field, "."))
		if err != nil {
			return nil, fmt.Errorf("field %q of document %q: %w", field, r.ID, err)
		}
		if len(vs) != 1 {
			return nil, fmt.Errorf("field %q of document %q holds %d values where one is wanted", field, r.ID, len(vs))
		}
		place = append(place, vs[0])
	}
	return append(place, r.ID), nil
}

// MarshalCursor makes bytes of a Page.Next, to be kept in a page token.
func MarshalCursor(next []any) ([]byte, error) {
	return bson.Marshal(struct{ Next []any }{next})
}

// UnmarshalCursor is the inverse of MarshalCursor.
func UnmarshalCursor(b []byte) ([]any, error) {
	if err := bson.Raw(b).Validate(); err != nil {
		return nil, fmt.Errorf("page cursor: %w", err)
	}
	next, err := FieldValues(b, []string{"next"})
	if err != nil {
		return nil, fmt.Errorf("page cursor: %w", err)
	}
	return next, nil
}
