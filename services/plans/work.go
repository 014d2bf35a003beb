package plans

import (
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// goalEnded is the event of the end of a goal.
const goalEnded = "plan.goal_ended"

// Work says what relationship work an event of the store's feed tells of: that a goal of
// the customer's was reached. It is nil for all others.
func Work(e docstore.FeedEvent) (*feeds.Work, error) {
	id, mine := strings.CutPrefix(e.Source, Kind.Spec.Name+"/")
	if !mine || e.Type != goalEnded {
		return nil, nil
	}
	var p Plan
	if err := bson.Unmarshal(e.Data, &p); err != nil {
		return nil, fmt.Errorf("read %s of the feed: %w", e.Source, err)
	}
	var last *Goal // the one that ended
	for i := range p.Goals {
		if g := &p.Goals[i]; !g.Ended.IsZero() && (last == nil || g.Ended.After(last.Ended)) {
			last = g
		}
	}
	if last == nil || last.State != GoalReached {
		return nil, nil
	}
	return &feeds.Work{Name: names.Join("plans", id, "goals", last.ID), Kind: "goal", Account: id, Title: last.Statement, Persons: []string{p.Owner}, Team: p.Team,
		Completed: last.Ended, Recorder: e.Who, Evidence: []string{Name(id)}, OutcomeLength: len([]rune(last.EndReason))}, nil
}
