package report

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/evenhand/evenhand/services/entitlements/parity"
)

// Markdown returns the report in Markdown.
func (r *Report) Markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# %s\n\n%s\n\n%s", r.title(), r.about(), r.Summary())
	if found := r.found(); len(found) > 0 {
		line("\n## Findings")
		for _, c := range found {
			line("\n### %s\n\n%s\n", plain(r.heading(c)), plain(r.sentence(c)))
			r.pairsTable(c, line)
		}
	}
	for _, metric := range r.Metrics {
		r.metricTable(metric, line)
	}
	line("\n## What this cannot tell\n")
	for _, limit := range r.limits() {
		line("- %s", plain(limit))
	}
	return b.String()
}

func (r *Report) title() string { return "Parity audit: " + r.From + " to " + r.To }

// about says what was compared.
func (r *Report) about() string {
	text := "Cases opened in that time, compared by " + list(r.By)
	if len(r.Within) > 0 {
		text += ", alike in " + list(r.Within)
	}
	t := r.Thresholds
	at := "a rate or value of at most " + percent(t.RateRatio)
	if t.ValueRatio != t.RateRatio {
		at = fmt.Sprintf("a rate of at most %s or a value of at most %s", percent(t.RateRatio), percent(t.ValueRatio))
	}
	return text + fmt.Sprintf(". A finding takes %s of the other, or times at least %s times as long; "+
		"a chance of at most %s over all comparisons together; and %d cases of each group.",
		at, ratio(t.TimeRatio), percent(t.Alpha), t.MinCases)
}

func list(names []string) string {
	words := strings.Join(names, ", ")
	return strings.ReplaceAll(words, "-", " ")
}

// heading names a comparison: "Time to the first reply: phone and web".
func (r *Report) heading(c *parity.Comparison) string {
	return fmt.Sprintf("%s: %s and %s", metricTitles[c.Metric], c.Groups[0], c.Groups[1])
}

func (r *Report) pairsTable(c *parity.Comparison, line func(string, ...any)) {
	if len(c.Pairs) == 0 {
		return
	}
	line("| treated worse | | like case of the other group | | alike in |\n|---|---|---|---|---|")
	for _, p := range c.Pairs {
		line("| %s | %s | %s | %s | %s |", plain(p.Cases[0].Name), plain(r.pairedFigure(c, p.Cases[0])),
			plain(p.Cases[1].Name), plain(r.pairedFigure(c, p.Cases[1])), plain(alike(p)))
	}
}

// alike says what the two cases of a pair have in common.
func alike(p parity.Pair) string {
	var all []string
	for _, s := range p.Alike {
		value := s.Value
		if value == "" {
			value = "not known"
		}
		all = append(all, strings.ReplaceAll(s.Column, "-", " ")+" "+value)
	}
	return strings.Join(all, ", ")
}

func (r *Report) metricTable(metric string, line func(string, ...any)) {
	line("\n## %s\n\n| groups | cases | figures | ratio (95 %% interval) | adjusted p | outcome |\n|---|---|---|---|---|---|", metricTitles[metric])
	for i := range r.Comparisons {
		if c := &r.Comparisons[i]; c.Metric == metric {
			line("| %s | %s | %s | %s | %s | %s |", plain(c.Groups[0]+", "+c.Groups[1]),
				grouped(int64(c.Counts[0]))+", "+grouped(int64(c.Counts[1])), r.figures(c), r.size(c), adjusted(c), plain(outcome(c)))
		}
	}
}

// figures writes the figures of both groups; empty where there was nothing to compare.
func (r *Report) figures(c *parity.Comparison) string {
	if c.Outcome == parity.InsufficientData {
		return ""
	}
	text := r.Figure(c, 0) + ", " + r.Figure(c, 1)
	if shift := Shift(c); shift != "" {
		text += "; " + shift
	}
	return text
}

func adjusted(c *parity.Comparison) string {
	if c.PAdjusted == nil {
		return ""
	}
	return probability(*c.PAdjusted)
}

// outcome says what a comparison came to.
func outcome(c *parity.Comparison) string {
	switch c.Outcome {
	case parity.Finding:
		return "finding: worse for " + c.Worse
	case parity.InsufficientData:
		return "too little data: " + c.Reason
	}
	text := "no finding"
	switch {
	case c.Significant:
		text += ": beyond chance, but too small to matter"
	case c.Practical:
		text += ": it may be chance"
	}
	if c.Note != "" {
		text += "; " + c.Note
	}
	return text
}

var marks = regexp.MustCompile("[\\\\`*_{}\\[\\]<>#|~!]|&#?\\w+;")

// plain escapes text so that Markdown shows it as it was written, in one line.
func plain(text string) string {
	return marks.ReplaceAllString(strings.Join(strings.Fields(text), " "), `\$0`)
}
