package signals

import (
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// RuleState says where a rule stands.
type RuleState string

// The states of a rule. One that is in force and has a draft of another version is in the
// draft's.
const (
	Drafted   RuleState = "draft"
	Simulated RuleState = "simulated" // the draft was tried on the past as it is
	Published RuleState = "published"
	Retired   RuleState = "retired"
)

// RuleStates are all of them.
var RuleStates = []RuleState{Drafted, Simulated, Published, Retired}

// Rule is what facts are turned into suggestions by.
type Rule struct {
	State RuleState `bson:"state"`
	// Draft is what is to be published next; nil where nothing is.
	Draft *Draft `bson:"draft,omitempty"`
	// InForce is the version that counts; nil before the first, and kept of a rule that was
	// retired.
	InForce *Edition `bson:"in_force,omitempty"`
	// RetiredBy is who retired it, at an instant, and Retirement why.
	RetiredBy  string    `bson:"retired_by,omitempty"`
	RetiredAt  time.Time `bson:"retired_at,omitempty"`
	Retirement string    `bson:"retirement,omitempty"`

	resource.Times `bson:",inline"`
}

// Draft is what a rule is to say.
type Draft struct {
	Content Content `bson:"content"`
	// Writers are all who have written some of it, by resource name, the first first.
	Writers []string `bson:"writers"`
	// Simulation is how it was tried on the past as it is; nil while it was not.
	Simulation *Simulation `bson:"simulation,omitempty"`
}

// Edition is what a rule said from when it was published.
type Edition struct {
	Number  int     `bson:"number"`
	Content Content `bson:"content"`
	// Writers wrote it; Publisher is another, unless nobody else could publish, which
	// SingleOperator says.
	Writers        []string  `bson:"writers"`
	Publisher      string    `bson:"publisher"`
	Published      time.Time `bson:"published"`
	SingleOperator bool      `bson:"single_operator,omitempty"`
}

// Version is an edition as it stays.
type Version struct {
	Rule           string `bson:"rule"`
	Edition        `bson:",inline"`
	resource.Times `bson:",inline"`
}

// Simulation is what a rule would have suggested in the past.
type Simulation struct {
	By string    `bson:"by"`
	At time.Time `bson:"at"`
	// From and To are the first and the last day it was tried on, StepDays apart.
	From     civil.Day `bson:"from"`
	To       civil.Day `bson:"to"`
	StepDays int       `bson:"step_days"`
	// Looked is on how many accounts it was tried, Facts on how many facts, and for how many
	// of these the condition was true.
	Looked int `bson:"looked"`
	Facts  int `bson:"facts"`
	True   int `bson:"true"`
	// Suggestions is how many it would have made, one for each cause, to how many Accounts.
	Suggestions int `bson:"suggestions"`
	Accounts    int `bson:"accounts"`
	// Failures is how often it could not be evaluated, and Failure why the first time.
	Failures int    `bson:"failures"`
	Failure  string `bson:"failure,omitempty"`
	// Examples are the first suggestions of some accounts.
	Examples []Example `bson:"examples,omitempty"`
}

// Example is a suggestion that would have been made on a day. Account is an id.
type Example struct {
	Account string    `bson:"account"`
	Day     civil.Day `bson:"day"`
	Reason  string    `bson:"reason"`
	Weight  float64   `bson:"weight"`
}

// Content is what the rule is to say next, or else says.
func (r *Rule) Content() Content {
	if r.Draft != nil {
		return r.Draft.Content
	}
	return r.InForce.Content
}

// Patch says what to change of a rule; nil leaves a field as it is.
type Patch struct {
	DisplayName               *string
	Fact                      *Kind
	Condition, Reason, Weight *string
	Channel                   *plans.Channel
	Purpose                   *string
	CoolDown                  *int
}

func (p *Patch) apply(c Content) Content {
	set(&c.DisplayName, p.DisplayName)
	set(&c.Fact, p.Fact)
	set(&c.Condition, p.Condition)
	set(&c.Reason, p.Reason)
	set(&c.Weight, p.Weight)
	set(&c.Channel, p.Channel)
	set(&c.Purpose, p.Purpose)
	set(&c.CoolDown, p.CoolDown)
	return c
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// rewrite makes content the rule's draft. What was tried on the past is no longer what is
// there; what is in force already is no draft.
func (r *Rule) rewrite(c Content, by string) {
	if r.Draft != nil && r.Draft.Content == c {
		return
	}
	if r.InForce != nil && r.InForce.Content == c {
		r.Draft, r.State = nil, Published
		return
	}
	next := Draft{Content: c}
	if r.Draft != nil {
		next.Writers = slices.Clone(r.Draft.Writers)
	}
	if !slices.Contains(next.Writers, by) {
		next.Writers = append(next.Writers, by)
	}
	r.Draft, r.State = &next, Drafted
}

// tellRule is what followers of the feed see of a rule, for good: not what came of trying
// it, which tells what customers spend.
func tellRule(r Rule) any {
	if r.Draft != nil {
		draft := *r.Draft
		draft.Simulation = nil
		r.Draft = &draft
	}
	r.Retirement = ""
	return r
}
