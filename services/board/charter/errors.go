package charter

import "github.com/evenhand/evenhand/internal/platform/fault"

// Reasons of the faults that this package returns, besides those of package fault.
const (
	// ReasonRotationState says that no such rotation is planned, or that rotations are
	// not laid out far enough.
	ReasonRotationState = "ROTATION_STATE"
	// ReasonTermState says that an account does not hold a seat.
	ReasonTermState = "TERM_STATE"
	// ReasonNotEligible says that an account may not be seated.
	ReasonNotEligible = "NOT_ELIGIBLE"
	// ReasonInfeasible says that nothing can be drawn by these rules.
	ReasonInfeasible = "INFEASIBLE"
)

// notEligible says that accounts may not be seated, all for the same reason.
func notEligible(accounts []string, format string, args ...any) error {
	told := fault.New(fault.FailedPrecondition, ReasonNotEligible, format, args...)
	for _, id := range accounts {
		told = told.WithCondition(ReasonNotEligible, "accounts/"+id, "%s", told.Message)
	}
	return told
}
