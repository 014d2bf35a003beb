package statements

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// somePlans are plans by their accounts; that of dale cannot be read.
type somePlans map[string]plans.Plan

var errUnread = errors.New("the disk does not answer")

func (p somePlans) Get(_ context.Context, account string) (resource.Stored[plans.Plan], error) {
	plan, known := p[account]
	switch {
	case account == "dale":
		return resource.Stored[plans.Plan]{}, errUnread
	case !known:
		return resource.Stored[plans.Plan]{}, resource.ErrNotFound
	}
	return resource.Stored[plans.Plan]{ID: account, State: plan}, nil
}

func TestR31OpenGoalsComeNext(t *testing.T) {
	goals := []plans.Goal{
		{ID: "north", Statement: "Two shops", State: plans.GoalOpen, TargetDay: july}, {ID: "south", Statement: "One", State: plans.GoalReached, TargetDay: july},
		{ID: "east", Statement: "More", State: plans.GoalOpen},
	}
	next := Goals{somePlans{"acme": {State: plans.Active, Goals: goals}, "brook": {State: plans.Draft, Goals: goals}}}
	list, err := next.Next(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, []Prospect{{"plans/acme/goals/north", "Two shops", july}, {"plans/acme/goals/east", "More", civil.Never}}, list)
	for _, account := range []string{"brook", "cole"} {
		list, err = next.Next(t.Context(), account)
		require.NoError(t, err)
		require.Empty(t, list, "of a plan that does not count, or is not there")
	}
	_, err = next.Next(t.Context(), "dale")
	require.ErrorIs(t, err, errUnread)
}
