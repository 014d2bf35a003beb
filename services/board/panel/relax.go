package panel

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/evenhand/evenhand/services/board/panel/linear"
)

// relax returns the changes of quotas, by the fewest seats in all, with which the problem
// has a panel; none where it has no panel without any quotas either.
func relax(ctx context.Context, p *Problem) ([]Change, error) {
	loose := newExplainer(p)
	clear(loose.kept[:len(loose.sides)])
	m := newModel(loose.loosened())
	search := m.search()
	type deviation struct{ below, above int } // variables
	deviations := make([]deviation, len(m.quotas))
	for i, q := range m.quotas {
		quota := p.quota(q.category, q.value)
		d := deviation{
			below: search.LP.Variable(-1, 0, float64(quota.Min)),
			above: search.LP.Variable(-1, 0, float64(max(0, p.Seats-quota.Max))),
		}
		search.LP.Row(float64(quota.Min), linear.Inf, append(ones(q.types), linear.Entry{Index: d.below, Value: 1})...)
		search.LP.Row(-linear.Inf, float64(quota.Max), append(ones(q.types), linear.Entry{Index: d.above, Value: -1})...)
		deviations[i] = d
	}
	outcome, err := search.Maximize(ctx, math.Inf(-1), 0, 0.99)
	if err != nil {
		return nil, fmt.Errorf("looking for the smallest change of quotas: %w", err)
	}
	if outcome.X == nil {
		return nil, nil
	}
	var changes []Change
	for _, q := range m.quotas {
		seats := 0
		for _, t := range q.types {
			seats += outcome.X[t]
		}
		quota := p.quota(q.category, q.value)
		if seats < quota.Min || seats > quota.Max {
			changes = append(changes, Change{q.category, q.value, min(quota.Min, seats), max(quota.Max, seats)})
		}
	}
	return changes, nil
}

// quota returns the quota of that name.
func (p *Problem) quota(category, value string) Quota {
	c := slices.IndexFunc(p.Categories, func(c Category) bool { return c.Name == category })
	v := slices.IndexFunc(p.Categories[c].Values, func(q Quota) bool { return q.Value == value })
	return p.Categories[c].Values[v]
}
