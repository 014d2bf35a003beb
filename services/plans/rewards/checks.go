package rewards

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/plans"
)

// Checks say from when on work looks as if it were done for the points. They are
// published with the rules, so that everybody knows them. 0 is the default.
type Checks struct {
	// AccountTouches is how many touchpoints a person may have done with one account in a
	// month, and DayTouches how many on one day, before it is a finding.
	AccountTouches int `bson:"account_touches,omitempty"`
	DayTouches     int `bson:"day_touches,omitempty"`
	// ShortOutcome is under how many characters an outcome is very short, and ShortOutcomes
	// how many of those a person may have in a month.
	ShortOutcome  int `bson:"short_outcome,omitempty"`
	ShortOutcomes int `bson:"short_outcomes,omitempty"`
	// RepeatedOutcomes is how often a person may use the same words in a month.
	RepeatedOutcomes int `bson:"repeated_outcomes,omitempty"`
	// ContactTouches is how often a person may have reached one contact in a month.
	ContactTouches int `bson:"contact_touches,omitempty"`
	// LastDays are the last days of a month, and LastDaysPercent the part of a person's work
	// of the month that may be completed in them; fewer than LastDaysWork are not looked at.
	LastDays        int `bson:"last_days,omitempty"`
	LastDaysPercent int `bson:"last_days_percent,omitempty"`
	LastDaysWork    int `bson:"last_days_work,omitempty"`
}

// DefaultChecks are those of a version that gives none.
var DefaultChecks = Checks{
	AccountTouches: 12, DayTouches: 15, ShortOutcome: 20, ShortOutcomes: 5, RepeatedOutcomes: 2, ContactTouches: 8,
	LastDays: 3, LastDaysPercent: 50, LastDaysWork: 10,
}

// check wants the checks to be possible.
func (c *Checks) check() error {
	for _, number := range []int{c.AccountTouches, c.DayTouches, c.ShortOutcome, c.ShortOutcomes, c.RepeatedOutcomes, c.ContactTouches, c.LastDays, c.LastDaysWork} {
		if number < 0 || number > 10_000 {
			return fault.Invalid("point_rules.checks", "%d is not from 0 to 10000; 0 is the default", number)
		}
	}
	switch {
	case c.LastDays > 15:
		return fault.Invalid("point_rules.checks.last_days", "%d is more than half a month", c.LastDays)
	case c.LastDaysPercent < 0 || c.LastDaysPercent > 100:
		return fault.Invalid("point_rules.checks.last_days_percent", "%d is not from 0 to 100", c.LastDaysPercent)
	}
	return nil
}

// filled are the checks with the defaults where there is none.
func (c Checks) filled() Checks {
	d := DefaultChecks
	return Checks{
		AccountTouches: cmp.Or(c.AccountTouches, d.AccountTouches), DayTouches: cmp.Or(c.DayTouches, d.DayTouches),
		ShortOutcome: cmp.Or(c.ShortOutcome, d.ShortOutcome), ShortOutcomes: cmp.Or(c.ShortOutcomes, d.ShortOutcomes),
		RepeatedOutcomes: cmp.Or(c.RepeatedOutcomes, d.RepeatedOutcomes), ContactTouches: cmp.Or(c.ContactTouches, d.ContactTouches),
		LastDays: cmp.Or(c.LastDays, d.LastDays), LastDaysPercent: cmp.Or(c.LastDaysPercent, d.LastDaysPercent),
		LastDaysWork: cmp.Or(c.LastDaysWork, d.LastDaysWork),
	}
}

// Check is what a finding is about.
type Check string

// The checks.
const (
	ManyWithAccount Check = "many-with-one-account"
	ManyInADay      Check = "many-in-a-day"
	ShortOutcomes   Check = "short-outcomes"
	SameWords       Check = "same-words"
	SelfConfirmed   Check = "self-confirmed"
	EndOfMonth      Check = "end-of-month"
	OneContact      Check = "one-contact"
)

// Finding is work that looks as if it were done for the points, and no more than that: a
// person has to look.
type Finding struct {
	// ID begins with the month.
	ID    string
	Check Check
	Month string
	// Person is the id of who did the work, or gets points of it as one of the team.
	Person string
	// Subject is what it is about besides: the resource name of an account or a contact, or a
	// day, or nothing.
	Subject string
	Figures
	// Words say what was found, with the figures.
	Words string
	// Work are the resource names of the work, and Entries the ids of what it gave the
	// person, both in order.
	Work, Entries []string
	// Acknowledged is what somebody said about it; nil where nobody did.
	Acknowledged *Acknowledgement
}

// Open says whether somebody has to look at the finding: nobody did, or its figures have
// grown since.
func (f *Finding) Open() bool { return f.Acknowledged == nil || f.Count > f.Acknowledged.Count }

// Figures are the figures of a finding.
type Figures struct {
	// Count is how many pieces of work were found, and Limit how many may be.
	Count int `bson:"count"`
	Limit int `bson:"limit"`
	// Of is how many pieces of work of the month the person did, of which they are; with those
	// that they get points of as one of the team, where the finding is about these too.
	Of int `bson:"of"`
}

// search is the look through the work of a month.
type search struct {
	month  Period
	checks Checks
	// work is that of each person, in the order of completion, and shared that of which they
	// get points as one of the team.
	work, shared map[string][]completed
	found        []Finding
}

// findingsIn returns what the work of a month shows, in the order of their ids, by the
// versions of the rules and the checks.
func findingsIn(month Period, work map[string]completed, versions []version, checks Checks) []Finding {
	s := search{month: month, checks: checks.filled(), work: map[string][]completed{}, shared: map[string][]completed{}}
	for _, w := range work {
		if w.Withdrawn || w.Day < month.From || w.Day > month.To {
			continue
		}
		for _, person := range w.Persons {
			s.work[person] = append(s.work[person], w)
		}
		if at(versions, w.Day).sharesWithTeam(w.Kind) {
			for _, person := range w.Team {
				s.shared[person] = append(s.shared[person], w)
			}
		}
	}
	for person, work := range s.work {
		slices.SortFunc(work, func(a, b completed) int {
			return cmp.Or(a.Completed.Compare(b.Completed), strings.Compare(a.Name, b.Name))
		})
		s.touches(person, work)
		s.outcomes(person, work)
		s.burst(person, work)
	}
	paid := maps.Clone(s.work)
	for person, shared := range s.shared {
		paid[person] = slices.Concat(paid[person], shared)
	}
	for person, work := range paid {
		s.confirmed(person, work, len(s.shared[person]) > 0)
	}
	slices.SortFunc(s.found, func(a, b Finding) int { return strings.Compare(a.ID, b.ID) })
	return s.found
}

// grouped is work by what of it is looked at; what has none of that is left out.
func grouped(work []completed, keys func(completed) []string) map[string][]completed {
	groups := map[string][]completed{}
	for _, w := range work {
		for _, key := range keys(w) {
			if key != "" {
				groups[key] = append(groups[key], w)
			}
		}
	}
	return groups
}

// touchpoints is the work that is touchpoints, also those that suggestions led to.
func touchpoints(work []completed) []completed {
	var list []completed
	for _, w := range work {
		if w.Kind == TouchpointDone || w.Kind == SuggestionActedOn {
			list = append(list, w)
		}
	}
	return list
}

// touches looks for many touchpoints with one account, on one day, or of one contact.
func (s *search) touches(person string, work []completed) {
	touched := touchpoints(work)
	for account, of := range grouped(touched, func(w completed) []string { return []string{w.Account} }) {
		name := plans.AccountName(account)
		s.add(ManyWithAccount, person, name, of, s.checks.AccountTouches, len(work),
			"%s did %d touchpoints with %s in %s; more than %d are looked at.", person, len(of), name, s.month.ID, s.checks.AccountTouches)
	}
	for on, of := range grouped(touched, func(w completed) []string { return []string{w.Day.String()} }) {
		s.add(ManyInADay, person, on, of, s.checks.DayTouches, len(work),
			"%s did %d touchpoints on %s; more than %d are looked at.", person, len(of), on, s.checks.DayTouches)
	}
	for contact, of := range grouped(touched, func(w completed) []string { return w.Contacts }) {
		s.add(OneContact, person, contact, of, s.checks.ContactTouches, len(work),
			"%s reached %s %d times in %s; more than %d times are looked at.", person, contact, len(of), s.month.ID, s.checks.ContactTouches)
	}
}

// outcomes looks for outcomes that say little, or the same again and again.
func (s *search) outcomes(person string, work []completed) {
	touched := touchpoints(work)
	var short []completed
	for _, w := range touched {
		if w.OutcomeLength < s.checks.ShortOutcome {
			short = append(short, w)
		}
	}
	s.add(ShortOutcomes, person, "", short, s.checks.ShortOutcomes, len(work),
		"%s wrote %d outcomes of fewer than %d characters in %s; more than %d are looked at.", person, len(short), s.checks.ShortOutcome, s.month.ID, s.checks.ShortOutcomes)
	for words, of := range grouped(touched, func(w completed) []string { return []string{w.OutcomeDigest} }) {
		s.add(SameWords, person, words, of, s.checks.RepeatedOutcomes, len(work),
			"%s wrote the same words as the outcome of %d touchpoints in %s; more than %d are looked at.", person, len(of), s.month.ID, s.checks.RepeatedOutcomes)
	}
}

// confirmed looks for work whose confirmation or rating was written down by who did it, or
// gets points of it as one of the team, as the owner of the account.
func (s *search) confirmed(person string, work []completed, team bool) {
	had := person + " did"
	if team {
		had += " or shared in"
	}
	var self []completed
	for _, w := range work {
		if (w.Confirmed || w.Rating > 0) && w.HeardBy == person {
			self = append(self, w)
		}
	}
	s.add(SelfConfirmed, person, "", self, 0, len(work),
		"%s wrote down the customer's confirmation or rating of %d pieces of work in %s which %s.", person, len(self), s.month.ID, had)
}

// burst looks for work that is done when the month is nearly over.
func (s *search) burst(person string, work []completed) {
	if len(work) < s.checks.LastDaysWork {
		return
	}
	var late []completed
	for _, w := range work {
		if w.Day > s.month.To-civil.Day(s.checks.LastDays) {
			late = append(late, w)
		}
	}
	limit := len(work) * s.checks.LastDaysPercent / 100
	s.add(EndOfMonth, person, "", late, limit, len(work),
		"%s completed %d of %d pieces of work in the last %d days of %s; more than %d %% are looked at.", person, len(late), len(work), s.checks.LastDays, s.month.ID, s.checks.LastDaysPercent)
}

// add notes a finding where there is more work than may be. The digest of words, unlike
// other subjects, tells nobody anything.
func (s *search) add(check Check, person, subject string, work []completed, limit, of int, format string, args ...any) {
	if len(work) <= limit {
		return
	}
	f := Finding{ID: s.month.ID + "-" + digest(string(check), person, subject), Check: check, Month: s.month.ID, Person: person,
		Subject: subject, Figures: Figures{Count: len(work), Limit: limit, Of: of}, Words: fmt.Sprintf(format, args...)}
	if check == SameWords {
		f.Subject = ""
	}
	for _, w := range work {
		f.Work = append(f.Work, w.Name)
	}
	slices.Sort(f.Work)
	s.found = append(s.found, f)
}
