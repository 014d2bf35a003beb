package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/evenhand/evenhand/internal/platform/auth"
)

// route is an RPC with a REST address, and what its schema says of it. It is never
// changed, and shared between calls.
type route struct {
	// rpc is `/service/method`.
	rpc    string
	access auth.Access
	// verb is the HTTP method, template the path as in the schema.
	verb, template string
	// segments are those of the template, `*` standing for any text; action is what
	// follows the colon.
	segments []string
	action   string

	input protoreflect.MessageType
	// bound are the fields of the request that the path gives.
	bound []fieldPath
	// body is the field that the body is; nil where the body is the whole request, or
	// where there is none.
	body      protoreflect.FieldDescriptor
	wholeBody bool
	// etag is where the request says which state it is about; nil where it cannot.
	etag fieldPath
	// mask and requestID are fields of the request, nil where it has none.
	mask, requestID protoreflect.FieldDescriptor
}

// fieldPath leads from a message to a field in it or in a message in it.
type fieldPath []protoreflect.FieldDescriptor

// routesOf returns the routes of a gRPC service. Its RPCs without REST address have
// none: streams, and what only services call.
func routesOf(service string) ([]*route, error) {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil, fmt.Errorf("looking up the service %s: %w", service, err)
	}
	methods := d.(protoreflect.ServiceDescriptor).Methods()
	var routes []*route
	for i := range methods.Len() {
		m := methods.Get(i)
		rule, _ := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
		if rule == nil {
			continue
		}
		r, err := newRoute(service, m, rule)
		if err != nil {
			return nil, fmt.Errorf("the REST address of %s: %w", m.FullName(), err)
		}
		routes = append(routes, r)
	}
	return routes, nil
}

func newRoute(service string, m protoreflect.MethodDescriptor, rule *annotations.HttpRule) (*route, error) {
	rt := &route{rpc: "/" + service + "/" + string(m.Name())}
	var err error
	if rt.access, err = auth.AccessOf(service, string(m.Name())); err != nil {
		return nil, err
	}
	if rt.input, err = protoregistry.GlobalTypes.FindMessageByName(m.Input().FullName()); err != nil {
		return nil, err
	}
	switch rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		rt.verb, rt.template = http.MethodGet, rule.GetGet()
	case *annotations.HttpRule_Post:
		rt.verb, rt.template = http.MethodPost, rule.GetPost()
	case *annotations.HttpRule_Patch:
		rt.verb, rt.template = http.MethodPatch, rule.GetPatch()
	case *annotations.HttpRule_Delete:
		rt.verb, rt.template = http.MethodDelete, rule.GetDelete()
	}
	if rt.verb == "" || len(rule.GetAdditionalBindings()) > 0 || rule.GetResponseBody() != "" || m.IsStreamingClient() || m.IsStreamingServer() {
		return nil, fmt.Errorf("this kind of address is not served: %v", rule)
	}
	if err := rt.readTemplate(); err != nil {
		return nil, err
	}
	fields := m.Input().Fields()
	switch body := rule.GetBody(); body {
	case "":
	case "*":
		rt.wholeBody = true
	default:
		if rt.body = fields.ByName(protoreflect.Name(body)); rt.body == nil || rt.body.Message() == nil {
			return nil, fmt.Errorf("its body %q is not a message", body)
		}
		if fd := rt.body.Message().Fields().ByName("etag"); fd != nil && rt.verb == http.MethodPatch {
			rt.etag = fieldPath{rt.body, fd}
		}
	}
	if fd := fields.ByName("etag"); fd != nil {
		rt.etag = fieldPath{fd}
	}
	rt.mask, rt.requestID = fields.ByName("update_mask"), fields.ByName("request_id")
	return rt, nil
}

// readTemplate takes a template apart, as
// `/v1/{account=accounts/*}/entitlements/{benefit}:check`.
func (rt *route) readTemplate() error {
	plain := rt.template
	for {
		start := strings.IndexByte(plain, '{')
		if start < 0 {
			break
		}
		length := strings.IndexByte(plain[start:], '}')
		if length < 0 {
			return fmt.Errorf("%s has a brace that is not closed", rt.template)
		}
		variable, inside, given := strings.Cut(plain[start+1:start+length], "=")
		if !given {
			inside = "*"
		}
		path, ok := findPath(rt.input.Descriptor(), strings.Split(variable, "."))
		if !ok || path.last().Kind() != protoreflect.StringKind {
			return fmt.Errorf("%s names %s, which is no text field", rt.template, variable)
		}
		rt.bound = append(rt.bound, path)
		plain = plain[:start] + inside + plain[start+length+1:]
	}
	plain, rt.action, _ = strings.Cut(strings.TrimPrefix(plain, "/"), ":")
	rt.segments = strings.Split(plain, "/")
	return nil
}

// match reports whether a path, taken apart in the same way, is one of the route's.
func (rt *route) match(segments []string, action string) bool {
	return rt.action == action && slices.EqualFunc(rt.segments, segments, func(template, given string) bool {
		return template == given || template == "*" && given != "" && given != "." && given != ".."
	})
}

// find returns the route of a path and method. Where there is none, it returns the
// methods that the path does have, empty where there is no such path.
func (g *gateway) find(method, path string) (*route, []string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	// Ids have no colons, so the first one begins the action.
	plain, action, _ := strings.Cut(strings.TrimPrefix(path, "/"), ":")
	if strings.HasSuffix(path, ":") {
		return nil, nil
	}
	segments := strings.Split(plain, "/")
	var allowed []string
	for _, r := range g.routes {
		if !r.match(segments, action) {
			continue
		}
		if r.verb == method {
			return r, nil
		}
		allowed = append(allowed, r.verb)
		if r.verb == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	if len(allowed) > 0 {
		allowed = append(allowed, http.MethodOptions)
	}
	return nil, allowed
}

// findPath follows names, each in lower_snake_case or lowerCamelCase, through messages.
func findPath(d protoreflect.MessageDescriptor, names []string) (fieldPath, bool) {
	var path fieldPath
	for _, name := range names {
		if d == nil {
			return nil, false
		}
		fd := fieldNamed(d, name)
		if fd == nil {
			return nil, false
		}
		path = append(path, fd)
		d = fd.Message()
		if fd.Cardinality() == protoreflect.Repeated {
			d = nil
		}
	}
	return path, true
}

// fieldNamed returns the field of that name, in either spelling, or nil.
func fieldNamed(d protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if fd := d.Fields().ByJSONName(name); fd != nil {
		return fd
	}
	return d.Fields().ByTextName(name)
}

func (p fieldPath) last() protoreflect.FieldDescriptor { return p[len(p)-1] }

// String returns the path as callers write it, as `account.displayName`.
func (p fieldPath) String() string {
	names := make([]string, len(p))
	for i, fd := range p {
		names[i] = fd.JSONName()
	}
	return strings.Join(names, ".")
}

// text returns the text at the end of the path, "" where it is not set.
func (p fieldPath) text(m protoreflect.Message) string {
	for _, fd := range p[:len(p)-1] {
		m = m.Get(fd).Message()
	}
	return m.Get(p.last()).String()
}

// setText sets it.
func (p fieldPath) setText(m protoreflect.Message, value string) {
	for _, fd := range p[:len(p)-1] {
		m = m.Mutable(fd).Message()
	}
	m.Set(p.last(), protoreflect.ValueOfString(value))
}
