package reviews

import (
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

// State is where a review stands.
type State string

// The states of a review.
const (
	Open    State = "open"
	Decided State = "decided"
)

// Outcome is what becomes of the subject of a review.
type Outcome string

// The outcomes.
const (
	Keep   Outcome = "keep"   // it stays as it is
	Change Outcome = "change" // it is put another way
	Waive  Outcome = "waive"  // of a house rule: those who qualify for a benefit need not keep it
	Drop   Outcome = "drop"   // it goes
	Other  Outcome = "other"  // what the text says
)

var outcomes = []Outcome{Keep, Change, Waive, Drop, Other}

// Review is a question with an owner: whether something is right as it is.
type Review struct {
	// Subject is the resource name of what is reviewed, as houseRules/late-fee or
	// clauses/liability; empty where it is something else, which Topic names.
	Subject string `bson:"subject"`
	Topic   string `bson:"topic,omitempty"`
	// Why says why it was opened.
	Why string `bson:"why"`
	// Cause is what happened too often; nil where somebody opened it by hand.
	Cause *tally.Cause `bson:"cause,omitempty"`
	// Owner is the id of the principal who decides, and Due the day by the end of which
	// that is done.
	Owner string    `bson:"owner"`
	Due   civil.Day `bson:"due"`
	State State     `bson:"state"`
	// Decision is what was decided; nil while it is open.
	Decision *Decision `bson:"decision,omitempty"`
	// Assignments are the changes of its owner, oldest first.
	Assignments    []Assignment `bson:"assignments,omitempty"`
	resource.Times `bson:",inline"`
}

// Decision is how a review ended.
type Decision struct {
	Outcome Outcome `bson:"outcome"`
	// Text says why, and what is done.
	Text string `bson:"text"`
	// Benefit is, where a house rule is waived, the id of the benefit that says for whom.
	Benefit string    `bson:"benefit,omitempty"`
	By      string    `bson:"by"` // resource name of a principal
	At      time.Time `bson:"at"`
}

// Assignment is a change of a review's owner.
type Assignment struct {
	At     time.Time `bson:"at"`
	By     string    `bson:"by"`   // resource name of a principal
	From   string    `bson:"from"` // id of a principal
	To     string    `bson:"to"`
	Reason string    `bson:"reason"`
}

// WithoutWords returns the review without what people wrote of why it was opened by hand,
// handed over and decided.
func (r Review) WithoutWords() Review {
	if r.Cause == nil {
		r.Why = ""
	}
	if r.Decision != nil {
		d := *r.Decision
		d.Text, r.Decision = "", &d
	}
	r.Assignments = slices.Clone(r.Assignments)
	for i := range r.Assignments {
		r.Assignments[i].Reason = ""
	}
	return r
}

// Overdue says whether the review is open although its day has passed.
func (r *Review) Overdue(today civil.Day) bool { return r.State == Open && today > r.Due }

// check wants the fields of a review opened by hand to be right by themselves.
func (r *Review) check(today civil.Day) error {
	switch {
	case r.Subject == "" && r.Topic == "":
		return fault.Invalid("review.topic", "is empty: say what is to be reviewed, or name a house rule or a clause as subject")
	case r.Subject != "" && r.Topic != "":
		return fault.Invalid("review.topic", "must not be given together with a subject: choose one")
	case r.Why == "":
		return fault.Invalid("review.why", "is empty: say why this is to be reviewed")
	case r.Owner == "":
		return fault.Invalid("review.owner", "is empty: say who decides, as principals/anna")
	case r.Due < today:
		return fault.Invalid("review.due_date", "%s has passed: give a day from %s on", r.Due, today)
	}
	return nil
}

// assign gives the review to another owner.
func (r *Review) assign(name, to, reason, by string, at time.Time) error {
	switch {
	case r.State != Open:
		return stateFault(name, "%s was decided on %s: only one that is open is handed over.", name, r.Decision.At.Format(time.DateOnly))
	case to == r.Owner:
		return nil
	case reason == "":
		return fault.Invalid("reason", "is empty: say why %s is handed over", name)
	}
	r.Assignments = slices.Concat(r.Assignments, []Assignment{{At: at, By: by, From: r.Owner, To: to, Reason: reason}})
	r.Owner = to
	return nil
}

// check wants a decision to be one about a subject.
func (d Decision) check(subject string) error {
	rule, ofRule := houseRule(subject)
	switch {
	case !slices.Contains(outcomes, d.Outcome):
		return fault.Invalid("outcome", "%q is not keep, change, waive, drop or other", d.Outcome)
	case d.Text == "":
		return fault.Invalid("text", "is empty: say why, and what is done")
	case d.Outcome == Waive && !ofRule:
		return fault.Invalid("outcome", "only a house rule can be waived: decide to keep, change or drop %s", orThis(subject))
	case d.Outcome == Waive && d.Benefit == "":
		return fault.Invalid("benefit", "is empty: a waiver is a benefit, for everyone who qualifies. "+
			"Write one of kind waiver with house_rule %s into the schedule, and name it here", rule)
	case d.Outcome != Waive && d.Benefit != "":
		return fault.Invalid("benefit", "is only for a review that ends with a waiver")
	}
	return nil
}

func orThis(subject string) string {
	if subject == "" {
		return "this"
	}
	return subject
}

// decide ends the review.
func (r *Review) decide(name string, d Decision) error {
	if r.State != Open {
		return stateFault(name, "%s was decided on %s by %s already (%s).",
			name, r.Decision.At.Format(time.DateOnly), r.Decision.By, r.Decision.Outcome)
	}
	r.State, r.Decision = Decided, &d
	return nil
}
