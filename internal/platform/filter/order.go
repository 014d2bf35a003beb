package filter

import (
	"slices"
	"strings"

	"go.einride.tech/aip/ordering"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Order is one field of an order.
type Order struct {
	// Field is the field's name.
	Field string
	// Descending puts the highest first.
	Descending bool
}

// ParseOrder reads an order_by (AIP-132), as `display_name desc, name`, over these
// fields. Another field, one named twice, or what cannot be read is INVALID_ARGUMENT.
func ParseOrder(text string, fields ...string) ([]Order, error) {
	var parsed ordering.OrderBy
	if err := parsed.UnmarshalString(text); err != nil {
		return nil, fault.Invalid("order_by", "cannot be read; it looks like `%s desc`", fields[0])
	}
	var list []Order
	for _, f := range parsed.Fields {
		if !slices.Contains(fields, f.Path) {
			return nil, fault.Invalid("order_by", "cannot order by %s; there are %s", f.Path, strings.Join(fields, ", "))
		}
		if slices.ContainsFunc(list, func(o Order) bool { return o.Field == f.Path }) {
			return nil, fault.Invalid("order_by", "names %s twice", f.Path)
		}
		list = append(list, Order{Field: f.Path, Descending: f.Desc})
	}
	return list, nil
}
