package panel

import (
	"context"
	"fmt"
)

// cover finds compositions that have each type which any composition has, at least once
// together, and returns the types that none has. Where there is no composition at all,
// it returns none.
func (m *model) cover(ctx context.Context, progress func(covered, panels int)) (found [][]int, without []int, err error) {
	search := m.search()
	wanted := make([]float64, len(m.types)) // 1 for each type not covered
	left := len(m.types)
	for t := range wanted {
		wanted[t] = 1
	}
	take := func(counts []int) {
		found = append(found, counts)
		for t, n := range counts {
			if n > 0 && wanted[t] > 0 {
				wanted[t] = 0
				left--
			}
		}
		progress(len(m.types)-left, len(found))
	}
	for left > 0 || found == nil {
		if better := m.nearby(found, wanted, 0.5); better != nil {
			take(better)
			continue
		}
		for t, cost := range wanted {
			search.LP.SetCost(search.Integers[t], cost)
		}
		above := 0.5
		if found == nil {
			above = -0.5
		}
		outcome, err := search.Maximize(ctx, above, 1, 0.25)
		if err != nil {
			return found, nil, fmt.Errorf("looking for panels: %w", err)
		}
		if outcome.X == nil {
			break
		}
		take(outcome.X)
	}
	for t, w := range wanted {
		if w > 0 {
			without = append(without, t)
		}
	}
	return found, without, nil
}

// nearby returns a composition of more than a weight that a few exchanges of seats lead
// to from one of those known; nil for none.
func (m *model) nearby(known [][]int, weights []float64, above float64) []int {
	climber := m.climber(weights)
	for _, counts := range known {
		if better, weight := climber.climb(counts); weight > above {
			return better
		}
	}
	return nil
}
