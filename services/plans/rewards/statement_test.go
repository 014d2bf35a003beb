package rewards

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestADraftIsTriedOnWhatWasDone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, simple())
		dora := touch(t, "b", "2026-12-02")
		dora.Persons, dora.Kind = []string{"dora"}, EngagementCompleted
		f.credits(t, touch(t, "a", "2026-11-20"), touch(t, "c", "2026-11-21"), dora)
		next := Rules{Effective: civil.Date(2027, 1, 1), Caps: Caps{PersonMonth: 7},
			Rules: []Rule{{ID: "touch", Work: TouchpointDone, Points: 4}, {ID: "solve", Work: EngagementCompleted, Points: 5}}}
		draft, err := f.CreateRules(t.Context(), anna.call(), anna, next, "To see.", false)
		require.NoError(t, err)
		got, err := f.Simulate(t.Context(), draft.ID, QuarterOf(november.From))
		require.NoError(t, err)
		require.Equal(t, []Simulated{{"carol", 20, 7}, {"dora", 0, 5}}, got)
		got, err = f.Simulate(t.Context(), draft.ID, MonthOf(civil.Date(2026, 10, 1)))
		require.NoError(t, err)
		require.Empty(t, got)
		_, err = f.Simulate(t.Context(), "9", november)
		require.ErrorIs(t, err, resource.ErrNotFound)
	})
}

// A process that was away for longer than the feed is kept makes the totals of the ledger.
func TestTotalsOutliveAFeedThatIsNotKept(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.publish(t, simple())
		f.credits(t, touch(t, "a", "2026-11-20"))
		f.publish(t, func() Rules { r := simple(); r.Effective = civil.Date(2027, 1, 1); return r }())
		require.NoError(t, f.store.Feed().Trim(t.Context(), time.Now().Add(time.Hour)))
		f.background(t, f.runTotals)
		read := func() (points int) {
			list, _, err := f.ListTotals(context.Background(), november, 10, nil)
			for _, total := range list {
				points += total.Points
			}
			if err != nil {
				return -1
			}
			return points
		}
		require.Eventually(t, func() bool { return read() == 10 }, time.Minute, 10*time.Millisecond)
		f.credits(t, touch(t, "b", "2026-11-21")) // and goes on from there
		require.Eventually(t, func() bool { return read() == 20 }, time.Minute, 10*time.Millisecond)
	})
}
