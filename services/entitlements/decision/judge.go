package decision

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Judgement says whether a customer meets a condition that is no rule's, by the same
// measures as rules.
type Judgement struct {
	// Met says that it does, and that it is a customer on that day.
	Met bool
	// Reason says in a sentence why not; it is empty where the condition is met, and tells
	// the account's spend.
	Reason string
	// Ways to meet it that are still open, nearest first; their rule is nil. It is empty
	// where the condition is met, and where the account is no customer.
	Ways []Way
	// Active says that the account is a customer on that day.
	Active bool
	// Joined is the day on which it joined, civil.Never while it has not.
	Joined civil.Day
	// ClosedOn is the first day on which it is no customer any more; civil.Never while it
	// is open.
	ClosedOn civil.Day
}

// Reading is by what conditions that are no rule's are read at an instant.
type Reading struct {
	// Today is the day it is in the company's zone.
	Today civil.Day
	// Currency is that of amounts.
	Currency schedule.Currency
	// Notice is how long ahead a weakening must be announced.
	Notice civil.Period
	// Board says that terms served on advisory boards are followed, so that conditions can
	// read them.
	Board bool
	// Innovation says the same of innovation projects that customers confirmed.
	Innovation bool
}

// Meets says whether an account meets a condition on the day of an instant, as Judge does.
func (b *Book) Meets(a Account, at time.Time, when *schedule.Condition) bool {
	if b.inactive(a, at) != "" {
		return false
	}
	f := facts{account: &a, company: b.company}
	_, met := f.ways(when, b.company.Zone.DayOf(at))
	return met
}

// Judge judges a condition on the day of an instant.
func (b *Book) Judge(a Account, at time.Time, when *schedule.Condition) Judgement {
	f := facts{account: &a, company: b.company}
	today := b.company.Zone.DayOf(at)
	why := b.inactive(a, at)
	j := Judgement{Active: why == "", Joined: a.Joined, ClosedOn: a.ClosedOn}
	if !j.Active {
		j.Reason = capital(why) + "."
		return j
	}
	var met bool
	if j.Ways, met = f.ways(when, today); met {
		j.Met, j.Ways = true, nil
		return j
	}
	sortWays(j.Ways)
	if len(j.Ways) > 0 {
		j.Reason = b.takes(j.Ways)
	} else {
		j.Reason = "Nothing that is known can meet the condition."
	}
	return j
}
