package resource

import (
	"errors"
	"fmt"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// The failures that callers tell apart, with errors.Is. What is returned says more.
var (
	// ErrNotFound says that there is no such resource.
	ErrNotFound = fault.New(fault.NotFound, fault.ReasonNotFound, "There is no such resource.")
	// ErrExists says that the id, or a value that must be unique, is taken.
	ErrExists = fault.New(fault.AlreadyExists, fault.ReasonAlreadyExists, "There is such a resource already.")
	// ErrStale says that the resource is not as it was read any more.
	ErrStale = fault.New(fault.Aborted, fault.ReasonStaleEtag, "The resource was changed since it was read.")
	// ErrConflict says that others kept changing the same thing; it may be tried again.
	ErrConflict = fault.New(fault.Aborted, fault.ReasonConflict, "Others kept changing the same thing: try again.")
	// ErrRequestIDReused says that the request id came before with another payload.
	ErrRequestIDReused = fault.New(fault.InvalidArgument, fault.ReasonRequestIDReused, "The request id came before with another request.")
)

// NotFound is ErrNotFound about the aggregate of an id.
func (k Kind[T]) NotFound(id string) error { return k.fail(ErrNotFound, id, "%s does not exist.") }

// Stale is ErrStale about the aggregate of an id.
func (k Kind[T]) Stale(id string) error {
	return k.fail(ErrStale, id, "%s was changed since it was read: read it again and repeat the change.")
}

// Exists is ErrExists about the aggregate of an id.
func (k Kind[T]) Exists(id string) error { return k.fail(ErrExists, id, "%s exists already.") }

// fail is a failure about the aggregate of an id, whose name goes into the message.
func (k Kind[T]) fail(as *fault.Error, id, message string) error {
	return as.Saying(message, k.Name(id)).WithResource(k.Type, k.Name(id))
}

// translate makes the store's errors about one aggregate the caller's.
func (k Kind[T]) translate(call Call, id string, err error) error {
	var told *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &told):
		return err
	case errors.Is(err, docstore.ErrRequestReused):
		return call.Reused()
	case errors.Is(err, docstore.ErrNotFound):
		return k.NotFound(id)
	case errors.Is(err, docstore.ErrTombstone):
		return k.fail(ErrNotFound, id,
			"%s was created by the first call with this request id and deleted since: use a new request id to create another.")
	case errors.Is(err, docstore.ErrExists):
		return k.Exists(id)
	case errors.Is(err, docstore.ErrConflict):
		return k.fail(ErrConflict, id, "%s kept being changed by others: try again.")
	}
	return fmt.Errorf("%s: %w", k.Name(id), err)
}

// Named makes of the error of looking up what a field names the caller's:
// INVALID_ARGUMENT about the field where there is no such resource.
func Named(field, name string, err error) error {
	if errors.Is(err, ErrNotFound) {
		return fault.Invalid(field, "%s does not exist", name)
	}
	if err != nil {
		return fmt.Errorf("look up %s: %w", name, err)
	}
	return nil
}
