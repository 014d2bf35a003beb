package signals

import (
	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Observation is a change of another service, or of plans, that facts follow from.
type Observation struct {
	// Feed names the feed that told it, Position is its place there. All that one change says
	// of one account comes in one call.
	Feed     string
	Position int64
	// Account is an id; empty for a ClauseReview, which concerns all to whom the clause was
	// cited.
	Account string
	What    What
}

// What is what was observed: one of the types below.
type What interface{ note(m *memory) }

// Payments are revenue entries, in minor units of the reporting currency. Refunds are
// negative.
type Payments []Payment

// Payment is one revenue entry.
type Payment struct {
	Day   civil.Day
	Minor int64
}

// Used is that a benefit was used.
type Used struct {
	Benefit string
	Day     civil.Day
}

// Broken is that a commitment was broken in a case, by its resource name.
type Broken struct {
	Case, Issue, Commitment string
	Day                     civil.Day
}

// Cited is that a clause, by its id, was cited to the account.
type Cited struct {
	Clause string
	Day    civil.Day
}

// ClauseReview is a review of a clause as it is now. Review is a resource name; Decided is 0
// while it is open.
type ClauseReview struct {
	Clause, Review  string
	Opened, Decided civil.Day
}

// BoardTerm is a term on an advisory board as it is now, by its resource name and the id of
// the board. Ends is when it ended, or is planned to. One that does not take place ends
// when it begins.
type BoardTerm struct {
	Term, Board  string
	Begins, Ends civil.Day
}

// AccountChanged is that there is the account, or that it changed.
type AccountChanged struct{}

// PlanChanged is that the account's relationship plan changed. What it says is read where it
// stands.
type PlanChanged struct{}

func (p Payments) note(m *memory) {
	for _, e := range p {
		m.pay(e.Day, e.Minor)
	}
}

func (u Used) note(m *memory) { m.used(u.Benefit, u.Day) }

func (b Broken) note(m *memory) { m.broke(breach(b)) }

func (c Cited) note(m *memory) { m.cited(c.Clause, c.Day) }

func (ClauseReview) note(*memory) {}

func (t BoardTerm) note(m *memory) {
	m.serves(term{Name: t.Term, Board: t.Board, Begins: t.Begins, Ends: t.Ends})
}

func (AccountChanged) note(*memory) {}

func (PlanChanged) note(*memory) {}
