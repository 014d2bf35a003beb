package plans

import (
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Reasons of evenhand.type.v1.ErrorReason that this package gives itself.
const (
	reasonAccountState   = "ACCOUNT_STATE"
	reasonPlanState      = "PLAN_STATE"
	reasonPlanIncomplete = "PLAN_INCOMPLETE"
	reasonTemplateState  = "PLAN_TEMPLATE_STATE"
	reasonOwner          = "PLAN_OWNER"
)

// The failures that callers tell apart, with errors.Is.
var (
	// ErrIncomplete says that a plan lacks what an active one needs; its conditions name it.
	ErrIncomplete = fault.New(fault.FailedPrecondition, reasonPlanIncomplete, "The plan is not complete.")
	// ErrState says that the plan is in a state that does not allow what was asked.
	ErrState = fault.New(fault.FailedPrecondition, reasonPlanState, "The plan's state does not allow this.")
	// ErrTemplateState says that the template is in a state that does not allow what was asked.
	ErrTemplateState = fault.New(fault.FailedPrecondition, reasonTemplateState, "The template's state does not allow this.")
	// ErrOwner says that somebody cannot own a plan: they neither own nor serve the account.
	ErrOwner = fault.New(fault.FailedPrecondition, reasonOwner, "The owner of a plan owns or serves its account.")
)

// Faults says what the errors of the store, and of the feeds that are followed, mean to
// callers of this service. The service's own errors say it themselves.
var Faults = fault.Table{
	fault.Is(docstore.ErrRequestReused, fault.New(fault.InvalidArgument, fault.ReasonRequestIDReused,
		"The request_id was used before with another payload: use a new one for a new request.").WithField("request_id", "was used before with another payload")),
	fault.Is(docstore.ErrUnavailable, fault.New(fault.Unavailable, fault.ReasonUnavailable, "The database of plans cannot be reached now; try again.")),
	fault.Is(docstore.ErrClosed, fault.New(fault.Unavailable, fault.ReasonUnavailable, "The server is shutting down; try again.")),
	fault.Is(docstore.ErrConflict, fault.New(fault.Aborted, fault.ReasonConflict, "Somebody else kept changing the same thing: try again.")),
}

// accountState says that an account is no customer any more.
func accountState(account string) error {
	return fault.Precondition(reasonAccountState, AccountName(account), "%s is closed: no relationship with it is planned any more.", AccountName(account))
}

func planState(account, format string, args ...any) error {
	return fault.Precondition(reasonPlanState, Name(account), format, args...)
}

func templateState(id, format string, args ...any) error {
	return fault.Precondition(reasonTemplateState, TemplateName(id), format, args...)
}
