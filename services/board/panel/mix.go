package panel

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/services/board/panel/linear"
)

// mixer looks for the probabilities of compositions with which every type has the
// largest possible part of its target, the same for all: 1 where the target is a
// lottery.
type mixer struct {
	*model
	lp           *linear.LP
	compositions [][]int
	variables    []int // of the linear programme, for each composition
	known        map[string]bool
	seen         []bool // for each type whether any of the compositions has it
	part         int    // its variable
	whole        int    // the row that says that the probabilities sum to 1
}

func (m *model) newMixer() *mixer {
	x := &mixer{model: m, lp: new(linear.LP), known: map[string]bool{}, seen: make([]bool, len(m.types))}
	x.part = x.lp.Variable(1, 0, 1)
	for range m.types {
		x.lp.Row(0, linear.Inf)
	}
	x.whole = x.lp.Row(1, 1)
	return x
}

// add adds a composition and says whether it is a new one.
func (x *mixer) add(counts []int) bool {
	key := fmt.Sprint(counts)
	if x.known[key] {
		return false
	}
	x.known[key] = true
	x.compositions = append(x.compositions, counts)
	column := []linear.Entry{{Index: x.whole, Value: 1}}
	for t, n := range counts {
		if n > 0 {
			x.seen[t] = true
			column = append(column, linear.Entry{Index: t, Value: float64(n)})
		}
	}
	x.variables = append(x.variables, x.lp.Variable(0, 0, linear.Inf, column...))
	return true
}

// aim sets the target, in average seats by type.
func (x *mixer) aim(share []float64) {
	var column []linear.Entry
	for t, seats := range share {
		if seats > 0 && x.seen[t] {
			column = append(column, linear.Entry{Index: t, Value: -seats})
		}
	}
	x.lp.SetColumn(x.part, column...)
}

// reached returns the part of the target that every type has in a lottery.
func (x *mixer) reached(lottery []Composition, share []float64) float64 {
	part := 1.0
	for t, want := range share {
		if want > 0 && x.seen[t] {
			var seats float64
			for _, c := range lottery {
				seats += c.Probability * float64(c.Counts[t])
			}
			part = min(part, seats/want)
		}
	}
	return part
}

// mix returns the part of the target that every type has, and the weights by type, not
// negative, that show why it is no more: no composition known has a higher weighted sum
// than that part, where the target has 1.
func (x *mixer) mix(ctx context.Context) (part float64, weights []float64, err error) {
	status, err := x.lp.Maximize(ctx)
	if err == nil && status != linear.Optimal {
		err = linear.ErrNumerics
	}
	if err != nil {
		return 0, nil, fmt.Errorf("mixing %d kinds of panels: %w", len(x.compositions), err)
	}
	prices := x.lp.Duals()
	weights = make([]float64, len(x.types))
	for t := range weights {
		weights[t] = max(0, -prices[t])
	}
	return x.lp.Value(x.part), weights, nil
}

// lottery returns the compositions in use with their probabilities.
func (x *mixer) lottery() []Composition {
	var used []Composition
	for i, v := range x.variables {
		used = append(used, Composition{x.compositions[i], x.lp.Value(v)})
	}
	return used
}

// inUse returns the compositions that have a probability, and those that could have one
// at no loss.
func (x *mixer) inUse() [][]int {
	var used [][]int
	for i, v := range x.variables {
		if x.lp.InBasis(v) {
			used = append(used, x.compositions[i])
		}
	}
	return used
}
