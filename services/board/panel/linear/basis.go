package linear

import (
	"math"
	"slices"
)

// pivot puts a variable into the basis at a position, where alpha is its column in
// terms of the basis. What was there leaves; the caller says to where.
func (p *LP) pivot(position, entering int, alpha []float64) {
	pivotRow := p.inverse[position]
	scale := 1 / alpha[position]
	var filled []int
	for i, x := range pivotRow {
		if x != 0 {
			pivotRow[i] = x * scale
			filled = append(filled, i)
		}
	}
	sparse := len(filled) < len(pivotRow)/3
	for i, factor := range alpha {
		if i == position || math.Abs(factor) < zero {
			continue
		}
		row := p.inverse[i]
		if !sparse {
			axpy(-factor, pivotRow, row)
			continue
		}
		for _, j := range filled {
			row[j] -= factor * pivotRow[j]
		}
	}
	p.basic[position] = entering
	p.vars[entering].at = position
	p.pivots++
}

// expressed returns the column of a variable in terms of the basis.
func (p *LP) expressed(variable int) []float64 {
	alpha := make([]float64, len(p.basic))
	column := p.vars[variable].column
	for i, row := range p.inverse {
		alpha[i] = along(row, column)
	}
	return alpha
}

// factor computes the inverse of the basis anew: it starts from that of the logical
// variables and puts the others in one after the other, the sparse ones first, each
// where it is largest. One that depends on those before it drops out, for a logical.
func (p *LP) factor() {
	wanted := slices.Clone(p.basic)
	slices.SortStableFunc(wanted, func(a, b int) int { return len(p.vars[a].column) - len(p.vars[b].column) })
	stays := make([]bool, len(p.basic))
	for row, logical := range p.logical {
		stays[row] = p.vars[logical].at >= 0
	}
	for _, v := range wanted {
		p.vars[v].at = home(p.vars[v].low, p.vars[v].high)
	}
	for row, logical := range p.logical {
		clear(p.inverse[row])
		p.inverse[row][row] = -1
		p.basic[row] = logical
		p.vars[logical].at, p.vars[logical].was = row, p.vars[logical].at
	}
	for _, v := range wanted {
		if p.vars[v].at >= 0 {
			continue
		}
		alpha := p.expressed(v)
		best := -1
		for i := range alpha {
			if !stays[i] && (best < 0 || math.Abs(alpha[i]) > math.Abs(alpha[best])) {
				best = i
			}
		}
		if best < 0 || math.Abs(alpha[best]) < smallestPivot {
			continue
		}
		leaving := p.basic[best]
		p.vars[leaving].at = p.vars[leaving].was
		p.pivot(best, v, alpha)
		stays[best] = true
	}
	p.pivots, p.stale = 0, true
}

// refresh computes the values of the basic variables from the bounds of the others.
func (p *LP) refresh() {
	sums := make([]float64, len(p.logical))
	for i := range p.vars {
		v := &p.vars[i]
		if v.at >= 0 {
			continue
		}
		if x := v.bound(); x != 0 {
			for _, entry := range v.column {
				sums[entry.Index] += entry.Value * x
			}
		}
	}
	for i, row := range p.inverse {
		p.value[i] = -dot(row, sums)
	}
	p.stale = false
}

// prices returns the multipliers of the rows with which every basic variable has the
// reduced cost 0.
func (p *LP) prices() []float64 {
	y := make([]float64, len(p.logical))
	for i, v := range p.basic {
		if cost := p.vars[v].cost; cost != 0 {
			axpy(cost, p.inverse[i], y)
		}
	}
	return y
}
