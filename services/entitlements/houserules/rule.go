package houserules

import (
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

// State says whether a house rule is asked of customers.
type State string

// The states of a house rule.
const (
	Active  State = "active"
	Retired State = "retired" // nobody has to keep it any more
)

// Rule is something that customers are asked to keep.
type Rule struct {
	// Text is the rule as customers read it.
	Text string `bson:"text"`
	// Why says what it is there for.
	Why string `bson:"why"`
	// Owner is the id of the principal who answers for it, and decides its reviews.
	Owner string `bson:"owner"`
	// Threshold says when it has been broken so often that it gets a review.
	Threshold tally.Threshold `bson:"threshold"`
	State     State           `bson:"state"`
	// Retirement says why it was retired.
	Retirement     string `bson:"retirement,omitempty"`
	resource.Times `bson:",inline"`
}

// DefaultThreshold is that of a rule for which none is given: ten times in a quarter, by
// one of a hundred accounts.
var DefaultThreshold = tally.Threshold{Count: 10, Share: 100, Window: tally.Quarter}

// check wants the fields of a rule to be right by themselves.
func (r *Rule) check() error {
	switch {
	case r.Text == "":
		return fault.Invalid("house_rule.text", "is empty: write the rule down as customers read it")
	case r.Why == "":
		return fault.Invalid("house_rule.why", "is empty: say what the rule is there for, which is what a review asks first")
	case r.Owner == "":
		return fault.Invalid("house_rule.owner", "is empty: say who answers for the rule, as principals/anna")
	}
	return r.Threshold.Check("house_rule.review_threshold")
}

// Patch says what to change of a house rule; nil leaves a field as it is.
type Patch struct {
	Text, Why, Owner *string
	Threshold        *tally.Threshold
}

func (p Patch) apply(name string, r *Rule) error {
	if r.State == Retired {
		return ruleState(name, "%s was retired and is not changed any more: create another rule.", name)
	}
	set(&r.Text, p.Text)
	set(&r.Why, p.Why)
	set(&r.Owner, p.Owner)
	set(&r.Threshold, p.Threshold)
	return r.check()
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// retire ends the rule.
func (r *Rule) retire(name, reason string) error {
	if r.State == Retired {
		return ruleState(name, "%s was retired already.", name)
	}
	if reason == "" {
		return fault.Invalid("reason", "is empty: say why %s is asked of nobody any more", name)
	}
	r.State, r.Retirement = Retired, reason
	return nil
}
