package programmes

import (
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Reasons of evenhand.type.v1.ErrorReason that this package gives.
const (
	// ReasonState says that the programme does not allow this where it stands.
	ReasonState = "PROGRAMME_STATE"
	// ReasonNotQualified says that the account does not meet the criteria.
	ReasonNotQualified = "NOT_QUALIFIED"
	// ReasonFull says that no more accounts can apply to the programme at all.
	ReasonFull = "PROGRAMME_FULL"
	// ReasonNarrowed says that a published programme would be narrowed.
	ReasonNarrowed = "PROGRAMME_NARROWED"
	// ReasonNotice says that a programme would end at too short notice.
	ReasonNotice = "PROGRAMME_NOTICE"
	// ReasonNoLotteries says that nothing draws lotteries here.
	ReasonNoLotteries = "NO_LOTTERIES"
)

// refuse is a failed precondition about a programme, or an enrolment in it.
func refuse(reason, name, format string, args ...any) *fault.Error {
	text := fmt.Sprintf(format, args...)
	return fault.New(fault.FailedPrecondition, reason, "%s %s.", name, text).WithCondition(reason, name, "%s", text)
}

// notEnrolled says that an account has neither a place nor an application.
func notEnrolled(programme, account string) error {
	return fault.Missing("evenhand/Enrolment", EnrolmentName(programme, account))
}
