package sqlite

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

// entry is what an index holds of a document: a value for each field.
type entry []any

// column makes a column's value of a field's: SQLite has no booleans and no dates.
func columnValue(v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case time.Time:
		return v.UnixMilli()
	}
	return v
}

func columnValues(vs []any) []any {
	out := make([]any, len(vs))
	for i, v := range vs {
		out[i] = columnValue(v)
	}
	return out
}

// entries are the document's entries in the index, sorted, each once. A document
// that lacks a field has none.
func (x *index) entries(body bson.Raw) ([]entry, error) {
	if len(body) == 0 { // a tombstone
		return nil, nil
	}
	first, err := docstore.FieldValues(body, x.paths[0])
	if err != nil {
		return nil, err
	}
	rest := make(entry, 0, len(x.paths)-1)
	for _, path := range x.paths[1:] {
		vs, err := docstore.FieldValues(body, path)
		if err != nil {
			return nil, err
		}
		if len(vs) == 0 {
			return nil, nil
		}
		rest = append(rest, columnValue(vs[0]))
	}
	if !x.Multikey && len(first) > 1 {
		first = first[:1]
	}
	all := make([]entry, len(first))
	for i, v := range first {
		all[i] = append(entry{columnValue(v)}, rest...)
	}
	slices.SortFunc(all, compareEntries)
	return slices.CompactFunc(all, func(a, b entry) bool { return compareEntries(a, b) == 0 }), nil
}

// carried is what the index carries of a document; nil where it carries nothing.
func (x *index) carried(body bson.Raw) []byte {
	if x.Carries == "" || len(body) == 0 {
		return nil
	}
	_, b, _ := body.Lookup(x.Carries).BinaryOK()
	return b
}

// compareEntries orders entries of one index as SQLite does.
func compareEntries(a, b entry) int {
	for i := range a {
		if c := compareValues(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

func compareValues(a, b any) int {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case []byte:
		if b, ok := b.([]byte); ok {
			return bytes.Compare(a, b)
		}
	}
	return cmp.Compare(class(a), class(b))
}

// class is the place of a kind of value in SQLite's order.
func class(v any) int {
	switch v.(type) {
	case int64:
		return 0
	case string:
		return 1
	}
	return 2
}

// difference are the entries of a that b lacks; both are sorted.
func difference(a, b []entry) []entry {
	var only []entry
	for _, e := range a {
		if _, found := slices.BinarySearchFunc(b, e, compareEntries); !found {
			only = append(only, e)
		}
	}
	return only
}
