package stats

import "math"

// Method names how a p-value was computed.
type Method string

// The methods of the tests in this package.
const (
	// CochranMantelHaenszelTest is the test of CochranMantelHaenszel.
	CochranMantelHaenszelTest Method = "cochran-mantel-haenszel"
	// ExactConditionalTest is the test of ExactConditional.
	ExactConditionalTest Method = "exact-conditional"
	// VanElterenTest is the normal approximation of Samples.VanElteren.
	VanElterenTest Method = "van-elteren"
	// ExactWilcoxonTest is the permutation distribution that Samples.VanElteren takes for one small stratum.
	ExactWilcoxonTest Method = "exact-wilcoxon"
	// LogRankTest is the test of Durations.LogRank, skewness taken into account.
	LogRankTest Method = "log-rank"
	// PetoPrenticeTest is the test of Durations.LogRank of Early durations, skewness taken into account.
	PetoPrenticeTest Method = "peto-prentice"
)

// Test is the outcome of a test of no difference between two groups.
type Test struct {
	// Method is how P was computed.
	Method Method
	// Statistic is a chi-square with one degree of freedom for CochranMantelHaenszelTest and,
	// before P takes the skewness along, LogRankTest and PetoPrenticeTest, a standard normal deviate (positive where A's values are higher) for
	// VanElterenTest, Mann and Whitney's U (the pairs in which A's value is the higher one,
	// ties counting one half) for ExactWilcoxonTest, and the number of A's that are yes for
	// ExactConditionalTest.
	Statistic float64
	// P is the two-sided p-value, from 0 to 1.
	P float64
}

// Estimate is the size of an effect with a two-sided confidence interval around it.
type Estimate struct {
	// Value is the point estimate.
	Value float64
	// Low and High are the confidence limits; Low is 0 (a ratio) or -Inf (a shift) and High is
	// +Inf where the data set no limit on that side.
	Low, High float64
}

// chiSquareP returns the probability that a chi-square with one degree of freedom is at least x.
func chiSquareP(x float64) float64 { return math.Erfc(math.Sqrt(x / 2)) }

// normalP returns the probability that a standard normal deviate is at least |z| away from 0.
func normalP(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// deviate returns the standard normal deviate that bounds the middle share of confidence
// (0.95 gives 1.96).
func deviate(confidence float64) float64 { return math.Sqrt2 * math.Erfinv(confidence) }

// around returns the estimate of a ratio whose logarithm has the given standard error.
func around(ratio, standardError, confidence float64) Estimate {
	factor := math.Exp(deviate(confidence) * standardError)
	return Estimate{Value: ratio, Low: ratio / factor, High: ratio * factor}
}
