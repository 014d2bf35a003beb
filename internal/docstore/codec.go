package docstore

import (
	"bytes"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// MaxBody is the largest body of a document, in bytes. It leaves room for the
// outbox below the 16 MiB that MongoDB allows a document.
const MaxBody = 12 << 20

// registry encodes like the driver's own, but maps in order of their keys, so that
// equal bodies are equal bytes.
var registry = func() *bson.Registry {
	r := bson.NewRegistry()
	r.RegisterKindEncoder(reflect.Map, bson.ValueEncoderFunc(encodeMap))
	return r
}()

// encode turns a struct or map into BSON. Nil slices and maps become empty ones, so
// that an indexed array is always an array.
func encode(v any) (bson.Raw, error) {
	var b bytes.Buffer
	e := bson.NewEncoder(bson.NewDocumentWriter(&b))
	e.SetRegistry(registry)
	e.NilSliceAsEmpty()
	e.NilMapAsEmpty()
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	if b.Len() > MaxBody {
		return nil, fmt.Errorf("encode %T: %w: %d bytes, at most %d", v, ErrTooLarge, b.Len(), MaxBody)
	}
	return b.Bytes(), nil
}

func encodeMap(ec bson.EncodeContext, vw bson.ValueWriter, val reflect.Value) error {
	type entry struct {
		key string
		val reflect.Value
	}
	entries := make([]entry, 0, val.Len())
	for iter := val.MapRange(); iter.Next(); {
		key, err := mapKey(iter.Key())
		if err != nil {
			return err
		}
		entries = append(entries, entry{key, iter.Value()})
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare([]byte(a.key), []byte(b.key)) })

	dw, err := vw.WriteDocument()
	if err != nil {
		return err
	}
	for _, e := range entries {
		vw, err := dw.WriteDocumentElement(e.key)
		if err != nil {
			return err
		}
		v := e.val
		if v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		if !v.IsValid() {
			if err := vw.WriteNull(); err != nil {
				return err
			}
			continue
		}
		enc, err := ec.LookupEncoder(v.Type())
		if err != nil {
			return err
		}
		if err := enc.EncodeValue(ec, vw, v); err != nil {
			return err
		}
	}
	return dw.WriteDocumentEnd()
}

func mapKey(v reflect.Value) (string, error) {
	if t, ok := v.Interface().(encoding.TextMarshaler); ok {
		b, err := t.MarshalText()
		return string(b), err
	}
	switch {
	case v.Kind() == reflect.String:
		return v.String(), nil
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), nil
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10), nil
	}
	return "", fmt.Errorf("a map with keys of type %s cannot be stored", v.Type())
}

// decode fills v, which must be zero, from a stored body.
func decode(raw bson.Raw, v any) error {
	if err := bson.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}

// indexable brings a value of a query to one of the kinds a backend knows.
func indexable(v any) (any, error) {
	switch v := v.(type) {
	case string, bool, int64, []byte:
		return v, nil
	case time.Time:
		return v.UTC().Truncate(time.Millisecond), nil
	case bson.DateTime:
		return v.Time().UTC(), nil
	case bson.Binary:
		return v.Data, nil
	}
	r := reflect.ValueOf(v)
	switch {
	case !r.IsValid():
	case r.Kind() == reflect.String:
		return r.String(), nil
	case r.Kind() == reflect.Bool:
		return r.Bool(), nil
	case r.CanInt():
		return r.Int(), nil
	case r.Kind() == reflect.Slice && r.Type().Elem().Kind() == reflect.Uint8:
		return r.Bytes(), nil
	case r.Kind() == reflect.Array && r.Type().Elem().Kind() == reflect.Uint8:
		b := make([]byte, r.Len())
		reflect.Copy(reflect.ValueOf(b), r)
		return b, nil
	}
	return nil, fmt.Errorf("a value of type %T cannot be looked for in an index", v)
}

func indexables(vs []any) ([]any, error) {
	if vs == nil {
		return nil, nil
	}
	out := make([]any, len(vs))
	for i, v := range vs {
		var err error
		if out[i], err = indexable(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// FieldValues returns what an index holds of a body for a dotted path: the value
// there, or, where the path meets an array, those of each element, in order and as
// Query has them. Absent and null give none.
func FieldValues(body bson.Raw, path []string) ([]any, error) {
	v := body.Lookup(path[0])
	if v.IsZero() {
		return nil, nil
	}
	return fieldValues(v, path[1:])
}

func fieldValues(v bson.RawValue, rest []string) ([]any, error) {
	switch {
	case v.Type == bson.TypeNull:
		return nil, nil
	case v.Type == bson.TypeArray:
		elements, err := v.Array().Values()
		if err != nil {
			return nil, err
		}
		all := make([]any, 0, len(elements))
		for _, e := range elements {
			vs, err := fieldValues(e, rest)
			if err != nil {
				return nil, err
			}
			all = append(all, vs...)
		}
		return all, nil
	case len(rest) > 0:
		if v.Type != bson.TypeEmbeddedDocument {
			return nil, nil
		}
		return FieldValues(v.Document(), rest)
	}
	one, err := fieldValue(v)
	if err != nil {
		return nil, err
	}
	return []any{one}, nil
}

func fieldValue(v bson.RawValue) (any, error) {
	switch v.Type {
	case bson.TypeString:
		return v.StringValue(), nil
	case bson.TypeBoolean:
		return v.Boolean(), nil
	case bson.TypeInt32:
		return int64(v.Int32()), nil
	case bson.TypeInt64:
		return v.Int64(), nil
	case bson.TypeBinary:
		_, b := v.Binary()
		return b, nil
	case bson.TypeDateTime:
		return v.Time().UTC(), nil
	}
	return nil, fmt.Errorf("a BSON %s cannot be indexed", v.Type)
}
