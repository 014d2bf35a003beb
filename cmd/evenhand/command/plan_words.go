package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// showCadence says in words when a contact comes, by what way, to whom and by whom.
func showCadence(c *plansv1.Cadence) string {
	start, at, _ := strings.Cut(c.GetStart(), "T")
	zone := c.GetTimeZone()
	if zone == "" {
		zone = "the company's time"
	}
	text := fmt.Sprintf("%s: %s by %s, %s at %s (%s), from %s", c.GetId(), c.GetPurpose(), showEnum(c.GetChannel(), "CHANNEL_"),
		ruleInWords(c.GetRule()), at, zone, start)
	switch c.GetOnHoliday() {
	case plansv1.Cadence_HOLIDAY_POLICY_KEEP:
		text += ", also on holidays"
	case plansv1.Cadence_HOLIDAY_POLICY_PREVIOUS_WORKDAY:
		text += ", on the working day before a holiday"
	case plansv1.Cadence_HOLIDAY_POLICY_SKIP:
		text += ", not on holidays"
	case plansv1.Cadence_HOLIDAY_POLICY_NEXT_WORKDAY, plansv1.Cadence_HOLIDAY_POLICY_UNSPECIFIED:
	}
	if len(c.GetAudience()) > 0 {
		text += ", to " + strings.Join(c.GetAudience(), ", ")
	}
	if c.GetOwner() != "" {
		text += ", by " + c.GetOwner()
	}
	return text
}

// units are the words for how often a rule comes.
var units = map[string]string{"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}

// weekdays are the words for the days of a rule.
var weekdays = map[string]string{
	"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday", "SU": "Sunday",
}

// ruleInWords says an RRULE in words; one that says more than they can is returned as it
// is.
func ruleInWords(rule string) string {
	given := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimPrefix(strings.ToUpper(rule), "RRULE:"), ";") {
		key, value, _ := strings.Cut(part, "=")
		given[key] = value
	}
	unit := units[given["FREQ"]]
	text := "every " + unit
	if n := given["INTERVAL"]; n != "" && n != "1" {
		text = "every " + n + " " + unit + "s"
	}
	if day := given["BYMONTHDAY"]; day != "" {
		text += " on " + inWords(day, monthday)
	}
	if day := given["BYDAY"]; day != "" {
		text += " on " + inWords(day, weekday)
	}
	if month := given["BYMONTH"]; month != "" {
		text += " in " + inWords(month, monthName)
	}
	if count := given["COUNT"]; count != "" {
		text += ", " + count + " times"
	}
	if until := given["UNTIL"]; len(until) >= 8 {
		text += fmt.Sprintf(", until %s-%s-%s", until[:4], until[4:6], until[6:8])
	}
	for _, key := range []string{"FREQ", "INTERVAL", "BYMONTHDAY", "BYDAY", "BYMONTH", "COUNT", "UNTIL", "WKST"} {
		delete(given, key)
	}
	if len(given) > 0 || unit == "" || strings.Contains(text, "?") {
		return rule
	}
	return text
}

// inWords says a list of a rule in words; "?" stands for what word does not know.
func inWords(list string, word func(string) string) string {
	items := strings.Split(list, ",")
	for i := range items {
		items[i] = word(items[i])
	}
	if last := len(items) - 1; last > 0 {
		return strings.Join(items[:last], ", ") + " and " + items[last]
	}
	return items[0]
}

// weekday says MO, 2TU or -1FR in words.
func weekday(text string) string {
	number, day := text[:max(0, len(text)-2)], weekdays[text[max(0, len(text)-2):]]
	switch {
	case day == "":
		return "?"
	case number == "":
		return day
	}
	return "the " + nth(number) + " " + day
}

func monthday(text string) string {
	if strings.HasPrefix(text, "-") {
		return "the " + nth(text) + " day"
	}
	return "the " + nth(text)
}

func monthName(text string) string {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 12 {
		return "?"
	}
	return time.Month(n).String()
}

// nth says 2 as 2nd, and -1 as last.
func nth(text string) string {
	n, err := strconv.Atoi(strings.TrimPrefix(text, "+"))
	switch {
	case err != nil || n == 0:
		return "?"
	case n == -1:
		return "last"
	case n < 0:
		return ordinal(-n) + " last"
	}
	return ordinal(n)
}

// showNumber writes a measured value as a person would.
func showNumber(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// showWay writes the share of a way that is done in percent.
func showWay(x float64) string { return strconv.FormatFloat(100*x, 'f', 0, 64) + "%" }

// counted writes how many there are of something.
func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return showCount(n) + " " + many
}

// pace says how the progress of a goal compares with going straight from its baseline to
// its target.
func pace(g *plansv1.Goal) string {
	switch {
	case g.GetState() != plansv1.Goal_STATE_OPEN || g.GetTargetDate() == nil || g.GetTarget() == g.GetBaseline():
		return ""
	case g.GetProgress() >= 1:
		return "at the target"
	case g.GetProgress() >= g.GetExpectedProgress():
		return "on the way"
	}
	return "behind"
}

// showPlanGoal says in a line where a goal stands.
func showPlanGoal(g *plansv1.Goal) string {
	text := g.GetId() + ": " + g.GetStatement()
	if g.GetTarget() != g.GetBaseline() {
		text += fmt.Sprintf("; %s from %s to %s", g.GetMeasure(), showNumber(g.GetBaseline()), withUnit(g.GetTarget(), g.GetUnit()))
		if by := showDay(g.GetTargetDate()); by != "" {
			text += " by " + by
		}
		text += fmt.Sprintf("; %s, %s of the way", latest(g), showWay(g.GetProgress()))
	}
	switch how := pace(g); {
	case how != "":
		text += fmt.Sprintf(" where %s is expected: %s", showWay(g.GetExpectedProgress()), how)
	case g.GetState() != plansv1.Goal_STATE_OPEN && g.GetState() != plansv1.Goal_STATE_UNSPECIFIED:
		text += fmt.Sprintf("; %s on %s: %s", showEnum(g.GetState(), "STATE_"), g.GetEndTime().AsTime().UTC().Format(time.DateOnly), g.GetEndReason())
	}
	return text
}

// latest says what is known last of a goal's measure.
func latest(g *plansv1.Goal) string {
	if n := len(g.GetMeasurements()); n > 0 {
		m := g.GetMeasurements()[n-1]
		return withUnit(m.GetValue(), g.GetUnit()) + " on " + showDay(m.GetDate())
	}
	return "not measured yet"
}

func withUnit(x float64, unit string) string {
	if unit == "%" {
		return showNumber(x) + "%"
	}
	return strings.TrimSpace(showNumber(x) + " " + unit)
}
