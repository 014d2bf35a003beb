package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/evenhand/evenhand/services/entitlements/parity"
)

// metricTitles are what people call the metrics.
var metricTitles = map[string]string{
	parity.FirstReplyTime.String(): "Time to the first reply",
	parity.ResolutionTime.String(): "Time to the resolution",
	parity.BreachRate.String():     "Promises kept",
	parity.RemedyRate.String():     "Cases remedied",
	parity.RemedyValue.String():    "Value of remedies",
	parity.EscalationRate.String(): "Cases not escalated",
	parity.ReopenRate.String():     "Cases not reopened",
}

// Sentences say what each finding is, those that differ most first.
func (r *Report) Sentences() []string {
	var all []string
	for _, c := range r.found() {
		all = append(all, r.sentence(c))
	}
	return all
}

// Summary sums the report up in a sentence or two.
func (r *Report) Summary() string {
	text := fmt.Sprintf("%s, %s: ", plural(r.Cases, "case", "cases"), plural(len(r.Comparisons), "comparison", "comparisons"))
	text += fmt.Sprintf("%s, %d without a finding, %d with too little data to say.",
		plural(r.Findings, "finding", "findings"), r.NoFindings, r.InsufficientData)
	switch {
	case len(r.Comparisons) == 0:
		return plural(r.Cases, "case", "cases") + ": there are no two groups to compare."
	case r.Findings == 0 && r.InsufficientData == len(r.Comparisons):
		text += " Nothing can be said from these cases."
	case r.Findings == 0:
		text += " Where there was enough data, like cases were treated alike as far as can be seen."
	}
	return text
}

func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(int64(n)) + " " + more
}

// grouped writes a whole number with commas between thousands.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// sentence says what a finding is: who was treated worse, by how much, and how sure that
// is.
func (r *Report) sentence(c *parity.Comparison) string {
	worse, better := 0, 1
	if c.Groups[1] == c.Worse {
		worse, better = 1, 0
	}
	by := strings.ReplaceAll(c.By, "-", " ")
	of := func(at int) string { return fmt.Sprintf("%s %s", by, c.Groups[at]) }
	var what string
	switch c.Effect.Kind {
	case parity.TimeRatio:
		what = fmt.Sprintf("The %s of %s was %s times as long as of %s", lower(metricTitles[c.Metric]), of(worse), ratio(c.Effect.Value), of(better))
	case parity.ValueRatio:
		what = fmt.Sprintf("Remedies of %s were worth %s of those of %s", of(worse), percent(c.Effect.Value), of(better))
	default:
		what = fmt.Sprintf("%s: %s has %s of the rate of %s", metricTitles[c.Metric], of(worse), percent(c.Effect.Value), of(better))
	}
	if text := r.interval(c.Effect); text != "" {
		what += " (95 % interval " + text + ")"
	}
	if text := Shift(c); text != "" {
		what += ", " + text
	}
	if c.Figures[worse] != nil && c.Figures[better] != nil {
		what += fmt.Sprintf(": %s against %s", r.Figure(c, worse), r.Figure(c, better))
	}
	what += fmt.Sprintf(", over %s and %s. %s", plural(c.Counts[worse], "case", "cases"), plural(c.Counts[better], "case", "cases"), chance(c))
	if c.Note != "" {
		what += " Note: " + c.Note + "."
	}
	return what
}

// chance says how likely a difference like that is by chance.
func chance(c *parity.Comparison) string {
	if c.PAdjusted == nil {
		return "There was nothing to test."
	}
	return "Adjusted p " + probability(*c.PAdjusted) + "."
}

func lower(text string) string { return strings.ToLower(text[:1]) + text[1:] }

// probability writes a p-value as people read it.
func probability(p float64) string {
	if p < 0.0001 {
		return "below 0.0001"
	}
	return strconv.FormatFloat(p, 'f', 4, 64)
}

func ratio(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

func percent(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) + " %" }

// interval writes the ends of an effect's interval; empty where it has none.
func (r *Report) interval(e *parity.Effect) string {
	if e.Low == nil || e.High == nil {
		return ""
	}
	if e.Kind == parity.TimeRatio {
		return ratio(*e.Low) + " to " + ratio(*e.High)
	}
	return percent(*e.Low) + " to " + percent(*e.High)
}

// size writes an effect and its interval; empty where there is none.
func (r *Report) size(c *parity.Comparison) string {
	if c.Effect == nil {
		return ""
	}
	text := ratio(c.Effect.Value)
	if c.Effect.Low != nil && c.Effect.High != nil {
		text += fmt.Sprintf(" (%s–%s)", ratio(*c.Effect.Low), ratio(*c.Effect.High))
	}
	return text
}

// Figure writes the rate, mean value or median time of one of a comparison's groups.
func (r *Report) Figure(c *parity.Comparison, at int) string {
	f := c.Figures[at]
	switch m, _ := parity.ParseMetric(c.Metric); {
	case f == nil && m.Favourable() == "" && m != parity.RemedyValue:
		return "longer than was seen"
	case f == nil:
		return "unknown"
	case m == parity.RemedyValue:
		return r.money(int64(*f + 0.5))
	case m.Favourable() != "":
		return percent(*f)
	default:
		return Duration(time.Duration(*f) * time.Millisecond)
	}
}

// Figure of one case of a pair.
func (r *Report) pairedFigure(c *parity.Comparison, p parity.PairedCase) string {
	m, _ := parity.ParseMetric(c.Metric)
	switch good := m.Favourable(); {
	case m == parity.RemedyValue:
		return r.money(p.Figure)
	case good != "" && p.Figure == 1:
		return good
	case m == parity.RemedyRate:
		return "not remedied"
	case good != "":
		return strings.TrimPrefix(good, "not ")
	case p.Open:
		return "still open after " + Duration(time.Duration(p.Figure)*time.Millisecond)
	default:
		return Duration(time.Duration(p.Figure) * time.Millisecond)
	}
}

// money writes an amount of minor units with its currency.
func (r *Report) money(minor int64) string {
	text := strconv.FormatInt(minor, 10)
	if r.Digits > 0 {
		text = fmt.Sprintf("%0*d", r.Digits+1, minor)
		whole, _ := strconv.ParseInt(text[:len(text)-r.Digits], 10, 64)
		text = grouped(whole) + "." + text[len(text)-r.Digits:]
	}
	return strings.TrimSpace(text + " " + r.Currency)
}

// Duration writes a duration in its two largest units: "76 h 5 min", "12 min 5 s". It has
// no days, which in working time are not of 24 hours.
func Duration(d time.Duration) string {
	units := []struct {
		of   time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, u := range units {
		if d < u.of {
			continue
		}
		text := fmt.Sprintf("%s %s", grouped(int64(d/u.of)), u.name)
		if i+1 < len(units) {
			if rest := d % u.of / units[i+1].of; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
}

// Shift writes by how much times are longer, as "1 h 5 min longer (20 min to 2 h)"; empty
// where that is not known.
func Shift(c *parity.Comparison) string {
	s := c.Shift
	if s == nil {
		return ""
	}
	value, low, high, way := s.Value, s.Low, s.High, "longer"
	if value < 0 {
		value, way = -value, "shorter"
		low, high = negative(s.High), negative(s.Low)
	}
	text := milliseconds(value) + " " + way
	if low != nil && high != nil {
		text += fmt.Sprintf(" (%s to %s)", milliseconds(*low), milliseconds(*high))
	}
	if s.ClosedOnly {
		text += " among the closed cases"
	}
	return text
}

func negative(x *float64) *float64 {
	if x == nil {
		return nil
	}
	y := -*x
	return &y
}

// milliseconds writes a number of them as Duration does.
func milliseconds(x float64) string {
	d := time.Duration(math.Round(math.Abs(x))) * time.Millisecond
	if x < 0 && d > 0 {
		return "-" + Duration(d)
	}
	return Duration(d)
}

// limits says in sentences what the audit left out, and what it cannot tell.
func (r *Report) limits() []string {
	all := r.LeftOut()
	few := map[string]int{}
	for i := range r.Comparisons {
		if r.Comparisons[i].Outcome == parity.InsufficientData {
			few[r.Comparisons[i].Metric]++
		}
	}
	for _, metric := range r.Metrics {
		if few[metric] > 0 {
			all = append(all, fmt.Sprintf("%s: %s with too little data.", metricTitles[metric], plural(few[metric], "comparison", "comparisons")))
		}
	}
	return append(all,
		"Each comparison counts only cases of strata in which both groups have cases; the others are given beside it.",
		"Cases still open at the end of the period count as taking at least as long as they had taken by then; "+
			"differences in hours and minutes leave them out, and are not told where more than half of a group's are open.",
		"No finding does not prove that cases were treated alike: a difference smaller than these cases can show goes unseen.",
		"A finding shows a difference, not its cause: the pairs of like cases are there to be read.")
}

// LeftOut says in sentences what no comparison counts, and what this copy does not show.
func (r *Report) LeftOut() []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, c := range r.Columns {
		by := list([]string{c.By})
		if c.Unknown > 0 {
			add("%s without a %s: in no comparison of it.", plural(c.Unknown, "case", "cases"), by)
		}
		if c.UnknownWithin > 0 {
			add("%s without a known %s: in no comparison by %s, since nobody knows which are like them.",
				plural(c.UnknownWithin, "case", "cases"), strings.Join(strings.Split(list(r.Within), ", "), " or "), by)
		}
		if c.SmallGroups > 0 {
			add("%s smaller than the %d largest, with %s: not compared.",
				plural(c.SmallGroups, "group by "+c.By, "groups by "+c.By), parity.MaxGroups, plural(c.SmallGroupCases, "case", "cases"))
		}
	}
	if r.PairsWithheld {
		add("The pairs of like cases are left out here: they tell the reach of accounts, and who reads this may not see that.")
	}
	return all
}
