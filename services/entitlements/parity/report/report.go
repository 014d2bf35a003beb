// Package report writes what an audit of parity came to, for people and for programs: as
// JSON, CSV, Markdown and as a page with charts.
package report

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/services/entitlements/parity"
)

// Report is an audit with what it was asked. Its JSON is what `evenhand audit parity`
// prints.
type Report struct {
	// From and To are the first and the last day of the period in which the cases were
	// opened, YYYY-MM-DD.
	From string `json:"from"`
	To   string `json:"to"`
	// Until is when the cases were looked at, RFC 3339: what was open then counts as open.
	Until string `json:"until"`
	// By, Within and Metrics are the names of the columns and metrics.
	By      []string `json:"by"`
	Within  []string `json:"within"`
	Metrics []string `json:"metrics"`
	// Thresholds are what it took for a finding.
	Thresholds Thresholds `json:"thresholds"`
	// Currency is of the values, with Digits decimals; empty where the company has none.
	Currency string `json:"currency"`
	Digits   int    `json:"currency_digits"`
	// Findings, NoFindings and InsufficientData count the comparisons by outcome.
	Findings         int `json:"findings"`
	NoFindings       int `json:"no_findings"`
	InsufficientData int `json:"insufficient_data"`
	// PairsWithheld says that the pairs of findings are left out of this copy, since they
	// would tell more of accounts than its reader may see.
	PairsWithheld bool `json:"pairs_withheld,omitempty"`
	parity.Result
}

// Thresholds are what it took for a finding.
type Thresholds struct {
	Alpha      float64 `json:"alpha"`
	RateRatio  float64 `json:"rate_ratio"`
	ValueRatio float64 `json:"value_ratio"`
	TimeRatio  float64 `json:"time_ratio"`
	MinCases   int     `json:"min_cases"`
}

// Period says of which days an audit is, and in what its values are. Its fields are those
// of Report.
type Period struct {
	From, To, Until string
	Currency        string
	Digits          int
}

// New makes the report of an audit.
func New(p Period, r *parity.Result) *Report {
	o := &r.Options
	out := &Report{
		From: p.From, To: p.To, Until: p.Until, Currency: p.Currency, Digits: p.Digits,
		By: named(o.By), Within: named(o.Within), Metrics: named(o.Metrics),
		Thresholds: Thresholds{o.Alpha, o.RateRatio, o.ValueRatio, o.TimeRatio, parity.MinCases},
		Findings:   r.Count(parity.Finding), NoFindings: r.Count(parity.NoFinding),
		InsufficientData: r.Count(parity.InsufficientData), Result: *r,
	}
	return out
}

func named[T fmt.Stringer](list []T) []string {
	names := make([]string, len(list))
	for i, one := range list {
		names[i] = one.String()
	}
	return names
}

// Read is the inverse of JSON.
func Read(text []byte) (*Report, error) {
	r := &Report{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("read a parity report: %w", err)
	}
	return r, nil
}

// JSON returns the report as indented JSON, with a line feed at its end.
func (r *Report) JSON() (string, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write a parity report: %w", err)
	}
	return string(text) + "\n", nil
}

// Withhold leaves out of this copy the pairs of like cases that tell of accounts in which
// group of a column they are.
func (r *Report) Withhold(column string) {
	for i := range r.Comparisons {
		if c := &r.Comparisons[i]; len(c.Pairs) > 0 && (c.By == column || slices.Contains(c.Within, column)) {
			c.Pairs, r.PairsWithheld = nil, true
		}
	}
}

// found returns the findings, those that differ most first.
func (r *Report) found() []*parity.Comparison {
	var all []*parity.Comparison
	for i := range r.Comparisons {
		if r.Comparisons[i].Outcome == parity.Finding {
			all = append(all, &r.Comparisons[i])
		}
	}
	slices.SortStableFunc(all, func(a, b *parity.Comparison) int {
		switch x, y := times(a.Effect), times(b.Effect); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return all
}

// times is an effect as a factor above 1, so that all kinds compare.
func times(e *parity.Effect) float64 {
	if e.Kind == parity.TimeRatio {
		return e.Value
	}
	return 1 / e.Value
}
