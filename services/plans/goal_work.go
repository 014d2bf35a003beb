package plans

import (
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// goalEnded is the event of a goal that was ended; it tells the plan, in which that goal
// ended last.
const goalEnded = "plan.goal_ended"

// GoalWork reads the goals that were reached from the events of plans. It is a feeds.WorkReader.
func GoalWork(e docstore.FeedEvent) (*feeds.Work, error) {
	if e.Type != goalEnded {
		return nil, nil
	}
	var p Plan
	if err := bson.Unmarshal(e.Data, &p); err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	var last *Goal
	for i := range p.Goals {
		if g := &p.Goals[i]; g.State != GoalOpen && (last == nil || g.Ended.After(last.Ended)) {
			last = g
		}
	}
	if last == nil || last.State != GoalReached {
		return nil, nil
	}
	_, account, _ := strings.Cut(e.Source, "/")
	return &feeds.Work{Name: Name(account) + "/goals/" + last.ID, Kind: "goal", Account: account, Title: last.Statement,
		Persons: []string{p.Owner}, Team: p.Team, Completed: last.Ended, Evidence: []string{Name(account)}}, nil
}
