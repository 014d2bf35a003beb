package cost

// The reasons of this package's failures, besides those of package fault; values of
// evenhand.type.v1.ErrorReason.
const (
	// ReasonFindingState says that the finding was acknowledged before, or is closed.
	ReasonFindingState = "COST_FINDING_STATE"
	// ReasonTooManyLimits says that there are as many limits as there can be.
	ReasonTooManyLimits = "TOO_MANY_COST_LIMITS"
)

// The API's types of resources.
const (
	limitType   = "evenhand/CostLimit"
	findingType = "evenhand/CostFinding"
)
