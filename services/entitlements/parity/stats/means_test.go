package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/services/entitlements/parity/stats"
)

// The figures are those of the same formulas in R, with its mean and var.
func TestRatioOfMeans(t *testing.T) {
	got, ok := stats.NewSamples(warpbreaks()).RatioOfMeans(0.95)
	require.True(t, ok)
	assert.InDelta(t, 1.2287390029, got.Value, 1e-9)
	assert.InDelta(t, 1.0044331712, got.Low, 1e-8)
	assert.InDelta(t, 1.5031358786, got.High, 1e-8)
}

func TestRatioOfMeansWhereItSaysLittle(t *testing.T) {
	for _, test := range []struct {
		name   string
		strata []stats.Sample
		want   stats.Estimate
		ok     bool
	}{
		{"nothing", nil, stats.Estimate{}, false},
		{"groups never meet", []stats.Sample{{A: []float64{1}}, {B: []float64{2}}}, stats.Estimate{}, false},
		{"B gets nothing", []stats.Sample{{A: []float64{1, 2}, B: []float64{0, 0}}}, stats.Estimate{}, false},
		{"A gets nothing", []stats.Sample{{A: []float64{0, 0}, B: []float64{1, 2}}}, stats.Estimate{High: math.Inf(1)}, true},
		{"one case each", []stats.Sample{{A: []float64{2}, B: []float64{4}}}, stats.Estimate{Value: 0.5, High: math.Inf(1)}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := stats.NewSamples(test.strata).RatioOfMeans(0.95)
			assert.Equal(t, test.ok, ok)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestRatioOfMeansOfYesAndNoIsTheRiskRatio(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		strata := tables(t)
		asValues := make([]stats.Sample, len(strata))
		values := func(yes, no int) []float64 {
			values := make([]float64, yes+no)
			for i := range yes {
				values[i] = 1
			}
			return values
		}
		for i, s := range strata {
			asValues[i] = stats.Sample{A: values(s.AYes, s.ANo), B: values(s.BYes, s.BNo)}
		}
		want, ok := stats.RiskRatio(strata, 0.95)
		got, okToo := stats.NewSamples(asValues).RatioOfMeans(0.95)
		require.Equal(t, ok, okToo)
		assert.InDelta(t, want.Value, got.Value, 1e-9)
	})
}

func TestRatioOfMeansIsCoveredByItsInterval(t *testing.T) {
	for _, size := range []struct {
		name         string
		strata, a, b int
	}{
		{"few strata", 3, 40, 60},
		{"strata with single cases", 60, 1, 3},
	} {
		t.Run(size.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(21, 22))
			var covered calibration
			for range rounds(400, 10_000) {
				strata := make([]stats.Sample, size.strata)
				for i := range strata {
					level := 1 + 9*random.Float64()
					strata[i] = stats.Sample{A: drawAmounts(random, size.a, 0.8*level), B: drawAmounts(random, size.b, level)}
				}
				// One stratum tells how A's values vary where the others have single cases.
				strata[0].A = drawAmounts(random, 15, 4)
				strata[0].B = drawAmounts(random, 15, 5)
				got, ok := stats.NewSamples(strata).RatioOfMeans(0.9)
				require.True(t, ok)
				covered.add(got.Low <= 0.8 && got.High >= 0.8)
			}
			covered.atLeast(t, 0.9-0.02, "interval of the ratio of means")
			covered.atMost(t, 0.9+0.02, "interval of the ratio of means")
		})
	}
}

// drawAmounts draws amounts of which level is the mean.
func drawAmounts(random *rand.Rand, n int, level float64) []float64 {
	amounts := make([]float64, n)
	for i := range amounts {
		amounts[i] = level * random.ExpFloat64()
	}
	return amounts
}
