package board

import (
	"errors"
	"fmt"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Reasons of evenhand.type.v1.ErrorReason that this service gives itself.
const (
	reasonBoardState     = "BOARD_STATE"
	reasonCharterInvalid = "CHARTER_INVALID"
	reasonNoCharter      = "NO_CHARTER_IN_FORCE"
	reasonNotEligible    = "NOT_ELIGIBLE"
	reasonRotationState  = "ROTATION_STATE"
	reasonCharterBroken  = "CHARTER_BROKEN"
	reasonInfeasible     = "INFEASIBLE"
	reasonSeed           = "SEED"
	reasonInvitation     = "INVITATION_STATE"
	reasonTermState      = "TERM_STATE"
	reasonLotteryState   = "LOTTERY_STATE"
)

// The types of this service's resources in the API.
const (
	boardType     = "evenhand/Board"
	charterType   = "evenhand/Charter"
	candidateType = "evenhand/Candidate"
	rotationType  = "evenhand/Rotation"
	termType      = "evenhand/Term"
	findingType   = "evenhand/Finding"
	lotteryType   = "evenhand/Lottery"
)

// The failures that callers tell apart, with errors.Is; those of package resource come
// besides.
var (
	// ErrBoardState says that a board is closed, or cannot be closed yet.
	ErrBoardState = fault.New(fault.FailedPrecondition, reasonBoardState, "The board is in another state.")
	// ErrCharterInvalid says that a charter has problems; its fields name them.
	ErrCharterInvalid = fault.New(fault.InvalidArgument, reasonCharterInvalid, "The charter has problems.")
	// ErrNoCharter says that no version of a charter is in force.
	ErrNoCharter = fault.New(fault.FailedPrecondition, reasonNoCharter, "The board has no charter in force.")
	// ErrNotEligible says that an account cannot be a candidate, or be seated.
	ErrNotEligible = fault.New(fault.FailedPrecondition, reasonNotEligible, "The account is not eligible.")
	// ErrRotationState says that a rotation is in a state that does not allow this.
	ErrRotationState = fault.New(fault.FailedPrecondition, reasonRotationState, "The rotation is in another state.")
	// ErrCharterBroken says that a change would break the charter; its conditions say how.
	ErrCharterBroken = fault.New(fault.FailedPrecondition, reasonCharterBroken, "This would break the charter.")
	// ErrInfeasible says that no panel meets the quotas.
	ErrInfeasible = fault.New(fault.FailedPrecondition, reasonInfeasible, "No panel meets the quotas.")
	// ErrSeed says that what was given for a seed is not what it is made of.
	ErrSeed = fault.New(fault.FailedPrecondition, reasonSeed, "The seed cannot be made of this.")
	// ErrInvitationState says that an invitation cannot be answered.
	ErrInvitationState = fault.New(fault.FailedPrecondition, reasonInvitation, "The invitation cannot be answered.")
	// ErrTermState says that a term is in a state that does not allow this.
	ErrTermState = fault.New(fault.FailedPrecondition, reasonTermState, "The term is in another state.")
	// ErrLotteryState says that a lottery is in a state that does not allow this.
	ErrLotteryState = fault.New(fault.FailedPrecondition, reasonLotteryState, "The lottery is in another state.")
)

// Faults says what the errors of the store mean to callers of this service. The service's
// own errors say it themselves.
var Faults = fault.Table{
	fault.Is(docstore.ErrUnavailable, fault.New(fault.Unavailable, fault.ReasonUnavailable, "The database of the board service cannot be reached now; try again.")),
	fault.Is(docstore.ErrClosed, fault.New(fault.Unavailable, fault.ReasonUnavailable, "The server is shutting down; try again.")),
	fault.Is(docstore.ErrConflict, fault.New(fault.Aborted, fault.ReasonConflict, "Somebody else kept changing the same thing: try again.")),
}

// unmet is a failure because something about a resource is not so; the message begins
// with its name.
func unmet(as *fault.Error, resourceType, name, format string, args ...any) error {
	told := as.Saying("%s "+format+".", append([]any{name}, args...)...)
	return told.WithResource(resourceType, name).WithCondition(as.Reason, name, "%s", told.Message)
}

// boardState is ErrBoardState about a board.
func boardState(id, format string, args ...any) error {
	return unmet(ErrBoardState, boardType, Name(id), format, args...)
}

// notEligible is ErrNotEligible about an account or a candidate.
func notEligible(name, format string, args ...any) error {
	return unmet(ErrNotEligible, candidateType, name, format, args...)
}

// rotationState is ErrRotationState about a rotation.
func rotationState(id, format string, args ...any) error {
	return unmet(ErrRotationState, rotationType, Name(id), format, args...)
}

// seedError is ErrSeed about a rotation.
func seedError(id, format string, args ...any) error {
	return unmet(ErrSeed, rotationType, Name(id), format, args...)
}

// termState is ErrTermState about a term.
func termState(board, id, format string, args ...any) error {
	return unmet(ErrTermState, termType, TermName(board, id), format, args...)
}

// lotteryState is ErrLotteryState about a lottery.
func lotteryState(id, format string, args ...any) error {
	return unmet(ErrLotteryState, lotteryType, LotteryName(id), format, args...)
}

// contactError is what it means that a contact could not be found.
func contactError(account, contact string, err error) error {
	if errors.Is(err, ErrNoContact) {
		return fault.Missing("evenhand/Contact", ContactName(account, contact)).Because(err)
	}
	return fmt.Errorf("find %s: %w", ContactName(account, contact), err)
}

func isNotFound(err error) bool { return errors.Is(err, resource.ErrNotFound) }

func isExists(err error) bool { return errors.Is(err, resource.ErrExists) }
