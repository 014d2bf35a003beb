package statements

import "github.com/evenhand/evenhand/internal/platform/fault"

// Reasons of evenhand.type.v1.ErrorReason that this package gives itself.
const (
	reasonQuarterOpen = "STATEMENT_QUARTER_OPEN"
	reasonNotIssued   = "STATEMENT_NOT_ISSUED"
	reasonKnownTime   = "STATEMENT_KNOWN_TIME"
)

// statementType is the API's type of a value statement.
const statementType = "evenhand/ValueStatement"

// The failures that callers tell apart, with errors.Is.
var (
	// ErrQuarterOpen says that the quarter has not ended: its statements cannot be issued yet.
	ErrQuarterOpen = fault.New(fault.FailedPrecondition, reasonQuarterOpen, "The quarter has not ended.")
	// ErrNotIssued says that the statement was not issued.
	ErrNotIssued = fault.New(fault.FailedPrecondition, reasonNotIssued, "The statement was not issued.")
	// ErrKnownTime says that it is not known yet what will have been known at the instant asked for.
	ErrKnownTime = fault.New(fault.FailedPrecondition, reasonKnownTime, "What was known then is not all here yet.")
)

// Name returns the resource name of the statement of an account, by its id, for a quarter.
func Name(account string, quarter Quarter) string {
	return "accounts/" + account + "/valueStatements/" + quarter.String()
}
