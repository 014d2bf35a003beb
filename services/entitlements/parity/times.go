package parity

import (
	"context"
	"fmt"
	"math"
	"sort"

	"github.com/evenhand/evenhand/services/entitlements/parity/stats"
)

// times are the times of all cells in milliseconds: of the cases that came to their end,
// and, apart from them, how long those still open have been so.
type times struct {
	g          *grouping
	done, open *sample
	// left is, by Kaplan and Meier, the share of a cell not ended after each time of done.
	left []float64
}

func newTimes(ctx context.Context, g *grouping, m Metric) (*times, error) {
	lapses := g.cases.lapses[m]
	done, err := g.sample(ctx, func(row uint32) (float64, bool) {
		return float64(lapses[row] >> 1), lapses[row] != notKnown && lapses[row]&1 == 0
	})
	if err != nil {
		return nil, err
	}
	open, err := g.sample(ctx, func(row uint32) (float64, bool) {
		return float64(lapses[row] >> 1), lapses[row] != notKnown && lapses[row]&1 == 1
	})
	if err != nil {
		return nil, err
	}
	t := &times{g: g, done: done, open: open, left: make([]float64, len(done.values))}
	return t, eachCell(ctx, len(g.ends), t.survive)
}

// survive works out what is left of a cell after each time.
func (t *times) survive(cell int) {
	done, open := t.done.cell(cell), t.open.cell(cell)
	begin, _ := t.done.bounds(cell)
	left, gone := 1.0, 0
	for i := 0; i < len(done); {
		for gone < len(open) && open[gone] < done[i] {
			gone++
		}
		next := i
		for next < len(done) && done[next] == done[i] {
			next++
		}
		left *= 1 - float64(next-i)/float64(len(done)-i+len(open)-gone)
		for ; i < next; i++ {
			t.left[int(begin)+i] = left
		}
	}
}

func (t *times) known(cell int) (n, open int) {
	open = len(t.open.cell(cell))
	return len(t.done.cell(cell)) + open, open
}

func (t *times) compare(c *Comparison, strata []int, first, second int) string {
	if c.Open == c.Counts {
		return fmt.Sprintf("all cases of %s and %s are still open", c.Groups[0], c.Groups[1])
	}
	c.Figures = [2]*float64{t.median(strata, first, second), t.median(strata, second, first)}
	compared := t.ended(strata, first, second)
	if c.Open != [2]int{} {
		compared = t.censored(strata, first, second)
	}
	test, ok := compared.test()
	if !ok {
		c.certain()
		return ""
	}
	c.tested(test)
	switch e, ok := compared.ratio(confidence); {
	case ok && e.Value >= 1:
		c.effect(TimeRatio, e, 0)
	case ok && e.Value > 0:
		c.effect(TimeRatio, stats.Estimate{Value: 1 / e.Value, Low: 1 / e.High, High: 1 / e.Low}, 1)
	default:
		c.unbounded([2]float64{t.last(strata, first), t.last(strata, second)})
	}
	return ""
}

// unbounded is the effect where no ratio makes the times alike, as when no case of a group
// came to its end, or all of them at once: the ratio is at least that of the medians, one
// that was not reached being longer than the longest time seen, and a second being the
// shortest.
func (c *Comparison) unbounded(last [2]float64) {
	const second = 1000
	var medians [2]float64
	for i, f := range c.Figures {
		medians[i] = max(last[i], second)
		if f != nil {
			medians[i] = max(*f, second)
		}
	}
	worse := 0
	if c.Figures[0] != nil && (c.Figures[1] == nil || medians[1] > medians[0]) {
		worse = 1
	}
	if c.Figures[1-worse] == nil || medians[worse] <= medians[1-worse] {
		return
	}
	c.effect(TimeRatio, stats.Estimate{Value: medians[worse] / medians[1-worse], High: math.Inf(1)}, worse)
	c.Effect.AtLeast, c.Effect.Low = true, nil
}

// last returns the longest time seen of a group.
func (t *times) last(strata []int, group int) float64 {
	var last float64
	for _, s := range strata {
		l := t.lifetimes(s, group)
		for _, seen := range [][]float64{l.Done, l.Open} {
			if len(seen) > 0 {
				last = max(last, seen[len(seen)-1])
			}
		}
	}
	return last
}

// compared is the times of two groups, ready to be compared by the test that fits.
type compared struct {
	test  func() (stats.Test, bool)
	ratio func(confidence float64) (stats.Estimate, bool)
}

// ended compares times none of which is open.
func (t *times) ended(strata []int, first, second int) compared {
	samples := make([]stats.Sample, len(strata))
	for i, s := range strata {
		samples[i] = stats.Sample{A: t.done.cell(t.g.cellOf(s, first)), B: t.done.cell(t.g.cellOf(s, second))}
	}
	all := stats.NewSamples(samples)
	return compared{all.VanElteren, all.Ratio}
}

// censored compares times some of which are open.
func (t *times) censored(strata []int, first, second int) compared {
	durations := make([]stats.DurationStratum, len(strata))
	for i, s := range strata {
		durations[i] = stats.DurationStratum{A: t.lifetimes(s, first), B: t.lifetimes(s, second)}
	}
	all := stats.NewDurations(durations).Early()
	return compared{all.LogRank, all.Ratio}
}

func (t *times) lifetimes(stratum, group int) stats.Lifetimes {
	cell := t.g.cellOf(stratum, group)
	return stats.Lifetimes{Done: t.done.cell(cell), Open: t.open.cell(cell)}
}

// median returns the first time by which half of a group's cases had ended, each stratum
// weighing as much as for the other group; nil where it was not reached.
func (t *times) median(strata []int, group, other int) *float64 {
	type weighed struct {
		done, left []float64
		weight     float64
	}
	cells := make([]weighed, len(strata))
	var weights, last float64
	for i, s := range strata {
		cell := t.g.cellOf(s, group)
		begin, end := t.done.bounds(cell)
		n, _ := t.known(cell)
		m, _ := t.known(t.g.cellOf(s, other))
		a, b := float64(n), float64(m)
		cells[i] = weighed{t.done.cell(cell), t.left[begin:end], a * b / (a + b)}
		weights += cells[i].weight
		if end > begin {
			last = max(last, t.done.values[end-1])
		}
	}
	half := func(at int) bool {
		var left float64
		for _, c := range cells {
			share := 1.0
			if i := sort.Search(len(c.done), func(i int) bool { return c.done[i] > float64(at) }); i > 0 {
				share = c.left[i-1]
			}
			left += c.weight * share
		}
		return left <= weights*(0.5+1e-12)
	}
	if at := sort.Search(int(last)+1, half); at <= int(last) {
		return number(float64(at))
	}
	return nil
}
