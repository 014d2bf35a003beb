package stats

import "math"

// CochranMantelHaenszel tests whether yes is equally likely in both groups within every
// stratum (Cochran 1954; Mantel and Haenszel 1959; Agresti, Categorical Data Analysis,
// section 6.3.2), by a chi-square with one degree of freedom. It is false where no stratum
// has both groups and both outcomes.
//
// With correction, the difference between what was seen and what was expected is taken
// half a case towards zero, at most to zero, which brings the p-value close to that of
// ExactConditional; without, the p-values are nearer to uniform but a little too small in
// the tails of small tables. The audit should use the correction, as TestRates does: a
// finding is an accusation, and the audit's exact tests are conditional too. (R's
// mantelhaen.test leaves the correction out, instead of stopping at zero, where the
// difference is less than half a case.)
func CochranMantelHaenszel(strata []Table, correction bool) (Test, bool) {
	var difference, variance float64
	for _, table := range strata {
		if m := table.margins(); m.informative() {
			difference += m.a - m.expected()
			variance += m.variance()
		}
	}
	if variance == 0 {
		return Test{}, false
	}
	difference = math.Abs(difference)
	if correction {
		difference = max(0, difference-0.5)
	}
	statistic := difference * difference / variance
	return Test{Method: CochranMantelHaenszelTest, Statistic: statistic, P: chiSquareP(statistic)}, true
}

// TestRates tests whether yes is equally likely in both groups within every stratum, by
// the method that fits: ExactConditional where the cells are small, CochranMantelHaenszel
// with continuity correction otherwise. It is false where no stratum has both groups and
// both outcomes.
//
// Small is what Mantel and Fleiss (American Journal of Epidemiology 112, 1980) call so: the
// expected number of A's that are yes, summed over the strata, is less than five away from
// the least or the greatest sum that the margins allow.
func TestRates(strata []Table) (Test, bool) {
	if smallCells(strata) && convolutionSteps(strata) <= mostConvolutionSteps {
		return ExactConditional(strata)
	}
	return CochranMantelHaenszel(strata, true)
}

func smallCells(strata []Table) bool {
	var below, above float64
	for _, table := range strata {
		if m := table.margins(); m.informative() {
			low, high := m.bounds()
			below += m.expected() - low
			above += high - m.expected()
		}
	}
	return min(below, above) < 5
}
