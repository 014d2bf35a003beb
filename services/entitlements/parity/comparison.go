package parity

// Outcome is what a comparison came to.
type Outcome string

// The outcomes of a comparison.
const (
	// Finding says that like cases were treated differently: enough that it matters,
	// beyond chance, and in enough cases.
	Finding Outcome = "finding"
	// NoFinding says that the cases show no such difference.
	NoFinding Outcome = "no_finding"
	// InsufficientData says that there are too few cases to say either.
	InsufficientData Outcome = "insufficient_data"
)

// Comparison is one metric between two groups of a column, within strata of like cases.
// Of pairs of numbers the first is of the first group, the second of the second. What it
// counts are cases of strata in which both groups have cases with a known metric.
type Comparison struct {
	Metric string    `json:"metric"`
	By     string    `json:"by"`
	Groups [2]string `json:"groups"`
	Within []string  `json:"within"`
	// Counts is how many cases are compared, Open how many of them had not come to their
	// end, so that only a lower bound of their time is known.
	Counts [2]int `json:"counts"`
	Open   [2]int `json:"open"`
	// Unknown is how many cases do not have the metric, and WithoutCounterpart how many
	// have it, but no like case in the other group: neither is compared.
	Unknown            [2]int `json:"unknown"`
	WithoutCounterpart [2]int `json:"without_counterpart"`
	// Strata is how many strata are compared.
	Strata int `json:"strata"`
	// Figures are the favourable rates, mean values in minor units or median times in
	// milliseconds, each weighted alike over the strata, so that a different mix of cases does not
	// show in them; nil where there is none, as for a median that was never reached.
	Figures [2]*float64 `json:"figures"`
	// Effect is how large the difference is; nil where it cannot be said.
	Effect *Effect `json:"effect"`
	// Shift is the same of times in units of time; nil for what are no times, and where it
	// cannot be said.
	Shift *Shift `json:"shift,omitempty"`
	// Worse is the group treated worse; empty where neither is.
	Worse string `json:"worse"`
	// Test names the test behind PValue; empty where there was none.
	Test string `json:"test"`
	// PValue is the chance of a difference this large between groups treated alike, and
	// PAdjusted the same over all comparisons of the audit together; nil where there was
	// no test.
	PValue    *float64 `json:"p_value"`
	PAdjusted *float64 `json:"p_adjusted"`
	// Practical says that the difference is large enough to matter, Significant that it
	// is beyond chance. A finding is both.
	Practical   bool    `json:"practical"`
	Significant bool    `json:"significant"`
	Outcome     Outcome `json:"outcome"`
	// Reason says why there is not enough data; empty otherwise.
	Reason string `json:"reason,omitempty"`
	// Note says what there is to know beside the outcome: why a ratio is missing, or that
	// many of the times are 0; empty for nothing.
	Note string `json:"note,omitempty"`
	// Pairs are like cases that differ most, for a person to judge; only of findings.
	Pairs []Pair `json:"pairs,omitempty"`
	// untestable says that the cases could not have come out otherwise.
	untestable bool
}

// Effect is the size of a difference.
type Effect struct {
	Kind EffectKind `json:"kind"`
	// Value is the ratio: of rates and values the lower over the higher, of times the
	// longer over the shorter.
	Value float64 `json:"value"`
	// AtLeast says that the ratio has no upper bound, and Value is a lower one: as when no
	// case of a group came to its end.
	AtLeast bool `json:"at_least,omitempty"`
	// Low and High are the ends of its 95 % confidence interval; nil where there is none.
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
}

// EffectKind says what a ratio is of.
type EffectKind string

// The kinds of effects.
const (
	// RateRatio is the Mantel-Haenszel ratio of favourable rates, lower over higher.
	RateRatio EffectKind = "rate_ratio"
	// ValueRatio is the ratio of mean values, weighted over strata, lower over higher.
	ValueRatio EffectKind = "value_ratio"
	// TimeRatio is by what factor times are longer: exp of the Hodges-Lehmann shift of
	// log times, longer over shorter.
	TimeRatio EffectKind = "time_ratio"
)

// Pair is two cases of one stratum, the one treated worse first.
type Pair struct {
	Cases [2]PairedCase `json:"cases"`
	// Alike is what they have in common: the values of the columns compared within.
	Alike []Shared `json:"alike"`
}

// PairedCase is one of a pair.
type PairedCase struct {
	// Name is its resource name, accounts/{account}/cases/{case}.
	Name  string `json:"name"`
	Group string `json:"group"`
	// Opened is when it was opened, RFC 3339.
	Opened string `json:"opened"`
	// Figure is its time in milliseconds, its value in minor units, or 1 for the favourable
	// outcome and 0 for the other.
	Figure int64 `json:"figure"`
	// Open says that a time had not come to its end.
	Open   bool   `json:"open,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// Shared is a column and its value; empty is not known.
type Shared struct {
	Column string `json:"column"`
	Value  string `json:"value"`
}
