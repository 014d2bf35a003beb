package charter

import (
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/board/panel"
)

// Outcome is what a simulation came to.
type Outcome struct {
	Rounds []Round
	// Accounts are all who were candidates or members, by id.
	Accounts []Fate
	// Bound is the largest Bound of the accounts that are in the line at the first
	// rotation; 0 where nobody is, or one of them has none.
	Bound int
	// AllServed is the rotation by which every account in the line at the first rotation
	// has begun a term in this future; nil where that is not so by its end.
	AllServed *civil.Day
}

// Round is one rotation of a simulation.
type Round struct {
	Day civil.Day
	// Continuing are the terms that go on and Seated those that begin.
	Continuing, Seated []Term
	// Unnamed is how many nominated seats nobody is named for, Empty how many other
	// seats stay empty.
	Unnamed, Empty int
	// Turns is who went first.
	Turns []Turn
	// Chances are those in the pool, with their probabilities, by account.
	Chances []Chance
	// Relaxed are the quotas left for the draw that had to be other ones for a panel to
	// exist: what a real rotation would only have proposed.
	Relaxed []panel.Change
	// Shortfalls say which quotas the board does not meet from this rotation on.
	Shortfalls []Shortfall
	// Proven says that the probabilities are proven to be the fairest.
	Proven bool
}

// Chance is the probability with which an account is drawn at a rotation.
type Chance struct {
	Account     string
	Probability float64
}

// Fate is how an account fares in a simulation.
type Fate struct {
	Account string
	// Turns is how many terms it begins, and First the day of the first of them.
	Turns int
	First *civil.Day
	// Expected is the sum of its probabilities over all rotations, AtLeastOnce the
	// probability of at least one turn, each given what happened before in this future.
	Expected, AtLeastOnce float64
	// Bound is the promise: at the latest, the account is drawn at this one of the
	// rotations at which it could be, counted from the first at which it is in the line,
	// whatever the seed. 0 where it never is in the line, or where the rotations are not
	// laid out until it would go first. See Waited for what counts.
	Bound int
	// Waited is how many rotations passed it over before its first turn, or the end: it
	// was in the pool and not due to go first yet, or others who had waited as long were
	// drawn. It is less than Bound.
	Waited int
	// Blocked is at how many rotations before its first turn it kept its place in the
	// line and could not be drawn at all: no seat was open, a member who stayed was in
	// conflict with it or filled its quota, or no panel with it would have met the quotas.
	Blocked int
}
