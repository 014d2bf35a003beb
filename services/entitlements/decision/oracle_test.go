package decision

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// oracle answers by the definitions alone, one instant at a time: it goes
// through every day and every entry, and shares no code with what it checks but
// the calendar.
type oracle struct {
	versions []Version
	company  Company
	account  Account
}

type answer struct {
	rule    string
	version int
	limit   int64
}

// oneYearBefore is the same calendar day of the year before, 28 February for 29
// February.
func oneYearBefore(d civil.Day) civil.Day {
	year, month, day := d.Date()
	if month == time.February && day == 29 {
		day = 28
	}
	return civil.Date(year-1, month, day)
}

func (o *oracle) ledger(scope schedule.Scope) Ledger {
	if scope == schedule.GroupScope && o.account.GroupLedger != nil {
		return o.account.GroupLedger
	}
	return o.account.Ledger
}

// counts reports whether an entry of day x is in the window that ends on d.
func (o *oracle) counts(window string, x, d civil.Day) bool {
	if x > d {
		return false
	}
	year, _, _ := d.Date()
	switch window {
	case "trailing-12-months":
		return x > oneYearBefore(d)
	case "calendar-year":
		return x >= civil.Date(year, time.January, 1)
	case "fiscal-year":
		starts := func(year int) civil.Day {
			fy := o.company.FiscalYear
			if fy.Month == 0 {
				return civil.Date(year, time.January, 1)
			}
			return civil.Date(year, fy.Month, min(fy.Day, civil.DaysIn(year, fy.Month)))
		}
		start := starts(year)
		if start > d {
			start = starts(year - 1)
		}
		return x >= start
	case "since-joining":
		return x >= o.account.Joined
	}
	panic(window)
}

// spend sums the window that ends on e; refunds after e up to d count as if they
// had been made on e.
func (o *oracle) spend(c schedule.Condition, e, d civil.Day) int64 {
	sum := int64(0)
	for _, b := range o.ledger(c.Scope) {
		day := b.Day
		if b.Minor < 0 && day > e && day <= d {
			if c.Measure == "since-joining" && c.Scope != schedule.GroupScope && day < o.account.Joined {
				continue
			}
			day = e
		}
		if c.Measure == "since-joining" && c.Scope == schedule.GroupScope {
			if day <= e {
				sum += b.Minor
			}
			continue
		}
		if o.counts(c.Measure, day, e) {
			sum += b.Minor
		}
	}
	return sum
}

// holds reports whether the condition is true on e, asked on d.
func (o *oracle) holds(c schedule.Condition, e, d civil.Day) bool {
	switch {
	case len(c.All) > 0:
		for _, child := range c.All {
			if !o.holds(child, e, d) {
				return false
			}
		}
		return true
	case len(c.Any) > 0:
		for _, child := range c.Any {
			if o.holds(child, e, d) {
				return true
			}
		}
		return false
	case c.Subject == schedule.Tenure:
		return o.account.Joined != civil.Never && o.account.Joined.AddMonths(int(c.AtLeast)) <= e
	case c.Subject == schedule.Board:
		return o.served(e) >= c.AtLeast
	case c.Subject == schedule.Innovation:
		return o.confirmed(e) >= c.AtLeast
	case c.Subject == schedule.Programme:
		for _, place := range o.account.Enrolments {
			if place.Programme == c.Measure && place.From <= e && e < place.To {
				return true
			}
		}
		return false
	default:
		return o.spend(c, e, d) >= c.AtLeast
	}
}

// served counts the terms that had ended on e.
func (o *oracle) served(e civil.Day) (n int64) {
	for _, term := range o.account.Terms {
		if e >= term.Ends {
			n++
		}
	}
	return n
}

// confirmed counts the projects that counted on e.
func (o *oracle) confirmed(e civil.Day) (n int64) {
	for _, c := range o.account.Completions {
		if c.From <= e && c.To > e {
			n++
		}
	}
	return n
}

// entitles reports whether a rule of a version entitles the account at an instant.
func (o *oracle) entitles(vi int, r schedule.Rule, at time.Time) bool {
	day := func(t time.Time) civil.Day { return o.company.Zone.DayOf(t) }
	v, today := o.versions[vi], day(at)
	if o.account.ActiveFrom > today || o.account.ClosedOn <= today || at.Before(v.From) {
		return false
	}
	ends := civil.Never
	inForce := true
	if vi+1 < len(o.versions) {
		next := o.versions[vi+1].From
		if !v.From.Before(next) {
			return false
		}
		ends, inForce = day(next.Add(-time.Millisecond)), at.Before(next)
	}
	if r.Lasts.IsZero() {
		return inForce && o.holds(r.When, today, today)
	}
	for e := today; e >= day(v.From) && e >= today-civil.Day(31*r.Lasts.Months+r.Lasts.Days); e-- {
		asked := today
		if r.OnRefund == schedule.Keep {
			asked = e
		}
		if e <= ends && today < r.Lasts.After(e) && o.holds(r.When, e, asked) {
			return true
		}
	}
	return false
}

// grants reports whether a rule names a benefit, alone or in a bundle.
func grants(s *schedule.Schedule, r schedule.Rule, id string) bool {
	for _, g := range r.Grants {
		if g == id {
			return true
		}
		for _, bundle := range s.Bundles {
			for _, inside := range bundle.Benefits {
				if bundle.ID == g && inside == id {
					return true
				}
			}
		}
	}
	return false
}

// granting returns every rule that entitles to the benefit at an instant.
func (o *oracle) granting(at time.Time, id string) []answer {
	var all []answer
	for vi, v := range o.versions {
		for _, r := range v.Schedule.Rules {
			if !grants(v.Schedule, r, id) || !o.entitles(vi, r, at) {
				continue
			}
			for _, b := range v.Schedule.Benefits {
				if b.ID == id {
					all = append(all, answer{r.ID, v.Number, b.Limit})
				}
			}
		}
	}
	return all
}
