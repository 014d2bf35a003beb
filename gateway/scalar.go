package gateway

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// isObject reports whether a field is a message that JSON writes with its fields.
// Instants, durations and masks are texts there.
func isObject(fd protoreflect.FieldDescriptor) bool {
	return fd.Message() != nil && fd.Message().ParentFile().Package() != "google.protobuf"
}

// valueOf returns the value that a piece of JSON is for one element of a field.
func valueOf(fd protoreflect.FieldDescriptor, raw []byte) (protoreflect.Value, error) {
	switch {
	case fd.Message() != nil:
		kind, err := protoregistry.GlobalTypes.FindMessageByName(fd.Message().FullName())
		if err != nil {
			return protoreflect.Value{}, err
		}
		m := kind.New()
		return protoreflect.ValueOfMessage(m), protojson.Unmarshal(raw, m.Interface())
	case fd.Kind() == protoreflect.StringKind && len(raw) > 1 && raw[0] == '"' && !strings.Contains(string(raw), `\`):
		return protoreflect.ValueOfString(string(raw[1 : len(raw)-1])), nil
	case fd.Kind() == protoreflect.BoolKind && (string(raw) == "true" || string(raw) == "false"):
		return protoreflect.ValueOfBool(string(raw) == "true"), nil
	}
	return viaMessage(fd, raw)
}

// viaMessage leaves the finer points of numbers, texts and enums to protojson, which
// only reads whole messages.
func viaMessage(fd protoreflect.FieldDescriptor, raw []byte) (protoreflect.Value, error) {
	parent := fd.ContainingMessage()
	inMap := parent.IsMapEntry()
	text := string(raw)
	if inMap {
		owner, field := mapField(parent)
		if field == nil {
			return protoreflect.Value{}, fmt.Errorf("%s is not the entry of a map", parent.FullName())
		}
		parent, fd = owner, field
		text = `{"k":` + text + `}`
	} else if fd.IsList() {
		text = `[` + text + `]`
	}
	kind, err := protoregistry.GlobalTypes.FindMessageByName(parent.FullName())
	if err != nil {
		return protoreflect.Value{}, err
	}
	m := kind.New()
	if err := protojson.Unmarshal([]byte(`{"`+fd.JSONName()+`":`+text+`}`), m.Interface()); err != nil {
		return protoreflect.Value{}, err
	}
	switch v := m.Get(fd); {
	case inMap:
		return v.Map().Get(protoreflect.ValueOfString("k").MapKey()), nil
	case fd.IsList():
		return v.List().Get(0), nil
	default:
		return v, nil
	}
}

// mapField returns the map field whose entries have a type, and its message.
func mapField(entry protoreflect.MessageDescriptor) (protoreflect.MessageDescriptor, protoreflect.FieldDescriptor) {
	owner := entry.Parent().(protoreflect.MessageDescriptor)
	for i := range owner.Fields().Len() {
		if fd := owner.Fields().Get(i); fd.IsMap() && fd.Message() == entry {
			return owner, fd
		}
	}
	return nil, nil
}

// expected says in words what a field's value looks like.
func expected(fd protoreflect.FieldDescriptor) string {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return "true or false"
	case protoreflect.StringKind:
		return "a text in double quotes"
	case protoreflect.BytesKind:
		return "a text in Base64"
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return "a whole number from -2147483648 to 2147483647"
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return "a whole number from -9223372036854775808 to 9223372036854775807, in double quotes if it is large"
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return "a whole number from 0 to 4294967295"
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return "a whole number from 0 to 18446744073709551615, in double quotes if it is large"
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return "a number"
	case protoreflect.EnumKind:
		return "one of " + enumNames(fd.Enum())
	}
	return describe(fd.Message())
}

func enumNames(d protoreflect.EnumDescriptor) string {
	var list []string
	for i := range d.Values().Len() {
		if v := d.Values().Get(i); v.Number() != 0 {
			list = append(list, string(v.Name()))
		}
	}
	return strings.Join(list, ", ")
}

// describe says in words what a message looks like in JSON.
func describe(d protoreflect.MessageDescriptor) string {
	switch d.FullName() {
	case "google.protobuf.Timestamp":
		return "an instant (RFC 3339), as 2026-03-06T16:30:00Z"
	case "google.protobuf.Duration":
		return "a duration in seconds, as 1.5s"
	case "google.protobuf.FieldMask":
		return "field names, separated by commas"
	case "google.type.Date":
		return `a date, as {"year": 2026, "month": 3, "day": 6}`
	case "google.type.Money":
		return `an amount of money, as {"currencyCode": "USD", "units": "12", "nanos": 500000000}`
	case "google.type.Decimal":
		return `a decimal number, as {"value": "2.5"}`
	}
	return "an object, as {…}"
}
