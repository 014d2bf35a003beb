package rpc

import (
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// goalEnded is the event of a goal that was ended; it tells the plan, in which that goal
// ended last.
const goalEnded = "plan.goal_ended"

// GoalWork reads the goals that were reached from the events of plans. It is a WorkReader.
func GoalWork(e docstore.FeedEvent) (*feeds.Work, error) {
	if e.Type != goalEnded {
		return nil, nil
	}
	var p plans.Plan
	if err := bson.Unmarshal(e.Data, &p); err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	var last *plans.Goal
	for i := range p.Goals {
		if g := &p.Goals[i]; g.State != plans.GoalOpen && (last == nil || g.Ended.After(last.Ended)) {
			last = g
		}
	}
	if last == nil || last.State != plans.GoalReached {
		return nil, nil
	}
	_, account, _ := strings.Cut(e.Source, "/")
	return &feeds.Work{Name: plans.Name(account) + "/goals/" + last.ID, Kind: "goal", Account: account, Title: last.Statement,
		Persons: []string{p.Owner}, Team: p.Team, Completed: last.Ended, Evidence: []string{plans.Name(account)}}, nil
}
