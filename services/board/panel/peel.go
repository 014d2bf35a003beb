package panel

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/evenhand/evenhand/services/board/panel/linear"
)

// tight is how near to a bound a sum of average seats counts as being there.
const tight = 1e-9

// remainder is the probability from which on what is left of a target is left out.
const remainder = 1e-8

// peel takes compositions out of a target one after the other, each with the highest
// probability with which what is left still keeps to the model's rows: that is, with
// what is left being at one more of their bounds. What is at a bound already stays there
// in all that follow, so that a few hundred compositions make up the whole target,
// unless a face of the rows is reached that has no composition, or none that is found
// soon.
func (m *model) peel(ctx context.Context, share []float64) (found []Composition, left float64, err error) {
	search := m.search()
	search.MaxNodes = 100
	rows, conflicts := m.rows()
	all := slices.Concat(rows, conflicts)
	rest := append([]float64(nil), share...)
	for left = 1; left > remainder; {
		for t, x := range rest {
			low, high := 0.0, float64(m.limits[t])
			if x < tight {
				high = 0
			} else if x > left*high-tight {
				low = high
			}
			search.LP.SetBounds(search.Integers[t], low, high)
			search.LP.SetCost(search.Integers[t], x/left)
		}
		for i, c := range all {
			held := math.NaN()
			if s := sum(c, rest); s < left*c.Low+tight {
				held = c.Low
			} else if s > left*c.High-tight {
				held = c.High
			}
			if math.IsNaN(held) {
				continue
			}
			if i >= len(rows) {
				i = search.Enforce(i - len(rows))
			}
			search.LP.SetRowBounds(i, held, held)
		}
		outcome, err := search.Maximize(ctx, -1, 0, tight)
		if err != nil {
			return found, left, fmt.Errorf("composing the lottery: %w", err)
		}
		if outcome.X == nil {
			break
		}
		p := m.most(all, rest, left, outcome.X)
		if p <= 0 {
			break
		}
		found = append(found, Composition{outcome.X, p})
		left -= p
		for t, n := range outcome.X {
			rest[t] -= p * float64(n)
		}
	}
	return found, left, nil
}

// most returns the highest probability that a composition can have in what is left.
func (m *model) most(rows []linear.Constraint, rest []float64, left float64, counts []int) float64 {
	seats := make([]float64, len(counts))
	p := left
	for t, n := range counts {
		seats[t] = float64(n)
		if n > 0 {
			p = min(p, rest[t]/seats[t])
		}
		if n < m.limits[t] {
			limit := float64(m.limits[t])
			p = min(p, (left*limit-rest[t])/(limit-seats[t]))
		}
	}
	for _, c := range rows {
		has, taken := sum(c, rest), sum(c, seats)
		if room := taken - c.Low; room > tight && !math.IsInf(c.Low, 0) {
			p = min(p, (has-left*c.Low)/room)
		}
		if room := c.High - taken; room > tight && !math.IsInf(c.High, 0) {
			p = min(p, (left*c.High-has)/room)
		}
	}
	return p
}

// sum returns the sum that a constraint is about, for average seats by type.
func sum(c linear.Constraint, seats []float64) float64 {
	var sum float64
	for _, entry := range c.Entries {
		sum += entry.Value * seats[entry.Index]
	}
	return sum
}
