package report

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

// columns are the columns of the CSV.
var columns = []string{
	"metric", "by", "group_a", "group_b", "within", "count_a", "count_b", "open_a", "open_b", "unknown_a", "unknown_b",
	"without_counterpart_a", "without_counterpart_b", "strata", "figure_a", "figure_b", "effect_kind", "effect_value",
	"effect_low", "effect_high", "worse", "test", "p_value", "p_adjusted", "outcome", "reason", "note",
	"shift", "shift_low", "shift_high", "shift_closed_only",
}

// CSV returns a row for each comparison, below a row of names. Times are in milliseconds,
// values in minor units; what is not known is empty.
func (r *Report) CSV() (string, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	rows := [][]string{columns}
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		row := []string{c.Metric, c.By, cell(c.Groups[0]), cell(c.Groups[1]), strings.Join(c.Within, " ")}
		for _, pair := range [][2]int{c.Counts, c.Open, c.Unknown, c.WithoutCounterpart} {
			row = append(row, strconv.Itoa(pair[0]), strconv.Itoa(pair[1]))
		}
		row = append(row, strconv.Itoa(c.Strata), decimal(c.Figures[0]), decimal(c.Figures[1]))
		if c.Effect == nil {
			row = append(row, "", "", "", "")
		} else {
			row = append(row, string(c.Effect.Kind), decimal(&c.Effect.Value), decimal(c.Effect.Low), decimal(c.Effect.High))
		}
		row = append(row, cell(c.Worse), c.Test, decimal(c.PValue), decimal(c.PAdjusted), string(c.Outcome), cell(c.Reason), cell(c.Note))
		if s := c.Shift; s == nil {
			row = append(row, "", "", "", "")
		} else {
			row = append(row, decimal(&s.Value), decimal(s.Low), decimal(s.High), strconv.FormatBool(s.ClosedOnly))
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		return "", fmt.Errorf("write a parity report: %w", err)
	}
	return b.String(), nil
}

func decimal(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'g', -1, 64)
}

// cell keeps a spreadsheet from taking text for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
