package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// An object is a JSON object that keeps the order of its members.
// Arrays are []any, numbers json.Number or int.
type object struct {
	keys   []string
	values map[string]any
}

// newObject makes an object of keys (strings) and values in turn.
func newObject(pairs ...any) *object {
	o := &object{values: map[string]any{}}
	for i := 0; i < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// set gives a member its value; a new one comes last.
func (o *object) set(key string, value any) {
	if _, there := o.values[key]; !there {
		o.keys = append(o.keys, key)
	}
	o.values[key] = value
}

// without returns a copy that lacks a member; the other members are shared.
func (o *object) without(key string) *object {
	rest := newObject()
	for _, k := range o.keys {
		if k != key {
			rest.set(k, o.values[k])
		}
	}
	return rest
}

// object returns the member as an object, nil when it is none.
func (o *object) object(key string) *object {
	child, _ := o.values[key].(*object)
	return child
}

// array returns the member as an array, nil when it is none.
func (o *object) array(key string) []any {
	list, _ := o.values[key].([]any)
	return list
}

// text returns the member as a string, "" when it is none.
func (o *object) text(key string) string {
	s, _ := o.values[key].(string)
	return s
}

// has reports whether there is such a member.
func (o *object) has(key string) bool {
	_, there := o.values[key]
	return there
}

// sorted puts the members in the order that less gives.
func (o *object) sorted(compare func(a, b string) int) {
	slices.SortStableFunc(o.keys, compare)
}

// UnmarshalJSON reads an object, keeping the order of its members.
func (o *object) UnmarshalJSON(data []byte) error {
	value, err := decode(data)
	if err != nil {
		return err
	}
	read, ok := value.(*object)
	if !ok {
		return fmt.Errorf("not a JSON object: %.40s", data)
	}
	*o = *read
	return nil
}

// decode reads a JSON value.
func decode(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return decodeValue(dec)
}

func decodeValue(dec *json.Decoder) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := newObject()
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			value, err := decodeValue(dec)
			if err != nil {
				return nil, err
			}
			o.set(key.(string), value)
		}
		_, err := dec.Token()
		return o, err
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			value, err := decodeValue(dec)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := dec.Token()
		return list, err
	}
	return token, nil
}

// encode writes a JSON value, indented, with a newline at its end.
func encode(value any) ([]byte, error) {
	var flat, indented bytes.Buffer
	if err := encodeValue(&flat, value); err != nil {
		return nil, err
	}
	if err := json.Indent(&indented, flat.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}

func encodeValue(buf *bytes.Buffer, value any) error {
	switch value := value.(type) {
	case *object:
		return encodeList(buf, "{}", len(value.keys), func(i int) error {
			if err := encodeScalar(buf, value.keys[i]); err != nil {
				return err
			}
			buf.WriteByte(':')
			return encodeValue(buf, value.values[value.keys[i]])
		})
	case []any:
		return encodeList(buf, "[]", len(value), func(i int) error {
			return encodeValue(buf, value[i])
		})
	}
	return encodeScalar(buf, value)
}

func encodeList(buf *bytes.Buffer, brackets string, n int, element func(int) error) error {
	buf.WriteByte(brackets[0])
	for i := range n {
		if i > 0 {
			buf.WriteByte(',')
		}
		if err := element(i); err != nil {
			return err
		}
	}
	buf.WriteByte(brackets[1])
	return nil
}

func encodeScalar(buf *bytes.Buffer, value any) error {
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return err
	}
	buf.Truncate(buf.Len() - 1) // the newline that Encode adds
	return nil
}
