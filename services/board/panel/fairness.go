package panel

import (
	"math"
	"slices"
)

// Fairness measures how evenly a lottery treats those who can be drawn at all.
type Fairness struct {
	// Lowest is the lowest probability.
	Lowest float64
	// Gini is the Gini coefficient of the probabilities: 0 where all are equal, towards
	// 1 where few have everything.
	Gini float64
	// GeometricMean of the probabilities; 0 where one of them is.
	GeometricMean float64
	// AtZero is how many have no chance.
	AtZero int
}

// MeasureFairness measures the probabilities of those who can be drawn at all: of nobody
// it is zero.
func MeasureFairness(probabilities []float64) Fairness {
	sorted := slices.Clone(probabilities)
	slices.Sort(sorted)
	n := float64(len(sorted))
	if n == 0 {
		return Fairness{}
	}
	f := Fairness{Lowest: sorted[0]}
	sum, ranked, logs := 0.0, 0.0, 0.0
	for i, p := range sorted {
		if p <= 0 {
			f.AtZero++
		}
		sum += p
		ranked += (2*float64(i+1) - n - 1) * p // the differences of all pairs
		logs += math.Log(max(p, 0))
	}
	if sum > 0 {
		f.Gini = max(0, ranked/(n*sum)) // less is only inexactness
	}
	f.GeometricMean = math.Exp(logs / n)
	return f
}
