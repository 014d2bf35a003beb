package panel

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The heaviest panel is found by looking at all of them.
func TestHeaviestAgainstAllPanels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "pool")
		p := &Problem{Seats: rapid.IntRange(0, 4).Draw(t, "seats"), Categories: []Category{{Name: "sector", Values: []Quota{
			{Value: "a", Min: rapid.IntRange(0, 2).Draw(t, "least"), Max: rapid.IntRange(2, 4).Draw(t, "most")}, {Value: "b", Max: 4}}}}}
		var weights []float64
		for i := range n {
			p.Pool = append(p.Pool, Member{ID: string(rune('A' + i)), Values: []string{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "value")}})
			weights = append(weights, float64(rapid.IntRange(0, 2).Draw(t, "weight"))/rapid.SampledFrom([]float64{1, 3}).Draw(t, "part"))
			for j := range i {
				if rapid.IntRange(0, 3).Draw(t, "conflict") == 0 {
					p.Conflicts = append(p.Conflicts, [2]int{j, i})
				}
			}
		}
		best := -1.0
		for set := range 1 << n {
			var panel Panel
			sum := 0.0
			for i := range n {
				if set&(1<<i) != 0 {
					panel = append(panel, i)
					sum += weights[i]
				}
			}
			if p.Violation(panel) == nil {
				best = max(best, sum)
			}
		}
		found, err := Heaviest(t.Context(), p, weights)
		var none *InfeasibleError
		if best < 0 {
			require.True(t, errors.As(err, &none), "%v", err)
			return
		}
		require.NoError(t, err)
		require.NoError(t, p.Violation(found))
		sum := 0.0
		for _, i := range found {
			sum += weights[i]
		}
		require.InDelta(t, best, sum, 1e-6)
	})
}
