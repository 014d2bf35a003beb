package signals

import (
	"slices"

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
type Payments struct {
	Currency string
	Entries  []Payment
}

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

// PlanGoals are the open goals of the account's plan as they are now; none where the plan
// is not active.
type PlanGoals struct{ Goals []OpenGoal }

// OpenGoal is a goal that is open. Days that are 0 are not known, and the goal is none to be
// at risk.
type OpenGoal struct {
	ID, Statement, Measure, Unit string
	Baseline                     float64
	BaselineDay                  civil.Day
	Target                       float64
	TargetDay                    civil.Day
	Progress                     []Measured
}

// Measured is what was measured on a day.
type Measured struct {
	Day   civil.Day `bson:"day"`
	Value float64   `bson:"value"`
}

// AccountChanged is that there is the account, or that it changed.
type AccountChanged struct{}

func (p Payments) note(m *memory) {
	m.Currency = p.Currency
	for _, e := range p.Entries {
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

func (p PlanGoals) note(m *memory) {
	m.Goals = nil
	for _, g := range p.Goals {
		kept := goal(g)
		kept.Progress = slices.Clone(g.Progress)
		slices.SortStableFunc(kept.Progress, func(a, b Measured) int { return int(a.Day) - int(b.Day) })
		m.Goals = append(m.Goals, kept)
	}
}

func (AccountChanged) note(*memory) {}
