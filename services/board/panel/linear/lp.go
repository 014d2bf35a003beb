package linear

import "math"

// Inf is a bound that does not bind; -Inf is the other one.
var Inf = math.Inf(1)

// Entry is a number of a sparse row or column: Index is that of a row in a column, and
// of a variable in a row.
type Entry struct {
	Index int
	Value float64
}

// LP is a linear programme: maximise the sum of cost times variable, where variables
// and rows, the weighted sums of variables, stay within their bounds. It is not safe
// for concurrent use.
//
// Inside, every row has a logical variable, equal to the row's sum and with its bounds;
// so all constraints say that some weighted sum of variables is 0.
type LP struct {
	vars    []variable
	logical []int // for each row its logical variable

	// The basis. Position i of it belongs to no row in particular.
	basic   []int       // for each position its variable
	value   []float64   // for each position the value of its variable
	inverse [][]float64 // position by row: the inverse of the columns of basic
	pivots  int         // since inverse was last computed anew

	stale bool // value has to be computed anew, since bounds have moved
}

// variable is a variable with its column.
type variable struct {
	low, high float64
	cost      float64
	column    []Entry
	at        int // its position in the basis, or atLow, atHigh, atZero
	was       int // where factor found it
}

// Where variables outside the basis are.
const (
	atLow  = -1
	atHigh = -2
	atZero = -3 // it has no bounds
)

// Variable adds a variable with its entries in rows that exist and returns its index.
// It starts outside the basis, so that what was a feasible basis remains one where 0 is
// the bound that is nearest to 0.
func (p *LP) Variable(cost, low, high float64, column ...Entry) int {
	p.vars = append(p.vars, variable{cost: cost, low: low, high: high, column: column, at: home(low, high)})
	p.stale = true
	return len(p.vars) - 1
}

// Row adds the constraint that the sum of the entries is from low to high and returns
// its index. The logical variable of it is in the basis at first.
func (p *LP) Row(low, high float64, entries ...Entry) int {
	row, position := len(p.logical), len(p.basic)
	logical := len(p.vars)
	p.vars = append(p.vars, variable{low: low, high: high, column: []Entry{{row, -1}}, at: position})
	p.logical = append(p.logical, logical)
	p.basic = append(p.basic, logical)
	p.value = append(p.value, 0)
	// The new basis is (B 0; a -1), its inverse (B' 0; aB' -1).
	added := make([]float64, row+1)
	for _, entry := range entries {
		v := &p.vars[entry.Index]
		v.column = append(v.column[:len(v.column):len(v.column)], Entry{row, entry.Value})
		if v.at >= 0 {
			axpy(entry.Value, p.inverse[v.at], added[:row])
		}
	}
	for i := range p.inverse {
		p.inverse[i] = append(p.inverse[i], 0)
	}
	added[row] = -1
	p.inverse = append(p.inverse, added)
	p.stale = true
	return row
}

// SetCost changes the cost of a variable.
func (p *LP) SetCost(variable int, cost float64) { p.vars[variable].cost = cost }

// SetBounds changes the bounds of a variable.
func (p *LP) SetBounds(variable int, low, high float64) {
	v := &p.vars[variable]
	v.low, v.high = low, high
	if v.at < 0 && (v.at == atZero || math.IsInf(v.bound(), 0)) {
		v.at = home(low, high)
	}
	p.stale = true
}

// Bounds returns the bounds of a variable.
func (p *LP) Bounds(variable int) (low, high float64) {
	return p.vars[variable].low, p.vars[variable].high
}

// SetRowBounds changes the bounds of a row.
func (p *LP) SetRowBounds(row int, low, high float64) { p.SetBounds(p.logical[row], low, high) }

// SetColumn changes the entries of a variable. The basis is computed anew.
func (p *LP) SetColumn(variable int, column ...Entry) {
	p.vars[variable].column = column
	if p.vars[variable].at >= 0 {
		p.factor()
	}
	p.stale = true
}

// Value returns the value of a variable at the last solution.
func (p *LP) Value(variable int) float64 {
	if v := &p.vars[variable]; v.at < 0 {
		return v.bound()
	} else {
		return p.value[v.at]
	}
}

// RowValue returns the sum of a row at the last solution.
func (p *LP) RowValue(row int) float64 { return p.Value(p.logical[row]) }

// Objective returns the sum of cost times variable at the last solution.
func (p *LP) Objective() float64 {
	var sum float64
	for i := range p.vars {
		if p.vars[i].cost != 0 {
			sum += p.vars[i].cost * p.Value(i)
		}
	}
	return sum
}

// Duals returns, for each row, by how much the objective rises for each unit by which
// the row's sum may rise, at the last solution.
func (p *LP) Duals() []float64 { return p.prices() }

// InBasis says whether a variable is in the basis.
func (p *LP) InBasis(variable int) bool { return p.vars[variable].at >= 0 }

// bound returns the bound at which a variable outside the basis is.
func (v *variable) bound() float64 {
	switch v.at {
	case atLow:
		return v.low
	case atHigh:
		return v.high
	default:
		return 0
	}
}

// home returns where a variable outside the basis starts: at the bound nearest to 0.
func home(low, high float64) int {
	switch {
	case math.IsInf(low, -1) && math.IsInf(high, 1):
		return atZero
	case math.Abs(high) < math.Abs(low):
		return atHigh
	default:
		return atLow
	}
}

// axpy adds factor times x to y, which is not shorter.
func axpy(factor float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += factor * v
	}
}

func dot(x, y []float64) float64 {
	var sum float64
	y = y[:len(x)]
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

// along returns the product of a dense row vector and a column.
func along(row []float64, column []Entry) float64 {
	var sum float64
	for _, entry := range column {
		sum += row[entry.Index] * entry.Value
	}
	return sum
}
