package plans_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestR31AGoalThatWasReachedIsWork(t *testing.T) {
	noon := time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC)
	read := func(kind string, p plans.Plan) []feeds.Work {
		data, err := bson.Marshal(p)
		require.NoError(t, err)
		w, err := plans.Work(docstore.FeedEvent{Source: "plans/acme", Event: docstore.Event{Type: kind, Data: data}})
		require.NoError(t, err)
		return w
	}
	p := plans.Plan{Owner: "sam", Team: []string{"ines"}, Goals: []plans.Goal{
		{ID: "north", Statement: "Two shops", State: plans.GoalReached, Ended: noon}, {ID: "south", State: plans.GoalMissed, Ended: noon.Add(-time.Hour)}, {ID: "east", State: plans.GoalOpen}}}
	require.Equal(t, []feeds.Work{{Name: "plans/acme/goals/north", Kind: "goal", Account: "acme", Title: "Two shops", Persons: []string{"sam"}, Team: []string{"ines"},
		Completed: noon}}, read("plan.goal_ended", p))
	require.Empty(t, read("plan.updated", p))
	p.Goals[1].Ended = noon.Add(time.Hour)
	require.Empty(t, read("plan.goal_ended", p), "the goal that ended last was missed")
	p.Goals[1].State, p.Goals[1].Ended = plans.GoalReached, noon
	require.Len(t, read("plan.goal_ended", p), 2, "none is lost of those that ended at once")
	_, err := plans.Work(docstore.FeedEvent{Source: "plans/acme", Event: docstore.Event{Type: "plan.goal_ended", Data: []byte("no document")}})
	require.Error(t, err)
}
