package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// readYAML fills a message from a file in YAML whose keys are the message's fields, as
// term_months. Whatever is wrong is named with its line and column.
func readYAML(text []byte, into proto.Message) error {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 {
		return errors.New("the file is empty")
	}
	value, err := yamlMessage(document.Content[0], into.ProtoReflect().Descriptor())
	if err != nil {
		return err
	}
	asJSON, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("read YAML: %w", err)
	}
	return protojson.Unmarshal(asJSON, into)
}

// misplaced is what is wrong at a place of a file.
func misplaced(node *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d:%d: %s", node.Line, node.Column, fmt.Sprintf(format, args...))
}

func yamlMessage(node *yaml.Node, d protoreflect.MessageDescriptor) (map[string]any, error) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind != yaml.MappingNode {
		return nil, misplaced(node, "this has to be fields with their values, of %s", fieldNames(d))
	}
	value := map[string]any{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, of := node.Content[i], node.Content[i+1]
		fd := d.Fields().ByName(protoreflect.Name(key.Value))
		if fd == nil {
			return nil, misplaced(key, "there is no field %q here; there are %s", key.Value, fieldNames(d))
		}
		if _, twice := value[key.Value]; twice {
			return nil, misplaced(key, "%s is there twice", key.Value)
		}
		if other := sibling(fd, value); other != "" {
			return nil, misplaced(key, "%s cannot be given besides %s: give one of them", key.Value, other)
		}
		var err error
		if value[key.Value], err = yamlField(of, fd); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// sibling is the field among values that excludes another, both being of one choice; it
// is empty where there is none.
func sibling(fd protoreflect.FieldDescriptor, values map[string]any) string {
	choice := fd.ContainingOneof()
	if choice == nil {
		return ""
	}
	for i := range choice.Fields().Len() {
		name := string(choice.Fields().Get(i).Name())
		if _, given := values[name]; given {
			return name
		}
	}
	return ""
}

func fieldNames(d protoreflect.MessageDescriptor) string {
	names := make([]string, d.Fields().Len())
	for i := range names {
		names[i] = string(d.Fields().Get(i).Name())
	}
	return strings.Join(names, ", ")
}

func yamlField(node *yaml.Node, fd protoreflect.FieldDescriptor) (any, error) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if !fd.IsList() {
		return yamlValue(node, fd)
	}
	if node.Kind != yaml.SequenceNode {
		return nil, misplaced(node, "%s has to be a list, as [a, b]", fd.Name())
	}
	list := make([]any, len(node.Content))
	for i, item := range node.Content {
		var err error
		if list[i], err = yamlValue(item, fd); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// yamlValue reads one value; one that is not of its field's kind is told by its place.
func yamlValue(node *yaml.Node, fd protoreflect.FieldDescriptor) (any, error) {
	if fd.Message() != nil && node.Kind == yaml.ScalarNode {
		return yamlTime(node, fd)
	}
	if fd.Message() != nil {
		return yamlMessage(node, fd.Message())
	}
	if node.Kind != yaml.ScalarNode {
		return nil, misplaced(node, "%s has to be a single value", fd.Name())
	}
	switch fd.Kind() {
	case protoreflect.StringKind: // 2020 and 2027-03-01 too
		return node.Value, nil
	case protoreflect.BoolKind:
		var is bool
		if node.Decode(&is) != nil {
			return nil, misplaced(node, "%s has to be true or false, not %q", fd.Name(), node.Value)
		}
		return is, nil
	case protoreflect.EnumKind:
		return yamlEnum(node, fd)
	case protoreflect.DoubleKind:
		var number float64
		if node.Decode(&number) != nil {
			return nil, misplaced(node, "%s has to be a number, not %q", fd.Name(), node.Value)
		}
		return number, nil
	default:
		var number int32
		if node.Decode(&number) != nil {
			return nil, misplaced(node, "%s has to be a whole number, not %q", fd.Name(), node.Value)
		}
		return number, nil
	}
}

// yamlTime reads how long something takes, as 2h or 90m, or a day, as 2027-12-25.
func yamlTime(node *yaml.Node, fd protoreflect.FieldDescriptor) (any, error) {
	switch fd.Message().FullName() {
	case "google.protobuf.Duration":
		d, err := time.ParseDuration(node.Value)
		if err != nil {
			return nil, misplaced(node, "%s has to be how long it takes, as 2h or 90m, not %q", fd.Name(), node.Value)
		}
		return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s", nil
	case "google.type.Date":
		day, err := time.Parse(time.DateOnly, node.Value)
		if err != nil {
			return nil, misplaced(node, "%s has to be a day, as 2027-12-25, not %q", fd.Name(), node.Value)
		}
		return map[string]any{"year": day.Year(), "month": day.Month(), "day": day.Day()}, nil
	default:
		return nil, misplaced(node, "this has to be fields with their values, of %s", fieldNames(fd.Message()))
	}
}

// yamlEnum reads a value of an enum without its prefix, in lower case: tenure for
// SOURCE_TENURE.
func yamlEnum(node *yaml.Node, fd protoreflect.FieldDescriptor) (any, error) {
	values := fd.Enum().Values()
	prefix := strings.TrimSuffix(string(values.Get(0).Name()), "UNSPECIFIED")
	wanted := protoreflect.Name(prefix + strings.ToUpper(strings.ReplaceAll(node.Value, "-", "_")))
	var known []string
	for i := 1; i < values.Len(); i++ {
		name := values.Get(i).Name()
		if name == wanted || string(name) == node.Value {
			return string(name), nil
		}
		known = append(known, strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(string(name), prefix), "_", "-")))
	}
	return nil, misplaced(node, "%s cannot be %q; it can be %s", fd.Name(), node.Value, strings.Join(known, ", "))
}
