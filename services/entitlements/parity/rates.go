package parity

import (
	"fmt"
	"strings"

	"github.com/evenhand/evenhand/services/entitlements/parity/stats"
)

// confidence is the share of the intervals of all effects.
const confidence = 0.95

// rates is how many cases of each cell have the favourable outcome, and how many are
// known to have it or not.
type rates struct {
	g         *grouping
	metric    Metric
	good, all []uint32
}

func newRates(g *grouping, m Metric) *rates {
	r := &rates{g: g, metric: m, good: make([]uint32, len(g.ends)), all: make([]uint32, len(g.ends))}
	begin := uint32(0)
	for cell, end := range g.ends {
		for _, row := range g.rows[begin:end] {
			switch g.cases.outcome(int(row), m) {
			case Yes:
				r.good[cell]++
				r.all[cell]++
			case No:
				r.all[cell]++
			}
		}
		begin = end
	}
	return r
}

func (r *rates) known(cell int) (n, open int) { return int(r.all[cell]), 0 }

func (r *rates) compare(c *Comparison, strata []int, first, second int) string {
	tables := make([]stats.Table, len(strata))
	var good, bad int
	for i, s := range strata {
		a, b := r.g.cellOf(s, first), r.g.cellOf(s, second)
		t := stats.Table{
			AYes: int(r.good[a]), ANo: int(r.all[a] - r.good[a]),
			BYes: int(r.good[b]), BNo: int(r.all[b] - r.good[b]),
		}
		tables[i] = t
		good += t.AYes + t.BYes
		bad += t.ANo + t.BNo
	}
	if r.metric == RemedyRate && good == 0 {
		return fmt.Sprintf("no case of %s or %s has a remedy", c.Groups[0], c.Groups[1])
	}
	c.Figures = r.figures(tables)
	if test, ok := stats.TestRates(tables); ok {
		c.tested(test)
	} else {
		c.certain()
	}
	a, aOK := stats.RiskRatio(tables, confidence)
	if b, ok := stats.RiskRatio(flipped(tables), confidence); ok && (!aOK || a.Value > 1) {
		c.effect(RateRatio, b, 1)
	} else if aOK {
		c.effect(RateRatio, a, 0)
	} else {
		c.Note = "no ratio: every case of both was " + strings.TrimPrefix(r.metric.Favourable(), "not ")
	}
	return ""
}

// figures are the rates of both groups, with the weights of Mantel and Haenszel, so that
// their ratio is that of the effect.
func (r *rates) figures(tables []stats.Table) [2]*float64 {
	var sums [2]float64
	var weights float64
	for _, t := range tables {
		a, b := float64(t.AYes+t.ANo), float64(t.BYes+t.BNo)
		w := a * b / (a + b)
		weights += w
		sums[0] += w * float64(t.AYes) / a
		sums[1] += w * float64(t.BYes) / b
	}
	return [2]*float64{number(sums[0] / weights), number(sums[1] / weights)}
}

// flipped exchanges the groups.
func flipped(tables []stats.Table) []stats.Table {
	out := make([]stats.Table, len(tables))
	for i, t := range tables {
		out[i] = stats.Table{AYes: t.BYes, ANo: t.BNo, BYes: t.AYes, BNo: t.ANo}
	}
	return out
}

// tested takes in a test.
func (c *Comparison) tested(t stats.Test) {
	c.Test = string(t.Method)
	c.PValue = number(t.P)
}

// certain says that the cases could not have come out otherwise: there was nothing to
// test, and the comparison is none of those that p-values are adjusted for.
func (c *Comparison) certain() {
	c.PValue, c.PAdjusted = number(1), number(1)
	c.untestable = true
}

// effect takes in the ratio of the group treated worse, at a place, to the other.
func (c *Comparison) effect(kind EffectKind, e stats.Estimate, worse int) {
	c.Effect = &Effect{Kind: kind, Value: e.Value, Low: number(e.Low), High: number(e.High)}
	if e.Value != 1 {
		c.Worse = c.Groups[worse]
	}
}
