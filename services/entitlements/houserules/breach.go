package houserules

import (
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Response is what was done when a house rule was broken.
type Response string

// The responses.
const (
	// Enforced: the rule was applied.
	Enforced Response = "enforced"
	// Waived: it did not apply, by a benefit that the account is entitled to.
	Waived Response = "waived"
	// Overlooked: nothing was done, though the rule applied. It is no waiver: the account
	// has nothing to expect the next time.
	Overlooked Response = "overlooked"
)

var responses = []Response{Enforced, Waived, Overlooked}

// Breach is one time that an account broke a house rule. It stays as it was recorded.
type Breach struct {
	// Rule and Account are ids.
	Rule    string `bson:"rule"`
	Account string `bson:"account"`
	// Day is when it was, in the company's zone.
	Day      civil.Day `bson:"day"`
	Response Response  `bson:"response"`
	// Benefit is the id of the benefit by which the rule was waived.
	Benefit string `bson:"benefit,omitempty"`
	Note    string `bson:"note,omitempty"`
	// By is the resource name of the principal who recorded it, and Roles are theirs.
	By             string   `bson:"by"`
	Roles          []string `bson:"roles,omitempty"`
	resource.Times `bson:",inline"`
}

// check wants the fields of a breach to be right by themselves.
func (b *Breach) check(today civil.Day) error {
	switch {
	case b.Account == "":
		return fault.Invalid("breach.account", "is empty: say which account broke the rule")
	case !slices.Contains(responses, b.Response):
		return fault.Invalid("breach.response", "%q is not enforced, waived or overlooked", b.Response)
	case b.Day > today:
		return fault.Invalid("breach.breach_date", "%s has not come yet", b.Day)
	case b.Response == Waived && b.Benefit == "":
		return fault.Invalid("breach.benefit", "is empty: a rule is waived by a benefit that the account is entitled to. "+
			"Name it, or say that the rule was enforced, or overlooked")
	case b.Response != Waived && b.Benefit != "":
		return fault.Invalid("breach.benefit", "is only for a breach that was waived")
	}
	return nil
}
