// Package fault describes failures in the terms in which callers are told of them:
// what kind, for which reason, in which field, and what to do about it. It is plain
// Go, so that a domain can use it without knowing any protocol; package rpcstatus
// turns a fault into a google.rpc.Status.
//
// A domain with errors of its own keeps them and declares a Table that says what each
// means to callers.
package fault

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Kind says what kind of failure it is. The values are the numbers of the canonical
// gRPC codes (google.rpc.Code).
type Kind uint8

// The kinds of failure, named as in google.rpc.Code.
const (
	Cancelled          Kind = 1
	InvalidArgument    Kind = 3
	DeadlineExceeded   Kind = 4
	NotFound           Kind = 5
	AlreadyExists      Kind = 6
	PermissionDenied   Kind = 7
	ResourceExhausted  Kind = 8
	FailedPrecondition Kind = 9
	Aborted            Kind = 10
	OutOfRange         Kind = 11
	Unimplemented      Kind = 12
	Internal           Kind = 13
	Unavailable        Kind = 14
	Unauthenticated    Kind = 16
)

// Reasons that platform packages give themselves; each is a value of
// evenhand.type.v1.ErrorReason without its prefix. A service names its own in the
// same way.
const (
	ReasonInvalidArgument   = "INVALID_ARGUMENT"
	ReasonNotFound          = "NOT_FOUND"
	ReasonAlreadyExists     = "ALREADY_EXISTS"
	ReasonStaleEtag         = "STALE_ETAG"
	ReasonConflict          = "CONFLICT"
	ReasonUnauthenticated   = "UNAUTHENTICATED"
	ReasonPermissionDenied  = "PERMISSION_DENIED"
	ReasonHandSetLevel      = "HAND_SET_LEVEL"
	ReasonCurrency          = "CURRENCY"
	ReasonUnavailable       = "UNAVAILABLE"
	ReasonDeadline          = "DEADLINE"
	ReasonResourceExhausted = "RESOURCE_EXHAUSTED"
	ReasonInternal          = "INTERNAL"
	ReasonUnimplemented     = "UNIMPLEMENTED"
	ReasonInvalidPageToken  = "INVALID_PAGE_TOKEN"
	ReasonRequestIDReused   = "REQUEST_ID_REUSED"
)

// Error is a failure as callers are told of it. Make one with New and the With
// methods, each of which returns a changed copy, so that a package-level Error can be
// shared.
type Error struct {
	// Kind says what kind of failure it is.
	Kind Kind
	// Reason is a value of evenhand.type.v1.ErrorReason without its prefix.
	Reason string
	// Message tells a developer what is wrong and how to put it right.
	Message string
	// Fields are the fields of the request that are wrong.
	Fields []Field
	// Conditions are the conditions that are not met.
	Conditions []Condition
	// Resource is what the failure is about; nil where it is about none.
	Resource *Resource
	// RetryAfter is how long to wait before trying again; 0 where trying again does
	// not help, or nothing is known.
	RetryAfter time.Duration
	// Metadata are further facts for programs, by lowerCamelCase key.
	Metadata map[string]string

	cause error
}

// Field is a field of the request that is wrong.
type Field struct {
	// Path leads from the request to the field, as `account.goals[2].statement`.
	Path string
	// Description says what is wrong with it.
	Description string
}

// Condition is something that has to be true first.
type Condition struct {
	// Type says what kind of condition, as `ACCOUNT_STATE`.
	Type string
	// Subject is what it is about, as `accounts/acme`.
	Subject string
	// Description says what has to be true.
	Description string
}

// Resource is what a failure is about.
type Resource struct {
	// Type is the resource type of the API, as `evenhand/Account`.
	Type string
	// Name is its name, as `accounts/acme`.
	Name string
}

// New returns an Error; the message is formatted as by fmt.Sprintf.
func New(kind Kind, reason, format string, args ...any) *Error {
	return &Error{Kind: kind, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Invalid returns an INVALID_ARGUMENT Error about one field.
func Invalid(path, format string, args ...any) *Error {
	description := fmt.Sprintf(format, args...)
	return New(InvalidArgument, ReasonInvalidArgument, "%s: %s", path, description).WithFields(Field{path, description})
}

// Precondition returns a FAILED_PRECONDITION Error with one condition, whose type is the
// reason: the message says what has to be true of the subject first, and how to get there.
func Precondition(reason, subject, format string, args ...any) *Error {
	e := New(FailedPrecondition, reason, format, args...)
	return e.WithCondition(reason, subject, "%s", e.Message)
}

// Missing returns a NOT_FOUND Error about a resource.
func Missing(resourceType, name string) *Error {
	return New(NotFound, ReasonNotFound, "There is no %s.", name).WithResource(resourceType, name)
}

// Error returns the reason, the message and, for logs, the cause.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Reason + ": " + e.Message + ": " + e.cause.Error()
	}
	return e.Reason + ": " + e.Message
}

// Unwrap returns the cause, which callers are never told.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is an Error of the same kind and reason, so that
// errors.Is works with shared ones.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Reason == e.Reason
}

// Saying returns a copy with another message, formatted as by fmt.Sprintf.
func (e *Error) Saying(format string, args ...any) *Error {
	c := *e
	c.Message = fmt.Sprintf(format, args...)
	return &c
}

// WithField returns a copy that also names a wrong field.
func (e *Error) WithField(path, format string, args ...any) *Error {
	return e.WithFields(Field{Path: path, Description: fmt.Sprintf(format, args...)})
}

// WithFields returns a copy that also names these wrong fields.
func (e *Error) WithFields(fields ...Field) *Error {
	c := *e
	c.Fields = append(slices.Clip(c.Fields), fields...)
	return &c
}

// WithCondition returns a copy that also names a condition that is not met.
func (e *Error) WithCondition(kind, subject, format string, args ...any) *Error {
	c := *e
	c.Conditions = append(slices.Clip(c.Conditions), Condition{kind, subject, fmt.Sprintf(format, args...)})
	return &c
}

// WithResource returns a copy that is about this resource.
func (e *Error) WithResource(resourceType, name string) *Error {
	c := *e
	c.Resource = &Resource{Type: resourceType, Name: name}
	return &c
}

// WithRetry returns a copy that asks the caller to try again after d.
func (e *Error) WithRetry(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// With returns a copy with a further fact for programs.
func (e *Error) With(key, value string) *Error {
	c := *e
	c.Metadata = maps.Clone(c.Metadata)
	if c.Metadata == nil {
		c.Metadata = map[string]string{}
	}
	c.Metadata[key] = value
	return &c
}

// Because returns a copy with a cause, which is logged and never told to callers.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}
