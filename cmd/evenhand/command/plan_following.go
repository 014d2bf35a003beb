package command

import (
	"strconv"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanFollowing is `evenhand plan following`.
type PlanFollowing struct {
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanFollowing) Help() string {
	return `The plans service keeps copies of what accounts, entitlements and board tell, and of its own work. This says how far each copy is: 0 behind means that all is there.

Examples:

  evenhand plan following
  evenhand plan following --output json`
}

// Run asks and prints.
func (c *PlanFollowing) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := plansv1.NewFeedServiceClient(s).GetFollowing(ctx, &plansv1.GetFollowingRequest{})
		if err != nil {
			return err
		}
		l := c.newList(env.Stdout, "feeds", "Service", "Position", "Head", "Behind", "Recorded", "Unreachable")
		for _, f := range answer.GetFeeds() {
			head, behind := strconv.FormatInt(f.GetHeadPosition(), 10), strconv.FormatInt(f.GetBehind(), 10)
			if f.GetUnreachableReason() != "" {
				head, behind = "", ""
			}
			if err := l.add(f, f.GetService(), strconv.FormatInt(f.GetPosition(), 10), head, behind, showTime(f.GetRecordedTime()), f.GetUnreachableReason()); err != nil {
				return err
			}
		}
		return l.end()
	})
}
