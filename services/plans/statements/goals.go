package statements

import (
	"context"
	"errors"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Plans reads the plans of accounts.
type Plans interface {
	// Get returns the plan of an account, or resource.ErrNotFound.
	Get(ctx context.Context, account string) (resource.Stored[plans.Plan], error)
}

// Goals are the customer's open goals, as what comes next. It implements Prospects.
type Goals struct{ Plans Plans }

// Next implements Prospects.
func (g Goals) Next(ctx context.Context, account string) ([]Prospect, error) {
	plan, err := g.Plans.Get(ctx, account)
	if errors.Is(err, resource.ErrNotFound) {
		return nil, nil
	}
	if err != nil || !plan.State.State.Counts() {
		return nil, err
	}
	var list []Prospect
	for i := range plan.State.Goals {
		goal := &plan.State.Goals[i]
		if goal.State != plans.GoalOpen {
			continue
		}
		p := Prospect{Name: plans.Name(account) + "/goals/" + goal.ID, Text: goal.Statement, Day: goal.TargetDay}
		if p.Day == 0 {
			p.Day = civil.Never
		}
		list = append(list, p)
	}
	return list, nil
}
