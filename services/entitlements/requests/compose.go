package requests

import (
	"errors"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// compose adds a fragment to the version published last.
func compose(last *schedule.Schedule, fragment []byte, reason string) (*schedule.Schedule, error) {
	if last == nil {
		told := fault.New(fault.FailedPrecondition, "NO_SCHEDULE_IN_FORCE", "No schedule is published yet that a rule could be added to: write a whole one.")
		return nil, told.WithCondition("NO_SCHEDULE_IN_FORCE", "schedule", "a schedule must be published")
	}
	next, err := schedule.Extend(last, fragment, reason)
	var problems schedule.Problems
	if !errors.As(err, &problems) {
		return next, err
	}
	told := fault.New(fault.InvalidArgument, "SCHEDULE_INVALID", "What is added to the schedule has %d problems; the first: %s", len(problems), problems[0])
	for _, p := range problems {
		told = told.WithField("fragment", "%s", p.String())
	}
	return nil, told
}
