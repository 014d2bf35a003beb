package parity

import (
	"fmt"
	"slices"
)

// Options say what an audit compares, and what it takes for a finding.
type Options struct {
	// By are the columns whose groups are compared; at least one.
	By []Dimension
	// Within are the columns that like cases have in common.
	Within []Dimension
	// Metrics are what is compared; none are all.
	Metrics []Metric
	// Alpha is the chance, over all comparisons of the audit together, of any finding
	// where everybody is treated alike; 0 is DefaultAlpha.
	Alpha float64
	// RateRatio is the highest ratio of favourable rates, lower over higher, that
	// matters in practice, and ValueRatio that of mean remedy values; 0 is
	// DefaultRateRatio, the four-fifths rule.
	RateRatio, ValueRatio float64
	// TimeRatio is the lowest ratio of times, longer over shorter, that matters in
	// practice; 0 is DefaultTimeRatio.
	TimeRatio float64
}

// What an audit takes for a finding unless told otherwise, and its bounds.
const (
	DefaultAlpha     = 0.05
	DefaultRateRatio = 0.80
	DefaultTimeRatio = 1.05
	// MinCases is how many cases of each group a comparison needs.
	MinCases = 10
	// MaxGroups is how many groups of one column are compared, the largest first: 190
	// pairs. Those beyond are left out, and counted.
	MaxGroups = 20
	// MaxPairs is how many pairs of like cases a finding lists.
	MaxPairs = 10
)

// DefaultWithin returns what like cases have in common unless said otherwise: the issue
// and the spend band, without what is compared.
func DefaultWithin(by []Dimension) []Dimension {
	return slices.DeleteFunc([]Dimension{Issue, SpendBand}, func(d Dimension) bool { return slices.Contains(by, d) })
}

// Complete fills in what is not given, and says what cannot be.
func (o *Options) Complete() error {
	if len(o.Metrics) == 0 {
		o.Metrics = Metrics()
	}
	for _, given := range []struct {
		value    *float64
		standard float64
	}{{&o.Alpha, DefaultAlpha}, {&o.RateRatio, DefaultRateRatio}, {&o.ValueRatio, DefaultRateRatio}, {&o.TimeRatio, DefaultTimeRatio}} {
		if *given.value == 0 {
			*given.value = given.standard
		}
	}
	return o.check()
}

func (o *Options) check() error {
	switch {
	case len(o.By) == 0:
		return fmt.Errorf("by: name at least one column to compare, as channel")
	case repeated(o.By) || repeated(o.Within) || repeated(o.Metrics):
		return fmt.Errorf("by, within or metrics: one is named twice")
	case !(o.Alpha > 0 && o.Alpha < 1):
		return fmt.Errorf("alpha: %g is not between 0 and 1", o.Alpha)
	case !(o.RateRatio > 0 && o.RateRatio < 1) || !(o.ValueRatio > 0 && o.ValueRatio < 1):
		return fmt.Errorf("rate ratio and value ratio: not between 0 and 1")
	case !(o.TimeRatio > 1 && o.TimeRatio <= 100):
		return fmt.Errorf("time ratio: %g is not above 1 and up to 100", o.TimeRatio)
	}
	for _, d := range o.By {
		if slices.Contains(o.Within, d) {
			return fmt.Errorf("by and within both name %s: cases alike in it have nothing to compare", d)
		}
	}
	return nil
}

func repeated[T comparable](list []T) bool {
	for i, v := range list {
		if slices.Contains(list[:i], v) {
			return true
		}
	}
	return false
}
