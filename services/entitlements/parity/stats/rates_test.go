package stats_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/services/entitlements/parity/stats"
)

// Graduate admissions at Berkeley in 1973 by department, men and women, admitted and
// rejected (Bickel, Hammel and O'Connell, Science 187, 1975; R's UCBAdmissions).
var berkeley = []stats.Table{
	{512, 313, 89, 19}, {353, 207, 17, 8}, {120, 205, 202, 391},
	{138, 279, 131, 244}, {53, 138, 94, 299}, {22, 351, 24, 317},
}

// Rabbits given penicillin at once and later, cured and died, by dose (Mantel and Haenszel's
// method in Agresti, Categorical Data Analysis, 1990, page 239; R's help on mantelhaen.test).
var rabbits = []stats.Table{{0, 6, 0, 5}, {3, 3, 0, 6}, {6, 0, 2, 4}, {5, 1, 6, 0}, {2, 0, 5, 0}}

// A lady tasting tea (Fisher, The Design of Experiments, 1935).
var tea = []stats.Table{{3, 1, 1, 3}}

func TestCochranMantelHaenszel(t *testing.T) {
	for _, test := range []struct {
		name       string
		strata     []stats.Table
		correction bool
		chi, p     float64
	}{
		{"Berkeley", berkeley, false, 1.5246067, 0.2169237},
		{"Berkeley, corrected", berkeley, true, 1.4269462, 0.2322635},
		{"rabbits", rabbits, false, 5.6571429, 0.01738442},
		{"rabbits, corrected", rabbits, true, 3.9285714, 0.04747226},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := stats.CochranMantelHaenszel(test.strata, test.correction)
			require.True(t, ok)
			assert.InDelta(t, test.chi, got.Statistic, 1e-6)
			assert.InDelta(t, test.p, got.P, 1e-7)
			assert.Equal(t, stats.CochranMantelHaenszelTest, got.Method)
		})
	}
}

func TestExactConditional(t *testing.T) {
	for _, test := range []struct {
		name   string
		strata []stats.Table
		sum, p float64
	}{
		{"tea", tea, 3, 34.0 / 70},
		{"convictions of twins (Fisher 1935)", []stats.Table{{2, 15, 10, 3}}, 2, 0.0005367241},
		{"job satisfaction (R's fisher.test of 8 2 1 5)", []stats.Table{{8, 2, 1, 5}}, 8, 0.03496503},
		{"rabbits", rabbits, 16, 0.0399449},
		{"Berkeley", berkeley, 1198, 0.2277625268},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := stats.ExactConditional(test.strata)
			require.True(t, ok)
			assert.Equal(t, test.sum, got.Statistic)
			assert.InDelta(t, test.p, got.P, 1e-8)
		})
	}
}

func TestRatesTakesTheExactTestForSmallCells(t *testing.T) {
	for _, test := range []struct {
		name   string
		strata []stats.Table
		method stats.Method
	}{
		{"tea", tea, stats.ExactConditionalTest},
		{"rabbits", rabbits, stats.ExactConditionalTest},
		{"Berkeley", berkeley, stats.CochranMantelHaenszelTest},
		{"few yes among many", []stats.Table{{3, 40_000, 5, 50_000}}, stats.ExactConditionalTest},
		{"few no among many", []stats.Table{{40_000, 1, 50_000, 7}}, stats.ExactConditionalTest},
		{"many", []stats.Table{{5000, 0, 4000, 1000}}, stats.CochranMantelHaenszelTest},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := stats.TestRates(test.strata)
			require.True(t, ok)
			assert.Equal(t, test.method, got.Method)
			assert.False(t, math.IsNaN(got.P))
		})
	}
}

func TestRatesOfFarTooManyStrataForTheExactTest(t *testing.T) {
	strata := make([]stats.Table, 30_000)
	for i := range strata {
		strata[i] = stats.Table{ANo: 1, BYes: 1, BNo: 20_000}
	}
	got, ok := stats.TestRates(strata)
	require.True(t, ok)
	assert.Equal(t, stats.CochranMantelHaenszelTest, got.Method)
}

func TestRatesThatCannotDiffer(t *testing.T) {
	for name, strata := range map[string][]stats.Table{
		"nothing":              nil,
		"one group":            {{3, 4, 0, 0}},
		"groups never meet":    {{3, 4, 0, 0}, {0, 0, 3, 4}},
		"all yes":              {{3, 0, 4, 0}},
		"each stratum unmixed": {{3, 0, 4, 0}, {0, 3, 0, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, test := range []func([]stats.Table) (stats.Test, bool){
				stats.TestRates, stats.ExactConditional,
				func(s []stats.Table) (stats.Test, bool) { return stats.CochranMantelHaenszel(s, false) },
			} {
				got, ok := test(strata)
				assert.False(t, ok)
				assert.Zero(t, got)
			}
		})
	}
}

// The figures are those of Greenland and Robins' formulas in R.
func TestRiskRatioOfSeveralStrata(t *testing.T) {
	got, ok := stats.RiskRatio(berkeley, 0.95)
	require.True(t, ok)
	assert.InDelta(t, 0.94490502260, got.Value, 1e-9)
	assert.InDelta(t, 0.86645223268, got.Low, 1e-9)
	assert.InDelta(t, 1.03046130883, got.High, 1e-9)
}

func TestRiskRatioOfOneStratumHasTheLogInterval(t *testing.T) {
	// The physicians' health study: heart attacks under aspirin and placebo (Agresti,
	// An Introduction to Categorical Data Analysis, table 2.3): 1.82 from 1.43 to 2.30.
	got, ok := stats.RiskRatio([]stats.Table{{189, 10845, 104, 10933}}, 0.95)
	require.True(t, ok)
	assert.InDelta(t, 1.82, got.Value, 0.005)
	assert.InDelta(t, 1.43, got.Low, 0.005)
	assert.InDelta(t, 2.31, got.High, 0.005)
	standardError := math.Sqrt(1./189 - 1./11034 + 1./104 - 1./11037)
	assert.InEpsilon(t, got.Value*math.Exp(1.959963985*standardError), got.High, 1e-9)
}

// The limits are roots of the score of Miettinen and Nurminen (1985), formula by formula.
func TestRiskRatioWhereSharesAreNoneOrAll(t *testing.T) {
	t.Run("nobody in A", func(t *testing.T) {
		got, ok := stats.RiskRatio([]stats.Table{{0, 100, 30, 70}}, 0.95)
		require.True(t, ok)
		assert.Zero(t, got.Value)
		assert.Zero(t, got.Low)
		assert.InDelta(t, 0.1243029, got.High, 1e-5)
	})
	t.Run("everybody", func(t *testing.T) {
		got, ok := stats.RiskRatio([]stats.Table{{50, 0, 40, 0}}, 0.95)
		require.True(t, ok)
		assert.Equal(t, 1.0, got.Value)
		assert.InDelta(t, 0.9279085, got.Low, 1e-5)
		assert.InDelta(t, 1.097116, got.High, 1e-5)
	})
	t.Run("nobody in B", func(t *testing.T) {
		_, ok := stats.RiskRatio([]stats.Table{{3, 4, 0, 7}}, 0.95)
		assert.False(t, ok)
	})
	t.Run("four fifths", func(t *testing.T) {
		got, ok := stats.RiskRatio([]stats.Table{{4000, 1000, 5000, 0}}, 0.95)
		require.True(t, ok)
		assert.LessOrEqual(t, got.Value, 0.8)
	})
}

// tables draws a few small strata.
func tables(t *rapid.T) []stats.Table {
	cell := rapid.IntRange(0, 4)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stats.Table {
		return stats.Table{cell.Draw(t, "a yes"), cell.Draw(t, "a no"), cell.Draw(t, "b yes"), cell.Draw(t, "b no")}
	}), 1, 4).Draw(t, "strata")
}

func TestExactConditionalIsEnumerationOfAllTables(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		strata := tables(t)
		got, ok := stats.ExactConditional(strata)
		want, possible := enumerate(strata)
		require.Equal(t, possible, ok)
		if ok {
			assert.InDelta(t, want, got.P, 1e-9)
		}
	})
}

// enumerate is ExactConditional by looking at every combination of tables with the same margins.
func enumerate(strata []stats.Table) (p float64, possible bool) {
	probability := map[int]float64{}
	observed := 0
	for _, s := range strata {
		observed += s.AYes
	}
	var visit func(rest []stats.Table, sum int, weight float64)
	visit = func(rest []stats.Table, sum int, weight float64) {
		if len(rest) == 0 {
			probability[sum] += weight
			return
		}
		s := rest[0]
		a, yes := s.AYes+s.ANo, s.AYes+s.BYes
		all := a + s.BYes + s.BNo
		for x := 0; x <= min(a, yes); x++ {
			ways := choose(a, x) * choose(all-a, yes-x)
			visit(rest[1:], sum+x, weight*ways/choose(all, yes))
		}
	}
	visit(strata, 0, 1)
	sums := 0
	for _, weight := range probability {
		if weight > 0 {
			sums++
		}
		if weight <= probability[observed]*(1+1e-7) {
			p += weight
		}
	}
	return p, sums > 1
}

func choose(n, k int) float64 {
	if k < 0 || k > n {
		return 0
	}
	ways := 1.0
	for i := range k {
		ways = ways * float64(n-i) / float64(i+1)
	}
	return math.Round(ways)
}

func TestExchangingTheGroupsTurnsRatesAround(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		strata := tables(t)
		exchanged := make([]stats.Table, len(strata))
		for i, s := range strata {
			exchanged[i] = stats.Table{AYes: s.BYes, ANo: s.BNo, BYes: s.AYes, BNo: s.ANo}
		}
		one, ok := stats.TestRates(strata)
		other, okToo := stats.TestRates(exchanged)
		require.Equal(t, ok, okToo)
		assert.InDelta(t, one.P, other.P, 1e-9)
		assert.True(t, one.P >= 0 && one.P <= 1)
		ratio, ok := stats.RiskRatio(strata, 0.9)
		turned, okToo := stats.RiskRatio(exchanged, 0.9)
		if !ok || !okToo {
			return
		}
		assert.InDelta(t, ratio.Value*turned.Value, 1, 1e-9)
		assert.LessOrEqual(t, ratio.Low, ratio.Value)
		assert.GreaterOrEqual(t, ratio.High, ratio.Value)
		assert.InEpsilon(t, 1/turned.High, ratio.Low, 1e-4)
	})
}
