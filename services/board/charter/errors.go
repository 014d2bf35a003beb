package charter

// Reasons of the faults that this package returns, besides those of package fault.
const (
	// ReasonNotLaidOut says that the schedule of rotations does not reach far enough.
	ReasonNotLaidOut = "ROTATIONS_NOT_LAID_OUT"
	// ReasonNotEligible says that an account may not be seated.
	ReasonNotEligible = "NOT_ELIGIBLE"
)
