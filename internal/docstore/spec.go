package docstore

import (
	"fmt"
	"regexp"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// check says what is wrong with a declaration.
func (s Spec) check() error {
	if !namePattern.MatchString(s.Name) {
		return fmt.Errorf("collection name %q does not match %s", s.Name, namePattern)
	}
	seen := map[string]bool{}
	for _, ix := range s.Indexes {
		switch {
		case !namePattern.MatchString(ix.Name):
			return fmt.Errorf("collection %s: index name %q does not match %s", s.Name, ix.Name, namePattern)
		case seen[ix.Name]:
			return fmt.Errorf("collection %s declares index %s twice", s.Name, ix.Name)
		case len(ix.Fields) == 0:
			return fmt.Errorf("collection %s: index %s has no field", s.Name, ix.Name)
		case ix.Carries != "" && (ix.Unique || ix.Multikey || strings.Contains(ix.Carries, ".")):
			return fmt.Errorf("collection %s: index %s cannot carry %s: only one that is neither unique nor multikey carries a field, of the top level", s.Name, ix.Name, ix.Carries)
		}
		seen[ix.Name] = true
	}
	return nil
}

// index finds a declared index by name.
func (s Spec) index(name string) (Index, error) {
	for _, ix := range s.Indexes {
		if ix.Name == name {
			return ix, nil
		}
	}
	return Index{}, fmt.Errorf("collection %s declares no index %q", s.Name, name)
}

// checkBody says whether a body has what the indexes want of it.
func (s Spec) checkBody(body bson.Raw) error {
	for _, ix := range s.Indexes {
		if ix.Unique && ix.Multikey {
			if err := checkRepeated(body, ix); err != nil {
				return err
			}
		}
		for i, field := range ix.Fields {
			if ix.Partial || ix.Multikey && i == 0 {
				continue
			}
			if v, err := body.LookupErr(strings.Split(field, ".")...); err != nil || v.Type == bson.TypeNull {
				return fmt.Errorf("field %q is missing, and index %s, which is not partial, wants it", field, ix.Name)
			}
		}
	}
	return nil
}

func checkRepeated(body bson.Raw, ix Index) error {
	values, err := FieldValues(body, strings.Split(ix.Fields[0], "."))
	if err != nil {
		return fmt.Errorf("field %q: %w", ix.Fields[0], err)
	}
	seen := make(map[any]struct{}, len(values))
	for _, v := range values {
		if b, ok := v.([]byte); ok {
			v = string(b)
		}
		if _, repeated := seen[v]; repeated {
			return fmt.Errorf("field %q holds a value twice: %w", ix.Fields[0], &DuplicateError{Index: ix.Name})
		}
		seen[v] = struct{}{}
	}
	return nil
}
