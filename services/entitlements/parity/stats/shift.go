package stats

import "math"

// Shift returns by how much A's values are higher than B's: the Hodges-Lehmann estimate that
// belongs to VanElteren, with its distribution-free interval (Hodges and Lehmann, Annals of
// Mathematical Statistics 34, 1963; Lehmann, Nonparametrics, section 2.6; Hollander and
// Wolfe, Nonparametric Statistical Methods, sections 4.2 and 4.3). confidence is the
// interval's share, such as 0.95.
//
// The estimate is the shift of B at which the weighted rank sums balance (the middle, where
// a range of shifts does), which with one stratum is the median of all differences between
// a value of A and one of B. The interval has the shifts at which the test, with the
// variance it has without a shift, gives a p-value above 1 - confidence; so it has 0 inside
// just where VanElteren's is above. It is false where VanElteren is.
func (s Samples) Shift(confidence float64) (Estimate, bool) {
	variance := s.variance()
	if variance == 0 {
		return Estimate{}, false
	}
	from, to := math.Inf(1), math.Inf(-1)
	for _, stratum := range s.strata {
		from = min(from, stratum.A[0]-stratum.B[len(stratum.B)-1])
		to = max(to, stratum.A[len(stratum.A)-1]-stratum.B[0])
	}
	// Searched in units of the largest difference, for which crossing's tolerance is made.
	unit := max(math.Abs(from), math.Abs(to))
	deviation := math.Sqrt(variance)
	inversion := inversion{
		deviate: func(x float64) float64 { return s.lead(1, x*unit) / deviation },
		from:    from/unit - 1, to: to/unit + 1,
		critical: s.critical(confidence, deviation),
	}
	middle, low, high, ok := inversion.solve()
	return Estimate{Value: middle * unit, Low: low * unit, High: high * unit}, ok
}

// Ratio returns how many times as large A's values are as B's: what Shift is on logarithms,
// taken back, so 1.10 says that A's times are 10 % longer. The interval has 1 inside just
// where VanElteren's p-value is above 1 - confidence. Values must not be negative; a value of 0 is 0 times any. It is false
// where VanElteren is, and where so many values are 0 that no ratio balances the ranks.
func (s Samples) Ratio(confidence float64) (Estimate, bool) {
	variance := s.variance()
	if variance == 0 {
		return Estimate{}, false
	}
	a, b := noRange(), noRange()
	for _, stratum := range s.strata {
		a.add(stratum.A)
		b.add(stratum.B)
	}
	deviation := math.Sqrt(variance)
	inversion := inversion{
		deviate:  func(x float64) float64 { return s.lead(math.Exp(x), 0) / deviation },
		critical: s.critical(confidence, deviation),
	}
	inversion.from, inversion.to = a.over(b)
	middle, low, high, ok := inversion.solve()
	return Estimate{Value: math.Exp(middle), Low: math.Exp(low), High: math.Exp(high)}, ok
}

// critical returns the least distance from 0, in standard deviations, that the test takes
// for a difference.
func (s Samples) critical(confidence, deviation float64) float64 {
	if s.exact() {
		only := s.strata[0]
		return only.weight() * only.permutations().critical(1-confidence) / 2 / deviation
	}
	return deviate(confidence)
}

// positives is the range of the positive ones of some values.
type positives struct{ low, high float64 }

func noRange() positives { return positives{math.Inf(1), 0} }

// add takes in values sorted ascending.
func (p *positives) add(values []float64) {
	for _, v := range values {
		if v > 0 {
			p.low, p.high = min(p.low, v), max(p.high, values[len(values)-1])
			return
		}
	}
}

// over returns logarithms between which the ratios of all pairs lie, 0 and 0 if there are none.
func (p positives) over(q positives) (from, to float64) {
	if p.high == 0 || q.high == 0 {
		return 0, 0
	}
	return math.Log(p.low/q.high) - 1, math.Log(p.high/q.low) + 1
}
