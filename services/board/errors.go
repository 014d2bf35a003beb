package board

import (
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Reasons of evenhand.type.v1.ErrorReason that this service gives itself.
const (
	reasonBoardState = "BOARD_STATE"
)

// The types of this service's resources in the API.
const (
	boardType = "evenhand/Board"
	termType  = "evenhand/Term"
)

// The failures that callers tell apart, with errors.Is; those of package resource come
// besides.
var (
	// ErrBoardState says that a board is closed, or cannot be closed yet.
	ErrBoardState = fault.New(fault.FailedPrecondition, reasonBoardState, "The board is in another state.")
)

// Faults says what the errors of the store mean to callers of this service. The service's
// own errors say it themselves.
var Faults = fault.Table{
	fault.Is(docstore.ErrUnavailable, fault.New(fault.Unavailable, fault.ReasonUnavailable, "The database of the board service cannot be reached now; try again.")),
	fault.Is(docstore.ErrClosed, fault.New(fault.Unavailable, fault.ReasonUnavailable, "The server is shutting down; try again.")),
	fault.Is(docstore.ErrConflict, fault.New(fault.Aborted, fault.ReasonConflict, "Somebody else kept changing the same thing: try again.")),
}

// boardState is ErrBoardState about a board.
func boardState(id, format string, args ...any) error {
	name := BoardName(id)
	told := fault.New(fault.FailedPrecondition, reasonBoardState, "%s "+format+".", append([]any{name}, args...)...)
	return told.WithResource(boardType, name).WithCondition(reasonBoardState, name, "%s", told.Message)
}
