package charter

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/board/panel"
)

// TurnCategory is the category that GoFirst adds to a problem. No category of a
// charter may be called so.
const TurnCategory = "turn"

// Turn is a class of candidates who have waited equally long and go before those who
// have waited less.
type Turn struct {
	// Since is the rotation since which they wait.
	Since civil.Day
	// Waiting is how many of them are in the pool.
	Waiting int
	// Seats is how many of them every panel has: as many as quotas and conflicts allow
	// beside those who go before them.
	Seats int
}

// Value is the turn's value in the category.
func (t Turn) Value() string { return "waiting since " + t.Since.String() }

// laterTurn is the value of all others.
const laterTurn = "later"

// Heaviest finds a panel, of those that meet a problem's quotas and conflicts, whose
// members' weights sum to the most. The error is a *panel.InfeasibleError where there
// is no such panel.
type Heaviest func(ctx context.Context, p *panel.Problem, weights []float64) (panel.Panel, error)

// GoFirst adds to the problem that those go first who have waited for the charter's
// WaitMonths: as many as possible of those who have waited longest, then as many as
// possible of the next, and so on while seats are left. It is said as quotas of a
// category of its own, so that the draw among them is as fair as any other and the
// public record needs nothing else to be replayed. A problem in which nobody goes
// before anybody else is left as it is.
//
// It is this rule that makes a promise possible: see Bound.
func (p *Preparation) GoFirst(ctx context.Context, heaviest Heaviest) error {
	since := make([]civil.Day, len(p.Problem.Pool))
	classes := map[civil.Day][]int{}
	for i, member := range p.Problem.Pool {
		since[i] = *p.candidate(member.ID).WaitingSince
		if p.charter.due(since[i]) <= p.Day {
			classes[since[i]] = append(classes[since[i]], i)
		}
	}
	var days []civil.Day
	for day := range classes {
		days = append(days, day)
	}
	slices.Sort(days)
	left, behind := p.Problem.Seats, len(p.Problem.Pool)
	problem := p.Problem
	for _, day := range days {
		behind -= len(classes[day])
		if left == 0 || behind == 0 {
			break
		}
		turn := Turn{Since: day, Waiting: len(classes[day])}
		chosen, err := heaviest(ctx, &problem, weigh(since, day))
		if err != nil {
			return fmt.Errorf("finding who goes first: %w", err)
		}
		for _, member := range chosen {
			if since[member] == day {
				turn.Seats++
			}
		}
		left -= turn.Seats
		p.Turns = append(p.Turns, turn)
		problem = p.withTurns(since)
	}
	if !slices.ContainsFunc(p.Turns, func(t Turn) bool { return t.Seats > 0 }) {
		return nil
	}
	p.Problem = problem
	return nil
}

// due returns the day from which those go first who wait since a day.
func (c *Charter) due(since civil.Day) civil.Day { return since.AddMonths(c.WaitMonths) }

func weigh(since []civil.Day, day civil.Day) []float64 {
	weights := make([]float64, len(since))
	for i := range since {
		if since[i] == day {
			weights[i] = 1
		}
	}
	return weights
}

// withTurns returns the problem with a category of the turns found so far.
func (p *Preparation) withTurns(since []civil.Day) panel.Problem {
	problem := p.Problem
	category := panel.Category{Name: TurnCategory}
	first := map[civil.Day]string{}
	for _, turn := range p.Turns {
		if turn.Seats > 0 {
			first[turn.Since] = turn.Value()
			category.Values = append(category.Values, panel.Quota{Value: turn.Value(), Min: turn.Seats, Max: problem.Seats})
		}
	}
	category.Values = append(category.Values, panel.Quota{Value: laterTurn, Max: problem.Seats})
	problem.Categories = append(slices.Clone(problem.Categories), category)
	problem.Pool = slices.Clone(problem.Pool)
	for i := range problem.Pool {
		member := &problem.Pool[i]
		member.Values = append(slices.Clone(member.Values), cmp.Or(first[since[i]], laterTurn))
	}
	return problem
}

func (p *Preparation) candidate(id string) *Candidate {
	at, _ := slices.BinarySearchFunc(p.Candidates, id, func(c Candidate, id string) int { return cmp.Compare(c.Account, id) })
	return &p.Candidates[at]
}
