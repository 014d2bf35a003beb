package charter

import (
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Candidate is how an account stands to a rotation.
type Candidate struct {
	Account string
	// Values has one value for each category of the charter, empty where the account
	// has none that has a quota.
	Values []string
	// WaitingSince is the day of the first rotation since which it has been a candidate
	// and has not been drawn: this rotation's at the latest. Nil for one that is not in
	// the line: it becomes a candidate anew.
	WaitingSince *civil.Day
	// Reasons are all reasons for which it is not in the pool; none for those in it.
	Reasons []Reason
}

// InPool reports whether the account may be drawn.
func (c *Candidate) InPool() bool { return len(c.Reasons) == 0 }

// inLine reports whether it keeps its place in the line.
func (c *Candidate) inLine() bool {
	for i := range c.Reasons {
		if !c.Reasons[i].Cause.Passes() {
			return false
		}
	}
	return true
}

// judge finds out how accounts stand to a rotation.
type judge struct {
	charter  *Charter
	accounts accounts
	terms    map[string][]Term
	day      civil.Day
	// to is when the longest of the terms to be had ends.
	to civil.Day
	// vacancies says that all terms to be had are the rest of another's.
	vacancies bool
}

// own returns the reasons that lie with the account itself, and its values.
func (j *judge) own(id string) Candidate {
	a, c := j.accounts.byID[id], Candidate{Account: id}
	add := func(r *Reason) {
		if r != nil {
			c.Reasons = append(c.Reasons, *r)
		}
	}
	add(j.customer(a))
	add(j.consent(a))
	add(j.charter.served(j.terms[id], j.day, j.to, j.vacancies))
	for i := range j.charter.Categories {
		value, known, why := j.charter.Categories[i].value(a, j.day)
		c.Values = append(c.Values, value)
		if !known {
			add(reason(NoQuota, civil.Never, "cannot be seated: %s", why))
		}
	}
	return c
}

func (j *judge) customer(a *Account) *Reason {
	switch {
	case !a.Active:
		return reason(NoCustomer, civil.Never, "is not a customer")
	case a.Joined != nil && *a.Joined > j.day:
		return reason(NoCustomer, *a.Joined, "becomes a customer on %s", *a.Joined)
	default:
		return nil
	}
}

func (j *judge) consent(a *Account) *Reason {
	switch {
	case !a.Nominated:
		return reason(NotNominated, civil.Never, "was not nominated")
	case a.Consent == nil:
		return reason(NoConsent, civil.Never, "has no contact who agreed")
	case a.Consent.From > j.day:
		return reason(NoConsent, a.Consent.From, "agreed from %s on only", a.Consent.From)
	case a.Consent.Until <= j.day:
		return reason(NoConsent, civil.Never, "agreed until %s only", a.Consent.Until)
	case !a.Consent.covers(j.day, j.to):
		return reason(NoConsent, civil.Never, "agreed until %s only, and the term would end on %s", a.Consent.Until, j.to)
	default:
		return nil
	}
}

// others adds the reasons that lie with members who stay.
func (j *judge) others(c *Candidate, staying *staying) {
	for _, k := range staying.clashes[c.Account] {
		member, other := k.a, k.b
		if member == c.Account {
			member, other = other, member
		}
		if m, ok := staying.members[member]; ok && other == c.Account {
			which := "stays a member"
			if m.nominee {
				which = "is nominated"
			}
			r := reason(InConflict, m.until, "is in conflict with %s, which %s: %s", member, which, k.text)
			r.Member = member
			c.Reasons = append(c.Reasons, *r)
		}
	}
	for i, category := range j.charter.Categories {
		for _, q := range category.Quotas {
			if q.Value == c.Values[i] && staying.counts[i][q.Value] >= q.Max {
				c.Reasons = append(c.Reasons, *reason(QuotaFull, staying.frees(i, q.Value), "would exceed the quota of %s %q: %s, and %s",
					category.Name, q.Value, count(q.Max, "seat"), staying.have(i, q.Value)))
			}
		}
	}
}

func stay(n int) string {
	switch n {
	case 0:
		return "no member with it stays"
	case 1:
		return "1 member with it stays"
	default:
		return fmt.Sprintf("%d members with it stay", n)
	}
}

// staying is the members that a rotation leaves seated, and its nominees.
type staying struct {
	members map[string]seated
	// counts has the number of members by value, for each category.
	counts []map[string]int
	// clashes are by account the conflicts in which a member or a nominee is.
	clashes map[string][]clash
}

// seated is a member with its values, until a day.
type seated struct {
	values []string
	until  civil.Day
	// nominee says that it is to be a member only.
	nominee bool
}

func (s *staying) add(account string, m seated) {
	s.members[account] = m
	for i, v := range m.values {
		if v != "" {
			s.counts[i][v]++
		}
	}
}

// have says how many members with a value stay, and how many with it are nominated.
func (s *staying) have(category int, value string) string {
	nominees := 0
	for _, m := range s.members {
		if m.nominee && m.values[category] == value {
			nominees++
		}
	}
	members := s.counts[category][value] - nominees
	switch {
	case nominees == 0:
		return stay(members)
	case members == 0:
		return named(nominees)
	default:
		return stay(members) + " and " + named(nominees)
	}
}

func named(n int) string {
	if n == 1 {
		return "1 with it is nominated"
	}
	return fmt.Sprintf("%d with it are nominated", n)
}

// frees returns the first day on which a member with a value leaves.
func (s *staying) frees(category int, value string) civil.Day {
	day := civil.Never
	for _, m := range s.members {
		if m.values[category] == value {
			day = min(day, m.until)
		}
	}
	return day
}
