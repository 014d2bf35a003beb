package main

import (
	"slices"
	"strings"
)

const schemaPrefix = "#/components/schemas/"

// A maker is how an example is being made.
type maker struct {
	// request leaves out what the server sets.
	request bool
	// inside lists the messages around the one being made, so that a message
	// that holds itself ends.
	inside []string
}

// bodyExample makes an example of a request or response body of a message: of
// the message itself, or of what its schema refers to.
func (d *document) bodyExample(message string, schema *object, m maker) (any, bool) {
	if reference(schema) != "" {
		return d.schemaExample("", schema, m)
	}
	return d.messageExample(message, schema, m)
}

// messageExample makes an object of examples of the message's fields; of a
// oneof, the first field that has an example.
func (d *document) messageExample(message string, schema *object, m maker) (any, bool) {
	if slices.Contains(m.inside, message) {
		return nil, false
	}
	m.inside = append(slices.Clone(m.inside), message)
	made := newObject()
	properties := schema.object("properties")
	if properties == nil {
		return made, true
	}
	chosen := map[int]bool{}
	for _, key := range properties.keys {
		property := properties.object(key)
		owner, f, _ := d.known.field(message, key)
		oneof := f.OneofIndex != nil && !f.Proto3Optional
		if oneof && chosen[*f.OneofIndex] {
			continue
		}
		if m.request && f.setByServer() {
			continue
		}
		if value, ok := d.fieldExample(owner, key, property, m); ok {
			made.set(key, value)
			if oneof {
				chosen[*f.OneofIndex] = true
			}
		}
	}
	return made, true
}

// setByServer reports whether clients do not send the field: output, or the
// name, which stands in the path.
func (f field) setByServer() bool {
	return slices.Contains(f.Options.Behavior, "OUTPUT_ONLY") || slices.Contains(f.Options.Behavior, "IDENTIFIER")
}

// fieldExample takes the example that api.json gives, or makes one by the schema.
func (d *document) fieldExample(message, key string, schema *object, m maker) (any, bool) {
	full := shortName(message) + "." + key
	for _, name := range []string{full, key} {
		raw, ok := d.about.Examples[name]
		if !ok {
			continue
		}
		value, err := decode(raw)
		return value, err == nil && value != nil
	}
	return d.schemaExample(full, schema, m)
}

// schemaExample makes an example by a schema alone; of a plain string or number
// it makes none, but notes that the field at the place given has none.
func (d *document) schemaExample(place string, schema *object, m maker) (any, bool) {
	if name := reference(schema); name != "" {
		component := d.schemas.object(name)
		if values := component.array("enum"); len(values) > 0 {
			return values[min(1, len(values)-1)], true // the first is "not given"
		}
		return d.messageExample(name, component, m)
	}
	switch schema.text("type") {
	case "boolean":
		return false, true
	case "array":
		element, ok := d.schemaExample(place, schema.object("items"), m)
		return []any{element}, ok
	case "object":
		if schema.object("properties") == nil && schema.object("additionalProperties") == nil {
			return newObject(), true // google.protobuf.Empty
		}
	}
	d.missing = append(d.missing, place)
	return nil, false
}

// reference returns the name of the component that a schema refers to, "" for none.
func reference(schema *object) string {
	if all := schema.array("allOf"); len(all) == 1 {
		schema = all[0].(*object)
	}
	name, _ := strings.CutPrefix(schema.text("$ref"), schemaPrefix)
	return name
}

// shortName is a message's name without its package.
func shortName(message string) string {
	segments := strings.Split(message, ".")
	for i, segment := range segments {
		if segment != "" && segment[0] >= 'A' && segment[0] <= 'Z' {
			return strings.Join(segments[i:], ".")
		}
	}
	return message
}
