package linear

import (
	"context"
	"errors"
	"math"
)

// Status says how a solve ended.
type Status uint8

// The ends of a solve.
const (
	// Optimal says that no solution is better.
	Optimal Status = iota + 1
	// Infeasible says that no values meet all bounds.
	Infeasible
	// Unbounded says that the objective can rise without end.
	Unbounded
	// CutOff says that the objective cannot be more than the cutoff.
	CutOff
)

// ErrNumerics reports that the solver makes no progress, because the programme is worse
// conditioned than its tolerances allow.
var ErrNumerics = errors.New("linear: no progress within the tolerances")

// contextEvery is after how many pivots the context is looked at.
const contextEvery = 32

// Maximize finds the best solution, from the basis of the last one. It returns the
// context's error where that ends before, and ErrNumerics.
func (p *LP) Maximize(ctx context.Context) (Status, error) { return p.maximize(ctx, math.Inf(-1)) }

func (p *LP) maximize(ctx context.Context, cutoff float64) (Status, error) {
	p.settle()
	if !p.feasible() && p.priced() {
		if status, err := p.dual(ctx, cutoff); err != nil || status == Infeasible || status == CutOff {
			return status, err
		}
	}
	return p.primal(ctx)
}

// settle makes the inverse and the values current.
func (p *LP) settle() {
	if p.pivots >= refactorAfter {
		p.factor()
	}
	if p.stale {
		p.refresh()
	}
}

// feasible says whether all basic variables are within their bounds.
func (p *LP) feasible() bool {
	for i, v := range p.basic {
		if p.excess(i, v) != 0 {
			return false
		}
	}
	return true
}

// excess returns by how much the value at a position lies above the bounds of its
// variable (more than 0) or below them.
func (p *LP) excess(position, variable int) float64 {
	v, x := &p.vars[variable], p.value[position]
	switch {
	case x > v.high+feasibility:
		return x - v.high
	case x < v.low-feasibility:
		return x - v.low
	default:
		return 0
	}
}

// primal keeps what is feasible so and raises the objective; as long as something is
// not, it lowers the sum of what lies outside the bounds instead.
func (p *LP) primal(ctx context.Context) (Status, error) {
	idle := 0 // pivots since the last that moved
	for iteration := 0; ; iteration++ {
		if iteration%contextEvery == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		p.settle()
		y, phase1 := p.outside()
		if !phase1 {
			y = p.prices()
		}
		bland := idle > 200+len(p.basic)
		entering, direction := p.choose(y, phase1, bland)
		if entering < 0 {
			if p.drifted() {
				continue
			}
			if phase1 {
				return Infeasible, nil
			}
			return Optimal, nil
		}
		alpha := p.expressed(entering)
		position, step := p.ratio(alpha, direction, bland)
		if span := p.vars[entering].high - p.vars[entering].low; span <= step && !math.IsInf(span, 1) {
			p.flip(entering, alpha, direction*span)
			idle = 0
			continue
		}
		if position < 0 {
			if p.drifted() {
				continue
			}
			if phase1 {
				return 0, ErrNumerics
			}
			return Unbounded, nil
		}
		if idle++; step > feasibility {
			idle = 0
		}
		if iteration > 1000+50*(len(p.basic)+len(p.vars)) {
			return 0, ErrNumerics
		}
		p.exchange(position, entering, alpha, direction*step)
	}
}

// outside returns the multipliers of the rows for the sum by which basic variables are
// outside their bounds, and whether any is.
func (p *LP) outside() ([]float64, bool) {
	var y []float64
	for i, v := range p.basic {
		if excess := p.excess(i, v); excess != 0 {
			if y == nil {
				y = make([]float64, len(p.basic))
			}
			axpy(-math.Copysign(1, excess), p.inverse[i], y)
		}
	}
	return y, y != nil
}

// choose returns the variable to bring into the basis, and 1 where it is to rise, -1
// where it is to fall; -1 for none.
func (p *LP) choose(y []float64, phase1, bland bool) (entering int, direction float64) {
	entering = -1
	best := 0.0
	for i := range p.vars {
		v := &p.vars[i]
		if v.at >= 0 || v.low == v.high {
			continue
		}
		d := -along(y, v.column)
		if !phase1 {
			d += v.cost
		}
		if math.Abs(d) <= optimality || d > 0 && v.at == atHigh || d < 0 && v.at == atLow {
			continue
		}
		if bland {
			return i, math.Copysign(1, d)
		}
		if score := d * d / (1 + squares(v.column)); score > best {
			entering, direction, best = i, math.Copysign(1, d), score
		}
	}
	return entering, direction
}

func squares(column []Entry) float64 {
	var sum float64
	for _, entry := range column {
		sum += entry.Value * entry.Value
	}
	return sum
}

// ratio returns the position of the variable that is first to reach a bound when the
// entering one moves, and after how long; -1 and Inf for none. Of those that do so at
// almost the same time it takes the one with the largest entry (Harris 1973).
func (p *LP) ratio(alpha []float64, direction float64, bland bool) (position int, step float64) {
	limit := math.Inf(1)
	for i, a := range alpha {
		if target, blocks := p.target(i, -direction*a); blocks {
			limit = min(limit, max(0, (target-p.value[i])/(-direction*a)+feasibility/math.Abs(a)))
		}
	}
	position, step = -1, math.Inf(1)
	for i, a := range alpha {
		target, blocks := p.target(i, -direction*a)
		if !blocks {
			continue
		}
		at := max(0, (target-p.value[i])/(-direction*a))
		if at > limit {
			continue
		}
		better := position < 0 || math.Abs(a) > math.Abs(alpha[position])
		if bland && position >= 0 {
			better = p.basic[i] < p.basic[position]
		}
		if better {
			position, step = i, at
		}
	}
	return position, step
}

// target returns the bound that stops the variable at a position when it moves at that
// rate, and whether there is one. One outside its bounds is stopped when it gets back.
func (p *LP) target(position int, rate float64) (float64, bool) {
	if math.Abs(rate) < smallestPivot {
		return 0, false
	}
	v, x := &p.vars[p.basic[position]], p.value[position]
	near, far := v.low, v.high
	outside, beyond := x > v.high+feasibility, x < v.low-feasibility
	if rate > 0 {
		near, far = v.high, v.low
		outside, beyond = beyond, outside
	}
	switch {
	case outside:
		return far, true
	case beyond || math.IsInf(near, 0):
		return 0, false
	default:
		return near, true
	}
}

// flip moves a variable outside the basis by a distance, to its other bound.
func (p *LP) flip(variable int, alpha []float64, distance float64) {
	axpy(-distance, alpha, p.value)
	p.vars[variable].at = atLow
	if distance > 0 {
		p.vars[variable].at = atHigh
	}
}

// exchange moves the entering variable by a distance and puts it into the basis; what
// was at the position leaves to the bound it has reached.
func (p *LP) exchange(position, entering int, alpha []float64, distance float64) {
	entered := p.Value(entering) + distance
	axpy(-distance, alpha, p.value)
	leaving := &p.vars[p.basic[position]]
	leaving.at = atLow
	if math.Abs(p.value[position]-leaving.high) < math.Abs(p.value[position]-leaving.low) {
		leaving.at = atHigh
	}
	p.pivot(position, entering, alpha)
	p.value[position] = entered
}

// drifted says whether rounding errors have grown so that a conclusion cannot be drawn;
// then everything has been computed anew.
func (p *LP) drifted() bool {
	if p.pivots == 0 {
		return false
	}
	sums := make([]float64, len(p.logical))
	for i := range p.vars {
		if x := p.Value(i); x != 0 {
			for _, entry := range p.vars[i].column {
				sums[entry.Index] += entry.Value * x
			}
		}
	}
	for _, sum := range sums {
		if math.Abs(sum) > feasibility/10 {
			p.factor()
			return true
		}
	}
	return false
}
