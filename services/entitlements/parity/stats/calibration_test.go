package stats_test

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/evenhand/evenhand/services/entitlements/parity/stats"
)

// rounds is how many data sets are drawn.
func rounds(few, many int) int {
	if os.Getenv("EVENHAND_TEST_LONG") == "" {
		return few
	}
	return many
}

// calibration counts how often something holds, of which the chance is known.
type calibration struct {
	n, hits int
}

func (c *calibration) add(hit bool) {
	c.n++
	if hit {
		c.hits++
	}
}

// atMost asserts that the share is no higher than a chance, four standard errors allowed.
func (c *calibration) atMost(t *testing.T, chance float64, what string) {
	t.Helper()
	limit := chance + 4*math.Sqrt(chance*(1-chance)/float64(c.n))
	assert.LessOrEqual(t, float64(c.hits)/float64(c.n), limit, what)
}

// atLeast asserts that the share is no lower than a chance, four standard errors allowed.
func (c *calibration) atLeast(t *testing.T, chance float64, what string) {
	t.Helper()
	limit := chance - 4*math.Sqrt(chance*(1-chance)/float64(c.n))
	assert.GreaterOrEqual(t, float64(c.hits)/float64(c.n), limit, what)
}

var sizes = []struct {
	name    string
	strata  int
	a, b    int
	seconds float64 // times are rounded to this much
}{
	{"one stratum of ten", 1, 10, 10, 0},
	{"many strata of few", 40, 1, 2, 0},
	{"uneven", 5, 8, 60, 0},
	{"ties", 6, 20, 15, 1.5},
}

func TestPValuesUnderNoDifference(t *testing.T) {
	for _, size := range sizes {
		t.Run(size.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(11, 12))
			const alpha = 0.05
			var rates, ranks, logRank, early, shiftCovers, ratioCovers, censoredCovers, riskCovers calibration
			for range rounds(400, 10_000) {
				tables := make([]stats.Table, size.strata)
				samples := make([]stats.Sample, size.strata)
				durations := make([]stats.DurationStratum, size.strata)
				for i := range tables {
					level := math.Exp(random.NormFloat64())
					tables[i] = drawTable(random, size.a, size.b)
					samples[i] = stats.Sample{A: drawTimes(random, size.a, level, size.seconds), B: drawTimes(random, size.b, level, size.seconds)}
					durations[i] = stats.DurationStratum{A: watch(random, samples[i].A), B: watch(random, samples[i].B)}
				}
				if test, ok := stats.TestRates(tables); ok {
					rates.add(test.P <= alpha)
				}
				if ratio, ok := stats.RiskRatio(tables, 1-alpha); ok {
					riskCovers.add(ratio.Low <= 1 && ratio.High >= 1)
				}
				prepared := stats.NewSamples(samples)
				if test, ok := prepared.VanElteren(); ok {
					ranks.add(test.P <= alpha)
					shift, _ := prepared.Shift(1 - alpha)
					shiftCovers.add(shift.Low <= 1e-7 && shift.High >= -1e-7)
				}
				if ratio, ok := prepared.Ratio(1 - alpha); ok {
					ratioCovers.add(ratio.Low <= 1+1e-7 && ratio.High >= 1-1e-7)
				}
				censored := stats.NewDurations(durations)
				if test, ok := censored.LogRank(); ok {
					logRank.add(test.P <= alpha)
				}
				if test, ok := censored.Early().LogRank(); ok {
					early.add(test.P <= alpha)
				}
				if ratio, ok := censored.Ratio(1 - alpha); ok {
					censoredCovers.add(ratio.Low <= 1+1e-7 && ratio.High >= 1-1e-7)
				}
			}
			rates.atMost(t, alpha, "rates")
			ranks.atMost(t, alpha, "van Elteren")
			logRank.atMost(t, alpha+0.01, "log-rank") // it is a little over with ten cases
			early.atMost(t, alpha+0.01, "Peto-Prentice")
			shiftCovers.atLeast(t, 1-alpha, "interval of the shift")
			ratioCovers.atLeast(t, 1-alpha, "interval of the ratio")
			censoredCovers.atLeast(t, 1-alpha-0.01, "interval of the ratio with open cases")
			riskCovers.atLeast(t, 1-alpha-0.02, "interval of the risk ratio")
		})
	}
}

func drawTable(random *rand.Rand, a, b int) stats.Table {
	share := 0.2 + 0.6*random.Float64()
	var table stats.Table
	for range a {
		if random.Float64() < share {
			table.AYes++
		} else {
			table.ANo++
		}
	}
	for range b {
		if random.Float64() < share {
			table.BYes++
		} else {
			table.BNo++
		}
	}
	return table
}

// drawTimes draws log-normal times, rounded up to a step unless it is 0.
func drawTimes(random *rand.Rand, n int, level, step float64) []float64 {
	times := make([]float64, n)
	for i := range times {
		times[i] = level * math.Exp(random.NormFloat64())
		if step > 0 {
			times[i] = step * math.Ceil(times[i]/step)
		}
	}
	return times
}

// watch looks at each case for some time only.
func watch(random *rand.Rand, times []float64) (l stats.Lifetimes) {
	for _, took := range times {
		if watched := 6 * random.Float64(); took <= watched {
			l.Done = append(l.Done, took)
		} else {
			l.Open = append(l.Open, watched)
		}
	}
	return l
}
