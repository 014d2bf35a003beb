package panel

import (
	"context"
	"fmt"
	"math"

	"github.com/evenhand/evenhand/services/board/panel/linear"
)

// target is the leximin of what the model's rows allow, which is at least as good as
// that of the lotteries.
type target struct {
	share  []float64 // for each type how many of it are seated on average
	levels []step
}

// step is a Level in terms of types.
type step struct {
	bound   float64
	types   []int
	weights []float64 // by type, for each seat of it
	ceiling float64
}

// raiser is the linear programme behind a target. A type of n members has x = n*z + s
// seats as long as it is not fixed, where z is the lowest probability and s >= 0, and
// x >= n*p from then on.
type raiser struct {
	*model
	lp      *linear.LP
	rows    []linear.Constraint
	lazy    []linear.Constraint // what the solution has met so far without a row
	z       int
	surplus []int     // for each type its variable s; -1 where no panel has the type
	fixed   []float64 // for each type its p, less than 0 as long as it is free
}

// raise computes the target: it raises the lowest probability of all types that are not
// fixed as far as the rows allow, fixes those that the dual proves to be held by them,
// and goes on with the rest.
func (m *model) raise(ctx context.Context) (*target, error) {
	r := &raiser{model: m, lp: new(linear.LP), fixed: make([]float64, len(m.types)), surplus: make([]int, len(m.types))}
	r.rows, r.lazy = m.rows()
	free := 0
	for t := range m.types {
		r.surplus[t] = -1
		if m.limits[t] > 0 {
			r.surplus[t] = r.lp.Variable(0, 0, linear.Inf)
			r.fixed[t] = -1
			r.lazy = append(r.lazy, linear.Constraint{Low: -linear.Inf, High: float64(m.limits[t]), Entries: ones([]int{t})})
			free++
		}
	}
	r.z = r.lp.Variable(1, 0, 2)
	for _, row := range r.rows {
		r.lp.Row(row.Low, row.High, r.columns(row)...)
	}
	result := &target{}
	for free > 0 {
		if err := r.solve(ctx); err != nil {
			return nil, fmt.Errorf("raising level %d: %w", len(result.levels)+1, err)
		}
		level := r.level()
		for _, t := range level.types {
			r.fixed[t] = level.bound
			free--
		}
		result.levels = append(result.levels, level)
	}
	for t, p := range r.fixed {
		result.share = append(result.share, p*float64(m.size(t)))
	}
	return result, nil
}

// columns returns a row's entries in terms of the variables s.
func (r *raiser) columns(row linear.Constraint) []linear.Entry {
	var entries []linear.Entry
	for _, term := range row.Entries {
		if r.surplus[term.Index] >= 0 {
			entries = append(entries, linear.Entry{Index: r.surplus[term.Index], Value: term.Value})
		}
	}
	return entries
}

// rebase moves the types that were fixed from the column of z into the rows' bounds.
func (r *raiser) rebase() {
	column := make([]linear.Entry, len(r.rows))
	for i, row := range r.rows {
		var perZ, already float64
		for _, term := range row.Entries {
			switch n := float64(r.size(term.Index)); {
			case r.surplus[term.Index] < 0:
			case r.fixed[term.Index] < 0:
				perZ += term.Value * n
			default:
				already += term.Value * n * r.fixed[term.Index]
			}
		}
		column[i] = linear.Entry{Index: i, Value: perZ}
		r.lp.SetRowBounds(i, row.Low-already, row.High-already)
	}
	r.lp.SetColumn(r.z, column...)
}

// solve raises z, with all lazy rows that bind.
func (r *raiser) solve(ctx context.Context) error {
	for {
		r.rebase()
		status, err := r.lp.Maximize(ctx)
		if err != nil {
			return err
		}
		if status != linear.Optimal {
			return linear.ErrNumerics // what was found so far is a solution
		}
		share := make([]float64, len(r.types))
		for t := range share {
			share[t] = r.seats(t)
		}
		met := r.lazy[:0]
		for _, c := range r.lazy {
			if sum(c, share) <= c.High+tight {
				met = append(met, c)
				continue
			}
			r.rows = append(r.rows, c)
			r.lp.Row(c.Low, c.High, r.columns(c)...)
		}
		if len(met) == len(r.lazy) {
			return nil
		}
		r.lazy = met
	}
}

// seats returns how many of a type are seated on average at the last solution.
func (r *raiser) seats(t int) float64 {
	if r.surplus[t] < 0 {
		return 0
	}
	p := r.fixed[t]
	if p < 0 {
		p = r.lp.Value(r.z)
	}
	return float64(r.size(t))*p + r.lp.Value(r.surplus[t])
}

// level reads from the dual solution which types are held, and why.
func (r *raiser) level() step {
	prices := r.lp.Duals()
	level := step{weights: make([]float64, len(r.types))}
	for i, row := range r.rows {
		bound := row.High
		if prices[i] < 0 {
			bound = row.Low
		}
		if prices[i] == 0 || math.IsInf(bound, 0) { // the latter by rounding
			continue
		}
		level.ceiling += prices[i] * bound
		for _, term := range row.Entries {
			level.weights[term.Index] += prices[i] * term.Value
		}
	}
	var total float64
	for t, w := range level.weights {
		if r.surplus[t] < 0 {
			level.weights[t] = 0
			continue
		}
		if w < 0 { // by rounding
			level.weights[t] = 0
			level.ceiling -= w * float64(r.limits[t])
		} else if r.fixed[t] < 0 {
			total += w * float64(r.size(t))
		}
	}
	level.bound = level.ceiling
	for t, w := range level.weights {
		if r.fixed[t] > 0 {
			level.bound -= w * r.fixed[t] * float64(r.size(t))
		}
	}
	level.bound /= total
	level.ceiling /= total
	for t := range level.weights {
		level.weights[t] /= total
		if r.fixed[t] < 0 && level.weights[t]*float64(r.size(t)) > 1e-7 {
			level.types = append(level.types, t)
		}
	}
	return level
}
