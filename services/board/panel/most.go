package panel

import (
	"context"
	"fmt"
	"math"
)

// Most returns the most members with one value of a category that any panel of the
// problem has. It returns the problems that Check finds, an InfeasibleError where there
// is no panel, and the context's error.
func Most(ctx context.Context, p *Problem, category, value string) (int, error) {
	if err := p.Check(); err != nil {
		return 0, fmt.Errorf("panel: %w", err)
	}
	m := newModel(p)
	search := m.search()
	most := 0
	for _, q := range m.quotas {
		if q.category != category || q.value != value {
			continue
		}
		for _, t := range q.types {
			search.LP.SetCost(search.Integers[t], 1)
			most += m.limits[t]
		}
		most = min(most, q.high, p.Seats)
	}
	outcome, err := search.Maximize(ctx, -1, float64(most)-0.5, 0.5)
	if err != nil {
		return 0, fmt.Errorf("looking for the most members with %s %q: %w", category, value, err)
	}
	if outcome.X == nil {
		return 0, infeasible(ctx, ctx, p)
	}
	return int(math.Round(outcome.Value)), nil
}
