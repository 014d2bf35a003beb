package charter

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

func TestFirstTermsOfANewBoardAreOfAllLengths(t *testing.T) {
	slots := []civil.Day{1, 2, 3}
	require.Equal(t, []civil.Day{3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1}, spread(slots, []int{0, 0, 0}, 12))
	require.Equal(t, []civil.Day{3, 3, 3, 3, 2, 2, 2, 1, 1, 1}, spread(slots, []int{0, 0, 0}, 10), "the longer terms have the odd ones")
	require.Equal(t, []civil.Day{3, 2}, spread(slots, []int{0, 0, 0}, 2))
	require.Equal(t, []civil.Day{3, 3, 3, 3}, spread(slots, []int{4, 4, 0}, 4), "in the steady state all are full")
	require.Equal(t, []civil.Day{3, 3, 1}, spread(slots, []int{0, 5, 0}, 3), "what is full stays as it is")
}

// TestR12HoweverTermsEndTheyEndEvenlyAgain begins with seats that end anyhow, as after
// rotations were skipped, and rotates.
func TestR12HoweverTermsEndTheyEndEvenlyAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rotations := rapid.IntRange(1, 8).Draw(t, "rotations a term")
		load := rapid.SliceOfN(rapid.IntRange(0, 9), rotations, rotations).Draw(t, "seats that end at each")
		slots := make([]civil.Day, rotations)
		for i := range slots {
			slots[i] = civil.Day(i)
		}
		seats := 0
		for _, n := range load {
			seats += n
		}
		for range 2 * rotations {
			rest := append(slices.Clone(load[1:]), 0)
			before := slices.Clone(rest)
			for _, end := range spread(slots, rest, load[0]) {
				rest[end]++
			}
			for i := range rest {
				require.GreaterOrEqual(t, rest[i], before[i], "no running term is cut")
				require.LessOrEqual(t, rest[i], max(before[i], (seats+rotations-1)/rotations), "nowhere more than an even share is added")
			}
			load = rest
		}
		require.LessOrEqual(t, slices.Max(load)-slices.Min(load), 1, "%v", load)
	})
}
