package stats

import "math"

// Ratio returns how many times as long A's cases take as B's, those still open included: the
// ratio by which B's durations are multiplied for LogRank to see no difference (p-value 1;
// accelerated failure times by inversion of a rank test: Louis, Biometrika 68, 1981; Wei
// and Gail, JASA 78, 1983; Kalbfleisch and Prentice, section 7.3). confidence is the
// interval's share, such as 0.95; the interval has the ratios that LogRank does not reject at
// 1 - confidence, so it has 1 inside just where LogRank's p-value is above that.
//
// It supposes that one factor stretches the times of a stratum as a whole, whatever their
// distribution is, and that how long a case could be watched does not depend on how long it
// takes. With two groups the sum of differences only falls as the ratio grows (a group at risk
// for longer is expected to have more of the ends), so the estimate is the only solution,
// or the middle, on the logarithm, where a range of ratios is. A duration of 0 is 0 times
// any. It is false where LogRank is, and where no ratio balances the groups, or any does
// from some on, as when none of a group's cases has ended.
func (d Durations) Ratio(confidence float64) (Estimate, bool) {
	if d.sums(1).variance <= 0 {
		return Estimate{}, false
	}
	a, b := noRange(), noRange()
	for _, stratum := range d.strata {
		for _, times := range [][]float64{stratum.A.Done, stratum.A.Open} {
			a.add(times)
		}
		for _, times := range [][]float64{stratum.B.Done, stratum.B.Open} {
			b.add(times)
		}
	}
	inversion := inversion{
		deviate:  func(x float64) float64 { return -d.sums(math.Exp(x)).deviate() },
		critical: deviate(confidence),
	}
	inversion.from, inversion.to = a.over(b)
	middle, low, high, ok := inversion.solve()
	return Estimate{Value: math.Exp(middle), Low: math.Exp(low), High: math.Exp(high)}, ok
}
