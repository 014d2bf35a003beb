package stats

import "math"

// mostConvolutionSteps bounds the work of an exact test that TestRates takes by itself,
// to a good tenth of a second. Small cells stay far below it, except where there are tens of
// thousands of strata of a few cases each, for which the sum is as good as normal.
const mostConvolutionSteps = 100_000_000

// ExactConditional tests whether yes is equally likely in both groups within every stratum
// by the exact distribution, all margins given, of the number of A's that are yes, summed
// over the strata: the convolution of the strata's hypergeometric distributions (Agresti,
// Categorical Data Analysis, section 6.7.1; Mehta, Patel and Gray, JASA 80, 1985). With one
// stratum it is Fisher's exact test. It is false where no stratum has both groups and both
// outcomes.
//
// The p-value is the probability of all sums that are no more likely than the observed
// one, those within a factor of 1 + 1e-7 counting as equally likely, as R has it. Time grows
// with the square of the number of sums possible; TestRates knows when it is worth it.
func ExactConditional(strata []Table) (Test, bool) {
	probabilities := []float64{1}
	var observed, least float64
	for _, table := range strata {
		m := table.margins()
		if !m.comparable() {
			continue
		}
		low, _ := m.bounds()
		observed, least = observed+m.a, least+low
		probabilities = convolve(probabilities, m.hypergeometric())
	}
	if len(probabilities) == 1 {
		return Test{}, false
	}
	limit := probabilities[int(observed-least)] * (1 + 1e-7)
	var p float64
	for _, probability := range probabilities {
		if probability <= limit {
			p += probability
		}
	}
	return Test{Method: ExactConditionalTest, Statistic: observed, P: min(1, p)}, true
}

// hypergeometric returns the probability of each number of A's that are yes, from the least
// one possible to the greatest.
func (m margins) hypergeometric() []float64 {
	low, high := m.bounds()
	probabilities := make([]float64, int(high-low)+1)
	// Neighbours have a simple ratio; starting from the mode nothing overflows, and what
	// underflows is nothing.
	mode := int(math.Floor((m.nA+1)*(m.yes+1)/(m.n+2)) - low)
	mode = max(0, min(mode, len(probabilities)-1))
	probabilities[mode] = 1
	total := 1.0
	for i := mode + 1; i < len(probabilities); i++ {
		a := low + float64(i)
		probabilities[i] = probabilities[i-1] * (m.nA - a + 1) * (m.yes - a + 1) / (a * (m.nB - m.yes + a))
		total += probabilities[i]
	}
	for i := mode - 1; i >= 0; i-- {
		a := low + float64(i) + 1
		probabilities[i] = probabilities[i+1] * a * (m.nB - m.yes + a) / ((m.nA - a + 1) * (m.yes - a + 1))
		total += probabilities[i]
	}
	for i := range probabilities {
		probabilities[i] /= total
	}
	return probabilities
}

// convolve returns the distribution of the sum of two independent numbers.
func convolve(x, y []float64) []float64 {
	sum := make([]float64, len(x)+len(y)-1)
	for i, p := range x {
		if p == 0 {
			continue
		}
		for j, q := range y {
			sum[i+j] += p * q
		}
	}
	return sum
}

// convolutionSteps returns how many multiplications ExactConditional takes.
func convolutionSteps(strata []Table) float64 {
	width, steps := 1.0, 0.0
	for _, table := range strata {
		if m := table.margins(); m.informative() {
			low, high := m.bounds()
			steps += width * (high - low + 1)
			width += high - low
		}
	}
	return steps
}
