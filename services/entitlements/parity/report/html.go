package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/services/entitlements/parity"
)

//go:embed report.html
var page string

var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"title": (*Report).title, "about": (*Report).about, "summary": (*Report).Summary, "found": (*Report).found,
	"heading": (*Report).heading, "sentence": (*Report).sentence, "figures": (*Report).figures, "size": (*Report).size,
	"limits": (*Report).limits, "sections": (*Report).sections, "paired": (*Report).pairedFigure,
	"alike": alike, "adjusted": adjusted, "outcome": outcome, "grouped": func(n int) string { return grouped(int64(n)) },
}).Parse(page))

// HTML returns the report as a page that stands alone, without scripts, and prints well.
func (r *Report) HTML() (string, error) {
	var b strings.Builder
	if err := pageTemplate.Execute(&b, r); err != nil {
		return "", fmt.Errorf("write a parity report: %w", err)
	}
	return b.String(), nil
}

// section is the comparisons of one metric.
type section struct {
	Title string
	// Few is how many comparisons had too little data, and Reasons why, each once: they are in
	// no chart.
	Few     int
	Reasons []string
	Rows    []row
	Axis    axis
}

// row is a comparison in the chart of its section.
type row struct {
	*parity.Comparison
	Chart chart
}

// axis is what the ratios of a section are drawn on: logarithms, from 1 at one side to the
// furthest at the other.
type axis struct {
	// furthest is the logarithm at the other side, above 0.
	furthest float64
	// Threshold is where a ratio begins to matter, of chartWidth.
	Threshold float64
	// Near and Far are the ratios at both ends, and Limit the threshold, in words.
	Near, Far, Limit string
}

// chart is where a comparison stands on its axis; of chartWidth.
type chart struct {
	Low, Value, High float64
	// Drawn says that there is an effect, Interval that it has an interval.
	Drawn, Interval bool
}

// chartWidth is the width of a chart in its own units.
const chartWidth = 200.0

// widest bounds the axis: what is further out is drawn at its end.
const widest = 10.0

// sections puts the comparisons of each metric together.
func (r *Report) sections() []section {
	all := make([]section, 0, len(r.Metrics))
	for _, metric := range r.Metrics {
		s := section{Title: metricTitles[metric]}
		for i := range r.Comparisons {
			switch c := &r.Comparisons[i]; {
			case c.Metric != metric:
			case c.Outcome == parity.InsufficientData:
				s.Few++
				if !slices.Contains(s.Reasons, c.Reason) {
					s.Reasons = append(s.Reasons, c.Reason)
				}
			default:
				s.Rows = append(s.Rows, row{Comparison: c})
			}
		}
		s.draw(r.Thresholds)
		all = append(all, s)
	}
	return all
}

// draw lays out the axis of a section and its charts.
func (s *section) draw(t Thresholds) {
	threshold, sign := t.RateRatio, -1.0
	for _, one := range s.Rows {
		if one.Effect != nil && one.Effect.Kind == parity.TimeRatio {
			threshold, sign = t.TimeRatio, 1
		} else if one.Effect != nil && one.Effect.Kind == parity.ValueRatio {
			threshold = t.ValueRatio
		}
	}
	a := &s.Axis
	a.furthest = 1.5 * math.Abs(math.Log(threshold))
	for _, one := range s.Rows {
		if e := one.Effect; e != nil {
			a.furthest = max(a.furthest, logOf(e.Value))
			for _, end := range []*float64{e.Low, e.High} {
				if end != nil {
					a.furthest = max(a.furthest, logOf(*end))
				}
			}
		}
	}
	a.Threshold = a.at(threshold, sign)
	a.Near, a.Far, a.Limit = ratio(math.Exp(-sign*a.furthest/4)), ratio(math.Exp(sign*a.furthest)), ratio(threshold)
	for i := range s.Rows {
		s.Rows[i].Chart = a.draw(s.Rows[i].Effect, sign)
	}
}

// logOf is how far a ratio is from 1, within bounds.
func logOf(ratio float64) float64 {
	if ratio <= 0 {
		return math.Log(widest)
	}
	return min(math.Abs(math.Log(ratio)), math.Log(widest))
}

// at returns where a ratio stands on the axis; a fifth of it is beyond 1, for intervals.
func (a axis) at(ratio, sign float64) float64 {
	x := sign * widest
	if ratio > 0 {
		x = sign * math.Log(ratio)
	}
	return min(max(0.2+0.8*x/a.furthest, 0), 1) * chartWidth
}

func (a axis) draw(e *parity.Effect, sign float64) chart {
	if e == nil {
		return chart{}
	}
	c := chart{Value: a.at(e.Value, sign), Drawn: true, Interval: e.Low != nil && e.High != nil}
	if c.Interval {
		c.Low, c.High = a.at(*e.Low, sign), a.at(*e.High, sign)
		c.Low, c.High = min(c.Low, c.High), max(c.Low, c.High)
	}
	return c
}

// One is where the ratio 1 stands on every axis.
func (axis) One() float64 { return 0.2 * chartWidth }

// Length is how long the interval is.
func (c chart) Length() float64 { return max(c.High-c.Low, 1) }
