package charter

import (
	"context"
	"slices"

	"github.com/evenhand/evenhand/services/board/panel"
)

// realDraw is the draw that boards use.
var realDraw = Draw{
	Leximin: func(ctx context.Context, p *panel.Problem) (*panel.Solution, error) {
		return panel.Leximin(ctx, p, panel.Options{})
	},
	Most: panel.Most,
}

// standIn seats the first of the pool whose turn it is: right where there are no quotas
// and conflicts, and fast.
var standIn = Draw{
	Leximin: func(_ context.Context, p *panel.Problem) (*panel.Solution, error) {
		s := &panel.Solution{Marginals: make([]float64, len(p.Pool)), Proven: true}
		s.Probabilities = []float64{1}
		var chosen panel.Panel
		for _, q := range firsts(p) {
			for i, n := 0, q.Min; i < len(p.Pool) && n > 0; i++ {
				if s.Marginals[i] == 0 && (q.Value == "" || p.Pool[i].Values[0] == q.Value) {
					s.Marginals[i] = 1
					chosen = append(chosen, i)
					n--
				}
			}
		}
		slices.Sort(chosen)
		s.Panels = []panel.Panel{chosen}
		return s, nil
	},
	Most: func(_ context.Context, p *panel.Problem, _, value string) (int, error) {
		n, others := 0, 0
		for _, m := range p.Pool {
			if m.Values[0] == value {
				n++
			}
		}
		for _, q := range p.Categories[0].Values {
			others += q.Min
		}
		return min(n, p.Seats-others), nil
	},
}

// firsts returns how many seats those have who go first, and then anybody.
func firsts(p *panel.Problem) []panel.Quota {
	var quotas []panel.Quota
	left := p.Seats
	if len(p.Categories) > 0 {
		quotas = slices.Clone(p.Categories[0].Values)
	}
	for _, q := range quotas {
		left -= q.Min
	}
	return append(quotas, panel.Quota{Min: left})
}
