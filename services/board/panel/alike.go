package panel

// Alike is the solution of a problem with one seat, no quotas and no conflicts, for a pool
// of n, 1 or more: everybody has 1/n, which no solver needs to look for. It has no Lottery.
func Alike(n int) *Solution {
	everybody := make([]int, n)
	each, weights := make([]float64, n), make([]float64, n)
	for i := range n {
		everybody[i], each[i], weights[i] = i, 1/float64(n), 1/float64(n)
	}
	return &Solution{
		Marginals: each, Proven: true,
		Levels:       []Level{{Probability: 1 / float64(n), Bound: 1 / float64(n), Members: everybody, Weights: weights, Ceiling: 1 / float64(n)}},
		Types:        []Type{{Members: everybody, Limit: n}},
		Compositions: []Composition{{Counts: []int{1}, Probability: 1}},
	}
}
