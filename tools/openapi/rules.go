package main

import "encoding/json"

// rules are the protovalidate rules of a field that JSON Schema can say too.
type rules struct {
	String *struct {
		MinLen  json.Number `json:"minLen"`
		MaxLen  json.Number `json:"maxLen"`
		Len     json.Number `json:"len"`
		Pattern string      `json:"pattern"`
		UUID    bool        `json:"uuid"`
		Email   bool        `json:"email"`
		In      []string    `json:"in"`
	} `json:"string"`
	Int32    *numberRules `json:"int32"`
	Uint32   *numberRules `json:"uint32"`
	Double   *numberRules `json:"double"`
	Repeated *struct {
		MinItems json.Number `json:"minItems"`
		MaxItems json.Number `json:"maxItems"`
		Unique   bool        `json:"unique"`
		Items    rules       `json:"items"`
	} `json:"repeated"`
	Map *struct {
		MinPairs json.Number `json:"minPairs"`
		MaxPairs json.Number `json:"maxPairs"`
		Keys     rules       `json:"keys"`
		Values   rules       `json:"values"`
	} `json:"map"`
}

type numberRules struct {
	Gte json.Number `json:"gte"`
	Gt  json.Number `json:"gt"`
	Lte json.Number `json:"lte"`
	Lt  json.Number `json:"lt"`
}

// apply says the rules in a schema.
func (r rules) apply(schema *object) {
	if s := r.String; s != nil && schema.text("type") == "string" {
		setNumber(schema, "minLength", s.MinLen)
		setNumber(schema, "maxLength", s.MaxLen)
		setNumber(schema, "minLength", s.Len)
		setNumber(schema, "maxLength", s.Len)
		setText(schema, "pattern", s.Pattern)
		if s.UUID {
			schema.set("format", "uuid")
		}
		if s.Email {
			schema.set("format", "email")
		}
		if len(s.In) > 0 {
			var values []any
			for _, value := range s.In {
				values = append(values, value)
			}
			schema.set("enum", values)
		}
	}
	for _, n := range []*numberRules{r.Int32, r.Uint32, r.Double} {
		if n != nil {
			setNumber(schema, "minimum", n.Gte)
			setNumber(schema, "exclusiveMinimum", n.Gt)
			setNumber(schema, "maximum", n.Lte)
			setNumber(schema, "exclusiveMaximum", n.Lt)
		}
	}
	if l := r.Repeated; l != nil {
		setNumber(schema, "minItems", l.MinItems)
		setNumber(schema, "maxItems", l.MaxItems)
		if l.Unique {
			schema.set("uniqueItems", true)
		}
		if items := schema.object("items"); items != nil {
			l.Items.apply(items)
		}
	}
	if m := r.Map; m != nil {
		setNumber(schema, "minProperties", m.MinPairs)
		setNumber(schema, "maxProperties", m.MaxPairs)
		if names := newObject("type", "string"); m.Keys.String != nil {
			m.Keys.apply(names)
			schema.set("propertyNames", names)
		}
		if values := schema.object("additionalProperties"); values != nil {
			m.Values.apply(values)
		}
	}
}

func setNumber(schema *object, key string, value json.Number) {
	if value != "" {
		schema.set(key, value)
	}
}

func setText(schema *object, key, value string) {
	if value != "" {
		schema.set(key, value)
	}
}
