package remedies

import "github.com/evenhand/evenhand/internal/platform/fault"

const remedyType = "evenhand/Remedy"

// The reasons of failures that are this package's own.
const (
	reasonRemedyState = "REMEDY_STATE"
	reasonRemedyTie   = "REMEDY_TIE"
)

// Name returns the resource name of a remedy.
func Name(id string) string { return "remedies/" + id }

// remedyState is FAILED_PRECONDITION with REMEDY_STATE about a remedy.
func remedyState(name, format string, args ...any) error {
	return fault.Precondition(reasonRemedyState, name, format, args...).WithResource(remedyType, name)
}
