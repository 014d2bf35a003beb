package decision

import (
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Account is what is known of an account when a decision is made.
type Account struct {
	Ledger      Ledger       // its own revenue
	GroupLedger Ledger       // the revenue of all accounts of its group together; nil when it is in none
	Terms       []Term       // on advisory boards, in any order
	Enrolments  []Enrolment  // in programmes, in any order
	Completions []Completion // of innovation projects, in any order
	Joined      civil.Day    // civil.Never while it has neither an explicit date nor an entry
	ActiveFrom  civil.Day    // the first day it is entitled to anything; civil.Never for a prospect, and while Joined is not known
	ClosedOn    civil.Day    // the first day it is entitled to nothing any more; civil.Never while open
	Prospect    bool         // it is no customer yet, which the words of an answer say
}

// ledger returns the revenue that a scope sums.
func (a *Account) ledger(scope schedule.Scope) Ledger {
	if scope == schedule.GroupScope && a.GroupLedger != nil {
		return a.GroupLedger
	}
	return a.Ledger
}

// facts answers questions about one account, keeping each series it has
// computed, since rules and versions share them.
type facts struct {
	account *Account
	company Company
	known   []measured
}

// measured is a series and what it measures.
type measured struct {
	window   schedule.Window
	scope    schedule.Scope
	restored bool
	series   series
}

func (f *facts) series(c *schedule.Condition, restored bool) series {
	for i := range f.known {
		if k := &f.known[i]; k.window == c.Measure && k.scope == c.Scope && k.restored == restored {
			return k.series
		}
	}
	s := f.company.sumOver(f.account.ledger(c.Scope), c.Measure, f.since(c.Scope), restored)
	f.known = append(f.known, measured{c.Measure, c.Scope, restored, s})
	return s
}

// since returns the day from which the window since joining counts. A group's counts
// from its beginning: did it begin when one of its accounts joins, an earlier purchase
// of that account could bring in earlier refunds of the others, and lose a benefit.
func (f *facts) since(scope schedule.Scope) civil.Day {
	if scope == schedule.GroupScope {
		return -civil.Never
	}
	return f.account.Joined
}

// refunded returns the sum of the refunds dated after one day and up to another
// that a spend condition counts, as a number that is not negative.
func (f *facts) refunded(c *schedule.Condition, after, upTo civil.Day) int64 {
	if c.Measure == schedule.SinceJoining {
		after = max(after, f.since(c.Scope)-1)
	}
	sum := int64(0)
	for _, b := range f.account.ledger(c.Scope) {
		if b.Minor < 0 && b.Day > after && b.Day <= upTo {
			sum -= b.Minor
		}
	}
	return sum
}

// asOf says with which refunds a condition is judged: those up to the day in
// question only (plain), or with all up to a given day counted back.
type asOf struct {
	recheck bool
	day     civil.Day
}

// plain judges each day by the entries up to that day.
var plain = asOf{}

// true returns the days within a span on which the condition is true.
func (f *facts) true(c *schedule.Condition, at asOf, within span) spans {
	switch {
	case len(c.All) > 0:
		days := f.true(&c.All[0], at, within)
		for i := 1; i < len(c.All) && len(days) > 0; i++ {
			days = intersect(days, f.true(&c.All[i], at, within))
		}
		return days
	case len(c.Any) > 0:
		var days spans
		for i := range c.Any {
			days = union(days, f.true(&c.Any[i], at, within))
		}
		return days
	case c.Subject == schedule.Tenure:
		return spans(nil).push(span{max(f.completes(c), within.from), within.to})
	case c.Subject == schedule.Board:
		return spans(nil).push(span{max(f.account.completes(c.AtLeast), within.from), within.to})
	case c.Subject == schedule.Programme:
		return f.account.enrolled(c.Measure, within)
	case c.Subject == schedule.Innovation:
		return f.account.completed(c.AtLeast, within)
	case at.recheck:
		// The spend of day e less the refunds after e reaches the threshold when
		// the spend plus the refunds up to e reaches it plus all refunds.
		return f.series(c, true).reaching(c.AtLeast+f.refunded(c, -civil.Never, at.day), within)
	default:
		return f.series(c, false).reaching(c.AtLeast, within)
	}
}

// completes returns the day on which the account has the tenure asked for.
func (f *facts) completes(c *schedule.Condition) civil.Day {
	return f.account.Joined.AddMonths(int(c.AtLeast))
}

// refundDays returns the days of refunds that the condition can see, ascending.
func (f *facts) refundDays(c *schedule.Condition) []civil.Day {
	var days []civil.Day
	for _, scope := range []schedule.Scope{schedule.AccountScope, schedule.GroupScope} {
		if !reads(c, scope) {
			continue
		}
		for _, b := range f.account.ledger(scope) {
			if b.Minor < 0 {
				days = append(days, b.Day)
			}
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// reads reports whether the condition sums the spend of a scope.
func reads(c *schedule.Condition, scope schedule.Scope) bool {
	if c.Subject == schedule.Spend && c.Scope == scope {
		return true
	}
	for _, children := range [][]schedule.Condition{c.All, c.Any} {
		for i := range children {
			if reads(&children[i], scope) {
				return true
			}
		}
	}
	return false
}
