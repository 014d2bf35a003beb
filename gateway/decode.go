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

// maxFaults bounds what is told of one body; nobody reads more.
const maxFaults = 50

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
		return malformed("The body is not JSON.").Because(err)
	}
	if err := together(d.faults); err != nil {
		return err
	}
	if rt.mask != nil {
		setMask(request, rt.mask, maskOf(body, rt.body.Message(), ""))
	}
	return nil
}

// together makes one fault of several: its message is the first one's.
func together(faults []*fault.Error) error {
	if len(faults) == 0 {
		return nil
	}
	all := *faults[0]
	for _, f := range faults[1:] {
		all.Fields = append(all.Fields, f.Fields...)
		if f.Reason == fault.ReasonHandSetLevel {
			all.Reason = f.Reason
		}
	}
	if more := len(faults) - 1; more > 0 {
		all.Message = fmt.Sprintf("%s (and %d more)", all.Message, more)
	}
	return &all
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

// decoder reads well-formed JSON into messages. What is wrong with a field is noted and
// the rest is read all the same, so that callers are told of everything at once; the
// errors of its methods are about reading JSON.
type decoder struct {
	data   []byte
	tokens *json.Decoder
	path   []string // fields, `[index]` and `["key"]`, from the request to here
	patch  bool     // a null in a map removes the key
	faults []*fault.Error
}

// where returns the path as callers know it.
func (d *decoder) where() string {
	if len(d.path) == 0 {
		return "body"
	}
	var b strings.Builder
	for _, segment := range d.path {
		if b.Len() > 0 && !strings.HasPrefix(segment, "[") {
			b.WriteByte('.')
		}
		b.WriteString(segment)
	}
	return b.String()
}

// start returns where the token at or after an offset begins.
func (d *decoder) start(offset int64) int {
	i := int(offset)
	for i < len(d.data) && strings.IndexByte(" \t\r\n,:", d.data[i]) >= 0 {
		i++
	}
	return i
}

// next returns the first byte of the next value.
func (d *decoder) next() byte {
	if i := d.start(d.tokens.InputOffset()); i < len(d.data) {
		return d.data[i]
	}
	return 0
}

// note notes what is wrong at the token at or after an offset.
func (d *decoder) note(offset int64, reason, format string, args ...any) {
	if len(d.faults) < maxFaults {
		f := at(d.data, d.start(offset), d.where(), fmt.Sprintf(format, args...))
		f.Reason = reason
		d.faults = append(d.faults, f)
	}
}

// skip reads past the next value, and notes what is wrong with it.
func (d *decoder) skip(format string, args ...any) error {
	d.note(d.tokens.InputOffset(), fault.ReasonInvalidArgument, format, args...)
	return d.pass()
}

// pass reads past the next value.
func (d *decoder) pass() error {
	var raw json.RawMessage
	return d.tokens.Decode(&raw)
}

// inside runs f, which reads the next value, with a segment added to the path.
func (d *decoder) inside(segment string, f func() error) error {
	d.path = append(d.path, segment)
	defer func() { d.path = d.path[:len(d.path)-1] }()
	if len(d.path) > maxDepth {
		return d.skip("is nested more than %d deep", maxDepth)
	}
	return f()
}

// message reads an object into a message.
func (d *decoder) message(m protoreflect.Message) error {
	descriptor := m.Descriptor()
	if d.next() != '{' {
		return d.skip("must be %s", describe(descriptor))
	}
	seen := map[protoreflect.FieldNumber]bool{}
	return d.object(func(offset int64, key string) error {
		fd := fieldNamed(descriptor, key)
		if fd == nil {
			return d.inside(key, func() error { return d.unknown(offset, descriptor, key) })
		}
		return d.inside(fd.JSONName(), func() error {
			if seen[fd.Number()] {
				return d.skip("is given twice")
			}
			seen[fd.Number()] = true
			if oneof := fd.ContainingOneof(); oneof != nil && d.next() != 'n' {
				if other := m.WhichOneof(oneof); other != nil {
					return d.skip("excludes %s: give one of them", other.JSONName())
				}
			}
			return d.field(m, fd)
		})
	})
}

// unknown refuses a field that there is not.
func (d *decoder) unknown(offset int64, descriptor protoreflect.MessageDescriptor, key string) error {
	if names.IsHandSetLevel(key) {
		d.note(offset, fault.ReasonHandSetLevel, "%s", names.HandSetLevel)
	} else {
		d.note(offset, fault.ReasonInvalidArgument, "is not a field here; there are %s", fieldsOf(descriptor))
	}
	return d.pass()
}

func fieldsOf(d protoreflect.MessageDescriptor) string {
	list := make([]string, d.Fields().Len())
	for i := range list {
		list[i] = d.Fields().Get(i).JSONName()
	}
	return strings.Join(list, ", ")
}

// field reads the value of a field. One that is null is not set.
func (d *decoder) field(m protoreflect.Message, fd protoreflect.FieldDescriptor) error {
	switch {
	case d.next() == 'n':
		return d.pass()
	case fd.IsMap():
		return d.entries(m.Mutable(fd).Map(), fd)
	case fd.IsList():
		return d.list(m.Mutable(fd).List(), fd)
	case isObject(fd):
		return d.message(m.Mutable(fd).Message())
	}
	return d.scalar(fd, func(v protoreflect.Value) { m.Set(fd, v) })
}

// object reads an object: member is called with each key, and reads its value.
func (d *decoder) object(member func(offset int64, key string) error) error {
	if _, err := d.tokens.Token(); err != nil {
		return err
	}
	for d.tokens.More() {
		offset := d.tokens.InputOffset()
		token, err := d.tokens.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		if err := member(offset, key); err != nil {
			return err
		}
	}
	_, err := d.tokens.Token() // the closing brace
	return err
}

// list reads the elements of a repeated field.
func (d *decoder) list(list protoreflect.List, fd protoreflect.FieldDescriptor) error {
	if d.next() != '[' {
		return d.skip("must be a list, as […]")
	}
	if _, err := d.tokens.Token(); err != nil {
		return err
	}
	for i := 0; d.tokens.More(); i++ {
		err := d.inside("["+strconv.Itoa(i)+"]", func() error {
			switch {
			case d.next() == 'n':
				return d.skip("must not be null in a list")
			case isObject(fd):
				return d.message(list.AppendMutable().Message())
			}
			return d.scalar(fd, list.Append)
		})
		if err != nil {
			return err
		}
	}
	_, err := d.tokens.Token()
	return err
}

// entries reads the entries of a map.
func (d *decoder) entries(into protoreflect.Map, fd protoreflect.FieldDescriptor) error {
	if d.next() != '{' {
		return d.skip("must be an object, as {…}")
	}
	seen := map[string]bool{}
	return d.object(func(_ int64, key string) error {
		return d.inside("["+strconv.Quote(key)+"]", func() error {
			switch {
			case seen[key]:
				return d.skip("is given twice")
			case d.patch && strings.ContainsAny(key, ".,`"):
				return d.skip("cannot be a key: an update names keys in paths, in which . , ` mean something")
			case d.next() == 'n' && !d.patch:
				return d.skip("must not be null")
			}
			seen[key] = true
			mapKey := protoreflect.ValueOfString(key).MapKey()
			switch {
			case d.next() == 'n':
				return d.pass()
			case isObject(fd.MapValue()):
				return d.message(into.Mutable(mapKey).Message())
			}
			return d.scalar(fd.MapValue(), func(v protoreflect.Value) { into.Set(mapKey, v) })
		})
	})
}

// scalar reads a value that is no object, list or map.
func (d *decoder) scalar(fd protoreflect.FieldDescriptor, set func(protoreflect.Value)) error {
	offset := d.tokens.InputOffset()
	var raw json.RawMessage
	if err := d.tokens.Decode(&raw); err != nil {
		return err
	}
	if v, err := valueOf(fd, raw); err == nil {
		set(v)
	} else {
		d.note(offset, fault.ReasonInvalidArgument, "must be %s", expected(fd))
	}
	return nil
}
