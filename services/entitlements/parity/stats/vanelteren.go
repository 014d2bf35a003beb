package stats

import "math"

// mostExactCases is the size of a single stratum up to which its test is exact.
const mostExactCases = 50

// VanElteren tests whether the values of both groups come from the same distribution within
// every stratum: Wilcoxon's rank sum test in each, combined with the weights 1/(cases + 1),
// which are locally best against one shift in all strata (van Elteren, Bulletin de l'Institut
// International de Statistique 37, 1960; Lehmann, Nonparametrics, section 3.3). Ties share
// their middle rank, and the variance is that of the ranks so tied. It is false where no
// stratum has both groups, or all values of each stratum are equal.
//
// The p-value is that of the normal approximation without continuity correction (the sum
// over strata lies on no even lattice). A single stratum of at most 50 cases gets the exact
// permutation distribution of its rank sum instead, ties included: the probability of all
// rank sums at least as far from the mean as the observed one.
func (s Samples) VanElteren() (Test, bool) {
	variance := s.variance()
	if variance == 0 {
		return Test{}, false
	}
	if s.exact() {
		only := s.strata[0]
		lead := only.lead(1, 0)
		u := (lead + float64(len(only.A)*len(only.B))) / 2
		return Test{Method: ExactWilcoxonTest, Statistic: u, P: only.permutations().atLeast(lead)}, true
	}
	z := s.lead(1, 0) / math.Sqrt(variance)
	return Test{Method: VanElterenTest, Statistic: z, P: normalP(z)}, true
}

func (s Samples) exact() bool {
	return len(s.strata) == 1 && len(s.strata[0].A)+len(s.strata[0].B) <= mostExactCases
}

// lead returns half of the strata's leads, weighted.
func (s Samples) lead(scale, shift float64) float64 {
	var sum float64
	for _, stratum := range s.strata {
		sum += stratum.weight() * stratum.lead(scale, shift)
	}
	return sum / 2
}

// variance returns the variance of lead under no difference.
func (s Samples) variance() float64 {
	var sum float64
	for _, stratum := range s.strata {
		w := stratum.weight()
		sum += w * w * max(0, stratum.variance())
	}
	return sum
}
