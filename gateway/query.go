package gateway

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// readQuery reads the query into the request that it belongs to. A parameter is a
// field that neither path nor body gives; days may be written `asOfDate=2026-03-06`
// as well as in three parts.
func (rt *route) readQuery(raw string, request protoreflect.Message) error {
	if raw == "" {
		return nil
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return malformed("The query is malformed (%s): encode it as application/x-www-form-urlencoded.", quote(err.Error()))
	}
	var faults []*fault.Error
	taken := map[string]bool{} // by path: true for one that is given as a whole
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if f := rt.readParameter(request, name, values[name], taken); f != nil {
			faults = append(faults, f)
		}
	}
	return together(faults)
}

func (rt *route) readParameter(request protoreflect.Message, name string, values []string, taken map[string]bool) *fault.Error {
	path, f := rt.parameter(name)
	if f != nil {
		return f
	}
	for i := range path {
		key, whole := path[:i+1].String(), i == len(path)-1
		// Two spellings, or a day and its parts, would be one value too many.
		if other, found := taken[key]; found && (whole || other) {
			return fault.Invalid(name, "says again what another parameter says: give one of them")
		}
		taken[key] = whole
	}
	return rt.setParameter(request, path, name, values)
}

// parameter returns the field that a query parameter stands for.
func (rt *route) parameter(name string) (fieldPath, *fault.Error) {
	path, found := findPath(rt.input.Descriptor(), strings.Split(name, "."))
	if found && rt.isParameter(path[0]) && (len(path) == 1 || !isObject(path.last())) {
		return path, nil
	}
	shown := quote(name)
	if names.IsHandSetLevel(name) {
		f := fault.Invalid(shown, "is not a parameter. %s", names.HandSetLevel)
		f.Reason = fault.ReasonHandSetLevel
		return nil, f
	}
	if list := rt.parameters(); len(list) > 0 {
		return nil, fault.Invalid(shown, "is not a parameter of this call; there are %s", strings.Join(list, ", "))
	}
	return nil, fault.Invalid(shown, "is not a parameter of this call; it has none")
}

// parameters returns the names of all parameters.
func (rt *route) parameters() []string {
	var list []string
	fields := rt.input.Descriptor().Fields()
	for i := range fields.Len() {
		if rt.isParameter(fields.Get(i)) {
			list = append(list, fields.Get(i).JSONName())
		}
	}
	return list
}

// isParameter reports whether a field of the request is given by the query: one that
// neither body nor path gives, and that a text can hold.
func (rt *route) isParameter(fd protoreflect.FieldDescriptor) bool {
	return !rt.wholeBody && fd != rt.body && !fd.IsMap() && (!isObject(fd) || isDay(fd)) &&
		!slices.ContainsFunc(rt.bound, func(b fieldPath) bool { return b[0] == fd })
}

func isDay(fd protoreflect.FieldDescriptor) bool {
	return fd.Message() != nil && fd.Message().FullName() == "google.type.Date"
}

func (rt *route) setParameter(request protoreflect.Message, path fieldPath, name string, values []string) *fault.Error {
	for _, fd := range path[:len(path)-1] {
		request = request.Mutable(fd).Message()
	}
	fd := path.last()
	if !fd.IsList() && len(values) > 1 {
		return fault.Invalid(name, "is given %d times: give it once", len(values))
	}
	if fd == rt.mask {
		paths, f := parseMask(values[0], rt.body.Message())
		if len(paths) > 0 {
			setMask(request, fd, paths)
		}
		return f
	}
	for _, value := range values {
		v, f := parameterValue(fd, name, value)
		if f != nil {
			return f
		}
		if fd.IsList() {
			request.Mutable(fd).List().Append(v)
		} else {
			request.Set(fd, v)
		}
	}
	return nil
}

// parameterValue reads the text of a parameter.
func parameterValue(fd protoreflect.FieldDescriptor, name, text string) (protoreflect.Value, *fault.Error) {
	var none protoreflect.Value
	switch {
	case !utf8.ValidString(text):
		return none, fault.Invalid(name, "is not UTF-8")
	case fd.Kind() == protoreflect.StringKind:
		return protoreflect.ValueOfString(text), nil
	case isDay(fd):
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return none, fault.Invalid(name, "must be a day, as 2026-03-06")
		}
		d := &date.Date{Year: int32(day.Year()), Month: int32(day.Month()), Day: int32(day.Day())}
		return protoreflect.ValueOfMessage(d.ProtoReflect()), nil
	}
	v, err := valueOf(fd, literal(fd, text))
	if err != nil {
		words := strings.TrimSuffix(expected(fd), ", in double quotes if it is large")
		if strings.Contains(text, " ") && fd.Message() != nil {
			words += "; a + in it has to be written %2B"
		}
		return none, fault.Invalid(name, "must be %s", words)
	}
	return v, nil
}

// literal returns a parameter's text as a piece of JSON.
func literal(fd protoreflect.FieldDescriptor, text string) []byte {
	_, err := strconv.ParseInt(text, 10, 32)
	if isBool := fd.Kind() == protoreflect.BoolKind; isBool && (text == "true" || text == "false") || fd.Kind() == protoreflect.EnumKind && err == nil {
		return []byte(text)
	}
	quoted, _ := json.Marshal(text) // a text always encodes; numbers may be quoted in ProtoJSON
	return quoted
}
