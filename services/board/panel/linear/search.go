package linear

import (
	"context"
	"math"
)

// Search is branch and bound: it looks for the best solution of an LP in which some
// variables are integers.
type Search struct {
	// LP is the relaxation. A search leaves its bounds as they were.
	LP *LP
	// Integers are the variables that have to be integers, 0 or more.
	Integers []int
	// Excludes names, for each of Integers, those that must be 0 where it is not; both
	// are indexes into Integers, and the relation goes both ways. The LP need not say so.
	Excludes [][]int
	// Lazy are rows that all solutions meet, of which the LP gets those that it would
	// otherwise break.
	Lazy []Constraint
	// MaxNodes, where more than 0, is after how many nodes a search gives up.
	MaxNodes int

	rows []int // for each of Lazy 1 more than its row in the LP, 0 for none
}

// Constraint says that a weighted sum of variables is from Low to High.
type Constraint struct {
	Low, High float64
	Entries   []Entry
}

// Enforce puts a lazy row into the LP, unless it is there, and returns its index there.
func (s *Search) Enforce(lazy int) int {
	for len(s.rows) < len(s.Lazy) {
		s.rows = append(s.rows, 0)
	}
	if s.rows[lazy] == 0 {
		c := s.Lazy[lazy]
		s.rows[lazy] = s.LP.Row(c.Low, c.High, c.Entries...) + 1
	}
	return s.rows[lazy] - 1
}

// relax solves the LP, with all lazy rows that bind.
func (s *Search) relax(ctx context.Context, cutoff float64) (Status, error) {
	for {
		status, err := s.LP.maximize(ctx, cutoff)
		if err != nil || status != Optimal {
			return status, err
		}
		var broken []int
		for i, c := range s.Lazy {
			if i < len(s.rows) && s.rows[i] > 0 {
				continue
			}
			var sum float64
			for _, entry := range c.Entries {
				sum += entry.Value * s.LP.Value(entry.Index)
			}
			if sum > c.High+integrality || sum < c.Low-integrality {
				broken = append(broken, i)
			}
		}
		if broken == nil {
			return Optimal, nil
		}
		for _, i := range broken {
			s.Enforce(i)
		}
	}
}

// Outcome is what a search has found.
type Outcome struct {
	// X are the values of the search's integers, nil where no solution was found that
	// is good enough.
	X []int
	// Value is the objective at X.
	Value float64
	// Bound is what no solution exceeds; where the search ended before it had proven
	// that, it is infinite.
	Bound float64
}

// integrality is how far an integer may be from one.
const integrality = 1e-6

// Maximize looks for a solution with an objective above a value, and stops at once at
// one of enough or more. Where it finds none, Bound is proven to within a tolerance,
// which is absolute: solutions better by less are not looked for. It returns the
// context's error where that ends before.
func (s *Search) Maximize(ctx context.Context, above, enough, tolerance float64) (Outcome, error) {
	r := run{Search: s, enough: enough, tolerance: tolerance, least: math.Inf(-1), Outcome: Outcome{Value: above, Bound: Inf}}
	if err := r.node(ctx); err != nil {
		return r.Outcome, err
	}
	if !r.done() && !r.exhausted() {
		r.Bound = max(r.Value+tolerance, r.least)
	}
	return r.Outcome, nil
}

// run is one search.
type run struct {
	*Search
	Outcome
	enough, tolerance float64
	least             float64 // the bound cannot be below this
	nodes             int
}

func (r *run) done() bool { return r.X != nil && r.Value >= r.enough }

func (r *run) exhausted() bool { return r.MaxNodes > 0 && r.nodes > r.MaxNodes }

// node searches what the present bounds of the variables allow.
func (r *run) node(ctx context.Context) error {
	if r.nodes++; r.exhausted() {
		return nil
	}
	status, err := r.relax(ctx, r.Value+r.tolerance)
	if err != nil {
		return err
	}
	if status != Optimal || r.LP.Objective() <= r.Value+r.tolerance {
		return nil
	}
	i, down := r.branch()
	if i < 0 {
		r.record()
		return nil
	}
	v := r.Integers[i]
	low, high := r.LP.Bounds(v)
	x := r.LP.Value(v)
	split := math.Floor(x + integrality)
	if down && split > 0 && x-split <= integrality {
		split = 0 // it is excluded by another one, not fractional
	}
	first, second := func() error { return r.atMost(ctx, i, split) }, func() error { return r.atLeast(ctx, i, split+1) }
	if x-split >= 0.5 {
		first, second = second, first
	}
	for _, child := range []func() error{first, second} {
		err := child()
		r.LP.SetBounds(v, low, high)
		if err != nil || r.done() || r.exhausted() {
			return err
		}
	}
	return nil
}

// atMost searches with the integer at most a value.
func (r *run) atMost(ctx context.Context, i int, most float64) error {
	low, _ := r.LP.Bounds(r.Integers[i])
	if most < low {
		return nil
	}
	r.LP.SetBounds(r.Integers[i], low, most)
	return r.node(ctx)
}

// atLeast searches with the integer at least a value, and those excluded by it at 0.
func (r *run) atLeast(ctx context.Context, i int, least float64) error {
	_, high := r.LP.Bounds(r.Integers[i])
	if least > high {
		return nil
	}
	r.LP.SetBounds(r.Integers[i], least, high)
	type was struct {
		variable int
		high     float64
	}
	var changed []was
	defer func() {
		for _, c := range changed {
			r.LP.SetBounds(c.variable, 0, c.high)
		}
	}()
	for _, other := range r.Excludes[i] {
		low, high := r.LP.Bounds(r.Integers[other])
		if low > 0 {
			return nil
		}
		if high > 0 {
			changed = append(changed, was{r.Integers[other], high})
			r.LP.SetBounds(r.Integers[other], 0, 0)
		}
	}
	return r.node(ctx)
}

// branch returns the integer to branch on: the one farthest from an integer, or where
// all are integers one that is excluded by another; -1 where the solution is allowed.
func (r *run) branch() (i int, excluded bool) {
	i = -1
	most := integrality
	for j, v := range r.Integers {
		x := r.LP.Value(v)
		if off := math.Abs(x - math.Round(x)); off > most {
			i, most = j, off
		}
	}
	if i >= 0 {
		return i, false
	}
	for j, v := range r.Integers {
		if r.LP.Value(v) < 0.5 {
			continue
		}
		for _, other := range r.Excludes[j] {
			if r.LP.Value(r.Integers[other]) > 0.5 {
				return j, true
			}
		}
	}
	return -1, false
}

// record keeps the present solution where, made of integers exactly, it is better than
// those before. Where it is not, the LP's objective remains as a bound.
func (r *run) record() {
	x := make([]int, len(r.Integers))
	value := r.LP.Objective()
	r.least = max(r.least, value)
	for i, v := range r.Integers {
		near := math.Round(r.LP.Value(v))
		x[i] = int(near)
		value += r.LP.vars[v].cost * (near - r.LP.Value(v))
	}
	if value > r.Value {
		r.X, r.Value = x, value
	}
}
