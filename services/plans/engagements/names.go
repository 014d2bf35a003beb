package engagements

import (
	"strconv"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// The API's types of these resources.
const (
	engagementType = "evenhand/Engagement"
	expertType     = "evenhand/Expert"
)

// The reasons of failures that are this package's own.
const (
	reasonState   = "ENGAGEMENT_STATE"
	reasonFull    = "ENGAGEMENT_FULL"
	reasonExpert  = "EXPERT_NOT_AVAILABLE"
	reasonCounter = "HOURS_REVERSED"
)

// Name returns the resource name of an engagement.
func Name(id string) string { return names.Join("engagements", id) }

// ExpertName returns the resource name of an expert, whose id is that of the principal.
func ExpertName(id string) string { return names.Join("experts", id) }

// HoursName returns the resource name of an entry of an engagement's hours.
func HoursName(engagement string, number int) string {
	return names.Join("engagements", engagement, "hours", strconv.Itoa(number))
}

// refused is FAILED_PRECONDITION about an engagement.
func refused(reason, id, format string, args ...any) error {
	return fault.Precondition(reason, Name(id), format, args...).WithResource(engagementType, Name(id))
}
