package accounts

import (
	"fmt"
	"strings"
)

// Reason says in which way a call failed; the API has one answer for each.
type Reason int

// The reasons.
const (
	// Invalid says that fields of the request break a rule; Fields names them.
	Invalid Reason = iota + 1
	// HandSetLevel says that a level was given, which can only be earned by rule.
	HandSetLevel
	// NotFound says that the resource does not exist.
	NotFound
	// Exists says that the id, or a value that must be unique, is taken.
	Exists
	// SlugCollision says that two different outside ids would be one id here.
	SlugCollision
	// Stale says that the etag given is not the resource's any more.
	Stale
	// Conflict says that others kept changing the same thing; it may be tried again.
	Conflict
	// RequestReused says that the request id came before with another payload.
	RequestReused
	// WrongState says that the account is in a state that does not allow this.
	WrongState
	// LastAdministrator says that nobody would be left who can administer.
	LastAdministrator
	// AlreadyReversed says that a revenue entry was reversed before.
	AlreadyReversed
	// NotReversible says that a revenue entry is itself a reversal.
	NotReversible
	// WrongCurrency says that a currency is not the one it has to be, or has no rate.
	WrongCurrency
	// BatchChanged says that an import's batch is known with another file, or, of revenue,
	// from another source or by other ids.
	BatchChanged
	// NotYet says that what is asked for will be there shortly; try again.
	NotYet
	// OutOfRange says that the feed does not reach back that far any more.
	OutOfRange
)

// Error is a failure that is the caller's to know: what is wrong, where, and, where
// it can be said, how to mend it.
type Error struct {
	Reason Reason
	// Resource is the name of the resource concerned, as accounts/acme, or empty.
	Resource string
	// Text is a sentence without its full stop.
	Text string
	// Fields are the fields of the request that are wrong.
	Fields []FieldError
}

// FieldError says what is wrong with a field of a request.
type FieldError struct {
	// Field is the path of the field in the request, as account.parent.
	Field string
	// Text is what is wrong with it.
	Text string
}

func (e *Error) Error() string {
	if e.Text != "" {
		return e.Text
	}
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.Field + ": " + f.Text
	}
	return strings.Join(parts, "; ")
}

// fail makes an Error about a resource.
func fail(reason Reason, resource, format string, args ...any) error {
	return &Error{Reason: reason, Resource: resource, Text: fmt.Sprintf(format, args...)}
}

// invalid makes an Error about one field.
func invalid(field, format string, args ...any) error {
	return &Error{Reason: Invalid, Fields: []FieldError{{field, fmt.Sprintf(format, args...)}}}
}

// notFound makes an Error about a resource that is not there.
func notFound(name string) error { return fail(NotFound, name, "%s does not exist", name) }

// IsNotFound says whether an error is that of a resource that is not there.
func IsNotFound(err error) bool { return isReason(err, NotFound) }
