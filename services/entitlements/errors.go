package entitlements

import (
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Reasons of evenhand.type.v1.ErrorReason that this service gives itself.
const (
	reasonAccountState    = "ACCOUNT_STATE"
	reasonScheduleInvalid = "SCHEDULE_INVALID"
	reasonEffectiveDate   = "EFFECTIVE_DATE"
	reasonNoSchedule      = "NO_SCHEDULE_IN_FORCE"
	reasonSecondPerson    = "SECOND_PERSON"
	reasonDraftConflict   = "DRAFT_CONFLICT"
)

// The failures that callers tell apart, with errors.Is.
var (
	// ErrNoSchedule says that no version of the schedule is in force at the instant.
	ErrNoSchedule = fault.New(fault.FailedPrecondition, reasonNoSchedule, "No version of the schedule is in force.")
	// ErrNotFound says that there is no such account, benefit or version.
	ErrNotFound = fault.New(fault.NotFound, fault.ReasonNotFound, "There is no such resource.")
	// ErrEffectiveDate says that the day a version is to take effect is not allowed.
	ErrEffectiveDate = fault.New(fault.FailedPrecondition, reasonEffectiveDate, "The schedule's effective day is not allowed.")
	// ErrScheduleInvalid says that a schedule has problems; its fields name them.
	ErrScheduleInvalid = fault.New(fault.InvalidArgument, reasonScheduleInvalid, "The schedule has problems.")
	// ErrSecondPerson says that another person has to approve what is to be published.
	ErrSecondPerson = fault.New(fault.FailedPrecondition, reasonSecondPerson, "Another person has to approve it.")
	// ErrDraftConflict says that another version was published since a draft was written.
	ErrDraftConflict = fault.New(fault.FailedPrecondition, reasonDraftConflict, "Another version was published since.")
	// ErrCurrency says that the schedule's currency or zone is not the company's.
	ErrCurrency = fault.New(fault.FailedPrecondition, fault.ReasonCurrency, "The currency or time zone is not the company's.")
	// ErrAccountState says that the account is no active customer at the instant.
	ErrAccountState = fault.New(fault.FailedPrecondition, reasonAccountState, "The account is no active customer.")
	// ErrDeadline says that a write to be counted was not applied in time.
	ErrDeadline = fault.New(fault.DeadlineExceeded, fault.ReasonDeadline, "The write was not applied in time.")
)

// Faults says what the errors of the store, and of the feed that is followed, mean to
// callers of this service. The service's own errors say it themselves.
var Faults = fault.Table{
	fault.Is(docstore.ErrRequestReused, fault.New(fault.InvalidArgument, fault.ReasonRequestIDReused,
		"The request_id was used before with another payload: use a new one for a new request.").WithField("request_id", "was used before with another payload")),
	fault.Is(docstore.ErrUnavailable, fault.New(fault.Unavailable, fault.ReasonUnavailable, "The database of entitlements cannot be reached now; try again.")),
	fault.Is(docstore.ErrClosed, fault.New(fault.Unavailable, fault.ReasonUnavailable, "The server is shutting down; try again.")),
	fault.Is(docstore.ErrConflict, fault.New(fault.Aborted, fault.ReasonConflict, "Somebody else kept changing the same thing: try again.")),
	fault.Is(ErrFeedTrimmed, fault.New(fault.OutOfRange, "FEED_OUT_OF_RANGE",
		"The feed no longer holds all changes, so what was read from it cannot be read again.")),
}

func missingAccount(id string) error {
	return fault.Missing("evenhand/Account", "accounts/"+id)
}

func missingBenefit(id string) error {
	return fault.New(fault.NotFound, fault.ReasonNotFound,
		"No version of the schedule names a benefit %q. GET /v1/schedule lists those in force.", id).
		WithResource("evenhand/Benefit", id)
}

func noSchedule(at time.Time) error {
	told := fault.New(fault.FailedPrecondition, reasonNoSchedule,
		"No version of the schedule is in force at %s.", at.Format(time.RFC3339))
	return told.WithCondition(reasonNoSchedule, "schedule", "a published version must be in force at that instant: publish one, or ask for a later instant")
}

func noScheduleAtAll(day civil.Day) error {
	told := fault.New(fault.FailedPrecondition, reasonNoSchedule,
		"When %s ends is not known: the company has no time zone before a schedule is published.", day)
	return told.WithCondition(reasonNoSchedule, "schedule", "a schedule must be published; it sets the company's time zone")
}
