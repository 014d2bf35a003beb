package decision

import (
	"cmp"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Way is one way to earn a benefit that an account does not have: a rule of the
// version in force, and what is still missing, all of it.
type Way struct {
	Rule     *schedule.Rule
	Version  int
	Requires []Requirement // never empty
}

// Requirement is one condition that is not met on the day in question.
type Requirement struct {
	Subject schedule.Subject
	Window  schedule.Window // spend only
	Scope   schedule.Scope  // spend only
	// Programme is, for programme, its id.
	Programme string

	// Have, Need and Missing = Need - Have (at least 1) are minor units for spend,
	// whole months for tenure, completed terms for board, places for programme and
	// confirmed projects for innovation. One
	// entry of Missing, dated the day in question, meets a spend requirement; a minor unit
	// less does not.
	Have, Need, Missing int64

	// From is the first day on which an entry counts: the day in question, but
	// for spend since joining not before the account joins.
	From civil.Day

	// By is the last day on which an entry of Missing still meets a spend
	// requirement, given the entries known now; civil.Never when older entries
	// that age out, or the end of the window, take nothing away.
	By civil.Day

	// On is the day on which tenure is complete; civil.Never while the account
	// has not joined. It is civil.Never for other subjects.
	On civil.Day

	// TermEnds is, for board, the day on which the first to end of the terms that
	// the account serves ends; civil.Never where it serves none.
	TermEnds civil.Day
}

// Distance returns the ways to earn a benefit that are still open on the day of
// an instant, nearest first: fewest requirements, then the fewest missing terms on a board,
// places in programmes and innovation projects, which nobody can bring about alone, then the
// smallest missing spend, then the earliest completed tenure, then the order of rules. It is
// empty when a condition is true on that day, and when no rule of the version in
// force grants the benefit. It fails with ErrNoSchedule and ErrUnknownBenefit.
func (b *Book) Distance(a Account, at time.Time, benefitID string) ([]Way, error) {
	version := b.inForce(at.UnixMilli())
	if version < 0 {
		return nil, ErrNoSchedule
	}
	index, ok := b.byID[benefitID]
	if !ok {
		return nil, ErrUnknownBenefit
	}
	f := facts{account: &a, company: b.company}
	today := b.company.Zone.DayOf(at)
	var ways []Way
	for _, i := range b.granting(index, version) {
		r := &b.rules[i]
		more, met := f.ways(&r.When, today)
		if met {
			return nil, nil
		}
		for _, way := range more {
			way.Rule, way.Version = r.Rule, b.versions[version].number
			ways = append(ways, way)
		}
	}
	sortWays(ways)
	return ways, nil
}

// ways returns the ways to meet a condition that are open on a day, none of which takes
// all that another does, in the condition's order; met says that nothing is missing.
func (f *facts) ways(when *schedule.Condition, today civil.Day) (ways []Way, met bool) {
	for _, alternative := range when.Alternatives() {
		missing, possible := f.missing(alternative, today)
		if !possible {
			continue
		}
		if len(missing) == 0 {
			return nil, true
		}
		ways = append(ways, Way{Requires: missing})
	}
	return withoutHarder(ways), false
}

// sortWays puts the nearest first.
func sortWays(ways []Way) {
	slices.SortStableFunc(ways, Way.Compare)
}

// Compare is negative where the way is nearer than another, of the same account or of another
// one, positive where it is farther, and 0 where neither is: by the fewest requirements, the
// fewest missing terms, places and projects, the smallest missing spend, the earliest completed tenure.
func (w Way) Compare(other Way) int {
	return cmp.Or(cmp.Compare(len(w.Requires), len(other.Requires)), cmp.Compare(w.granted(), other.granted()),
		cmp.Compare(w.spend(), other.spend()), cmp.Compare(w.tenure(), other.tenure()))
}

// measures says whether two requirements are thresholds on the same measure.
func (r Requirement) measures(other Requirement) bool {
	return r.Subject == other.Subject && r.Window == other.Window && r.Scope == other.Scope && r.Programme == other.Programme
}

// granting returns the rules of a version that grant a benefit, in their order.
func (b *Book) granting(benefit, version int) []int {
	var rules []int
	for _, c := range b.classes[b.benefits[benefit].class].candidates {
		if b.rules[c.rule].version == version {
			rules = append(rules, c.rule)
		}
	}
	slices.Sort(rules)
	return rules
}

// missing returns what of an alternative is not met on a day. It is not possible
// when a subject is one that is not known.
func (f *facts) missing(alternative []schedule.Condition, today civil.Day) (missing []Requirement, possible bool) {
	for i := range alternative {
		var r Requirement
		switch c := &alternative[i]; c.Subject {
		case schedule.Spend:
			r = f.missingSpend(c, today)
		case schedule.Tenure:
			r = f.missingTenure(c, today)
		case schedule.Board:
			r = f.missingTerms(c, today)
		case schedule.Programme:
			r = f.missingPlace(c, today)
		case schedule.Innovation:
			r = f.missingProjects(c, today)
		default:
			return nil, false
		}
		if r.Missing <= 0 {
			continue
		}
		// Of two thresholds on the same measure the higher is the requirement.
		same := slices.IndexFunc(missing, func(m Requirement) bool {
			return m.measures(r)
		})
		switch {
		case same < 0:
			missing = append(missing, r)
		case r.Need > missing[same].Need:
			missing[same] = r
		}
	}
	return missing, true
}

func (f *facts) missingSpend(c *schedule.Condition, today civil.Day) Requirement {
	spend := f.series(c, false)
	have := spend.on(today)
	r := Requirement{
		Subject: schedule.Spend, Window: c.Measure, Scope: c.Scope,
		Have: have, Need: c.AtLeast, Missing: c.AtLeast - have,
		From: today, By: civil.Never, On: civil.Never, TermEnds: civil.Never,
	}
	if since := f.since(c.Scope); c.Measure == schedule.SinceJoining && since != civil.Never {
		r.From = max(today, since)
	}
	for i := spend.at(today) + 1; i < len(spend); i++ {
		if spend[i].sum < have {
			r.By = spend[i].from - 1
			break
		}
	}
	return r
}

func (f *facts) missingTenure(c *schedule.Condition, today civil.Day) Requirement {
	r := Requirement{
		Subject: schedule.Tenure, Have: f.tenure(today), Need: c.AtLeast,
		From: today, By: civil.Never, On: f.completes(c), TermEnds: civil.Never,
	}
	r.Missing = r.Need - r.Have
	return r
}

// tenure returns the whole months since the account joined, 0 before.
func (f *facts) tenure(today civil.Day) int64 {
	if f.account.Joined > today {
		return 0
	}
	fromYear, fromMonth, _ := f.account.Joined.Date()
	toYear, toMonth, _ := today.Date()
	months := (toYear-fromYear)*12 + int(toMonth-fromMonth)
	if f.account.Joined.AddMonths(months) > today {
		months--
	}
	return int64(months)
}

// spend is the largest amount that one entry must have to meet all requirements
// of spend.
func (w Way) spend() int64 {
	largest := int64(0)
	for _, r := range w.Requires {
		if r.Subject == schedule.Spend {
			largest = max(largest, r.Missing)
		}
	}
	return largest
}

// granted is how much it takes that the account cannot bring about alone to meet all
// requirements: terms on a board to complete, places in programmes, and projects with the
// company.
func (w Way) granted() int64 {
	terms, places, projects := int64(0), int64(0), int64(0)
	for _, r := range w.Requires {
		switch r.Subject {
		case schedule.Board:
			terms = max(terms, r.Missing)
		case schedule.Programme:
			places += r.Missing
		case schedule.Innovation:
			projects = max(projects, r.Missing)
		}
	}
	return terms + places + projects
}

// tenure is the day on which all requirements of tenure are met.
func (w Way) tenure() civil.Day {
	latest := -civil.Never
	for _, r := range w.Requires {
		if r.Subject == schedule.Tenure {
			latest = max(latest, r.On)
		}
	}
	return latest
}

// withoutHarder leaves out each way, of one condition, whose requirements include all of
// another.
func withoutHarder(ways []Way) []Way {
	var kept []Way
	for i, w := range ways {
		harder := slices.ContainsFunc(ways[:i], w.includes) ||
			slices.ContainsFunc(ways[i+1:], func(other Way) bool { return w.includes(other) && !other.includes(w) })
		if !harder {
			kept = append(kept, w)
		}
	}
	return kept
}

// includes reports whether whoever meets w meets other too.
func (w Way) includes(other Way) bool {
	for _, need := range other.Requires {
		if !slices.ContainsFunc(w.Requires, func(r Requirement) bool {
			return r.measures(need) && r.Need >= need.Need
		}) {
			return false
		}
	}
	return true
}
