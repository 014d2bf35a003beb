package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// descriptors is what the .proto files say and the plugin leaves out, by full
// proto name ("evenhand.accounts.v1.Account").
type descriptors struct {
	messages map[string]message
	methods  map[string]method // those with a REST address, by operation id, "AccountsService_GetAccount"
	reasons  []reason
}

type message struct {
	Name       string    `json:"name"`
	Field      []field   `json:"field"`
	NestedType []message `json:"nestedType"`
}

type field struct {
	JSONName       string `json:"jsonName"`
	TypeName       string `json:"typeName"`
	OneofIndex     *int   `json:"oneofIndex"`
	Proto3Optional bool   `json:"proto3Optional"`
	comment        string
	Options        struct {
		Behavior []string `json:"[google.api.field_behavior]"`
		Rules    rules    `json:"[buf.validate.field]"`
	} `json:"options"`
}

type method struct {
	Name       string `json:"name"`
	InputType  string `json:"inputType"`
	OutputType string `json:"outputType"`
	Options    struct {
		Access struct {
			Permission string `json:"permission"`
			Assigned   bool   `json:"assigned"`
		} `json:"[evenhand.type.v1.access]"`
		// HTTP is nil where the method has no REST address.
		HTTP *struct {
			Body string `json:"body"`
		} `json:"[google.api.http]"`
	} `json:"options"`
}

// A reason is a value of the ErrorReason enum without its prefix, and what it means.
type reason struct {
	name, meaning string
}

// file is a FileDescriptorProto in protobuf's JSON form, as far as it is read here.
type file struct {
	Name        string    `json:"name"`
	Package     string    `json:"package"`
	MessageType []message `json:"messageType"`
	EnumType    []struct {
		Name  string `json:"name"`
		Value []struct {
			Name string `json:"name"`
		} `json:"value"`
	} `json:"enumType"`
	Service []struct {
		Name   string   `json:"name"`
		Method []method `json:"method"`
	} `json:"service"`
	SourceCodeInfo struct {
		Location []struct {
			Path            []int  `json:"path"`
			LeadingComments string `json:"leadingComments"`
		} `json:"location"`
	} `json:"sourceCodeInfo"`
}

// readDescriptors reads a FileDescriptorSet in protobuf's JSON form.
func readDescriptors(data []byte) (*descriptors, error) {
	var set struct {
		File []file `json:"file"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, err
	}
	d := &descriptors{messages: map[string]message{}, methods: map[string]method{}}
	for _, f := range set.File {
		comments := f.comments()
		for i, m := range f.MessageType {
			d.addMessage(f.Package, m, comments, []int{messageType, i})
		}
		for _, s := range f.Service {
			for _, m := range s.Method {
				if m.Options.HTTP == nil {
					continue
				}
				m.InputType = strings.TrimPrefix(m.InputType, ".")
				m.OutputType = strings.TrimPrefix(m.OutputType, ".")
				id := s.Name + "_" + m.Name
				if _, there := d.methods[id]; there {
					return nil, fmt.Errorf("two services have a method %s", id)
				}
				d.methods[id] = m
			}
		}
		d.reasons = append(d.reasons, f.errorReasons(comments)...)
	}
	if len(d.reasons) == 0 {
		return nil, fmt.Errorf("no enum ErrorReason")
	}
	return d, nil
}

// Numbers of the fields of a FileDescriptorProto, a DescriptorProto and an
// EnumDescriptorProto, of which the paths of comments are made.
const (
	messageType, enumType              = 4, 5
	messageField, messageNested, value = 2, 3, 2
)

func (d *descriptors) addMessage(scope string, m message, comments map[string]string, path []int) {
	name := scope + "." + m.Name
	for i := range m.Field {
		m.Field[i].comment = comments[fmt.Sprint(append(slices.Clone(path), messageField, i))]
	}
	d.messages[name] = m
	for i, nested := range m.NestedType {
		d.addMessage(name, nested, comments, append(slices.Clone(path), messageNested, i))
	}
}

// field finds a field by its JSON path ("asOfDate.year") from a message.
func (d *descriptors) field(message, path string) (owner string, f field, ok bool) {
	first, rest, deeper := strings.Cut(path, ".")
	for _, f := range d.messages[message].Field {
		if f.JSONName != first {
			continue
		}
		if deeper {
			return d.field(strings.TrimPrefix(f.TypeName, "."), rest)
		}
		return message, f, true
	}
	return "", field{}, false
}

// errorReasons returns the values of the file's ErrorReason enum but the unspecified one.
func (f file) errorReasons(comments map[string]string) []reason {
	var found []reason
	for e, enum := range f.EnumType {
		if enum.Name != "ErrorReason" {
			continue
		}
		for v := 1; v < len(enum.Value); v++ {
			found = append(found, reason{
				name:    strings.TrimPrefix(enum.Value[v].Name, "ERROR_REASON_"),
				meaning: comments[fmt.Sprint([]int{enumType, e, value, v})],
			})
		}
	}
	return found
}

// comments returns the comments above the elements of a file by their paths, as
// fmt.Sprint writes those.
func (f file) comments() map[string]string {
	all := map[string]string{}
	for _, location := range f.SourceCodeInfo.Location {
		if location.LeadingComments != "" {
			all[fmt.Sprint(location.Path)] = unwrap(location.LeadingComments)
		}
	}
	return all
}
