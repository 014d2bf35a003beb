package meetings

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Outcome is what came of an item.
type Outcome string

// The outcomes.
const (
	Adopted   Outcome = "adopted"
	Rejected  Outcome = "rejected"
	Postponed Outcome = "postponed"
	Noted     Outcome = "noted"
)

// Status is how far a decision is; none where nothing is to be done.
type Status string

// The statuses.
const (
	Open    Status = "open"
	Done    Status = "done"
	Dropped Status = "dropped"
)

// Choice is how a member votes.
type Choice string

// The choices.
const (
	For     Choice = "for"
	Against Choice = "against"
	Abstain Choice = "abstain"
)

// Decision is what a meeting decided about an item, followed up until it is done.
type Decision struct {
	// ID is a number, unique within the meeting.
	ID string `bson:"id"`
	// Item is the id of the agenda item.
	Item    string  `bson:"item"`
	Text    string  `bson:"text"`
	Outcome Outcome `bson:"outcome"`
	// Tally is nil where no vote was asked.
	Tally *Tally `bson:"tally,omitempty"`
	Votes []Vote `bson:"votes,omitempty"`
	// Owner is the id of a principal, and Due the last day: both of what is adopted.
	Owner string     `bson:"owner,omitempty"`
	Due   *civil.Day `bson:"due,omitempty"`

	Status Status `bson:"status,omitempty"`
	// Note is what was done, why it was dropped, or why it was taken up again.
	Note string    `bson:"note,omitempty"`
	At   time.Time `bson:"at,omitempty"`
}

// Tally is how many voted how.
type Tally struct {
	For       int `bson:"for"`
	Against   int `bson:"against"`
	Abstained int `bson:"abstained"`
}

// Vote is how a member voted.
type Vote struct {
	// Account is the member's id.
	Account string `bson:"account"`
	Choice  Choice `bson:"choice"`
}

// DecisionPatch says what to change of a decision; nil leaves a field as it is.
type DecisionPatch struct {
	Text    *string
	Outcome *Outcome
	Tally   **Tally
	Votes   *[]Vote
	Owner   *string
	Due     **civil.Day
}

func (p DecisionPatch) apply(d *Decision) {
	set(&d.Text, p.Text)
	set(&d.Outcome, p.Outcome)
	set(&d.Owner, p.Owner)
	set(&d.Due, p.Due)
	if p.Votes != nil && p.Tally == nil {
		d.Tally = nil // it followed from the votes that were
	}
	set(&d.Votes, p.Votes)
	set(&d.Tally, p.Tally)
}

// onlyFollowUp says whether a patch changes who sees to it, or by when, and no more.
func (p DecisionPatch) onlyFollowUp() bool {
	return p.Text == nil && p.Outcome == nil && p.Tally == nil && p.Votes == nil
}

// set gives a field the value of a patch, where that has one.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// Overdue says whether it is to be done although its last day is past.
func (d Decision) Overdue(today civil.Day) bool {
	return d.Status == Open && d.Due != nil && *d.Due < today
}

// settle makes tally and status follow from the rest.
func (d *Decision) settle() {
	if len(d.Votes) > 0 && d.Tally == nil {
		d.Tally = &Tally{}
		for _, v := range d.Votes {
			switch v.Choice {
			case For:
				d.Tally.For++
			case Against:
				d.Tally.Against++
			case Abstain:
				d.Tally.Abstained++
			}
		}
	}
	switch {
	case d.Outcome != Adopted:
		d.Status, d.Note, d.At = "", "", time.Time{}
	case d.Status == "":
		d.Status = Open
	}
}

// checkDecision says what is wrong with a decision in itself, and then why it cannot
// stand in this meeting: NO_QUORUM, or INVALID_ARGUMENT.
func (m *Meeting) checkDecision(name string, d Decision) error {
	p := problems{prefix: "decision."}
	item := m.item(d.Item)
	if item == nil {
		return m.noItem("decision.agenda_item", d.Item)
	}
	if d.Text == "" {
		p.add("text", "is needed: say what was decided")
	}
	if d.Outcome == "" {
		p.add("outcome", "is needed: adopted, rejected, postponed or noted")
	}
	m.checkFollowUp(&p, d)
	m.checkVotes(&p, d)
	if err := p.err(); err != nil {
		return err
	}
	if c := m.ItemQuorum(*item); needsQuorum(d.Outcome) && !c.Met() {
		return noQuorum(name, *item, c)
	}
	if why := m.objection(d); why != "" {
		return fault.Invalid("decision", "%s", why)
	}
	return nil
}

// checkFollowUp wants owner and due date of what is adopted, and of nothing else.
func (m *Meeting) checkFollowUp(p *problems, d Decision) {
	opened := m.zone().DayOf(m.Roll.Opened)
	switch {
	case d.Outcome == Adopted && d.Owner == "":
		p.add("owner", "is needed: somebody has to see to what is adopted")
	case d.Outcome != Adopted && d.Owner != "":
		p.add("owner", "is for what is adopted: otherwise nothing is to be done")
	}
	switch {
	case d.Outcome == Adopted && d.Due == nil:
		p.add("due_date", "is needed: say by when what is adopted is done")
	case d.Outcome != Adopted && d.Due != nil:
		p.add("due_date", "is for what is adopted: otherwise nothing is to be done")
	case d.Due != nil && *d.Due < opened:
		p.add("due_date", "%s is before the meeting, on %s", *d.Due, opened)
	}
}

// checkVotes wants votes that agree with the tally and with the outcome.
func (m *Meeting) checkVotes(p *problems, d Decision) {
	for i, v := range d.Votes {
		if slices.ContainsFunc(d.Votes[:i], func(w Vote) bool { return w.Account == v.Account }) {
			p.add(fmt.Sprintf("votes[%d].account", i), "accounts/%s votes twice", v.Account)
		}
	}
	if d.Tally == nil {
		return
	}
	counted := d
	counted.Tally = nil
	if counted.settle(); len(d.Votes) > 0 && *counted.Tally != *d.Tally {
		p.add("tally", "says %d for, %d against, %d abstained, and the votes %d, %d, %d: leave the tally out, or the votes",
			d.Tally.For, d.Tally.Against, d.Tally.Abstained, counted.Tally.For, counted.Tally.Against, counted.Tally.Abstained)
	}
	if d.Outcome == Adopted && d.Tally.For <= d.Tally.Against {
		p.add("outcome", "cannot be adopted with %d for and %d against", d.Tally.For, d.Tally.Against)
	}
	if d.Outcome == Rejected && d.Tally.For > d.Tally.Against {
		p.add("outcome", "cannot be rejected with %d for and %d against", d.Tally.For, d.Tally.Against)
	}
}

func needsQuorum(o Outcome) bool { return o == Adopted || o == Rejected }

func noQuorum(name string, item Item, c Count) error {
	return fault.Precondition(ReasonNoQuorum, name, "Item %s (%s) had no quorum: %s. It can be postponed or noted.", item.ID, item.Title, c.shortfall()).
		WithResource(meetingType, name)
}

// shortfall words what a count lacks.
func (c Count) shortfall() string {
	return fmt.Sprintf("%d of the %d needed counted, of %d present %d standing aside", c.Counted(), c.Needed, c.Present, c.Recused)
}

// objection says why a decision cannot stand by who was there and who stood aside; it is
// empty where it can.
func (m *Meeting) objection(d Decision) string {
	item := m.item(d.Item)
	c := m.ItemQuorum(*item)
	if needsQuorum(d.Outcome) && !c.Met() {
		return fmt.Sprintf("item %s has no quorum, %s", item.ID, c.shortfall())
	}
	for _, v := range d.Votes {
		if !m.mayVote(v.Account, *item) {
			return fmt.Sprintf("accounts/%s voted, and was not there when item %s was taken up, or stood aside", v.Account, item.ID)
		}
	}
	if t := d.Tally; t != nil && t.For+t.Against+t.Abstained > c.Counted() {
		return fmt.Sprintf("there are %d votes, and %d who were there and did not stand aside", t.For+t.Against+t.Abstained, c.Counted())
	}
	return ""
}

// decision returns the place of a decision, or -1.
func (m *Meeting) decision(id string) int {
	return slices.IndexFunc(m.Decisions, func(d Decision) bool { return d.ID == id })
}

// nextDecision is the id of the next decision: decisions are never taken away.
func (m *Meeting) nextDecision() string { return strconv.Itoa(len(m.Decisions) + 1) }
