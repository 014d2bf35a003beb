package main

import "strings"

// problemSchema describes the body of every error answer: RFC 9457, with the
// reason and the details of the gRPC status behind it.
func (d *document) problemSchema() *object {
	text := func(description string) *object {
		return newObject("type", "string", "description", description)
	}
	var reasons strings.Builder
	reasons.WriteString("Why the call failed, for programs. New reasons may be added; what one means never changes.\n")
	for _, r := range d.known.reasons {
		reasons.WriteString("\n- `" + r.name + "`: " + r.meaning)
	}
	field := newObject(
		"type", "object",
		"properties", newObject(
			"field", text("Where in the request, as `account.displayName`, or a line and column of a file."),
			"description", text("What is wrong there, and how to put it right."),
		),
		"required", []any{"field", "description"},
	)
	precondition := newObject(
		"type", "object",
		"properties", newObject(
			"type", text("What kind of condition."),
			"subject", text("What it is about, as `accounts/brook-and-sons`."),
			"description", text("What is not met, and how it could be."),
		),
		"required", []any{"type", "subject", "description"},
	)
	return newObject(
		"type", "object",
		"description", "An error, as RFC 9457 has it.",
		"properties", newObject(
			"type", newObject("type", "string", "format", "uri-reference", "description", "`about:blank`: the status and the reason say what kind of problem it is."),
			"title", text("The kind of problem, in words."),
			"status", newObject("type", "integer", "format", "int32", "description", "The HTTP status."),
			"detail", text("What is wrong in this call, and how to put it right."),
			"instance", newObject("type", "string", "format", "uri-reference", "description", "The path that was called."),
			"reason", text(reasons.String()),
			"metadata", newObject("type", "object", "additionalProperties", newObject("type", "string"),
				"description", "Values that the reason speaks of, such as the permission that is missing."),
			"fields", newObject("type", "array", "items", field, "description", "Each bad field of the request."),
			"preconditions", newObject("type", "array", "items", precondition, "description", "Each condition that is not met."),
			"traceId", text("Finds the call in traces and logs."),
		),
		"required", []any{"type", "title", "status", "reason"},
	)
}

// problemExample is a call refused for a bad field.
func problemExample() *object {
	return newObject(
		"type", "about:blank",
		"title", "Bad Request",
		"status", 400,
		"detail", "displayName: must be at most 200 characters long",
		"instance", "/v1/accounts",
		"reason", "INVALID_ARGUMENT",
		"fields", []any{newObject(
			"field", "account.displayName",
			"description", "must be at most 200 characters long",
		)},
		"traceId", "4bf92f3577b34da6a3ce929d0e0e4736",
	)
}

// responses are the answers that operations share, by component name.
func responses() *object {
	problem := func(description string) *object {
		content := newObject("schema", newObject("$ref", schemaPrefix+"Problem"))
		return newObject(
			"description", description,
			"content", newObject("application/problem+json", content),
		)
	}
	other := problem("Any other error.")
	other.object("content").object("application/problem+json").set("example", problemExample())
	return newObject(
		"NotModified", newObject("description", "The resource is still the one whose ETag was given.",
			"headers", newObject("ETag", newObject("$ref", "#/components/headers/ETag"))),
		"Unauthenticated", problem("The call carries no token, or one that is unknown, revoked or expired."),
		"PermissionDenied", problem("The caller's roles lack the permission that the answer names."),
		"PreconditionFailed", problem("The resource has changed since the ETag given: read it again."),
		"Problem", other,
	)
}

// addErrors gives an operation the error answers that every operation has.
func addErrors(op *object) {
	responses := op.object("responses")
	for _, answer := range [][2]string{{"401", "Unauthenticated"}, {"403", "PermissionDenied"}, {"default", "Problem"}} {
		responses.set(answer[0], newObject("$ref", "#/components/responses/"+answer[1]))
	}
}

// headers and conditions are what conditional requests (RFC 9110, section 13) use.
func headers() *object {
	return newObject("ETag", newObject(
		"description", "Changes with every change of the resource; the same as its `etag`, in double quotes.",
		"schema", newObject("type", "string"),
		"example", `"7"`,
	))
}

func conditions() *object {
	condition := func(name, description string) *object {
		return newObject(
			"name", name,
			"in", "header",
			"description", description,
			"schema", newObject("type", "string"),
		)
	}
	return newObject(
		"IfMatch", condition("If-Match", "Change the resource only if this is still its ETag; else the answer is 412."),
		"IfNoneMatch", condition("If-None-Match", "Send the resource only if this is not its ETag; else the answer is 304."),
	)
}

// addConditions describes ETag, If-None-Match and If-Match where the operation
// reads or changes a resource that has an etag.
func (d *document) addConditions(op *object, verb string, m method) {
	responses := op.object("responses")
	_, _, tagged := d.known.field(m.OutputType, "etag")
	if tagged {
		responses.object("200").set("headers", newObject("ETag", newObject("$ref", "#/components/headers/ETag")))
	}
	if tagged && verb == "get" {
		addParameter(op, "IfNoneMatch")
		responses.set("304", newObject("$ref", "#/components/responses/NotModified"))
	}
	if d.takesEtag(verb, m) {
		addParameter(op, "IfMatch")
		responses.set("412", newObject("$ref", "#/components/responses/PreconditionFailed"))
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

func addParameter(op *object, name string) {
	op.set("parameters", append(op.array("parameters"), any(newObject("$ref", "#/components/parameters/"+name))))
}

// camel is protobuf's JSON name of a field.
func camel(field string) string {
	words := strings.Split(field, "_")
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	return strings.Join(words, "")
}
