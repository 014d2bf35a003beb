package decision

import (
	"time"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Grant is a rule that entitles an account at an instant, whether or not a decision
// cites it.
type Grant struct {
	// Version is the number of the version the rule is of.
	Version int
	Rule    *schedule.Rule
	// Benefits are the ids of what it grants, bundles opened; not to be changed.
	Benefits []string
}

// Grants returns every rule that entitles an account at an instant, older versions first
// and in the order of their rules: a benefit is held if one of them grants it. There are
// none where no version is in force.
func (b *Book) Grants(a Account, at time.Time) []Grant {
	ms := at.UnixMilli()
	active := interval{b.company.Zone.StartMilli(a.ActiveFrom), b.company.Zone.StartMilli(a.ClosedOn)}
	if ms < active.from || ms >= active.to {
		return nil
	}
	var grants []Grant
	f := facts{account: &a, company: b.company}
	for i := range b.rules {
		r := &b.rules[i]
		for _, held := range b.held(&f, r, active) {
			if held.from <= ms && ms < held.to {
				grants = append(grants, Grant{b.versions[r.version].number, r.Rule, r.grants})
				break
			}
		}
	}
	return grants
}
