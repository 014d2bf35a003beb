package panel

import (
	"context"
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/services/board/panel/linear"
)

// smallProblem generates a problem of which all panels can be listed. Its quotas lie
// around what some panel has, so that most have solutions.
func smallProblem(t *rapid.T) *Problem {
	pool := rapid.IntRange(1, 10).Draw(t, "pool")
	p := &Problem{Seats: rapid.IntRange(0, min(pool, 5)).Draw(t, "seats")}
	for c := range rapid.IntRange(0, 3).Draw(t, "categories") {
		category := Category{Name: fmt.Sprintf("category %d", c)}
		for v := range rapid.IntRange(1, 3).Draw(t, "values") {
			category.Values = append(category.Values, Quota{Value: fmt.Sprintf("value %d", v)})
		}
		p.Categories = append(p.Categories, category)
	}
	for i := range pool {
		member := Member{ID: fmt.Sprintf("member %d", i), Values: []string{}}
		for _, category := range p.Categories {
			member.Values = append(member.Values, rapid.SampledFrom(category.Values).Draw(t, "value").Value)
		}
		p.Pool = append(p.Pool, member)
	}
	seated := rapid.Permutation(p.Pool).Draw(t, "seated")[:p.Seats]
	for c := range p.Categories {
		for v := range p.Categories[c].Values {
			quota := &p.Categories[c].Values[v]
			n := 0
			for _, member := range seated {
				if member.Values[c] == quota.Value {
					n++
				}
			}
			quota.Min = max(0, n-rapid.IntRange(0, 2).Draw(t, "below"))
			quota.Max = n + rapid.IntRange(0, 2).Draw(t, "above")
		}
	}
	if pool > 1 {
		for range rapid.IntRange(0, pool).Draw(t, "conflicts") {
			a, b := rapid.IntRange(0, pool-1).Draw(t, "a"), rapid.IntRange(0, pool-1).Draw(t, "b")
			if a != b {
				p.Conflicts = append(p.Conflicts, [2]int{a, b})
			}
		}
	}
	return p
}

// leximinOver computes the leximin marginals over the given panels by the definition:
// raise the lowest probability of those not fixed, and fix everyone who cannot have more
// while the others keep as much.
func leximinOver(t require.TestingT, panels []Panel, pool int) []float64 {
	fixed := make([]float64, pool)
	free := make([]bool, pool)
	for _, panel := range panels {
		for _, i := range panel {
			free[i] = true
		}
	}
	// Nobody who is free has less than the lowest; raised is what is raised: that lowest,
	// where it is less than 0, or one member.
	solve := func(lowest float64, raised int) float64 {
		lp := new(linear.LP)
		z := lp.Variable(1, 0, 1)
		for i := range pool {
			switch {
			case i == raised || free[i] && lowest < 0:
				lp.Row(0, linear.Inf, linear.Entry{Index: z, Value: -1})
			case free[i]:
				lp.Row(lowest-1e-9, linear.Inf)
			default:
				lp.Row(fixed[i]-1e-9, linear.Inf)
			}
		}
		whole := lp.Row(1, 1)
		for _, panel := range panels {
			column := []linear.Entry{{Index: whole, Value: 1}}
			for _, i := range panel {
				column = append(column, linear.Entry{Index: i, Value: 1})
			}
			lp.Variable(0, 0, linear.Inf, column...)
		}
		status, err := lp.Maximize(context.Background())
		require.NoError(t, err)
		require.Equal(t, linear.Optimal, status)
		return lp.Objective()
	}
	for slices.Contains(free, true) {
		lowest := solve(-1, -1)
		var held []int
		for i := range free {
			if free[i] && solve(lowest, i) < lowest+1e-6 {
				held = append(held, i)
			}
		}
		require.NotEmpty(t, held)
		for _, i := range held {
			free[i], fixed[i] = false, lowest
		}
	}
	return fixed
}
