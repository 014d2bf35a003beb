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

// Weeks of remission from leukaemia under 6-mercaptopurine and placebo (Freireich et al.,
// Blood 21, 1963; Gehan, Biometrika 52, 1965).
func leukaemia() stats.DurationStratum {
	return stats.DurationStratum{
		A: stats.Lifetimes{
			Done: []float64{6, 6, 6, 7, 10, 13, 16, 22, 23},
			Open: []float64{6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35},
		},
		B: stats.Lifetimes{Done: []float64{1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23}},
	}
}

// Days of survival with ovarian cancer under two treatments, by residual disease (Edmonson et
// al., Cancer Treatment Reports 63, 1979; R's survival::ovarian).
func ovarian() []stats.DurationStratum {
	return []stats.DurationStratum{
		{
			A: stats.Lifetimes{Done: []float64{638}, Open: []float64{448, 803, 855, 1106}},
			B: stats.Lifetimes{Done: []float64{563, 353}, Open: []float64{744, 1129, 1227, 377}},
		},
		{
			A: stats.Lifetimes{Done: []float64{59, 115, 156, 431, 268, 329}, Open: []float64{477, 1040}},
			B: stats.Lifetimes{Done: []float64{464, 475, 365}, Open: []float64{421, 769, 770, 1206}},
		},
	}
}

// The chi-squares are those of R's survdiff; their p-values would be 0.0000417 and 0.258. Those
// here take the skewness along, with the moments of R's dhyper.
func TestLogRank(t *testing.T) {
	for _, test := range []struct {
		name   string
		strata []stats.DurationStratum
		chi, p float64
	}{
		{"leukaemia", []stats.DurationStratum{leukaemia()}, 16.79294099, 9.996011645e-05},
		{"ovarian", ovarian(), 1.2796434512, 0.2594124826},
	} {
		t.Run(test.name, func(t *testing.T) {
			durations := stats.NewDurations(test.strata)
			got, ok := durations.LogRank()
			require.True(t, ok)
			assert.InDelta(t, test.chi, got.Statistic, 1e-7)
			assert.InDelta(t, test.p, got.P, 1e-10)
		})
	}
}

func lifetimes(t *rapid.T, most int) stats.Lifetimes {
	return stats.Lifetimes{Done: values(t, "done", 0, most), Open: values(t, "open", 0, most)}
}

func durations(t *rapid.T, strata, cases int) []stats.DurationStratum {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stats.DurationStratum {
		return stats.DurationStratum{A: lifetimes(t, cases), B: lifetimes(t, cases)}
	}), 1, strata).Draw(t, "strata")
}

// logRank is the log-rank test by its definition, a table at every time at which a case
// ends: its sum of differences, their variance, and the deviate without the skewness. Early
// weighs each table by the share of cases left.
func logRank(strata []stats.DurationStratum, early bool) (excess, variance, deviate float64) {
	var third float64
	for _, s := range strata {
		times := map[float64]bool{}
		for _, l := range []stats.Lifetimes{s.A, s.B} {
			for _, time := range l.Done {
				times[time] = true
			}
		}
		all := stats.Lifetimes{Done: slices.Concat(s.A.Done, s.B.Done), Open: slices.Concat(s.A.Open, s.B.Open)}
		equal := func(time float64) func(float64) bool { return func(v float64) bool { return v == time } }
		atLeast := func(time float64) func(float64) bool { return func(v float64) bool { return v >= time } }
		count := func(values []float64, counts func(float64) bool) (n float64) {
			for _, v := range values {
				if counts(v) {
					n++
				}
			}
			return n
		}
		for time := range times {
			now, later := equal(time), atLeast(time)
			a := count(s.A.Done, later) + count(s.A.Open, later)
			n := a + count(s.B.Done, later) + count(s.B.Open, later)
			end := count(s.A.Done, now) + count(s.B.Done, now)
			weight := 1.0
			if early {
				weight = n / (n + 1)
				for earlier := range times {
					if earlier < time {
						left := count(all.Done, atLeast(earlier)) + count(all.Open, atLeast(earlier))
						weight *= 1 - count(all.Done, equal(earlier))/(left+1)
					}
				}
			}
			excess += weight * (count(s.A.Done, now) - end*a/n)
			for x := range int(min(a, end)) + 1 {
				share := choose(int(a), x) * choose(int(n-a), int(end)-x) / choose(int(n), int(end))
				difference := weight * (float64(x) - end*a/n)
				variance += share * difference * difference
				third += share * difference * difference * difference
			}
		}
	}
	deviate = excess / math.Sqrt(variance)
	if skewness := third / math.Pow(variance, 1.5); math.Abs(skewness) > 1e-6 {
		deviate = 6/skewness*(math.Cbrt(1+skewness*deviate/2)-1) + skewness/6
	}
	return excess, variance, deviate
}

func TestLogRankAgainstItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		strata := durations(t, 3, 6)
		early := rapid.Bool().Draw(t, "early")
		got, ok := prepare(strata, early).LogRank()
		excess, variance, deviate := logRank(strata, early)
		require.Equal(t, variance > 1e-12, ok)
		if ok {
			assert.InDelta(t, excess*excess/variance, got.Statistic, 1e-9)
			assert.InDelta(t, math.Erfc(math.Abs(deviate)/math.Sqrt2), got.P, 1e-9)
		}
	})
}

func prepare(strata []stats.DurationStratum, early bool) stats.Durations {
	durations := stats.NewDurations(strata)
	if early {
		durations = durations.Early()
	}
	return durations
}

func TestTimeRatioBalancesTheLogRankTest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		strata := durations(t, 3, 12)
		early := rapid.Bool().Draw(t, "early")
		got, ok := prepare(strata, early).Ratio(0.9)
		if !ok {
			return
		}
		// A little below the estimate A looks the slower group, a little above the faster one.
		_, _, below := logRank(scaled(strata, got.Value*(1-1e-6)), early)
		_, _, above := logRank(scaled(strata, got.Value*(1+1e-6)), early)
		assert.LessOrEqual(t, below, 1e-6)
		assert.GreaterOrEqual(t, above, -1e-6)
		assert.LessOrEqual(t, got.Low, got.Value)
		assert.GreaterOrEqual(t, got.High, got.Value)
		// And the limits are where the test begins to reject.
		const z = 1.6448536
		if got.Low > 0 {
			_, _, deviate := logRank(scaled(strata, got.Low*(1-1e-6)), early)
			assert.Less(t, deviate, -z+1e-6)
		}
		if !math.IsInf(got.High, 1) {
			_, _, deviate := logRank(scaled(strata, got.High*(1+1e-6)), early)
			assert.Greater(t, deviate, z-1e-6)
		}
	})
}

// scaled multiplies B's durations.
func scaled(strata []stats.DurationStratum, ratio float64) []stats.DurationStratum {
	times := func(values []float64) []float64 {
		multiplied := make([]float64, len(values))
		for i, v := range values {
			multiplied[i] = v * ratio
		}
		return multiplied
	}
	result := make([]stats.DurationStratum, len(strata))
	for i, s := range strata {
		result[i] = stats.DurationStratum{A: s.A, B: stats.Lifetimes{Done: times(s.B.Done), Open: times(s.B.Open)}}
	}
	return result
}

// Without open cases Early durations have van Elteren's statistic: the sum of differences is
// twice what A's ranks lack.
func TestEarlyOfCasesThatAllEndedIsVanElteren(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		strata := samples(t, 3, 8)
		durations := make([]stats.DurationStratum, len(strata))
		for i, s := range strata {
			durations[i] = stats.DurationStratum{A: stats.Lifetimes{Done: s.A}, B: stats.Lifetimes{Done: s.B}}
		}
		excess, variance, _ := logRank(durations, true)
		assert.InDelta(t, -2*lead(strata), excess, 1e-9)
		got, ok := prepare(durations, true).LogRank()
		if ok {
			assert.Equal(t, stats.PetoPrenticeTest, got.Method)
			assert.InDelta(t, 4*lead(strata)*lead(strata)/variance, got.Statistic, 1e-9)
		}
	})
}

func TestTimeRatioSeesThroughOpenCases(t *testing.T) {
	// Cases opened evenly over 30 days and watched until the last: A takes 1.5 times as long as
	// B, and about half of the slower stratum is still open.
	random := rand.New(rand.NewPCG(5, 6))
	group := func(n int, scale float64) (l stats.Lifetimes) {
		for range n {
			took, watched := scale*math.Exp(random.NormFloat64()), 30*random.Float64()
			if took <= watched {
				l.Done = append(l.Done, took)
			} else {
				l.Open = append(l.Open, watched)
			}
		}
		return l
	}
	stratum := func(n int, scale float64) stats.DurationStratum {
		return stats.DurationStratum{A: group(n, 1.5*scale), B: group(2*n, scale)}
	}
	strata := []stats.DurationStratum{stratum(2000, 2), stratum(2000, 15)}
	for _, early := range []bool{false, true} {
		ratio, ok := prepare(strata, early).Ratio(0.95)
		require.True(t, ok)
		assert.InDelta(t, 1.5, ratio.Value, 0.09)
		assert.Less(t, ratio.Low, 1.5)
		assert.Greater(t, ratio.High, 1.5)
		assert.Less(t, ratio.High/ratio.Low, 1.2)
	}
}

func TestDurationsThatCannotDiffer(t *testing.T) {
	open := stats.Lifetimes{Open: []float64{1, 2, 3}}
	early := stats.Lifetimes{Done: []float64{1, 2}}
	for name, strata := range map[string][]stats.DurationStratum{
		"nothing":           nil,
		"all open":          {{A: open, B: open}},
		"one group":         {{A: early}},
		"groups never meet": {{A: early}, {B: early}},
		"never at risk together": {
			{A: stats.Lifetimes{Open: []float64{1}}, B: stats.Lifetimes{Done: []float64{2, 3}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			prepared := stats.NewDurations(strata)
			_, ok := prepared.LogRank()
			assert.False(t, ok)
			_, ok = prepared.Ratio(0.95)
			assert.False(t, ok)
		})
	}
}

func TestRatioWhereOneGroupNeverEnds(t *testing.T) {
	prepared := stats.NewDurations([]stats.DurationStratum{{
		A: stats.Lifetimes{Open: []float64{5, 5, 5, 5, 5, 5}},
		B: stats.Lifetimes{Done: []float64{1, 2, 3, 3, 4, 4}},
	}})
	test, ok := prepared.LogRank()
	require.True(t, ok)
	assert.Less(t, test.P, 0.01)
	_, ok = prepared.Ratio(0.95)
	assert.False(t, ok)
}
