package serve

import (
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// storeFaults says what the errors of a database mean to callers of whichever service
// stands on it.
var storeFaults = fault.Table{
	fault.Is(docstore.ErrUnavailable, fault.New(fault.Unavailable, fault.ReasonUnavailable,
		"The database cannot be reached now; try again.")),
	fault.Is(docstore.ErrClosed, fault.New(fault.Unavailable, fault.ReasonUnavailable,
		"The server is shutting down; try again.")),
	fault.Is(docstore.ErrConflict, fault.New(fault.Aborted, fault.ReasonConflict,
		"Somebody else kept changing the same thing: try again.")),
	fault.Is(docstore.ErrRequestReused, fault.New(fault.InvalidArgument, fault.ReasonRequestIDReused,
		"The request_id was used before with another payload: use a new one for a new request.").
		WithField("request_id", "was used before with another payload")),
	fault.Is(docstore.ErrTooLarge, fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument,
		"What would have to be stored is too large for one document: leave something out.")),
}
