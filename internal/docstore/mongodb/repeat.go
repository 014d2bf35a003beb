package mongodb

import (
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

// checkRepeats refuses a document that has a value twice where a unique index wants
// each once. MongoDB would take it; but the DocumentDB extension up to 1.0, on which
// FerretDB stands, then no longer sees other documents that have the values behind
// the repeated one, and a rule that holds on one server only is none.
func checkRepeats(spec docstore.Spec, r docstore.Record) error {
	for _, ix := range spec.Indexes {
		if !ix.Unique || !ix.Multikey {
			continue
		}
		repeats, err := repeats(r.Body, ix.Fields[0])
		if err != nil {
			return fmt.Errorf("document %q: index %s: %w", r.ID, ix.Name, err)
		}
		if repeats {
			return fmt.Errorf("document %q has a value twice in field %q, which index %s wants to be unique", r.ID, ix.Fields[0], ix.Name)
		}
	}
	return nil
}

func repeats(body bson.Raw, field string) (bool, error) {
	if len(body) == 0 {
		return false, nil
	}
	values, err := docstore.FieldValues(body, strings.Split(field, "."))
	if err != nil {
		return false, err
	}
	seen := make(map[any]struct{}, len(values))
	for _, v := range values {
		if b, ok := v.([]byte); ok {
			v = string(b)
		}
		seen[v] = struct{}{}
	}
	return len(seen) < len(values), nil
}
