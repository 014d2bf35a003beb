package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/services/entitlements/parity/stats"
)

// Permeability of the human chorioamnion at term and at 12 to 26 weeks (Hollander and Wolfe,
// Nonparametric Statistical Methods, 1973, page 69).
func chorioamnion() []stats.Sample {
	return []stats.Sample{{
		A: []float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
		B: []float64{1.15, 0.88, 0.90, 0.74, 1.21},
	}}
}

// Ozone in New York in May and August 1973, with ties (R's airquality).
func ozone() []stats.Sample {
	return []stats.Sample{{
		A: []float64{41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37},
		B: []float64{39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85},
	}}
}

// The figures are those of R's wilcox.test: exact, and asymptotic without correction.
func TestVanElterenOfOneStratumIsWilcoxon(t *testing.T) {
	t.Run("exact", func(t *testing.T) {
		samples := stats.NewSamples(chorioamnion())
		got, ok := samples.VanElteren()
		require.True(t, ok)
		assert.Equal(t, stats.ExactWilcoxonTest, got.Method)
		assert.Equal(t, 35.0, got.Statistic)
		assert.InDelta(t, 0.2544123, got.P, 1e-7)

		shift, ok := samples.Shift(0.95)
		require.True(t, ok)
		assert.InDelta(t, 0.305, shift.Value, 1e-8)
		assert.InDelta(t, -0.15, shift.Low, 1e-8)
		assert.InDelta(t, 0.76, shift.High, 1e-8)
	})
	t.Run("normal", func(t *testing.T) {
		samples := stats.NewSamples(ozone())
		got, ok := samples.VanElteren()
		require.True(t, ok)
		assert.Equal(t, stats.VanElterenTest, got.Method)
		assert.Less(t, got.Statistic, 0.0)
		assert.InDelta(t, 0.0001163773, got.P, 1e-10)

		shift, ok := samples.Shift(0.95)
		require.True(t, ok)
		assert.InDelta(t, -32, shift.Value, 1e-6)
		assert.InDelta(t, -53, shift.Low, 1e-6)
		assert.InDelta(t, -15, shift.High, 1e-6)
	})
}

// Breaks of yarn on looms by kind of wool, A and B, at low, medium and high tension (Tukey,
// Exploratory Data Analysis, 1977; R's warpbreaks).
func warpbreaks() []stats.Sample {
	return []stats.Sample{
		{A: []float64{26, 30, 54, 25, 70, 52, 51, 26, 67}, B: []float64{27, 14, 29, 19, 29, 31, 41, 20, 44}},
		{A: []float64{18, 21, 29, 17, 12, 18, 35, 30, 36}, B: []float64{42, 26, 19, 16, 39, 28, 21, 39, 29}},
		{A: []float64{36, 21, 24, 18, 10, 43, 28, 15, 26}, B: []float64{20, 21, 24, 17, 13, 15, 15, 16, 28}},
	}
}

// The figures are those of R's coin::independence_test on the ranks over the cases + 1 of each
// stratum, the tensions being blocks.
func TestVanElterenOfSeveralStrata(t *testing.T) {
	got, ok := stats.NewSamples(warpbreaks()).VanElteren()
	require.True(t, ok)
	assert.InDelta(t, 1.17519998, got.Statistic, 1e-8)
	assert.InDelta(t, 0.23991472, got.P, 1e-8)
}

func TestSamplesThatCannotDiffer(t *testing.T) {
	for name, strata := range map[string][]stats.Sample{
		"nothing":                  nil,
		"one group":                {{A: []float64{1, 2}}},
		"all equal":                {{A: []float64{2, 2}, B: []float64{2}}},
		"groups never meet":        {{A: []float64{1, 2}}, {B: []float64{3, 4}}},
		"each stratum of one kind": {{A: []float64{1}, B: []float64{1}}, {A: []float64{2}, B: []float64{2}}},
	} {
		t.Run(name, func(t *testing.T) {
			samples := stats.NewSamples(strata)
			_, ok := samples.VanElteren()
			assert.False(t, ok)
			_, ok = samples.Shift(0.95)
			assert.False(t, ok)
			_, ok = samples.Ratio(0.95)
			assert.False(t, ok)
		})
	}
}

func TestIntervalWithoutLimitsWhereNothingCanBeRejected(t *testing.T) {
	samples := stats.NewSamples([]stats.Sample{{A: []float64{3, 5}, B: []float64{1, 2}}})
	shift, ok := samples.Shift(0.95)
	require.True(t, ok)
	assert.InDelta(t, 2.5, shift.Value, 1e-8)
	assert.Equal(t, math.Inf(-1), shift.Low)
	assert.Equal(t, math.Inf(1), shift.High)
	ratio, ok := samples.Ratio(0.95)
	require.True(t, ok)
	assert.InDelta(t, math.Sqrt(2.5*3), ratio.Value, 1e-7)
	assert.Zero(t, ratio.Low)
	assert.Equal(t, math.Inf(1), ratio.High)
}

func TestRatioWithTimesOfZero(t *testing.T) {
	some := stats.NewSamples([]stats.Sample{{A: []float64{0, 4, 6, 8, 10}, B: []float64{0, 2, 3, 4, 5}}})
	ratio, ok := some.Ratio(0.95)
	require.True(t, ok)
	assert.InDelta(t, 2, ratio.Value, 1e-8)

	most := stats.NewSamples([]stats.Sample{{A: []float64{0, 0, 0, 0, 1}, B: []float64{2, 3, 4, 5, 6}}})
	_, ok = most.Ratio(0.95)
	assert.False(t, ok)
	none := stats.NewSamples([]stats.Sample{{A: []float64{0, 0}, B: []float64{2, 3}}})
	_, ok = none.Ratio(0.95)
	assert.False(t, ok)
}

func TestStratifiedRatioIsThatWithinStrata(t *testing.T) {
	// Within each stratum A takes 1.25 times as long; A's cases are mostly in the fast one,
	// so that over all A looks the faster one (Simpson's paradox).
	random := rand.New(rand.NewPCG(3, 4))
	stratum := func(a, b int, scale float64) stats.Sample {
		s := stats.Sample{A: make([]float64, a), B: make([]float64, b)}
		for i := range s.A {
			s.A[i] = 1.25 * scale * math.Exp(random.NormFloat64())
		}
		for i := range s.B {
			s.B[i] = scale * math.Exp(random.NormFloat64())
		}
		return s
	}
	samples := stats.NewSamples([]stats.Sample{stratum(4000, 1000, 1), stratum(1000, 4000, 20)})
	ratio, ok := samples.Ratio(0.95)
	require.True(t, ok)
	assert.Less(t, ratio.Low, 1.25)
	assert.Greater(t, ratio.High, 1.25)
	assert.InDelta(t, 1.25, ratio.Value, 0.08)
	test, ok := samples.VanElteren()
	require.True(t, ok)
	assert.Greater(t, test.Statistic, 0.0)
	assert.Less(t, test.P, 1e-6)
}

// values draws a few small values, with ties.
func values(t *rapid.T, label string, least, most int) []float64 {
	return rapid.SliceOfN(rapid.Map(rapid.IntRange(1, 12), func(i int) float64 { return float64(i) / 2 }), least, most).Draw(t, label)
}

func samples(t *rapid.T, strata, cases int) []stats.Sample {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stats.Sample {
		return stats.Sample{A: values(t, "a", 1, cases), B: values(t, "b", 1, cases)}
	}), 1, strata).Draw(t, "strata")
}

// lead is van Elteren's statistic by its definition: the excess of A's middle ranks over
// their mean, weighted.
func lead(strata []stats.Sample) (sum float64) {
	for _, s := range strata {
		all := slices.Concat(s.A, s.B)
		for _, a := range s.A {
			rank := 0.5
			for _, v := range all {
				if v < a {
					rank++
				} else if v == a {
					rank += 0.5
				}
			}
			sum += (rank - float64(len(all)+1)/2) / float64(len(all)+1)
		}
	}
	return sum
}

// permute visits every way to choose the cases of A out of a stratum's.
func permute(s stats.Sample, visit func(stats.Sample)) {
	all := slices.Concat(s.A, s.B)
	for chosen := range 1 << len(all) {
		var p stats.Sample
		for i, v := range all {
			if chosen>>i&1 == 1 {
				p.A = append(p.A, v)
			} else {
				p.B = append(p.B, v)
			}
		}
		if len(p.A) == len(s.A) {
			visit(p)
		}
	}
}

func TestVanElterenAgainstAllPermutations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		strata := samples(t, 3, 4)
		got, ok := stats.NewSamples(strata).VanElteren()
		// Strata are permuted each for itself, so their variances add up.
		var variance float64
		extreme, all := 0, 0
		for _, s := range strata {
			var squares, n float64
			permute(s, func(p stats.Sample) {
				d := lead([]stats.Sample{p})
				squares += d * d
				n++
				all++
				if math.Abs(d) >= math.Abs(lead(strata))-1e-9 {
					extreme++
				}
			})
			variance += squares / n
		}
		require.Equal(t, variance > 1e-12, ok)
		if !ok {
			return
		}
		if len(strata) == 1 {
			assert.InDelta(t, float64(extreme)/float64(all), got.P, 1e-9)
			return
		}
		assert.InDelta(t, lead(strata)/math.Sqrt(variance), got.Statistic, 1e-9)
		assert.InDelta(t, math.Erfc(math.Abs(got.Statistic)/math.Sqrt2), got.P, 1e-12)
	})
}

func TestShiftOfOneStratumIsTheMedianDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := stats.Sample{A: values(t, "a", 1, 30), B: values(t, "b", 1, 30)}
		got, ok := stats.NewSamples([]stats.Sample{s}).Shift(0.9)
		var differences, ratios []float64
		for _, a := range s.A {
			for _, b := range s.B {
				differences = append(differences, a-b)
				ratios = append(ratios, math.Log(a/b))
			}
		}
		if !ok {
			return
		}
		assert.InDelta(t, median(differences), got.Value, 1e-7)
		assert.LessOrEqual(t, got.Low, got.Value)
		assert.GreaterOrEqual(t, got.High, got.Value)
		ratio, ok := stats.NewSamples([]stats.Sample{s}).Ratio(0.9)
		require.True(t, ok)
		assert.InDelta(t, median(ratios), math.Log(ratio.Value), 1e-7)
	})
}

func TestShiftBalancesTheRanks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		strata := samples(t, 4, 12)
		got, ok := stats.NewSamples(strata).Shift(0.9)
		if !ok {
			return
		}
		moved := func(shift float64) []stats.Sample {
			result := make([]stats.Sample, len(strata))
			for i, s := range strata {
				result[i].A = s.A
				for _, b := range s.B {
					result[i].B = append(result[i].B, b+shift)
				}
			}
			return result
		}
		assert.GreaterOrEqual(t, lead(moved(got.Value-1e-6)), -1e-9)
		assert.LessOrEqual(t, lead(moved(got.Value+1e-6)), 1e-9)
	})
}

func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func TestIntervalsAgreeWithTheTest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prepared := stats.NewSamples(samples(t, 4, 20))
		test, ok := prepared.VanElteren()
		if !ok || math.Abs(test.P-0.1) < 1e-6 {
			return
		}
		shift, ok := prepared.Shift(0.9)
		require.True(t, ok)
		const near = 1e-7
		if test.P < 0.1 {
			assert.True(t, shift.Low > -near || shift.High < near, "%+v %+v", test, shift)
		} else {
			assert.True(t, shift.Low < near && shift.High > -near, "%+v %+v", test, shift)
		}
		ratio, ok := prepared.Ratio(0.9)
		require.True(t, ok)
		if test.P < 0.1 {
			assert.True(t, ratio.Low > 1-near || ratio.High < 1+near, "%+v %+v", test, ratio)
		} else {
			assert.True(t, ratio.Low < 1+near && ratio.High > 1-near, "%+v %+v", test, ratio)
		}
	})
}

func TestExchangingTheGroupsTurnsSamplesAround(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		strata := samples(t, 3, 8)
		exchanged := make([]stats.Sample, len(strata))
		for i, s := range strata {
			exchanged[i] = stats.Sample{A: s.B, B: s.A}
		}
		one, other := stats.NewSamples(strata), stats.NewSamples(exchanged)
		p, ok := one.VanElteren()
		q, okToo := other.VanElteren()
		require.Equal(t, ok, okToo)
		if !ok {
			return
		}
		assert.InDelta(t, p.P, q.P, 1e-9)
		shift, _ := one.Shift(0.95)
		back, _ := other.Shift(0.95)
		assert.InDelta(t, -back.Value, shift.Value, 1e-7)
		ratio, _ := one.Ratio(0.95)
		inverse, _ := other.Ratio(0.95)
		assert.InDelta(t, 1, ratio.Value*inverse.Value, 1e-7)
	})
}
