package parity

import "github.com/evenhand/evenhand/services/entitlements/parity/stats"

// values is what the remedies of all cells were worth.
type values struct {
	g *grouping
	*sample
}

func (v *values) known(cell int) (n, open int) { return len(v.cell(cell)), 0 }

func (v *values) compare(c *Comparison, strata []int, first, second int) string {
	samples := make([]stats.Sample, len(strata))
	var sums [2]float64
	var weights float64
	for i, s := range strata {
		one := stats.Sample{A: v.cell(v.g.cellOf(s, first)), B: v.cell(v.g.cellOf(s, second))}
		a, b := float64(len(one.A)), float64(len(one.B))
		w := a * b / (a + b)
		weights += w
		sums[0] += w * sum(one.A) / a
		sums[1] += w * sum(one.B) / b
		samples[i] = one
	}
	c.Figures = [2]*float64{number(sums[0] / weights), number(sums[1] / weights)}
	all := stats.NewSamples(samples)
	if test, ok := all.VanElteren(); ok {
		c.tested(test)
	} else {
		c.certain()
	}
	if a, ok := all.RatioOfMeans(confidence); ok && a.Value <= 1 {
		c.effect(ValueRatio, a, 0)
	} else if b, ok := stats.NewSamples(exchanged(samples)).RatioOfMeans(confidence); ok {
		c.effect(ValueRatio, b, 1)
	} else {
		c.Note = "no ratio: all values are 0"
	}
	return ""
}

func sum(values []float64) float64 {
	var total float64
	for _, v := range values {
		total += v
	}
	return total
}

// exchanged exchanges the groups.
func exchanged(samples []stats.Sample) []stats.Sample {
	out := make([]stats.Sample, len(samples))
	for i, s := range samples {
		out[i] = stats.Sample{A: s.B, B: s.A}
	}
	return out
}
