package decision

import (
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Term is a time for which an account held, holds or is to hold a seat on an advisory
// board. It is completed when it ends. A term that was cut short is no Term.
type Term struct {
	// Starts is the first day; Ends is the first day after the term, in fact or as planned.
	Starts, Ends civil.Day
}

// completes returns the day on which the account has completed n of its terms,
// civil.Never where it does not have as many. One more term, whenever it ends, never
// makes that day later.
func (a *Account) completes(n int64) civil.Day {
	if n > int64(len(a.Terms)) {
		return civil.Never
	}
	ends := make([]civil.Day, len(a.Terms))
	for i, t := range a.Terms {
		ends[i] = t.Ends
	}
	slices.Sort(ends)
	return ends[n-1]
}

// termsBy returns how many terms the account has completed by a day.
func (a *Account) termsBy(day civil.Day) int64 {
	n := int64(0)
	for _, t := range a.Terms {
		if t.Ends <= day {
			n++
		}
	}
	return n
}

// serving returns the day on which the first to end of the terms that run on a day ends;
// civil.Never where the account does not serve.
func (a *Account) serving(day civil.Day) civil.Day {
	ends := civil.Never
	for _, t := range a.Terms {
		if t.Starts <= day && day < t.Ends {
			ends = min(ends, t.Ends)
		}
	}
	return ends
}

func (f *facts) missingTerms(c *schedule.Condition, today civil.Day) Requirement {
	have := f.account.termsBy(today)
	return Requirement{
		Subject: schedule.Board, Have: have, Need: c.AtLeast, Missing: c.AtLeast - have,
		From: today, By: civil.Never, On: civil.Never, TermEnds: f.account.serving(today),
	}
}

// phraseTerms writes "1 more completed term on an advisory board (0 of 1 completed; the
// current term ends on 1 July 2027)".
func phraseTerms(r Requirement) string {
	current := ""
	if r.TermEnds != civil.Never {
		current = "; the current term ends on " + r.TermEnds.Words()
	}
	return fmt.Sprintf("%s on an advisory board (%d of %d completed%s)", counted(r.Missing, "more completed term"), r.Have, r.Need, current)
}

// counted writes "1 month" and "2 months".
func counted(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
