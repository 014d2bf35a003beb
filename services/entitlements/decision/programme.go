package decision

import (
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Enrolment is a time for which an account had, has or is to have a place in a
// programme. A day on which it had one for a part only counts as a whole.
type Enrolment struct {
	// Programme is the programme's id.
	Programme string
	// From is the first day; To is the first day after the last, civil.Never while no end
	// is known.
	From, To civil.Day
}

// Enrolments are those of all accounts, by account, as known at one time. They never
// change, so that two of them are the same where they are at the same place in memory.
type Enrolments map[string][]Enrolment

// Add adds a place of an account, while they are made; to is the first day after it. It
// adds none without a day.
func (all Enrolments) Add(account, programme string, from, to civil.Day) {
	if from < to {
		all[account] = append(all[account], Enrolment{programme, from, to})
	}
}

// enrolled returns the days within a span on which the account is in a programme. One
// more enrolment, and one that ends later, takes none of them away.
func (a *Account) enrolled(programme string, within span) spans {
	var days spans
	for _, e := range a.Enrolments {
		if e.Programme == programme {
			days = union(days, spans(nil).push(span{max(e.From, within.from), min(e.To, within.to)}))
		}
	}
	return days
}

// enrolledSince returns the first of the days without a gap, up to one on which the
// account is in a programme, on which it is.
func (a *Account) enrolledSince(programme string, on civil.Day) civil.Day {
	days := a.enrolled(programme, span{-civil.Never, civil.Never})
	if at := slices.IndexFunc(days, func(s span) bool { return s.from <= on && on < s.to }); at >= 0 {
		return days[at].from
	}
	return on
}

func (f *facts) missingPlace(c *schedule.Condition, today civil.Day) Requirement {
	r := Requirement{
		Subject: schedule.Programme, Programme: c.Measure, Need: 1,
		From: today, By: civil.Never, On: civil.Never, TermEnds: civil.Never,
	}
	if f.account.enrolled(c.Measure, span{today, today + 1}).holds(today) {
		r.Have = 1
	}
	r.Missing = r.Need - r.Have
	return r
}

// phrasePlace writes "a place in the programme beta".
func phrasePlace(r Requirement) string {
	return fmt.Sprintf("a place in the programme %s", r.Programme)
}
