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
	if test, ok := compared.test(); ok {
		c.tested(test)
		t.effect(c, compared, strata, first, second)
		c.Shift = t.shift(c, strata, first, second)
	} else {
		c.certain()
	}
	c.Note = t.note(c, strata, first, second)
	return ""
}

// effect takes in by what factor the times of one group are longer.
func (t *times) effect(c *Comparison, compared compared, strata []int, first, second int) {
	switch e, ok := compared.ratio(confidence); {
	case ok && e.Value >= 1:
		c.effect(TimeRatio, e, 0)
	case ok && e.Value > 0:
		c.effect(TimeRatio, stats.Estimate{Value: 1 / e.Value, Low: 1 / e.High, High: 1 / e.Low}, 1)
	default:
		c.unbounded([2]float64{t.last(strata, first), t.last(strata, second)})
	}
}

// note says why there is no ratio, and where a tenth of a group's times or more are 0, that
// they are: such cases began and ended outside of the hours in which they are counted.
func (t *times) note(c *Comparison, strata []int, first, second int) string {
	zeros := [2]int{t.zeros(strata, first), t.zeros(strata, second)}
	outside := "as of cases outside of the hours in which time is counted"
	switch {
	case zeros == c.Counts:
		return "no ratio: all times are 0, " + outside
	case c.Effect == nil && zeros == [2]int{}:
		return "no ratio: like cases of both all took the same time"
	case c.Effect == nil || 10*zeros[0] >= c.Counts[0] || 10*zeros[1] >= c.Counts[1]:
		text := fmt.Sprintf("%d of the times of %s and %d of %s are 0, %s", zeros[0], c.Groups[0], zeros[1], c.Groups[1], outside)
		if c.Effect == nil {
			text = "no ratio: " + text
		}
		return text
	}
	return ""
}

// zeros counts the times of a group that are 0.
func (t *times) zeros(strata []int, group int) int {
	n := 0
	for _, s := range strata {
		l := t.lifetimes(s, group)
		for _, sorted := range [][]float64{l.Done, l.Open} {
			n += sort.Search(len(sorted), func(i int) bool { return sorted[i] > 0 })
		}
	}
	return n
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
