package linear

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBealesCycle is the programme on which the textbook's rules go round in circles
// (Beale 1955): its optimum is 1/20.
func TestBealesCycle(t *testing.T) {
	l := new(LP)
	for range 2 {
		l.Row(-Inf, 0)
	}
	l.Row(-Inf, 1)
	columns := [][3]float64{{0.25, 0.5, 0}, {-60, -90, 0}, {-0.04, -0.02, 1}, {9, 3, 0}}
	for j, cost := range []float64{0.75, -150, 0.02, -6} {
		var entries []Entry
		for i, x := range columns[j] {
			if x != 0 {
				entries = append(entries, Entry{i, x})
			}
		}
		l.Variable(cost, 0, Inf, entries...)
	}
	status, err := l.Maximize(t.Context())
	require.NoError(t, err)
	require.Equal(t, Optimal, status)
	require.InDelta(t, 0.05, l.Objective(), 1e-12)
}

func TestUnbounded(t *testing.T) {
	l := new(LP)
	x := l.Variable(1, 0, Inf)
	y := l.Variable(-1, -Inf, Inf)
	l.Row(-Inf, 3, Entry{x, 1}, Entry{y, -1})
	status, err := l.Maximize(t.Context())
	require.NoError(t, err)
	require.Equal(t, Optimal, status, "x - y is bounded by the row")
	require.InDelta(t, 3, l.Objective(), 1e-12)
	l.SetCost(y, 0)
	status, err = l.Maximize(t.Context())
	require.NoError(t, err)
	require.Equal(t, Unbounded, status)
	l.SetBounds(y, -Inf, 2)
	status, err = l.Maximize(t.Context())
	require.NoError(t, err)
	require.Equal(t, Optimal, status)
	require.InDelta(t, 5, l.Value(x), 1e-12)
}

// TestMovedBounds solves again and again with other bounds, which is what a search does.
func TestMovedBounds(t *testing.T) {
	l := new(LP)
	x, y := l.Variable(2, 0, 4), l.Variable(3, 0, 4)
	row := l.Row(-Inf, 5, Entry{x, 1}, Entry{y, 1})
	tests := []struct {
		low, high, most float64 // of x, and of the row
		status          Status
		objective       float64
	}{
		{0, 4, 5, Optimal, 14},
		{2, 4, 5, Optimal, 13},
		{0, 0, 5, Optimal, 12},
		{3, 3, 2, Infeasible, 0},
		{0, 4, 2, Optimal, 6},
		{0, 4, 9, Optimal, 20},
	}
	for _, tt := range tests {
		l.SetBounds(x, tt.low, tt.high)
		l.SetRowBounds(row, -Inf, tt.most)
		status, err := l.Maximize(t.Context())
		require.NoError(t, err)
		require.Equal(t, tt.status, status)
		if status == Optimal {
			require.InDelta(t, tt.objective, l.Objective(), 1e-12)
		}
	}
}

func TestCancelledSolve(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := new(LP)
	x := l.Variable(1, 0, 1)
	l.Row(0, 1, Entry{x, 2})
	_, err := l.Maximize(ctx)
	require.ErrorIs(t, err, context.Canceled)
	_, err = (&Search{LP: l, Integers: []int{x}, Excludes: [][]int{nil}}).Maximize(ctx, -1, Inf, 0)
	require.ErrorIs(t, err, context.Canceled)
}

// TestSearchStops gives up after its nodes, without a bound then, and at a solution that
// is good enough.
func TestSearchStops(t *testing.T) {
	l := new(LP)
	s := &Search{LP: l, Excludes: make([][]int, 12)}
	var entries []Entry
	for range s.Excludes {
		v := l.Variable(1, 0, 1)
		s.Integers = append(s.Integers, v)
		entries = append(entries, Entry{v, 2})
	}
	l.Row(-Inf, 11, entries...) // at most five of them, where the LP has 5.5
	outcome, err := s.Maximize(t.Context(), -1, Inf, 1e-6)
	require.NoError(t, err)
	require.InDelta(t, 5, outcome.Value, 1e-9)
	require.InDelta(t, 5, outcome.Bound, 1e-5)
	s.MaxNodes = 3
	outcome, err = s.Maximize(t.Context(), 4.5, Inf, 1e-6)
	require.NoError(t, err)
	require.Equal(t, Inf, outcome.Bound)
	s.MaxNodes = 0
	outcome, err = s.Maximize(t.Context(), -1, 1, 1e-6)
	require.NoError(t, err)
	require.GreaterOrEqual(t, outcome.Value, 1.0)
	require.Equal(t, Inf, outcome.Bound)
}
