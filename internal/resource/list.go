package resource

import (
	"context"
	"encoding/json"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

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

// List returns the aggregates of a query, up to its Limit, which must be above 0, that
// keep wants; nil wants all. Place says where in the query's order an aggregate stands,
// for Query.After: the values of the index fields that the query does not fix, then the
// id; nil is ByID, for queries without open fields.
func (t *Table[T, P]) List(
	ctx context.Context, q docstore.Query, place func(Stored[T]) Place, keep func(Stored[T]) bool,
) (Page[T], error) {
	var page Page[T]
	size := q.Limit
	if keep != nil {
		q.Limit = max(size, 200)
	}
	if place == nil {
		place = ByID[T]
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

// Place is behind an item of a list, and goes into docstore.Query.After: the values the
// list is ordered by, then the id. It keeps its types in a page token: strings, whole
// numbers, booleans, bytes, and times in milliseconds.
type Place []any

// ByID is the place of an aggregate in a list in the order of ids.
func ByID[T any](s Stored[T]) Place { return Place{s.ID} }

// placed is a place in a document, which is what extended JSON can write.
type placed struct {
	Place json.RawMessage `json:"place"`
}

// MarshalJSON writes the place as an array of MongoDB's extended JSON.
func (p Place) MarshalJSON() ([]byte, error) {
	document, err := bson.MarshalExtJSON(bson.D{{Key: "place", Value: []any(p)}}, true, false)
	if err != nil {
		return nil, fmt.Errorf("write a place of a list: %w", err)
	}
	var out placed
	err = json.Unmarshal(document, &out)
	return out.Place, err
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (p *Place) UnmarshalJSON(text []byte) error {
	document, err := json.Marshal(placed{text})
	if err != nil {
		return fmt.Errorf("read a place of a list: %w", err)
	}
	var raw bson.Raw
	if err := bson.UnmarshalExtJSON(document, true, &raw); err != nil {
		return fmt.Errorf("read a place of a list: %w", err)
	}
	values, err := docstore.FieldValues(raw, []string{"place"})
	if err != nil {
		return fmt.Errorf("read a place of a list: %w", err)
	}
	*p = values
	return nil
}
