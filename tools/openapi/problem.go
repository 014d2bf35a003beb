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
			"headers", headersOf("RequestID"),
			"content", newObject("application/problem+json", content),
		)
	}
	unauthenticated := problem("The call carries no token, or one that is unknown, revoked or expired.")
	unauthenticated.set("headers", headersOf("RequestID", "WWWAuthenticate"))
	other := problem("Any other error.")
	other.set("headers", headersOf("RequestID", "RetryAfter"))
	other.object("content").object("application/problem+json").set("example", problemExample())
	return newObject(
		"NotModified", newObject("description", "The resource is still the one whose ETag was given.",
			"headers", headersOf("RequestID", "ETag")),
		"Unauthenticated", unauthenticated,
		"PermissionDenied", problem("The caller's roles lack the permission that the answer names."),
		"PreconditionFailed", problem("The resource is another than the ETag given says: read it again."),
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
