package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/cmd/evenhand/csvfile"
)

// field is what a column of a file can be taken for.
type field struct {
	name     string
	required bool // taken from the column of the same name where none is given
}

// attributePrefix begins the fields that name an attribute's key.
const attributePrefix = "attribute."

// columns says which column each field is taken from.
type columns struct {
	fields []string
	places []int
}

// chooseColumns checks --column against what there is to fill. Prefix begins the fields
// that name a key; it is empty where there are none.
func chooseColumns(given map[string]string, fields []field, prefix string) (map[string]string, error) {
	chosen := map[string]string{}
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
		if f.required {
			chosen[f.name] = f.name
		}
	}
	if prefix != "" {
		names = append(names, prefix+"KEY")
	}
	for name, column := range given {
		known := slices.ContainsFunc(fields, func(f field) bool { return f.name == name })
		if key, ok := strings.CutPrefix(name, prefix); ok && prefix != "" {
			known = key != ""
		}
		if !known {
			return nil, &usageError{fmt.Sprintf("--column %s=%s: there is no field %q; there are %s", name, column, name, strings.Join(names, ", "))}
		}
		chosen[name] = column
	}
	return chosen, nil
}

// find looks the columns up in a file's header.
func (c *columns) find(table *csvfile.Table, chosen map[string]string, given map[string]string) error {
	f := &failure{message: "the file does not have the columns this import needs"}
	for name, column := range chosen {
		place, err := table.Column(column)
		if err != nil {
			text := fmt.Sprintf("--column %s=%s: %v", name, column, err)
			if given[name] == "" {
				text = fmt.Sprintf("%s: %v; name the column with --column %s=COLUMN", name, err, name)
			}
			f.details = append(f.details, text)
			continue
		}
		c.fields = append(c.fields, name)
		c.places = append(c.places, place)
	}
	if len(f.details) > 0 {
		slices.Sort(f.details)
		return f
	}
	return nil
}

// each calls set with the value of every field of a row, which has none where it could
// not be read.
func (c *columns) each(row csvfile.Row, set func(field, value string)) {
	if row.Fault != "" {
		return
	}
	for i, name := range c.fields {
		set(name, row.Fields[c.places[i]])
	}
}
