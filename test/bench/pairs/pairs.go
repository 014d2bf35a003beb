// Package pairs measures a figure beside its floor: the two in turn within one run, so
// that a machine whose speed drifts slows both, and the ratio of the medians still
// means something.
package pairs

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// Count is how many pairs a comparison takes, after one that warms up and is dropped.
const Count = 7

// Measure does a fixed piece of work once and returns its rate: units a second, so
// that more is better.
type Measure func(ctx context.Context) (float64, error)

// Comparison is one row of the report.
type Comparison struct {
	// Name says what is measured, Floor what it is measured against.
	Name, Floor string
	// Unit is what is counted, as "calls".
	Unit string
	// Target is the ratio to reach; 0 where there is none.
	Target float64
	// Ours and Base hold one rate for each pair.
	Ours, Base []float64
}

// Run measures Count pairs, ours first in every other one.
func Run(ctx context.Context, c Comparison, ours, base Measure) (Comparison, error) {
	for i := range Count + 1 {
		a, b := ours, base
		if i%2 == 1 {
			a, b = base, ours
		}
		first, err := a(ctx)
		if err != nil {
			return c, fmt.Errorf("measuring %s: %w", c.Name, err)
		}
		second, err := b(ctx)
		if err != nil {
			return c, fmt.Errorf("measuring %s: %w", c.Name, err)
		}
		if i == 0 {
			continue // warm-up
		}
		if i%2 == 1 {
			first, second = second, first
		}
		c.Ours = append(c.Ours, first)
		c.Base = append(c.Base, second)
	}
	return c, nil
}

// Ratio is the median of the ratios of the pairs.
func (c Comparison) Ratio() float64 {
	ratios := make([]float64, len(c.Ours))
	for i := range c.Ours {
		ratios[i] = c.Ours[i] / c.Base[i]
	}
	return Median(ratios)
}

// Reached says whether the target is met; true where there is none.
func (c Comparison) Reached() bool {
	return c.Target == 0 || c.Ratio() >= c.Target
}

// Median returns the middle value, or the mean of the two in the middle.
func Median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	if n == 0 {
		return 0
	}
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}

// Report writes the comparisons as a table.
func Report(w io.Writer, comparisons []Comparison) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\tours\tfloor\tratio\tto reach\t")
	for _, c := range comparisons {
		target, verdict := "", ""
		if c.Target > 0 {
			target = fmt.Sprintf("%.2f", c.Target)
			verdict = "reached"
			if !c.Reached() {
				verdict = "NOT reached"
			}
		}
		fmt.Fprintf(t, "%s (floor: %s)\t%.0f %s/s\t%.0f %s/s\t%.2f\t%s\t%s\n",
			c.Name, c.Floor, Median(c.Ours), c.Unit, Median(c.Base), c.Unit, c.Ratio(), target, verdict)
	}
	return t.Flush()
}
