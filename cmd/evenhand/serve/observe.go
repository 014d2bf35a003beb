package serve

import (
	"context"
	"errors"

	"github.com/evenhand/evenhand/internal/docstore"
)

// observeStore makes each operation of a service's store a measurement, and a span of
// the request it serves. What runs in the background belongs to no request: it is
// measured, and has no span.
func (p *process) observeStore(service string) (docstore.Observer, error) {
	store, err := p.telemetry.Store(p.options.Store, p.options.databaseName(service), storeErrorType)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, op docstore.Operation) (context.Context, func(error)) {
		return store.Begin(ctx, op.Name, op.Collection, op.Size)
	}, nil
}

// storeErrorTypes are the classes of errors that measurements tell apart. The first that
// matches counts, so that a batch is told by the gravest of its errors.
var storeErrorTypes = []struct {
	err  error
	name string
}{
	{context.Canceled, "canceled"},
	{context.DeadlineExceeded, "deadline_exceeded"},
	{docstore.ErrUnavailable, "unavailable"},
	{docstore.ErrClosed, "closed"},
	{docstore.ErrTooLarge, "too_large"},
	{docstore.ErrConflict, "conflict"},
	{docstore.ErrFenced, "fenced"},
	{docstore.ErrOutOfRange, "out_of_range"},
	{docstore.ErrNotFound, "not_found"},
	{docstore.ErrExists, "exists"},
	{docstore.ErrTombstone, "exists"},
	{docstore.ErrRepeated, "repeated"},
}

// storeErrorType puts an error of a store into a class; what belongs to none is _OTHER,
// as OpenTelemetry's conventions have it.
func storeErrorType(err error) string {
	for _, known := range storeErrorTypes {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	var duplicate *docstore.DuplicateError
	if errors.As(err, &duplicate) {
		return "duplicate"
	}
	return "_OTHER"
}
