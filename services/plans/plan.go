package plans

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// State says where a plan stands.
type State string

// The states of a plan. Only a complete plan is active or under review.
const (
	Draft       State = "draft"
	Active      State = "active"
	UnderReview State = "under-review"
	Closed      State = "closed"
)

// Counts says whether contacts are planned by the plan: it is active, or is reviewed while
// it goes on.
func (s State) Counts() bool { return s == Active || s == UnderReview }

// Plan is the relationship plan of one account, whose id it has.
type Plan struct {
	// Owner is the id of the principal who answers for it; Team are those who help.
	Owner string   `bson:"owner"`
	Team  []string `bson:"team,omitempty"`
	State State    `bson:"state"`
	Goals []Goal   `bson:"goals,omitempty"`
	// CustomerEffect is what reaching the goals means for the customer's own customers.
	CustomerEffect string `bson:"customer_effect,omitempty"`
	// Contribution is what the company does for it.
	Contribution string   `bson:"contribution,omitempty"`
	Strategy     Strategy `bson:"strategy"`
	// Template is the name of the template's version that it was begun from, or empty.
	Template string `bson:"template,omitempty"`
	// History is how it came to its state and owner, the oldest first; the last MaxHistory.
	History        []Turn `bson:"history,omitempty"`
	resource.Times `bson:",inline"`
}

// Turn is a change of a plan's state or owner.
type Turn struct {
	At time.Time `bson:"at"`
	// By is the resource name of who made it.
	By string `bson:"by"`
	// From and To are states; both are empty where the owner changed.
	From State `bson:"from,omitempty"`
	To   State `bson:"to,omitempty"`
	// OldOwner and NewOwner are ids of principals; both are empty where the state changed.
	OldOwner string `bson:"old_owner,omitempty"`
	NewOwner string `bson:"new_owner,omitempty"`
	Reason   string `bson:"reason,omitempty"`
}

// MaxHistory is how many turns a plan remembers; all are in the feed.
const MaxHistory = 200

// MaxTeam is how many people help with a plan.
const MaxTeam = 50

// Kind is how plans are stored and told: without what people wrote of measurements.
var Kind = resource.Kind[Plan]{
	Type: planType, Name: Name,
	Tell: func(p Plan) any {
		p.Goals = slices.Clone(p.Goals)
		for i := range p.Goals {
			p.Goals[i].Progress = slices.Clone(p.Goals[i].Progress)
			for j := range p.Goals[i].Progress {
				p.Goals[i].Progress[j].Note = ""
			}
		}
		return p
	},
	Spec: docstore.Spec{Name: "plans", Indexes: []docstore.Index{
		{Name: "owner", Fields: []string{"owner"}},
		{Name: "state", Fields: []string{"state"}},
	}},
}

// check wants the fields of a plan to be right by themselves.
func (p *Plan) check() error {
	if len(p.Team) > MaxTeam {
		return fault.Invalid("plan.team", "are %d: at most %d help with a plan", len(p.Team), MaxTeam)
	}
	if err := checkGoals("plan.goals", p.Goals); err != nil {
		return err
	}
	return p.Strategy.check("plan.strategy")
}

// complete returns PLAN_INCOMPLETE with everything that the plan lacks to be active (R5).
func (p *Plan) complete(account string) error {
	var missing *fault.Error
	lacks := func(field, format string, args ...any) {
		if missing == nil {
			missing = ErrIncomplete
		}
		missing = missing.WithCondition(reasonPlanIncomplete, Name(account)+"/"+field, format, args...)
	}
	if p.Owner == "" {
		lacks("owner", "say who answers for the plan")
	}
	open := 0
	for i := range p.Goals {
		if p.Goals[i].State == GoalDropped {
			continue
		}
		open++
		p.Goals[i].missing(lacks)
	}
	if open == 0 {
		lacks("goals", "write down a goal of the customer's own")
	}
	if blank(p.CustomerEffect) {
		lacks("customer_effect", "say what it means for the customer's own customers")
	}
	if blank(p.Contribution) {
		lacks("contribution", "say what the company contributes")
	}
	if len(p.Strategy.Cadences) == 0 {
		lacks("strategy.cadences", "say how the company keeps in touch: at least one cadence")
	}
	switch {
	case missing == nil:
		return nil
	case len(missing.Conditions) == 1:
		return missing.Saying("%s is not complete: %s.", Name(account), missing.Conditions[0].Description)
	}
	fields := make([]string, len(missing.Conditions))
	for i, c := range missing.Conditions {
		fields[i] = strings.TrimPrefix(c.Subject, Name(account)+"/")
	}
	return missing.Saying("%s is not complete. What is missing: %s.", Name(account), strings.Join(fields, ", "))
}

// Missing names what the plan lacks to be active, as fields and what to do about each.
func (p *Plan) Missing(account string) []fault.Condition {
	var lacking *fault.Error
	if !errors.As(p.complete(account), &lacking) {
		return nil
	}
	return lacking.Conditions
}

// turn notes a change of state or owner.
func (p *Plan) turn(t Turn) {
	p.History = append(slices.Clone(p.History), t)
	if over := len(p.History) - MaxHistory; over > 0 {
		p.History = p.History[over:]
	}
}

// Activated returns when contacts began to be planned by it; zero where it does not remember.
func (p *Plan) Activated() time.Time {
	for _, t := range slices.Backward(p.History) {
		if t.To.Counts() && !t.From.Counts() {
			return t.At
		}
	}
	return time.Time{}
}

// Goal returns a goal by its id; nil where the plan has none of that id.
func (p *Plan) Goal(id string) *Goal {
	for i := range p.Goals {
		if p.Goals[i].ID == id {
			return &p.Goals[i]
		}
	}
	return nil
}

// Owns says whether a principal, by its id, answers for the plan or helps with it.
func (p *Plan) Owns(principal string) bool {
	return principal != "" && (p.Owner == principal || slices.Contains(p.Team, principal))
}
