package linear

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"
	"pgregory.net/rapid"
)

// programme is a small linear programme with whole numbers.
type programme struct {
	cost, low, high       []float64   // by variable
	matrix                [][]float64 // by row and variable
	rowLow, rowHigh       []float64
	columnsLast, rowsLast int // how many variables and rows are added after a first solve
}

func programmes(t *rapid.T) programme {
	var p programme
	number := func(label string, low, high int) float64 {
		return float64(rapid.IntRange(low, high).Draw(t, label))
	}
	variables := rapid.IntRange(1, 6).Draw(t, "variables")
	for range variables {
		low := number("low", -3, 3)
		p.cost = append(p.cost, number("cost", -4, 4))
		p.low = append(p.low, low)
		p.high = append(p.high, low+number("span", 0, 6))
	}
	for range rapid.IntRange(0, 6).Draw(t, "rows") {
		row := make([]float64, variables)
		for i := range row {
			row[i] = number("entry", -3, 3)
		}
		low := number("row low", -8, 8)
		p.matrix = append(p.matrix, row)
		p.rowLow = append(p.rowLow, low)
		p.rowHigh = append(p.rowHigh, low+number("row span", 0, 10))
	}
	p.columnsLast = rapid.IntRange(0, variables).Draw(t, "columns last")
	p.rowsLast = rapid.IntRange(0, len(p.matrix)).Draw(t, "rows last")
	return p
}

// build solves the programme, the last of its rows and variables after the others.
func (p programme) solve(t *rapid.T) (*LP, Status) {
	l := new(LP)
	variables, rows := len(p.cost)-p.columnsLast, len(p.matrix)-p.rowsLast
	for range rows {
		l.Row(-Inf, Inf)
	}
	for j := range variables {
		l.Variable(p.cost[j], p.low[j], p.high[j], p.column(j, rows)...)
	}
	index := func(j int) int { return rows + j }
	for i := range rows {
		l.SetRowBounds(i, p.rowLow[i], p.rowHigh[i])
	}
	_, err := l.Maximize(t.Context())
	require.NoError(t, err)
	for j := variables; j < len(p.cost); j++ {
		l.Variable(p.cost[j], p.low[j], p.high[j], p.column(j, rows)...)
	}
	for i := rows; i < len(p.matrix); i++ {
		var entries []Entry
		for j, x := range p.matrix[i] {
			if x != 0 {
				entries = append(entries, Entry{index(j), x})
			}
		}
		l.Row(p.rowLow[i], p.rowHigh[i], entries...)
	}
	status, err := l.Maximize(t.Context())
	require.NoError(t, err)
	return l, status
}

func (p programme) column(j, rows int) []Entry {
	var entries []Entry
	for i := range rows {
		if x := p.matrix[i][j]; x != 0 {
			entries = append(entries, Entry{i, x})
		}
	}
	return entries
}

// gonum solves the programme with gonum, which wants x >= 0 and equations, and says
// whether it could.
func (p programme) gonum() (objective float64, feasible, ok bool) {
	n := len(p.cost)
	size := n + 2*len(p.matrix)
	a := mat.NewDense(size, n+size, nil)
	b := make([]float64, size)
	c := make([]float64, n+size)
	var shift float64
	for j := range n {
		c[j] = -p.cost[j]
		shift += p.cost[j] * p.low[j]
		a.Set(j, j, 1)
		b[j] = p.high[j] - p.low[j]
	}
	for i, row := range p.matrix {
		above, below := n+2*i, n+2*i+1
		b[above], b[below] = p.rowHigh[i], -p.rowLow[i]
		for j, x := range row {
			a.Set(above, j, x)
			a.Set(below, j, -x)
			b[above] -= x * p.low[j]
			b[below] += x * p.low[j]
		}
	}
	for i := range size {
		a.Set(i, n+i, 1)
	}
	optimum, _, err := lp.Simplex(c, a, b, 1e-10, nil)
	switch {
	case err == nil:
		return shift - optimum, true, true
	case errors.Is(err, lp.ErrInfeasible):
		return 0, false, true
	default:
		return 0, false, false
	}
}

// TestAgainstGonum compares objectives and, where gonum gives up, relies on the proofs
// below alone.
func TestAgainstGonum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := programmes(t)
		l, status := p.solve(t)
		if status == Optimal {
			requireOptimal(t, p, l)
		}
		objective, feasible, ok := p.gonum()
		if !ok {
			return
		}
		require.Equal(t, feasible, status == Optimal)
		if feasible {
			require.InDelta(t, objective, l.Objective(), 1e-7)
		}
	})
}

// requireOptimal proves by the duals that the solution is one and that none is better.
func requireOptimal(t *rapid.T, p programme, l *LP) {
	// With its first rows added first, a programme's variables follow them.
	rows := len(p.matrix) - p.rowsLast
	x := make([]float64, len(p.cost))
	for j := range x {
		x[j] = l.Value(rows + j)
		require.GreaterOrEqual(t, x[j], p.low[j]-1e-8)
		require.LessOrEqual(t, x[j], p.high[j]+1e-8)
	}
	var bound float64
	reduced := append([]float64(nil), p.cost...)
	for i, y := range l.Duals() {
		var sum float64
		for j, entry := range p.matrix[i] {
			sum += entry * x[j]
			reduced[j] -= y * entry
		}
		require.InDelta(t, sum, l.RowValue(i), 1e-8)
		require.GreaterOrEqual(t, sum, p.rowLow[i]-1e-8)
		require.LessOrEqual(t, sum, p.rowHigh[i]+1e-8)
		bound += max(y*p.rowLow[i], y*p.rowHigh[i])
	}
	for j, d := range reduced {
		bound += max(d*p.low[j], d*p.high[j])
	}
	require.InDelta(t, bound, l.Objective(), 1e-7)
}

// TestSearchAgainstAllPoints compares integer programmes with the list of their points.
func TestSearchAgainstAllPoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := programmes(t)
		for j := range p.low { // integers start at 0
			p.high[j] -= p.low[j]
			p.low[j] = 0
		}
		s := &Search{LP: new(LP), Excludes: make([][]int, len(p.cost))}
		for j := range p.cost {
			s.Integers = append(s.Integers, s.LP.Variable(p.cost[j], p.low[j], p.high[j]))
		}
		for i, row := range p.matrix {
			var entries []Entry
			for j, x := range row {
				entries = append(entries, Entry{j, x})
			}
			if i < p.rowsLast {
				s.Lazy = append(s.Lazy, Constraint{p.rowLow[i], p.rowHigh[i], entries})
				continue
			}
			s.LP.Row(p.rowLow[i], p.rowHigh[i], entries...)
		}
		if n := len(p.cost); n > 1 {
			for range rapid.IntRange(0, 3).Draw(t, "exclusions") {
				a := rapid.IntRange(0, n-1).Draw(t, "a")
				b := (a + rapid.IntRange(1, n-1).Draw(t, "b")) % n
				s.Excludes[a] = append(s.Excludes[a], b)
				s.Excludes[b] = append(s.Excludes[b], a)
			}
		}
		best := p.bestPoint(s.Excludes)
		outcome, err := s.Maximize(t.Context(), -1000, Inf, 1e-6)
		require.NoError(t, err)
		require.Equal(t, math.IsInf(best, -1), outcome.X == nil)
		if outcome.X != nil {
			require.InDelta(t, best, outcome.Value, 1e-6)
			require.GreaterOrEqual(t, outcome.Bound, best-1e-9)
			require.InDelta(t, best, p.value(outcome.X, s.Excludes), 1e-6)
		}
		for j, v := range s.Integers {
			low, high := s.LP.Bounds(v)
			require.Equal(t, []float64{p.low[j], p.high[j]}, []float64{low, high}, "the search left its bounds")
		}
	})
}

// value returns the objective at a point, -Inf where it is not allowed.
func (p programme) value(x []int, excludes [][]int) float64 {
	var value float64
	for j, n := range x {
		value += p.cost[j] * float64(n)
		for _, other := range excludes[j] {
			if n > 0 && x[other] > 0 {
				return math.Inf(-1)
			}
		}
	}
	for i, row := range p.matrix {
		var sum float64
		for j, entry := range row {
			sum += entry * float64(x[j])
		}
		if sum < p.rowLow[i] || sum > p.rowHigh[i] {
			return math.Inf(-1)
		}
	}
	return value
}

func (p programme) bestPoint(excludes [][]int) float64 {
	best := math.Inf(-1)
	x := make([]int, len(p.cost))
	for {
		best = max(best, p.value(x, excludes))
		j := 0
		for ; j < len(x); j++ {
			if x[j]++; float64(x[j]) <= p.high[j] {
				break
			}
			x[j] = 0
		}
		if j == len(x) {
			return best
		}
	}
}
