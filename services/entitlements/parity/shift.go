package parity

import "github.com/evenhand/evenhand/services/entitlements/parity/stats"

// Shift is by how much times are longer: the Hodges-Lehmann shift that belongs to van
// Elteren's test, the strata weighing as they do there.
type Shift struct {
	// Value is by how many milliseconds those of the group treated worse are longer than
	// those of the other; where neither is treated worse, those of the first group.
	Value float64 `json:"value"`
	// Low and High are the ends of its 95 % confidence interval; nil where there is none.
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
	// ClosedOnly says that cases still open are left out, as what they will take is not
	// known: unlike the ratio, the shift is of the others only.
	ClosedOnly bool `json:"closed_only,omitempty"`
}

// shift returns by how much the times of one group are longer; nil where more than half of
// a group's cases are open, and where too few are closed.
func (t *times) shift(c *Comparison, strata []int, first, second int) *Shift {
	for i, n := range c.Counts {
		if closed := n - c.Open[i]; closed < c.Open[i] || closed < MinCases {
			return nil
		}
	}
	if c.Worse == c.Groups[1] {
		first, second = second, first
	}
	samples := make([]stats.Sample, len(strata))
	for i, s := range strata {
		samples[i] = stats.Sample{A: t.done.cell(t.g.cellOf(s, first)), B: t.done.cell(t.g.cellOf(s, second))}
	}
	e, ok := stats.NewSamples(samples).Shift(confidence)
	if !ok {
		return nil
	}
	return &Shift{Value: e.Value, Low: number(e.Low), High: number(e.High), ClosedOnly: c.Open != [2]int{}}
}
