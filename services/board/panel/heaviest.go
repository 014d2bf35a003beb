package panel

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Heaviest returns a panel of the problem whose members' weights sum to the most; there
// is one weight for each member of the pool. Which of several it is depends on nothing
// but the problem and the weights.
//
// It returns the problems that Check finds, an InfeasibleError where there is no panel,
// and the context's error.
func Heaviest(ctx context.Context, p *Problem, weights []float64) (Panel, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("panel: %w", err)
	}
	if len(weights) != len(p.Pool) {
		return nil, fmt.Errorf("panel: %d weights for a pool of %d", len(weights), len(p.Pool))
	}
	m := newModel(p.split(weights))
	search := m.search()
	for t, kind := range m.types {
		search.LP.SetCost(search.Integers[t], weights[kind.Members[0]])
	}
	// Sums of whole weights differ by 1 at least; others are told apart as far as
	// solving them is exact.
	tolerance := 1e-7
	if !slices.ContainsFunc(weights, func(w float64) bool { return w != math.Trunc(w) }) {
		tolerance = 0.75
	}
	outcome, err := search.Maximize(ctx, math.Inf(-1), math.Inf(1), tolerance)
	if err != nil {
		return nil, fmt.Errorf("looking for the heaviest panel: %w", err)
	}
	if outcome.X == nil {
		return nil, infeasible(ctx, ctx, p)
	}
	var chosen Panel
	for t, n := range outcome.X {
		chosen = append(chosen, m.types[t].Members[:n]...)
	}
	slices.Sort(chosen)
	return chosen, nil
}

// split returns the problem with a category without quotas that keeps members of
// different weights from being of one type.
func (p *Problem) split(weights []float64) *Problem {
	category := Category{Name: "weight"}
	for slices.ContainsFunc(p.Categories, func(c Category) bool { return c.Name == category.Name }) {
		category.Name += "'"
	}
	by := *p
	by.Pool = slices.Clone(p.Pool)
	known := map[string]bool{}
	for i := range by.Pool {
		weight := strconv.FormatFloat(weights[i], 'g', -1, 64)
		if !known[weight] {
			known[weight] = true
			category.Values = append(category.Values, Quota{Value: weight, Max: p.Seats})
		}
		by.Pool[i].Values = append(slices.Clone(by.Pool[i].Values), weight)
	}
	by.Categories = append(slices.Clone(p.Categories), category)
	return &by
}
