package plans

import (
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// goalEnded is the event of the end of a goal.
const goalEnded = "plan.goal_ended"

// Work says what relationship work an event of the store's feed tells of: that a goal of
// the customer's was reached. There is none in all others. Goals that ended at the same
// instant are told together, by each of their events.
func Work(e docstore.FeedEvent) ([]feeds.Work, error) {
	id, mine := strings.CutPrefix(e.Source, Kind.Spec.Name+"/")
	if !mine || e.Type != goalEnded {
		return nil, nil
	}
	var p Plan
	if err := bson.Unmarshal(e.Data, &p); err != nil {
		return nil, fmt.Errorf("read %s of the feed: %w", e.Source, err)
	}
	var last time.Time // when the goal ended that the event is about
	for i := range p.Goals {
		if ended := p.Goals[i].Ended; ended.After(last) {
			last = ended
		}
	}
	var works []feeds.Work
	for i := range p.Goals {
		if g := &p.Goals[i]; g.State == GoalReached && g.Ended.Equal(last) {
			works = append(works, feeds.Work{Name: names.Join("plans", id, "goals", g.ID), Kind: "goal", Account: id, Title: g.Statement, Persons: []string{p.Owner},
				Team: p.Team, Completed: g.Ended, Recorder: e.Who, OutcomeLength: len([]rune(g.EndReason))})
		}
	}
	return works, nil
}
