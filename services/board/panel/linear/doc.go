// Package linear solves the linear and integer programmes of package panel: a few
// hundred rows, up to some ten thousand columns, entries of like size, heavily
// degenerate.
//
// An LP keeps its basis between solves, so that adding a column or a row, moving a
// bound or changing the objective costs only the pivots that lead from the old optimum
// to the new one. A Search is branch and bound over an LP.
package linear

// The tolerances, absolute, for programmes whose entries and bounds are between 0.001
// and 1,000.
const (
	// feasibility is how far a variable may lie outside its bounds.
	feasibility = 1e-9
	// optimality is how far a reduced cost may have the wrong sign.
	optimality = 1e-9
	// smallestPivot is the size from which on an entry may be pivoted on.
	smallestPivot = 1e-7
	// zero is the size below which an entry of the inverse counts as rounding.
	zero = 1e-13
	// refactorAfter is the number of pivots after which the inverse is computed anew.
	refactorAfter = 100
)
