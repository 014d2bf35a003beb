package clauses

import (
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

// State says whether a clause is in the company's contracts.
type State string

// The states of a clause.
const (
	Active  State = "active"
	Retired State = "retired" // no contract has it any more
)

// DefaultCitations is how many citations in a quarter open a review of a clause for which
// no number is given.
const DefaultCitations = 5

// Clause is a part of the company's contracts with its customers.
type Clause struct {
	Title string `bson:"title"`
	// Text is the clause as it is in the contract.
	Text string `bson:"text"`
	// Owner is the id of the principal who answers for it, and decides its reviews.
	Owner string `bson:"owner"`
	// Citations is how many citations in a calendar quarter open a review; at least 1.
	Citations int   `bson:"citations"`
	State     State `bson:"state"`
	// Retirement says why it was retired.
	Retirement     string `bson:"retirement,omitempty"`
	resource.Times `bson:",inline"`
}

// threshold is how often the clause is cited before it gets a review.
func (c *Clause) threshold() tally.Threshold {
	return tally.Threshold{Count: c.Citations, Window: tally.Quarter}
}

// check wants the fields of a clause to be right by themselves.
func (c *Clause) check() error {
	switch {
	case c.Title == "":
		return fault.Invalid("clause.title", "is empty: say what the clause is called")
	case c.Text == "":
		return fault.Invalid("clause.text", "is empty: write the clause down as it is in the contract")
	case c.Owner == "":
		return fault.Invalid("clause.owner", "is empty: say who answers for the clause, as principals/anna")
	case c.Citations < 1:
		return fault.Invalid("clause.review_citations", "%d is not at least 1", c.Citations)
	}
	return nil
}

// Patch says what to change of a clause; nil leaves a field as it is.
type Patch struct {
	Title, Text, Owner *string
	Citations          *int
}

func (p Patch) apply(name string, c *Clause) error {
	if c.State == Retired {
		return clauseState(name, "%s was retired and is not changed any more: create another clause.", name)
	}
	set(&c.Title, p.Title)
	set(&c.Text, p.Text)
	set(&c.Owner, p.Owner)
	set(&c.Citations, p.Citations)
	return c.check()
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// retire ends the clause.
func (c *Clause) retire(name, reason string) error {
	if c.State == Retired {
		return clauseState(name, "%s was retired already.", name)
	}
	if reason == "" {
		return fault.Invalid("reason", "is empty: say why %s is in no contract any more", name)
	}
	c.State, c.Retirement = Retired, reason
	return nil
}

// Citation is one time that somebody of the staff had to cite a clause. It stays as it
// was recorded.
type Citation struct {
	// Clause is an id, and so is Account, whose customer it was cited to; that may be
	// empty.
	Clause  string `bson:"clause"`
	Account string `bson:"account,omitempty"`
	// Case is the resource name of the case in which that was; it may be empty.
	Case string `bson:"case,omitempty"`
	// Day is when it was, in the company's zone.
	Day  civil.Day `bson:"day"`
	Note string    `bson:"note,omitempty"`
	// By is the resource name of the principal who cited it, and Roles are theirs.
	By             string   `bson:"by"`
	Roles          []string `bson:"roles,omitempty"`
	resource.Times `bson:",inline"`
}
