package stats

import "math"

// RatioOfMeans returns the ratio of A's mean to B's within strata: both groups' means
// weighted over the strata by A's cases times B's over all, as RiskRatio weights shares (of
// values that are 0 or 1 it is the same ratio). confidence is the interval's share, such as
// 0.95. Values must not be negative. Test the difference with Samples.VanElteren.
//
// The interval is the delta method's, on the logarithm of the ratio of two independent
// weighted means (Casella and Berger, Statistical Inference, section 5.5.4), each
// stratum's variance estimated within the group. A group with a single case in a stratum
// has none of its own and takes the one it would have if its values varied around their
// mean as much, in proportion, as the group's do in the other strata. Where no stratum
// tells how the values vary, or A's mean is 0, there is no interval: Low is 0 and High
// +Inf. It is false where no stratum has both groups or B's mean is 0.
func (s Samples) RatioOfMeans(confidence float64) (Estimate, bool) {
	var a, b weightedMean
	for _, stratum := range s.strata {
		nA, nB := float64(len(stratum.A)), float64(len(stratum.B))
		weight := nA / (nA + nB) * nB
		a.add(stratum.A, weight)
		b.add(stratum.B, weight)
	}
	if b.sum <= 0 {
		return Estimate{}, false
	}
	ratio := a.sum / b.sum
	varianceA, okA := a.variance()
	varianceB, okB := b.variance()
	if a.sum <= 0 || !okA || !okB {
		return Estimate{Value: ratio, High: math.Inf(1)}, true
	}
	standardError := math.Sqrt(varianceA/(a.sum*a.sum) + varianceB/(b.sum*b.sum))
	return around(ratio, standardError, confidence), true
}

// weightedMean sums a group's means over strata.
type weightedMean struct {
	sum float64 // of weight times mean
	own float64 // of the variances of weight times mean, of strata with several cases
	// Strata with a single case, and what they borrow.
	single          float64 // of (weight times value)²
	squares, spread float64 // over cases of the other strata, of mean² and of (value - mean)²
}

func (m *weightedMean) add(values []float64, weight float64) {
	n := float64(len(values))
	var mean, squares float64
	for i, v := range values { // Welford
		difference := v - mean
		mean += difference / float64(i+1)
		squares += difference * (v - mean)
	}
	m.sum += weight * mean
	if len(values) == 1 {
		m.single += weight * weight * mean * mean
		return
	}
	m.own += weight * weight * squares / (n - 1) / n
	m.squares += (n - 1) * mean * mean
	m.spread += squares
}

// variance returns the variance of sum, false where nothing tells how values vary.
func (m *weightedMean) variance() (float64, bool) {
	if m.squares == 0 {
		return 0, false
	}
	// The square of a value is, on average, that of its mean and its variance together.
	return m.own + m.single*m.spread/(m.squares+m.spread), true
}
