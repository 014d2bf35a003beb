package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// maxDepth bounds how deep JSON may be nested: conditions of rules are the deepest.
const maxDepth = 100

// readJSON reads a body into the request that it belongs to. It is the mapping of
// protobuf (ProtoJSON) without its leniencies: unknown fields are refused, and every
// mistake is told with its field, line and column.
func (rt *route) readJSON(body []byte, request protoreflect.Message) error {
	if len(body) == 0 {
		return nil
	}
	if rt.body == nil && !rt.wholeBody {
		return malformed("This call takes no body: leave it out.")
	}
	if err := wellFormed(body); err != nil {
		return err
	}
	d := &decoder{data: body, tokens: json.NewDecoder(bytes.NewReader(body)), patch: rt.mask != nil}
	d.tokens.UseNumber()
	into := request
	if rt.body != nil {
		d.path = append(d.path, rt.body.JSONName())
		into = request.Mutable(rt.body).Message()
	}
	if err := d.message(into); err != nil {
		return err
	}
	if rt.mask != nil {
		paths := maskOf(body, rt.body.Message(), "")
		setMask(request, rt.mask, paths)
	}
	return nil
}

// wellFormed reports what is no JSON in UTF-8, and where.
func wellFormed(body []byte) error {
	for i := 0; i < len(body); {
		r, size := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && size == 1 {
			return at(body, i, "body", "is not UTF-8")
		}
		i += size
	}
	err := json.Unmarshal(body, new(json.RawMessage))
	if err == nil {
		return nil
	}
	var wrong *json.SyntaxError
	if !errors.As(err, &wrong) {
		return malformed("The body is not JSON.").Because(err)
	}
	return at(body, max(int(wrong.Offset)-1, 0), "body", "is not JSON: "+wrong.Error())
}

// at returns a fault in a body: its field, line, column (in bytes, from 1) and what is
// wrong there.
func at(body []byte, offset int, field, wrong string) *fault.Error {
	offset = min(offset, len(body))
	line := 1 + bytes.Count(body[:offset], []byte{'\n'})
	column := offset - bytes.LastIndexByte(body[:offset], '\n')
	place := fmt.Sprintf("line %d, column %d", line, column)
	return malformed("%s (%s): %s", field, place, wrong).
		WithField(field, "%s (%s)", wrong, place).
		With("line", strconv.Itoa(line)).With("column", strconv.Itoa(column))
}

// decoder reads well-formed JSON into messages.
type decoder struct {
	data   []byte
	tokens *json.Decoder
	path   []string // fields, `[index]` and `["key"]`, from the request to here
	patch  bool     // a null in a map removes the key
}

// where returns the path as callers know it.
func (d *decoder) where() string {
	if len(d.path) == 0 {
		return "body"
	}
	var b strings.Builder
	for _, segment := range d.path {
		if b.Len() > 0 && segment[0] != '[' {
			b.WriteByte('.')
		}
		b.WriteString(segment)
	}
	return b.String()
}

// wrong returns a fault at the value that begins at or after an offset.
func (d *decoder) wrong(offset int64, format string, args ...any) *fault.Error {
	start := int(offset)
	for start < len(d.data) && strings.IndexByte(" \t\r\n,:", d.data[start]) >= 0 {
		start++
	}
	return at(d.data, start, d.where(), fmt.Sprintf(format, args...))
}

// inside runs f with a segment added to the path. An error keeps it.
func (d *decoder) inside(segment string, f func() error) error {
	if len(d.path) >= maxDepth {
		return d.wrong(d.tokens.InputOffset(), "is nested more than %d deep", maxDepth)
	}
	d.path = append(d.path, segment)
	if err := f(); err != nil {
		return err
	}
	d.path = d.path[:len(d.path)-1]
	return nil
}

// message reads an object into a message.
func (d *decoder) message(m protoreflect.Message) error {
	descriptor := m.Descriptor()
	seen := map[protoreflect.FieldNumber]bool{}
	return d.object(describe(descriptor), func(offset int64, key string) error {
		fd := fieldNamed(descriptor, key)
		if fd == nil {
			return d.unknown(offset, descriptor, key)
		}
		return d.inside(fd.JSONName(), func() error {
			if seen[fd.Number()] {
				return d.wrong(offset, "is given twice")
			}
			seen[fd.Number()] = true
			if oneof := fd.ContainingOneof(); oneof != nil && !d.isNull() {
				if other := m.WhichOneof(oneof); other != nil {
					return d.wrong(offset, "excludes %s: give one of them", other.JSONName())
				}
			}
			return d.field(m, fd)
		})
	})
}

// unknown refuses a field that there is not.
func (d *decoder) unknown(offset int64, descriptor protoreflect.MessageDescriptor, key string) error {
	d.path = append(d.path, key)
	if key == "" {
		d.path[len(d.path)-1] = `""`
	}
	if names.IsHandSetLevel(key) {
		f := d.wrong(offset, "%s", names.HandSetLevel)
		f.Reason = fault.ReasonHandSetLevel
		return f
	}
	return d.wrong(offset, "is not a field here; there are %s", fieldsOf(descriptor))
}

func fieldsOf(d protoreflect.MessageDescriptor) string {
	list := make([]string, d.Fields().Len())
	for i := range list {
		list[i] = d.Fields().Get(i).JSONName()
	}
	return strings.Join(list, ", ")
}

// field reads the value of a field.
func (d *decoder) field(m protoreflect.Message, fd protoreflect.FieldDescriptor) error {
	switch {
	case d.isNull():
		_, err := d.tokens.Token()
		return err
	case fd.IsMap():
		return d.entries(m.Mutable(fd).Map(), fd)
	case fd.IsList():
		return d.list(m, fd)
	case isObject(fd):
		return d.message(m.Mutable(fd).Message())
	}
	v, err := d.scalar(m, fd)
	if err != nil {
		return err
	}
	m.Set(fd, v)
	return nil
}

// isNull reports whether the next value is null.
func (d *decoder) isNull() bool {
	rest := d.data[d.tokens.InputOffset():]
	rest = bytes.TrimLeft(rest, " \t\r\n,:")
	return bytes.HasPrefix(rest, []byte("null"))
}

// object reads an object: field is called with each key and reads its value.
func (d *decoder) object(words string, field func(offset int64, key string) error) error {
	offset := d.tokens.InputOffset()
	token, err := d.tokens.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return d.wrong(offset, "must be %s", words)
	}
	for d.tokens.More() {
		offset := d.tokens.InputOffset()
		key, err := d.tokens.Token()
		if err != nil {
			return err
		}
		if err := field(offset, key.(string)); err != nil {
			return err
		}
	}
	_, err = d.tokens.Token() // the closing brace
	return err
}

// list reads the elements of a repeated field.
func (d *decoder) list(m protoreflect.Message, fd protoreflect.FieldDescriptor) error {
	offset := d.tokens.InputOffset()
	token, err := d.tokens.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('[') {
		return d.wrong(offset, "must be a list, as […]")
	}
	list := m.Mutable(fd).List()
	for i := 0; d.tokens.More(); i++ {
		if err := d.inside("["+strconv.Itoa(i)+"]", func() error { return d.element(m, fd, list) }); err != nil {
			return err
		}
	}
	_, err = d.tokens.Token()
	return err
}

func (d *decoder) element(m protoreflect.Message, fd protoreflect.FieldDescriptor, list protoreflect.List) error {
	switch {
	case d.isNull():
		return d.wrong(d.tokens.InputOffset(), "must not be null in a list")
	case isObject(fd):
		return d.message(list.AppendMutable().Message())
	}
	v, err := d.scalar(m, fd)
	if err != nil {
		return err
	}
	list.Append(v)
	return nil
}

// entries reads the entries of a map.
func (d *decoder) entries(into protoreflect.Map, fd protoreflect.FieldDescriptor) error {
	seen := map[string]bool{}
	return d.object("an object, as {…}", func(offset int64, key string) error {
		return d.inside("["+strconv.Quote(key)+"]", func() error {
			switch {
			case seen[key]:
				return d.wrong(offset, "is given twice")
			case d.patch && strings.ContainsAny(key, ".,`"):
				return d.wrong(offset, "cannot be a key: an update names keys in paths, in which . , ` mean something")
			}
			seen[key] = true
			if d.isNull() {
				if !d.patch {
					return d.wrong(d.tokens.InputOffset(), "must not be null")
				}
				_, err := d.tokens.Token()
				return err
			}
			return d.entry(into, fd, protoreflect.ValueOfString(key).MapKey())
		})
	})
}

func (d *decoder) entry(into protoreflect.Map, fd protoreflect.FieldDescriptor, key protoreflect.MapKey) error {
	value := fd.MapValue()
	if isObject(value) {
		return d.message(into.Mutable(key).Message())
	}
	v, err := d.scalar(nil, value)
	if err != nil {
		return err
	}
	into.Set(key, v)
	return nil
}
