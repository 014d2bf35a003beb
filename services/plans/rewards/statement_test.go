package rewards

import (
	"testing"

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
