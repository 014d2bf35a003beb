// Package fieldmask is how updates say what they change (AIP-134): a mask names the
// fields; without one, every field that is set is meant. What callers may not set is
// read from the schema's field_behavior (AIP-203).
package fieldmask

import (
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// Mask is the fields that an update changes. The zero Mask changes nothing.
type Mask struct {
	paths []string
	field string // of the request: what the resource is called there
}

// Read returns the mask of an update. field is what the request calls the resource, for
// errors, as `account`. Without a mask, all fields that are set and that callers may
// set are meant; `*` means all that callers may set, also those not set, which are
// thereby cleared. `attributes.sector` names one key of a map. INVALID_ARGUMENT, with
// every bad path, for one that is unknown, output only, immutable or the resource's
// name. The etag is a condition, not a change, and never part of a mask.
func Read(field string, mask *fieldmaskpb.FieldMask, resource proto.Message) (Mask, error) {
	m := Mask{field: field}
	message := resource.ProtoReflect()
	fields := message.Descriptor().Fields()
	if len(mask.GetPaths()) == 0 || slices.Equal(mask.GetPaths(), []string{"*"}) {
		for i := range fields.Len() {
			fd := fields.Get(i)
			if settable(fd) && (len(mask.GetPaths()) > 0 || message.Has(fd)) {
				m.paths = append(m.paths, string(fd.Name()))
			}
		}
		return m, nil
	}
	var bad []fault.Field
	for _, path := range mask.GetPaths() {
		if path == "etag" {
			continue
		}
		if why := refuse(message.Descriptor(), path); why != "" {
			bad = append(bad, fault.Field{Path: "update_mask", Description: "`" + path + "` " + why})
			continue
		}
		if !m.Has(path) {
			m.paths = append(m.paths, path)
		}
	}
	if len(bad) > 0 {
		reason := fault.ReasonInvalidArgument
		if slices.ContainsFunc(mask.GetPaths(), unknownLevel(message.Descriptor())) {
			reason = fault.ReasonHandSetLevel
		}
		return Mask{}, fault.New(fault.InvalidArgument, reason, "update_mask: %s", bad[0].Description).WithFields(bad...)
	}
	return m, nil
}

// Paths returns what the mask names, in its order.
func (m Mask) Paths() []string { return slices.Clone(m.paths) }

// Empty reports whether the mask changes nothing.
func (m Mask) Empty() bool { return len(m.paths) == 0 }

// Has reports whether the mask covers all of a path: names it, or what it is part of.
func (m Mask) Has(path string) bool {
	return slices.ContainsFunc(m.paths, func(p string) bool { return p == path || strings.HasPrefix(path, p+".") })
}

// Given returns a pointer to a value where the mask has its path, as a patch wants it,
// and nil otherwise.
func Given[T any](m Mask, path string, value T) *T {
	if !m.Has(path) {
		return nil
	}
	return &value
}

// Touches reports whether the mask changes anything at or below a path: Touches(
// "attributes") is true for `attributes.sector`.
func (m Mask) Touches(path string) bool {
	return m.Has(path) || slices.ContainsFunc(m.paths, func(p string) bool { return strings.HasPrefix(p, path+".") })
}

// Apply changes the masked fields of dst, the resource as it is, to what they are in
// src, the resource of the request: a field not set there is cleared. An immutable
// field that src sets to something else is INVALID_ARGUMENT: it would be ignored.
func (m Mask) Apply(dst, src proto.Message) error {
	to, from := dst.ProtoReflect(), src.ProtoReflect()
	fields := to.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if Behaves(fd, annotations.FieldBehavior_IMMUTABLE) && from.Has(fd) && !to.Get(fd).Equal(from.Get(fd)) {
			return fault.Invalid(m.field+"."+string(fd.Name()), "cannot be changed after creation")
		}
	}
	for _, path := range m.paths {
		apply(to, from, strings.Split(path, "."))
	}
	return nil
}

func apply(to, from protoreflect.Message, path []string) {
	fd := to.Descriptor().Fields().ByName(protoreflect.Name(path[0]))
	switch {
	case len(path) == 1 && from.Has(fd):
		to.Set(fd, proto.Clone(from.Interface()).ProtoReflect().Get(fd))
	case len(path) == 1:
		to.Clear(fd)
	case fd.IsMap():
		key := protoreflect.ValueOfString(path[1]).MapKey()
		if from.Get(fd).Map().Has(key) {
			to.Mutable(fd).Map().Set(key, from.Get(fd).Map().Get(key))
		} else if to.Has(fd) {
			to.Mutable(fd).Map().Clear(key)
		}
	default:
		apply(to.Mutable(fd).Message(), from.Get(fd).Message(), path[1:])
	}
}

// refuse returns why a path may not stand in a mask, or "".
func refuse(d protoreflect.MessageDescriptor, path string) string {
	first, rest, nested := strings.Cut(path, ".")
	fd := d.Fields().ByName(protoreflect.Name(first))
	switch {
	case fd == nil && names.IsHandSetLevel(first):
		return "is not a field. " + names.HandSetLevel
	case fd == nil:
		return "is not a field of " + string(d.Name()) + "; it has " + strings.Join(Settable(d), ", ")
	case Behaves(fd, annotations.FieldBehavior_IDENTIFIER):
		return "is the resource's name, which never changes"
	case Behaves(fd, annotations.FieldBehavior_OUTPUT_ONLY):
		return "is output only"
	case Behaves(fd, annotations.FieldBehavior_IMMUTABLE):
		return "cannot be changed after creation"
	case !nested:
		return ""
	case fd.IsMap() && fd.MapKey().Kind() == protoreflect.StringKind:
		if rest == "" || strings.Contains(rest, ".") {
			return "does not name one key of " + first
		}
		return ""
	case fd.IsList() || fd.Message() == nil || fd.IsMap():
		return "goes into " + first + ", which can only be changed as a whole"
	}
	return refuse(fd.Message(), rest)
}

func unknownLevel(d protoreflect.MessageDescriptor) func(string) bool {
	return func(path string) bool {
		first, _, _ := strings.Cut(path, ".")
		return d.Fields().ByName(protoreflect.Name(first)) == nil && names.IsHandSetLevel(first)
	}
}

// Settable returns the names of the fields that an update may change.
func Settable(d protoreflect.MessageDescriptor) []string {
	var list []string
	for i := range d.Fields().Len() {
		if fd := d.Fields().Get(i); settable(fd) {
			list = append(list, string(fd.Name()))
		}
	}
	return list
}

func settable(fd protoreflect.FieldDescriptor) bool {
	return fd.Name() != "etag" && !Behaves(fd, annotations.FieldBehavior_OUTPUT_ONLY,
		annotations.FieldBehavior_IDENTIFIER, annotations.FieldBehavior_IMMUTABLE)
}

// Behaves reports whether a field has one of these behaviors (AIP-203).
func Behaves(fd protoreflect.FieldDescriptor, behaviors ...annotations.FieldBehavior) bool {
	has, _ := proto.GetExtension(fd.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.ContainsFunc(has, func(b annotations.FieldBehavior) bool { return slices.Contains(behaviors, b) })
}
