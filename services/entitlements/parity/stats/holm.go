package stats

import (
	"cmp"
	"slices"
)

// Holm returns the p-values adjusted for being many (Holm, Scandinavian Journal of Statistics
// 6, 1979; R's p.adjust), in the order given: rejecting where the adjusted value is at most
// alpha keeps the chance of any false rejection at most alpha, however the tests depend on
// each other. Leave out comparisons that were not tested; equal values stay equal.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted := make([]float64, len(p))
	atLeast := 0.0
	for rank, i := range order {
		atLeast = max(atLeast, min(1, float64(len(p)-rank)*p[i]))
		adjusted[i] = atLeast
	}
	return adjusted
}
