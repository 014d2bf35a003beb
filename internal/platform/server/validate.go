package server

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// validate checks a message against the rules in its schema, and returns
// INVALID_ARGUMENT with every field that breaks one.
func (s *Server) validate(m any) error {
	message, ok := m.(proto.Message)
	if !ok {
		return fmt.Errorf("%T is no protobuf message", m)
	}
	err := s.validator.Validate(message, options(message.ProtoReflect())...)
	if err == nil {
		return nil
	}
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("validating a %s: %w", message.ProtoReflect().Descriptor().FullName(), err)
	}
	return violations(invalid)
}

// options leave out the rules of the fields that an update does not change: a resource
// that is sent to have one field changed need not have the others, required or not
// (AIP-134). Other requests have none.
func options(request protoreflect.Message) []protovalidate.ValidationOption {
	mask, isUpdate := maskOf(request)
	if !isUpdate {
		return nil
	}
	return []protovalidate.ValidationOption{protovalidate.WithFilter(protovalidate.FilterFunc(
		func(in protoreflect.Message, d protoreflect.Descriptor) bool {
			fd, isField := d.(protoreflect.FieldDescriptor)
			return !isField || in.Has(fd) || !isResourceOf(request, in) || mask.changes(string(fd.Name()))
		}))}
}

// paths are those of an update mask.
type paths []string

// maskOf returns the update mask of a request, and whether it is one that has such.
func maskOf(request protoreflect.Message) (paths, bool) {
	fd := request.Descriptor().Fields().ByName("update_mask")
	if fd == nil {
		return nil, false
	}
	mask, ok := request.Get(fd).Message().Interface().(*fieldmaskpb.FieldMask)
	return mask.GetPaths(), ok
}

// changes says whether the mask is for a field that is not set; without a mask only fields
// that are set are meant.
func (p paths) changes(field string) bool {
	return slices.ContainsFunc(p, func(path string) bool {
		return path == "*" || path == field || strings.HasPrefix(path, field+".")
	})
}

// isResourceOf says whether a message is the resource that a request is to change.
func isResourceOf(request, message protoreflect.Message) bool {
	fields := request.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if fd.Message() == message.Descriptor() && !fd.IsList() && !fd.IsMap() && request.Has(fd) &&
			request.Get(fd).Message().Interface() == message.Interface() {
			return true
		}
	}
	return false
}

func violations(invalid *protovalidate.ValidationError) *fault.Error {
	fields := make([]fault.Field, 0, len(invalid.Violations))
	for _, v := range invalid.Violations {
		fields = append(fields, fault.Field{
			Path:        protovalidate.FieldPathString(v.Proto.GetField()),
			Description: friendly(v.Proto.GetRuleId(), v.Proto.GetMessage(), v),
		})
	}
	first := fields[0].Description
	if fields[0].Path != "" {
		first = fields[0].Path + ": " + first
	}
	if len(fields) > 1 {
		first = fmt.Sprintf("%s (and %d more)", first, len(fields)-1)
	}
	return fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, "%s", first).WithFields(fields...)
}

// patterns say in words what the patterns of the API mean. Of one that is missing here
// the form of the name is told, or else it is quoted.
var patterns = []struct{ in, words string }{
	{`^accounts/[a-z0-9][a-z0-9-]{0,62}/revenueEntries/`, "a revenue entry's name, as `accounts/acme/revenueEntries/7f3a`"},
	{`^accounts/[a-z0-9][a-z0-9-]{0,62}/contacts/`, "a contact's name, as `accounts/acme/contacts/jane-doe`"},
	{`^accounts/[a-z0-9][a-z0-9-]{0,62}/reach$`, "`accounts/{account}/reach`, as `accounts/acme/reach`"},
	{`^accounts/([a-z0-9][a-z0-9-]{0,62}|-)$`, "an account's name, as `accounts/acme`, or `accounts/-` for several"},
	{`^accounts/(-|[a-z0-9][a-z0-9-]{0,62})$`, "an account's name, as `accounts/acme`, or `accounts/-` for all"},
	{`^accounts/[a-z0-9][a-z0-9-]{0,62}/cases/`, "a case's name, as `accounts/acme/cases/late-parcel`"},
	{`^(accounts/[a-z0-9][a-z0-9-]{0,62}/cases/`, "a case's name, as `accounts/acme/cases/late-parcel`"},
	{`^(accounts/[a-z0-9][a-z0-9-]{0,62}/contacts/`, "a contact's name, as `accounts/acme/contacts/jane-doe`"},
	{`^accounts/[a-z0-9][a-z0-9-]{0,62}$`, "an account's name, as `accounts/acme`: lower-case letters, digits and dashes, at most 63"},
	{`^(accounts/[a-z0-9][a-z0-9-]{0,62})?$`, "an account's name, as `accounts/acme`: lower-case letters, digits and dashes, at most 63"},
	{`^principals/[a-z0-9][a-z0-9-]{0,62}/apiTokens/`, "a token's name, as `principals/jane/apiTokens/t1`"},
	{`^principals/[a-z0-9]`, "a principal's name, as `principals/jane`"},
	{`^(principals/[a-z0-9]`, "a principal's name, as `principals/jane`"},
	{`^imports/`, "an import's name, as `imports/orders-csv`"},
	{`^schedule/versions/`, "a schedule version's name, as `schedule/versions/2`"},
	{`^[a-z0-9][a-z0-9-]{0,62}$`, "an id: 1 to 63 lower-case letters, digits and dashes, not beginning with a dash"},
	{`^[A-Z]{3}$`, "an ISO 4217 currency code, as `USD`"},
	{`^([A-Z]{3})?$`, "an ISO 4217 currency code, as `USD`"},
	{`^[0-9a-f]{64}$`, "a SHA-256 in hexadecimal: 64 digits"},
	{`^[0-9]{1,12}(\.[0-9]{1,12})?$`, "a decimal number, as `1.0834`"},
}

func friendly(rule, message string, v *protovalidate.Violation) string {
	switch rule {
	case "required":
		return "is required"
	case "string.uuid", "string.uuid_empty":
		return "must be a UUID, as `6ba7b810-9dad-41d1-80b4-00c04fd430c8`"
	case "string.pattern":
		pattern := v.RuleValue.String()
		if v.FieldValue.IsValid() && v.FieldValue.String() == "" {
			return "is required: " + inWords(pattern)
		}
		return "must be " + inWords(pattern)
	}
	return message
}

func inWords(pattern string) string {
	for _, p := range patterns {
		if strings.HasPrefix(pattern, p.in) {
			return p.words
		}
	}
	form := strings.ReplaceAll(strings.Trim(pattern, "^$"), anID, "{id}")
	if !strings.ContainsAny(form, `()[]|?\`) {
		return "a name, as `" + form + "`: ids are 1 to 63 lower-case letters, digits and dashes"
	}
	return "a text that matches " + pattern
}

// anID is the pattern of an id.
const anID = "[a-z0-9][a-z0-9-]{0,62}"
