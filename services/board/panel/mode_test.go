package panel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// R30: what nomination and the older ways of drawing do to everybody's chance is shown
// beside the fairest lottery.
func TestR30CompareFiveAccounts(t *testing.T) {
	p := fiveAccounts()
	p.Pool = append(p.Pool, Member{ID: "F"})
	for i := range 5 {
		p.Conflicts = append(p.Conflicts, [2]int{i, 5}) // F is on no panel
	}
	c, err := Compare(t.Context(), p, ModeOptions{Nominated: []int{1}, Samples: 3000, Seed: 5})
	require.NoError(t, err)
	require.Len(t, c.Rows, 4)
	require.Len(t, c.Unreachable, 1)

	leximin, uniform, greedy, nominated := c.Rows[0], c.Rows[1], c.Rows[2], c.Rows[3]
	require.InDeltaSlice(t, []float64{0.5, 0.5, 0.5, 0.75, 0.75, 0}, leximin.Result.Marginals, 1e-6)
	require.InDelta(t, 0.5, leximin.Lowest, 1e-6)
	require.Zero(t, leximin.AtZero, "who is on no panel at all is left out")
	require.InDelta(t, 0.2, uniform.Lowest, 1e-9)
	require.InDelta(t, 1.0/3, greedy.Lowest, 0.05)
	require.InDeltaSlice(t, []float64{0, 1, 2. / 3, 2. / 3, 2. / 3, 0}, nominated.Result.Marginals, 1e-6)
	require.Equal(t, 1, nominated.AtZero, "A, who is in conflict with the nominated B")
	require.Less(t, leximin.Gini, uniform.Gini)
	require.Greater(t, leximin.GeometricMean, uniform.GeometricMean)
	for _, panel := range nominated.Result.Lottery.Panels {
		require.NoError(t, p.Violation(panel))
	}

	again, err := Compare(t.Context(), p, ModeOptions{Nominated: []int{1}, Samples: 3000, Seed: 5})
	require.NoError(t, err)
	require.Equal(t, greedy.Result.Marginals, again.Rows[2].Result.Marginals, "the same seed gives the same")
	without, err := Compare(t.Context(), p, ModeOptions{Samples: 10})
	require.NoError(t, err)
	require.Len(t, without.Rows, 3)
}

func TestModesFail(t *testing.T) {
	_, err := Solve(t.Context(), fiveAccounts(), "lottery", ModeOptions{})
	require.ErrorContains(t, err, `no way of drawing called "lottery"`)
	_, err = Solve(t.Context(), fiveAccounts(), ModeNominated, ModeOptions{})
	require.ErrorContains(t, err, "nobody is nominated")
	_, err = Solve(t.Context(), fiveAccounts(), ModeNominated, ModeOptions{Nominated: []int{0, 1}})
	require.ErrorContains(t, err, `those nominated cannot sit together: "A" and "B" are in conflict`)
	p := smallBoard()
	p.Categories[0].Values[0] = Quota{"energy", 2, 2}
	p.Conflicts = [][2]int{{0, 1}}
	var infeasible *InfeasibleError
	_, err = Compare(t.Context(), p, ModeOptions{Samples: 1})
	require.ErrorAs(t, err, &infeasible)
}
