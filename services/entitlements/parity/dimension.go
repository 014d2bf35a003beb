package parity

import (
	"fmt"
	"slices"
	"strings"
)

// Dimension is a column of cases by which they can be grouped, or held alike.
type Dimension uint8

// The dimensions of a case. Bands are those the account was in when the case was opened.
const (
	Issue Dimension = iota
	Channel
	StaffRole
	Region
	SpendBand
	TenureBand
	ReachBand
	dimensions
)

var dimensionNames = [dimensions]string{
	"issue", "channel", "staff-role", "region", "spend-band", "tenure-band", "reach-band",
}

// String returns the name of the dimension, as spend-band.
func (d Dimension) String() string { return dimensionNames[d] }

// ParseDimension is the inverse of String; its error names all there are.
func ParseDimension(name string) (Dimension, error) {
	if at := slices.Index(dimensionNames[:], name); at >= 0 {
		return Dimension(at), nil //nolint:gosec // below dimensions
	}
	return 0, fmt.Errorf("%q is none of the columns of cases: %s", name, strings.Join(dimensionNames[:], ", "))
}

// Metric is what is compared.
type Metric uint8

// The metrics. FirstReplyTime and ResolutionTime are durations, of which those of cases
// still waiting are known only to be longer. The rates are shares of cases with the
// favourable outcome: not breached, remedied, not escalated, not reopened. RemedyValue is
// what the remedies were worth, of cases that have one with a value.
const (
	FirstReplyTime Metric = iota
	ResolutionTime
	BreachRate
	RemedyRate
	RemedyValue
	EscalationRate
	ReopenRate
	metrics
)

var metricNames = [metrics]string{
	"first-reply-time", "resolution-time", "breach-rate", "remedy-rate", "remedy-value", "escalation-rate", "reopen-rate",
}

// String returns the name of the metric, as first-reply-time.
func (m Metric) String() string { return metricNames[m] }

// ParseMetric is the inverse of String; its error names all there are.
func ParseMetric(name string) (Metric, error) {
	if at := slices.Index(metricNames[:], name); at >= 0 {
		return Metric(at), nil //nolint:gosec // below metrics
	}
	return 0, fmt.Errorf("%q is none of the metrics: %s", name, strings.Join(metricNames[:], ", "))
}

// Metrics returns all metrics, in the order in which they are compared.
func Metrics() []Metric {
	all := make([]Metric, metrics)
	for i := range all {
		all[i] = Metric(i) //nolint:gosec // below metrics
	}
	return all
}

// Favourable says in words which outcome of a rate is the good one; empty for what is no
// rate.
func (m Metric) Favourable() string {
	switch m {
	case BreachRate:
		return "not breached"
	case RemedyRate:
		return "remedied"
	case EscalationRate:
		return "not escalated"
	case ReopenRate:
		return "not reopened"
	default:
		return ""
	}
}
