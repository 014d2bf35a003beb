package charter

import (
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Account is what has to be known of an account to decide whether it may be drawn.
type Account struct {
	ID string
	// Active says that it is a customer.
	Active bool
	// Joined is the day on which it became a customer, nil where nobody knows.
	Joined *civil.Day
	// Attributes by key.
	Attributes map[string]string
	// Competitors are ids of accounts.
	Competitors []string
	// Parent is the id of the account above it in its group, or empty.
	Parent string
	// Nominated says that it was put forward for the board.
	Nominated bool
	// Consent is that of its contact; nil where there is none, or it was withdrawn.
	Consent *Consent
	// WaitingSince is the day of the first rotation for which it was a candidate since
	// it last served or declined, as Candidate.WaitingSince said then; nil where the
	// next rotation is the first.
	WaitingSince *civil.Day
}

// Consent is what the contact of an account agreed to.
type Consent struct {
	// From is the first day on which it counts.
	From civil.Day
	// Until is the day from which it no longer counts; civil.Never where it has no end.
	Until civil.Day
}

// covers reports whether the consent counts on all days from one up to another.
func (c *Consent) covers(from, to civil.Day) bool {
	return c != nil && c.From <= from && to <= c.Until
}

// accounts finds accounts by id, and their groups.
type accounts struct {
	byID  map[string]*Account
	order []string // ids, ascending
}

func index(all []Account) accounts {
	x := accounts{byID: make(map[string]*Account, len(all))}
	for i := range all {
		x.byID[all[i].ID] = &all[i]
		x.order = append(x.order, all[i].ID)
	}
	slices.Sort(x.order)
	x.order = slices.Compact(x.order)
	return x
}

// top returns the account at the top of the group. Where the parents form a circle,
// which accounts does not let come about, it is the least id of the circle.
func (x accounts) top(id string) string {
	seen := map[string]bool{}
	for {
		if seen[id] {
			return x.least(id)
		}
		seen[id] = true
		a := x.byID[id]
		if a == nil || a.Parent == "" {
			return id
		}
		id = a.Parent
	}
}

func (x accounts) least(id string) string {
	least := id
	for next := x.byID[id].Parent; next != id; next = x.byID[next].Parent {
		least = min(least, next)
	}
	return least
}
