package charter

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
