package statements

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Every day is in one quarter, which is written and read back; quarters follow one another.
func TestR31EveryDayIsInOneQuarter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := civil.Day(rapid.IntRange(-200_000, 400_000).Draw(t, "day"))
		q := QuarterOf(d)
		require.True(t, q.has(d))
		require.Equal(t, q.Last()+1, (q + 1).First())
		back, err := ParseQuarter("quarter", q.String())
		require.NoError(t, err)
		require.Equal(t, q, back)
	})
	require.Equal(t, "2026-q3", QuarterOf(day("2026-09-30")).String())
	require.Equal(t, "third quarter of 2026", q3.Words())
	for _, text := range []string{"", "2026", "2026-q0", "2026-q5", "2026-Q3", "0000-q1", "26-q1"} {
		_, err := ParseQuarter("quarter", text)
		require.ErrorContains(t, err, "is no quarter", text)
	}
}
