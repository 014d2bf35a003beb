package gateway

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// maskOf returns the mask that a PATCH body stands for where updateMask is not given:
// what is there is changed, null clears. It goes into messages of this API and into
// maps (`attributes.sector`); lists, days, amounts and the like are changed as a whole.
// What callers may not set is left out, so that a resource can be sent back as it was
// read; a service does the same where it gets no mask. The body has been decoded, so
// it is well-formed and has known fields only.
func maskOf(body []byte, d protoreflect.MessageDescriptor, prefix string) []string {
	members := membersOf(body)
	var paths []string
	for _, key := range slices.Sorted(maps.Keys(members)) {
		fd := fieldNamed(d, key)
		if fd.Name() == "etag" || fieldmask.Behaves(fd, annotations.FieldBehavior_OUTPUT_ONLY,
			annotations.FieldBehavior_IDENTIFIER, annotations.FieldBehavior_IMMUTABLE) {
			continue
		}
		path, inner := prefix+string(fd.Name()), membersOf(members[key])
		switch {
		case fd.IsMap() && inner != nil:
			for _, k := range slices.Sorted(maps.Keys(inner)) {
				paths = append(paths, path+"."+k)
			}
		case len(inner) > 0 && fd.Message() != nil && strings.HasPrefix(string(fd.Message().FullName()), "evenhand."):
			paths = append(paths, maskOf(members[key], fd.Message(), path+".")...)
		default:
			paths = append(paths, path)
		}
	}
	return paths
}

// membersOf returns the members of an object; nil for what is no object.
func membersOf(raw []byte) map[string]json.RawMessage {
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte{'{'}) {
		return nil
	}
	members := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	return members
}

func setMask(request protoreflect.Message, fd protoreflect.FieldDescriptor, paths []string) {
	mask := &fieldmaskpb.FieldMask{Paths: paths}
	request.Set(fd, protoreflect.ValueOfMessage(mask.ProtoReflect()))
}

// parseMask reads updateMask: paths in either spelling, separated by commas, or `*`.
func parseMask(value string, d protoreflect.MessageDescriptor) ([]string, *fault.Error) {
	if value == "" {
		return nil, nil
	}
	var paths []string
	for path := range strings.SplitSeq(value, ",") {
		path, f := maskPath(strings.TrimSpace(path), d)
		if f != nil {
			return nil, f
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// maskPath spells a path as services do. Below a map, it keeps the key.
func maskPath(path string, d protoreflect.MessageDescriptor) (string, *fault.Error) {
	if path == "*" {
		return path, nil
	}
	segments := strings.Split(path, ".")
	for i, name := range segments {
		if d == nil {
			return "", fault.Invalid("updateMask", "`%s` goes into %s, which can only be changed as a whole", path, segments[i-1])
		}
		fd := fieldNamed(d, name)
		if fd == nil {
			if names.IsHandSetLevel(name) {
				f := fault.Invalid("updateMask", "`%s` is not a field. %s", path, names.HandSetLevel)
				f.Reason = fault.ReasonHandSetLevel
				return "", f
			}
			return "", fault.Invalid("updateMask", "`%s` is not a field here; there are %s", path, fieldsOf(d))
		}
		segments[i] = string(fd.Name())
		if fd.IsMap() {
			break
		}
		d = fd.Message()
		if fd.IsList() {
			d = nil
		}
	}
	return strings.Join(segments, "."), nil
}
