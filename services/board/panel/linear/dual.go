package linear

import (
	"context"
	"math"
	"slices"
)

// priced says whether no variable outside the basis would raise the objective. Where
// one would and has another bound, it is put there.
func (p *LP) priced() bool {
	y := p.prices()
	for i := range p.vars {
		v := &p.vars[i]
		if v.at >= 0 || v.low == v.high {
			continue
		}
		d := v.cost - along(y, v.column)
		switch {
		case d > optimality && v.at != atHigh:
			if math.IsInf(v.high, 1) {
				return false
			}
			v.at = atHigh
			p.stale = true
		case d < -optimality && v.at != atLow:
			if math.IsInf(v.low, -1) {
				return false
			}
			v.at = atLow
			p.stale = true
		}
	}
	return true
}

// dual keeps the reduced costs right and brings the basic variables within their
// bounds, by which the objective falls; it gives up once that is at most the cutoff.
func (p *LP) dual(ctx context.Context, cutoff float64) (Status, error) {
	for iteration := 0; ; iteration++ {
		if iteration%contextEvery == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		p.settle()
		if !math.IsInf(cutoff, -1) && p.Objective() <= cutoff {
			return CutOff, nil
		}
		position := p.worst()
		if position < 0 || iteration > 20*(len(p.basic)+100) {
			return Optimal, nil // the primal goes on from here
		}
		excess := p.excess(position, p.basic[position])
		entering := p.enter(position, excess)
		if entering < 0 {
			if p.drifted() {
				continue
			}
			return Infeasible, nil
		}
		p.settle() // variables may have changed bounds
		excess = p.excess(position, p.basic[position])
		alpha := p.expressed(entering)
		if excess == 0 || math.Abs(alpha[position]) < smallestPivot {
			p.factor()
			continue
		}
		p.exchange(position, entering, alpha, excess/alpha[position])
	}
}

// worst returns the position whose value is outside its bounds by the most, measured
// along the edge of the dual polyhedron; -1 for none.
func (p *LP) worst() int {
	position, most := -1, 0.0
	for i, v := range p.basic {
		if excess := p.excess(i, v); excess != 0 {
			if score := excess * excess / dot(p.inverse[i], p.inverse[i]); score > most {
				position, most = i, score
			}
		}
	}
	return position
}

// candidate is a variable that may enter the basis in a step of the dual.
type candidate struct {
	variable     int
	ratio, entry float64
}

// enter returns the variable that replaces the one at the position, -1 where none can.
// Variables with two bounds whose reduced cost changes sign before are put to the other
// one, as long as the excess is not used up.
func (p *LP) enter(position int, excess float64) int {
	candidates := p.candidates(position, excess)
	slices.SortFunc(candidates, func(a, b candidate) int {
		switch {
		case a.ratio < b.ratio:
			return -1
		case a.ratio > b.ratio:
			return 1
		default:
			return a.variable - b.variable
		}
	})
	left := math.Abs(excess)
	for len(candidates) > 0 {
		// Those with almost the same ratio, of which the largest entry is taken.
		n, best := 0, 0
		for n < len(candidates) && candidates[n].ratio <= candidates[0].ratio+optimality {
			if math.Abs(candidates[n].entry) > math.Abs(candidates[best].entry) {
				best = n
			}
			n++
		}
		for _, c := range candidates[:n] {
			v := &p.vars[c.variable]
			left -= math.Abs(c.entry) * (v.high - v.low)
		}
		if left <= feasibility || n == len(candidates) {
			return candidates[best].variable
		}
		for _, c := range candidates[:n] {
			p.vars[c.variable].at = atLow + atHigh - p.vars[c.variable].at
		}
		p.stale = true
		candidates = candidates[n:]
	}
	return -1
}

// candidates returns the variables that can bring the one at the position back to its
// bound, with the change of multipliers at which their reduced cost becomes 0.
func (p *LP) candidates(position int, excess float64) []candidate {
	y, rho := p.prices(), p.inverse[position]
	var found []candidate
	for i := range p.vars {
		v := &p.vars[i]
		if v.at >= 0 || v.low == v.high {
			continue
		}
		entry := along(rho, v.column)
		if math.Abs(entry) < smallestPivot {
			continue
		}
		// The entering variable moves by excess/entry.
		rises := excess*entry > 0
		if v.at == atLow && !rises || v.at == atHigh && rises {
			continue
		}
		d := v.cost - along(y, v.column)
		found = append(found, candidate{i, math.Abs(d) / math.Abs(entry), entry})
	}
	return found
}
