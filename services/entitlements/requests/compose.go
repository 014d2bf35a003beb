package requests

import (
	"errors"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// compose adds a fragment to the version published last. Where that takes effect on a day
// to come, the edition does so too, since it cannot before.
func compose(last *schedule.Schedule, fragment []byte, reason string, now time.Time) (*schedule.Schedule, error) {
	if last == nil {
		told := fault.New(fault.FailedPrecondition, "NO_SCHEDULE_IN_FORCE", "No schedule is published yet that a rule could be added to: write a whole one.")
		return nil, told.WithCondition("NO_SCHEDULE_IN_FORCE", "schedule", "a schedule must be published")
	}
	next, err := schedule.Extend(last, fragment, reason)
	if err == nil {
		return next, follow(next, last, now)
	}
	var problems schedule.Problems
	if !errors.As(err, &problems) {
		return nil, err
	}
	told := fault.New(fault.InvalidArgument, "SCHEDULE_INVALID", "What is added to the schedule has %d problems; the first: %s", len(problems), problems[0])
	for _, p := range problems {
		told = told.WithField("fragment", "%s", p.String())
	}
	return nil, told
}

// follow dates an edition that takes effect at once to not before the one it follows on.
func follow(next, last *schedule.Schedule, now time.Time) error {
	zone, err := civil.LoadZone(last.TimeZone)
	if err != nil {
		return err
	}
	if day := last.Notice.Effective; day != civil.Never && day > zone.DayOf(now) {
		next.Notice.Effective = day
	}
	return nil
}
