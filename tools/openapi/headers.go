package main

import "strings"

// A header is one that calls or answers carry, under a component name.
type header struct {
	component, name, description, example string
	schema                                *object
}

func textSchema(more ...any) *object { return newObject(append([]any{"type", "string"}, more...)...) }

// requestHeaders are what the gateway reads of a call, besides its token. Those that
// make a request conditional are RFC 9110's, section 13.
var requestHeaders = []header{
	{"IfMatch", "If-Match", "Go on only if the resource still has this ETag, or one of these (at most 5 of them, separated by commas), or `*`; else the answer is 412.",
		`"7"`, textSchema()},
	{"IfNoneMatch", "If-None-Match", "Send the resource only if its ETag is not this one, nor one of these; else the answer is 304.",
		`"7"`, textSchema()},
	{"IdempotencyKey", "Idempotency-Key", "The `requestId`, for those who prefer a header: the same id with the same payload returns the first answer.",
		"0f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77", textSchema("format", "uuid")},
	{"RequestID", "X-Request-Id", "The caller's own id of the call, which answers and logs repeat; made up where it is missing or odd.",
		"order-20417", textSchema("maxLength", 128, "pattern", "^[A-Za-z0-9._:/+=-]+$")},
	{"GrpcTimeout", "Grpc-Timeout", "How long to wait for the answer, if less than the server would: 1 to 8 digits and a unit (H, M, S, or m, u, n for thousandths, millionths and billionths of a second). Then the answer is 504.",
		"500m", textSchema("pattern", "^[0-9]{1,8}[HMSmun]$")},
	{"Traceparent", "Traceparent", "The trace that the call belongs to (W3C Trace Context).",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", textSchema()},
}

// answerHeaders are what the gateway says of an answer.
var answerHeaders = []header{
	{"ETag", "ETag", "Changes with every change of the resource; the same as its `etag`, in double quotes.", `"7"`, textSchema()},
	{"RequestID", "X-Request-Id", "The id of the call: the caller's, or else that of its trace.", "4bf92f3577b34da6a3ce929d0e0e4736", textSchema()},
	{"RetryAfter", "Retry-After", "With 429 and 503: the seconds to wait before trying again.", "1", textSchema()},
	{"WWWAuthenticate", "WWW-Authenticate", "How to authenticate (RFC 6750).", `Bearer realm="evenhand"`, textSchema()},
}

// parameters are the components of the request headers.
func parameters() *object {
	all := newObject()
	for _, h := range requestHeaders {
		all.set(h.component, newObject("name", h.name, "in", "header", "description", h.description, "schema", h.schema, "example", h.example))
	}
	return all
}

// headers are the components of the answers' headers.
func headers() *object {
	all := newObject()
	for _, h := range answerHeaders {
		all.set(h.component, newObject("description", h.description, "schema", h.schema, "example", h.example))
	}
	return all
}

// headersOf refers to headers of an answer by their components.
func headersOf(components ...string) *object {
	some := newObject()
	for _, component := range components {
		for _, h := range answerHeaders {
			if h.component == component {
				some.set(h.name, newObject("$ref", "#/components/headers/"+component))
			}
		}
	}
	return some
}

// addHeaders describes the headers of an operation: those of every call, Idempotency-Key
// where the request has a request id, and ETag with its conditions where the operation
// reads or changes a resource that has an etag.
func (d *document) addHeaders(op *object, verb string, m method) {
	responses := op.object("responses")
	_, _, tagged := d.known.field(m.OutputType, "etag")
	if tagged {
		responses.object("200").set("headers", headersOf("RequestID", "ETag"))
	} else {
		responses.object("200").set("headers", headersOf("RequestID"))
	}
	reads := tagged && verb == "get"
	if reads {
		addParameter(op, "IfNoneMatch")
		responses.set("304", newObject("$ref", "#/components/responses/NotModified"))
	}
	if reads || d.takesEtag(verb, m) {
		addParameter(op, "IfMatch")
		responses.set("412", newObject("$ref", "#/components/responses/PreconditionFailed"))
	}
	if _, _, ok := d.known.field(m.InputType, "requestId"); ok {
		addParameter(op, "IdempotencyKey")
	}
	for _, component := range []string{"RequestID", "GrpcTimeout", "Traceparent"} {
		addParameter(op, component)
	}
}

// takesEtag reports whether a call can carry the etag of what it changes: in the
// request itself, or in the resource that is patched.
func (d *document) takesEtag(verb string, m method) bool {
	if _, _, ok := d.known.field(m.InputType, "etag"); ok {
		return true
	}
	if verb != "patch" {
		return false
	}
	_, _, ok := d.known.field(m.InputType, camel(m.Options.HTTP.Body)+".etag")
	return ok
}

func addParameter(op *object, component string) {
	op.set("parameters", append(op.array("parameters"), any(newObject("$ref", "#/components/parameters/"+component))))
}

// camel is protobuf's JSON name of a field.
func camel(field string) string {
	words := strings.Split(field, "_")
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	return strings.Join(words, "")
}
