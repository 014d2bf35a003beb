package touchpoints

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// The API's types of the resources here.
const (
	touchpointType = "evenhand/Touchpoint"
	absenceType    = "evenhand/Absence"
)

// Reasons of evenhand.type.v1.ErrorReason that this package gives itself.
const (
	reasonState      = "TOUCHPOINT_STATE"
	reasonByCustomer = "CONTACT_BY_CUSTOMER"
	reasonEarly      = "TOUCHPOINT_EARLY"
	reasonPlanState  = "PLAN_STATE"
	// reasonAccountState says that the account is no customer any more.
	reasonAccountState = "ACCOUNT_STATE"
)

// The failures that callers tell apart, with errors.Is.
var (
	// ErrState says that the touchpoint is in a state that does not allow what was asked.
	ErrState = fault.New(fault.FailedPrecondition, reasonState, "The touchpoint's state does not allow this.")
	// ErrByCustomer says that a contact was begun by the customer, which satisfies no
	// touchpoint (R7).
	ErrByCustomer = fault.New(fault.FailedPrecondition, reasonByCustomer, "What the customer began satisfies no touchpoint.")
	// ErrEarly says that the occurrence before a touchpoint has not been yet.
	ErrEarly = fault.New(fault.FailedPrecondition, reasonEarly, "The touchpoint cannot be done yet.")
)

// Name returns the resource name of a touchpoint, whose id is that of the plan, a slash and
// its own.
func Name(id string) string {
	plan, own, _ := strings.Cut(id, "/")
	return names.Join("plans", plan, "touchpoints", own)
}

// ID returns the id of the touchpoint of a plan.
func ID(plan, own string) string { return plan + "/" + own }

// AbsenceName returns the resource name of an absence.
func AbsenceName(id string) string { return names.Join("absences", id) }

// longestCadence leaves room for the day in an id.
const longestCadence = names.MaxID - len("-2006-01-02")

// occurrenceID is the id of the touchpoint of a cadence's occurrence: the same whoever lays
// it out, and however often.
func occurrenceID(plan, cadence string, day civil.Day) string {
	if len(cadence) > longestCadence {
		sum := sha256.Sum256([]byte(cadence))
		cadence = cadence[:longestCadence-13] + "-" + hex.EncodeToString(sum[:6])
	}
	return ID(plan, cadence+"-"+day.String())
}
