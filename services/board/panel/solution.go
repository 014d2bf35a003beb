package panel

import (
	"fmt"
	"strings"
	"time"
)

// Lottery draws one of its panels, each with its own probability.
type Lottery struct {
	// Panels are distinct.
	Panels []Panel
	// Probabilities are more than 0, one for each panel, and sum to 1.
	Probabilities []float64
}

// Marginals returns the probability with which each member of a pool of that size is
// drawn.
func (l *Lottery) Marginals(pool int) []float64 {
	marginals := make([]float64, pool)
	for i, panel := range l.Panels {
		for _, member := range panel {
			marginals[member] += l.Probabilities[i]
		}
	}
	return marginals
}

// Solution is the fairest lottery that was found, and how far it is proven to be so.
type Solution struct {
	Lottery
	// Marginals is the probability with which each member of the pool is drawn; it is
	// that of the lottery, and equal for members of one type.
	Marginals []float64
	// Unreachable are those who are in no panel that meets the quotas and conflicts.
	// Their probability is 0.
	Unreachable []Unreachable
	// Levels is the certificate, the lowest probability first.
	Levels []Level
	// Proven says that no lottery is fairer, to within Gap. It is false where the time
	// limit was reached before.
	Proven bool
	// Gap is the largest gap of a level.
	Gap float64
	// Types are the classes of members who are interchangeable; each member of the
	// pool is in one.
	Types []Type
	// Compositions are what Lottery was made of: how many of each type are seated, each
	// with its probability.
	Compositions []Composition
}

// Unsettled are those for whom no panel was found within the time limit, although none
// may be impossible for them: their probability is 0, and they are not among the
// unreachable. Indexes into the pool, ascending.
func (s *Solution) Unsettled() []int {
	settled := make([]bool, len(s.Marginals))
	for _, u := range s.Unreachable {
		settled[u.Member] = true
	}
	var unsettled []int
	for i, probability := range s.Marginals {
		if probability == 0 && !settled[i] {
			unsettled = append(unsettled, i)
		}
	}
	return unsettled
}

// Type is a class of members alike in all attributes and conflicts, of whom any may
// take the place of another on a panel.
type Type struct {
	// Members are ascending indexes into the pool.
	Members []int
	// Limit is how many of them one panel can have at most: 1 where they are in
	// conflict with one another, otherwise as many as they are.
	Limit int
}

// Composition says how many members of each type a panel has; every choice of them
// meets the quotas and conflicts.
type Composition struct {
	// Counts has one number for each of the solution's types.
	Counts []int
	// Probability is more than 0.
	Probability float64
}

// Unreachable is someone in no feasible panel.
type Unreachable struct {
	// Member is an index into the pool.
	Member int
	// Reason says which quotas exclude the member, or that the time limit was over before
	// that was worked out, as a clause that can follow "because". It names nobody.
	Reason string
	// Conflicts are the indexes of the problem's conflicts that are part of the reason.
	Conflicts []int
}

// Level is a step of the certificate: given what the levels below it have, its
// members get the highest probability that all of the remaining can have at once.
//
// Whoever doubts that can check it. For every lottery over feasible panels, the sum of
// Weights[i]*(its marginal of i) is at most Ceiling, because no panel's sum of weights
// is more. The weights are not negative, those of the members of this level and of
// higher ones sum to 1; so where the members i of lower levels have the Bound of theirs,
// the lowest of the others has at most Bound = Ceiling - sum of Weights[i]*Bound[i].
type Level struct {
	// Probability is the least that the lottery gives to the members of the level.
	Probability float64
	// Bound is what no lottery exceeds; it is not less than Probability.
	Bound float64
	// Gap is Bound - Probability.
	Gap float64
	// Members are ascending indexes into the pool.
	Members []int
	// Weights has a number for each member of the pool.
	Weights []float64
	// Ceiling is the most that any panel's weights sum to.
	Ceiling float64
}

// Options changes how Leximin works; the zero value is what most callers want.
type Options struct {
	// Progress, where not nil, is called from time to time, from the calling goroutine.
	Progress func(Progress)
	// TimeLimit, where more than 0, is how long to look for the fairest lottery. When
	// it is over, the best lottery found so far is returned as not proven; those for whom
	// no panel has been found by then have the probability 0: see Solution.Unsettled. The linear programme for
	// the bounds is solved even then, which takes well under a second. Ways of drawing
	// whose probabilities are estimated draw fewer samples then.
	TimeLimit time.Duration
}

// Progress says how far a solve has come.
type Progress struct {
	// Stage is what is being done, in a few words.
	Stage string
	// Done and Of count the steps of the stage; Of is 0 where nobody can say.
	Done, Of int
	// Panels is how many kinds of panels have been found.
	Panels int
	// Gap is how far the best lottery found is from the best that may exist, as a
	// probability.
	Gap float64
}

// InfeasibleError reports that no panel meets all quotas and conflicts.
type InfeasibleError struct {
	// Reason names a set of quotas that cannot hold together, none of which can be left
	// out, or says that the time limit was over before it was worked out. It names nobody.
	Reason string
	// Conflicts are the indexes of the problem's conflicts that are part of the reason.
	Conflicts []int
	// Relaxation are the fewest seats by which quotas have to change for a panel to
	// exist; it is a proposal and has not been applied.
	Relaxation []Change
	// Sought says that the relaxation was looked for to the end: where it is empty then,
	// the pool has no panel of that size whatever the quotas are. It is false where the
	// time limit was over before.
	Sought bool
}

// Change is a quota with other bounds.
type Change struct {
	// Category and Value name the quota.
	Category, Value string
	// Min and Max are the new bounds, in seats.
	Min, Max int
}

// Error gives the reason and the relaxation.
func (e *InfeasibleError) Error() string {
	if len(e.Relaxation) == 0 {
		return "no panel meets the quotas: " + e.Reason
	}
	changes := make([]string, len(e.Relaxation))
	for i, c := range e.Relaxation {
		changes[i] = fmt.Sprintf("%s %q %d to %d", c.Category, c.Value, c.Min, c.Max)
	}
	return fmt.Sprintf("no panel meets the quotas: %s; the smallest change that allows one: %s", e.Reason, strings.Join(changes, ", "))
}
