package statements

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/plans/feeds"
)

// While the schedule cannot be read, usage is not taken over; then it is.
func TestR31UsageWaitsForTheScheduleItCites(t *testing.T) {
	f := onSQLite(t)
	f.take(t, customer("acme", day("2020-01-01")))
	f.world.away = errors.New("no route")
	change := used("acme", "e1", "hours", "1", july, feeds.Used, 1)
	change.Position = 1
	require.ErrorIs(t, f.Takers()[0].Take(t.Context(), []feeds.Change{change}), f.world.away)
	f.world.away = nil
	f.again(t, change)
	got, err := f.Get(t.Context(), "acme", q3, Default, time.Time{})
	require.NoError(t, err)
	require.EqualValues(t, 100_01, got.Figure("benefits").Minor)
}
