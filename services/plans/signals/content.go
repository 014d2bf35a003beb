package signals

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/plans"
)

// Content is what a rule says. Condition, Reason and Weight are expressions of CEL over
// `fact`, of the rule's kind, and `account`.
type Content struct {
	DisplayName string `bson:"display_name" yaml:"display_name"`
	// Fact is the kind of facts that it looks at.
	Fact Kind `bson:"fact" yaml:"fact"`
	// Condition says whether to suggest something: a truth value.
	Condition string `bson:"condition" yaml:"condition"`
	// Reason gives the words, with the figures: a text.
	Reason string `bson:"reason" yaml:"reason"`
	// Weight is a number from 0 to 100 that suggestions are ranked by; what is beyond counts
	// as the nearer of both.
	Weight string `bson:"weight" yaml:"weight"`
	// Channel and Purpose are those of the touchpoint that an accepted suggestion becomes.
	Channel plans.Channel `bson:"channel" yaml:"channel"`
	Purpose string        `bson:"purpose" yaml:"purpose"`
	// CoolDown is for how many days after a suggestion was dismissed the rule makes none for
	// the same account: 0 to 730.
	CoolDown int `bson:"cool_down" yaml:"cool_down_days"`
}

// What bounds a rule.
const (
	maxName       = 200  // characters, also of a purpose
	maxExpression = 2000 // characters
	maxCoolDown   = 730  // days
)

// check wants what is no expression to be right.
func (c *Content) check() error {
	short := func(field, text, why string) error {
		if strings.TrimSpace(text) == "" {
			return fault.Invalid("signal_rule."+field, "is empty: %s", why)
		}
		if n := utf8.RuneCountInString(text); n > maxName {
			return fault.Invalid("signal_rule."+field, "has %d characters, more than %d", n, maxName)
		}
		return nil
	}
	if err := short("display_name", c.DisplayName, "say what the rule is called"); err != nil {
		return err
	}
	if !slices.Contains(Kinds, c.Fact) {
		return fault.Invalid("signal_rule.fact", "is missing: say what facts it looks at, as SPEND")
	}
	for _, e := range c.expressions() {
		if n := utf8.RuneCountInString(e.text); n > maxExpression {
			return fault.Invalid("signal_rule."+e.field, "has %d characters, more than %d", n, maxExpression)
		}
	}
	if !slices.Contains(plans.Channels, c.Channel) {
		return fault.Invalid("signal_rule.channel", "is missing: say by what way, as CALL or EMAIL")
	}
	if c.CoolDown < 0 || c.CoolDown > maxCoolDown {
		return fault.Invalid("signal_rule.cool_down_days", "%d is not from 0 to %d", c.CoolDown, maxCoolDown)
	}
	return short("purpose", c.Purpose, "say what the contact is for")
}

// expression is one of a rule's.
type expression struct{ field, text string }

func (c *Content) expressions() []expression {
	return []expression{{"condition", c.Condition}, {"reason", c.Reason}, {"weight", c.Weight}}
}
