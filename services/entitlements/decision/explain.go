package decision

import (
	"fmt"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Explain says in one or two sentences whether and why an account has a benefit, as
// decided for that account and instant: the written promise word for word, the rule
// and version, what was measured against what is needed, and until when it holds or
// how far away it is. It tells the account's spend. For a benefit not had it returns
// the ways to it too (Distance). It fails with ErrNoSchedule and ErrUnknownBenefit.
func (b *Book) Explain(a Account, at time.Time, benefitID string, d Decision) (reason string, ways []Way, err error) {
	if d.Entitled() {
		return b.explainHeld(a, at, d), nil, nil
	}
	if ways, err = b.Distance(a, at, benefitID); err != nil {
		return "", nil, err
	}
	version := b.inForce(at.UnixMilli())
	number := b.versions[version].number
	inactive := b.inactive(a, at)
	switch {
	case inactive != "":
		reason = "Not entitled: " + inactive + "."
	case b.benefits[b.byID[benefitID]].byVersion[version] == nil:
		reason = fmt.Sprintf("Not entitled: version %d of the schedule, in force at that time, does not have the benefit %s.", number, benefitID)
	case len(ways) == 0:
		reason = fmt.Sprintf("Not entitled: no rule of version %d of the schedule, in force at that time, grants %s.", number, benefitID)
	default:
		reason = b.explainDistance(ways)
	}
	return reason, ways, nil
}

// inactive says that the account is no customer at the time, or nothing.
func (b *Book) inactive(a Account, at time.Time) string {
	today := b.company.Zone.DayOf(at)
	switch {
	case today >= a.ClosedOn:
		return fmt.Sprintf("the account was closed on %s", a.ClosedOn.Words())
	case a.Prospect:
		return "the account is a prospect, and benefits begin when it becomes active"
	case a.ActiveFrom == civil.Never:
		return "the account has neither a joined date nor a revenue entry, and benefits begin with either"
	case today < a.ActiveFrom:
		return fmt.Sprintf("the account is active from %s", a.ActiveFrom.Words())
	default:
		return ""
	}
}

// explainHeld cites the rule, what earned it and until when that holds.
func (b *Book) explainHeld(a Account, at time.Time, d Decision) string {
	today := b.company.Zone.DayOf(at)
	f := facts{account: &a, company: b.company}
	earned := f.earned(d.Rule, b.daysOf(d.Version), today)
	figures := b.measured(&f, d.Rule, earned, today)
	if earned != today {
		figures = "earned on " + earned.Words() + ", when " + figures
	}
	until := ""
	if !d.ValidUntil.IsZero() {
		until = ", and this holds " + b.until(d.ValidUntil)
	}
	return fmt.Sprintf("Entitled by rule %s of version %d: \"%s\" %s%s.", d.Rule.ID, d.Version, d.Rule.Promise, capital(figures), until)
}

// daysOf returns the days on which a version is in force.
func (b *Book) daysOf(number int) span {
	for i := range b.versions {
		if b.versions[i].number == number {
			return b.versions[i].days
		}
	}
	return span{}
}

// earned returns the last day up to today on which the account earned what it
// holds today by a rule.
func (f *facts) earned(r *schedule.Rule, inForce span, today civil.Day) civil.Day {
	within := span{inForce.from, min(inForce.to, today+1)}
	days := f.true(&r.When, f.judged(r, today), within)
	if len(days) == 0 {
		return today
	}
	return days[len(days)-1].to - 1
}

// judged says with which refunds the earned days of a rule are judged today.
func (f *facts) judged(r *schedule.Rule, today civil.Day) asOf {
	if r.Lasts.IsZero() || r.OnRefund == schedule.Keep {
		return plain
	}
	return asOf{recheck: true, day: today}
}

// measured writes what was measured on the earned day, for the first way to meet
// the rule that was met: "spend in the trailing 12 months is $512.40 of the
// $500.00 needed".
func (b *Book) measured(f *facts, r *schedule.Rule, earned, today civil.Day) string {
	at, is := f.judged(r, today), "is"
	if earned != today {
		is = "was"
	}
	for _, alternative := range r.When.Alternatives() {
		var figures []string
		for i := range alternative {
			c := &alternative[i]
			if !f.true(c, at, span{earned, earned + 1}).holds(earned) {
				break
			}
			figures = append(figures, b.figure(f, c, at, earned, is))
		}
		if len(figures) == len(alternative) {
			return strings.Join(figures, " and ")
		}
	}
	return ""
}

// figure writes what a condition measured on a day, judged as of another; is says
// whether that is past.
func (b *Book) figure(f *facts, c *schedule.Condition, at asOf, on civil.Day, is string) string {
	switch c.Subject {
	case schedule.Tenure:
		return fmt.Sprintf("tenure %s %s of the %d needed", is, months(f.tenure(on)), c.AtLeast)
	case schedule.Board:
		return fmt.Sprintf("service on advisory boards %s %s of the %d needed", is, counted(f.account.termsBy(on), "completed term"), c.AtLeast)
	case schedule.Innovation:
		return fmt.Sprintf("work on innovation %s %s of the %d needed", is, counted(f.account.completedOn(on), "confirmed project"), c.AtLeast)
	case schedule.Programme:
		return fmt.Sprintf("enrolment in the programme %s %s from %s", c.Measure, is, f.account.enrolledSince(c.Measure, on).Words())
	}
	have := f.series(c, false).on(on)
	if at.recheck {
		have -= f.refunded(c, on, at.day)
	}
	return fmt.Sprintf("%s %s %s of the %s needed", describe(c.Measure, c.Scope), is, b.currency.Format(have), b.currency.Format(c.AtLeast))
}

// explainDistance names the rule of the nearest way and says what it takes.
func (b *Book) explainDistance(ways []Way) string {
	way := ways[0]
	return fmt.Sprintf("Not yet entitled by rule %s of version %d: \"%s\" %s", way.Rule.ID, way.Version, way.Rule.Promise, b.takes(ways))
}

// takes says what the nearest way still takes, and how many other ways there are.
func (b *Book) takes(ways []Way) string {
	var missing []string
	for _, r := range ways[0].Requires {
		missing = append(missing, b.Phrase(r))
	}
	others := ""
	switch n := len(ways) - 1; {
	case n == 1:
		others = " There is 1 other way."
	case n > 1:
		others = fmt.Sprintf(" There are %d other ways.", n)
	}
	return fmt.Sprintf("It takes %s.%s", strings.Join(missing, ", and "), others)
}

// Phrase writes a requirement: "$212.40 more by 30 June 1998 (spend in the
// trailing 12 months is $287.60 of $500.00)".
func (b *Book) Phrase(r Requirement) string {
	switch r.Subject {
	case schedule.Board:
		return phraseTerms(r)
	case schedule.Innovation:
		return phraseProjects(r)
	case schedule.Programme:
		return phrasePlace(r)
	case schedule.Tenure:
		if r.On == civil.Never {
			return fmt.Sprintf("%s as a customer, counted from joining", months(r.Need))
		}
		return fmt.Sprintf("%s as a customer, complete on %s", months(r.Need), r.On.Words())
	}
	by := ""
	if r.By != civil.Never {
		by = " by " + r.By.Words()
	}
	return fmt.Sprintf("%s more%s (%s is %s of %s)", b.currency.Format(r.Missing), by,
		describe(r.Window, r.Scope), b.currency.Format(r.Have), b.currency.Format(r.Need))
}

// describe names what a spend condition sums.
func describe(window schedule.Window, scope schedule.Scope) string {
	of := map[schedule.Window]string{
		schedule.Trailing12Months: "in the trailing 12 months",
		schedule.CalendarYear:     "in the calendar year",
		schedule.FiscalYear:       "in the fiscal year",
		schedule.SinceJoining:     "since joining",
	}[window]
	if scope == schedule.GroupScope {
		return "spend of the whole group " + of
	}
	return "spend " + of
}

func months(n int64) string { return counted(n, "month") }

func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// until writes the end of a stretch of time in the company's zone: the last whole
// day where it ends with one, else the instant.
func (b *Book) until(t time.Time) string {
	day := b.company.Zone.DayOf(t)
	if b.company.Zone.Start(day).Equal(t) {
		return "through " + (day - 1).Words()
	}
	return "until " + day.Words() + t.In(b.company.Zone.Location()).Format(", 15:04:05 MST")
}
