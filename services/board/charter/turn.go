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

// laterTurn is the value in it of those who do not go first.
const laterTurn = "later"

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

// Most returns the most members with one value of a category that any panel of a
// problem has, as panel.Most does. The error is a *panel.InfeasibleError where there is
// no panel.
type Most func(ctx context.Context, p *panel.Problem, category, value string) (int, error)

// GoFirst adds to the problem that those go first who have waited for the charter's
// WaitMonths: as many as possible of those who have waited longest, then as many as
// possible of the next, and so on while seats are left. It is said as quotas of a
// category of its own, so that the draw among them is as fair as any other and the
// public record needs nothing else to be replayed. Where those who go first take all
// seats, all others leave the pool, with a reason. A problem in which nobody goes before
// anybody else is left as it is.
//
// It is this rule that makes a promise possible: see Fate.Bound.
func (p *Preparation) GoFirst(ctx context.Context, most Most) error {
	l := p.queue()
	left, behind := p.Problem.Seats, len(p.Problem.Pool)
	var turns []Turn
	for _, since := range l.due {
		waiting := l.size[since]
		if behind -= waiting; left == 0 || behind == 0 {
			break // whoever is left of them gets what is left of the seats
		}
		turn := Turn{Since: since, Waiting: waiting}
		problem := l.with(&p.Problem, append(slices.Clip(turns), turn))
		n, err := most(ctx, &problem, TurnCategory, turn.Value())
		if err != nil {
			return fmt.Errorf("finding who goes first: %w", err)
		}
		if turn.Seats = n; n > 0 {
			turns = append(turns, turn)
			left -= n
		}
	}
	p.Turns = turns
	if len(turns) > 0 {
		p.Problem = l.with(&p.Problem, turns)
	}
	if left == 0 && len(turns) > 0 {
		p.leave(turns)
	}
	return nil
}

// queue is the pool as it waits.
type queue struct {
	since []civil.Day // of the pool
	due   []civil.Day // since when those wait who go first, ascending, each once
	size  map[civil.Day]int
}

func (p *Preparation) queue() *queue {
	l := &queue{size: map[civil.Day]int{}}
	for _, member := range p.Problem.Pool {
		since := *p.candidate(member.ID).WaitingSince
		l.since = append(l.since, since)
		if l.size[since]++; l.size[since] == 1 && p.charter.due(since) <= p.Day {
			l.due = append(l.due, since)
		}
	}
	slices.Sort(l.due)
	return l
}

// due returns the day from which those go first who wait since a day.
func (c *Charter) due(since civil.Day) civil.Day { return since.AddMonths(c.WaitMonths) }

// with returns the problem with a category of turns.
func (l *queue) with(p *panel.Problem, turns []Turn) panel.Problem {
	category := panel.Category{Name: TurnCategory}
	first := map[civil.Day]string{}
	for _, turn := range turns {
		first[turn.Since] = turn.Value()
		category.Values = append(category.Values, panel.Quota{Value: turn.Value(), Min: turn.Seats, Max: p.Seats})
	}
	category.Values = append(category.Values, panel.Quota{Value: laterTurn, Max: p.Seats})
	problem := *p
	problem.Categories = append(slices.Clip(p.Categories), category)
	problem.Pool = slices.Clone(p.Pool)
	for i := range problem.Pool {
		member := &problem.Pool[i]
		member.Values = append(slices.Clip(member.Values), cmp.Or(first[l.since[i]], laterTurn))
	}
	return problem
}

// leave takes those out of the pool who do not go first, as no seat is left for them.
func (p *Preparation) leave(turns []Turn) {
	place := make([]int, len(p.Problem.Pool))
	var pool []panel.Member
	last := len(p.Problem.Categories) - 1
	for i, member := range p.Problem.Pool {
		if place[i] = len(pool); member.Values[last] != laterTurn {
			pool = append(pool, member)
			continue
		}
		place[i] = -1
		candidate := p.candidate(member.ID)
		candidate.Reasons = append(candidate.Reasons, *reason(LaterTurn, civil.Never, "has waited since %s, and all %s go to those who go first, waiting since %s or longer",
			candidate.WaitingSince, count(p.Problem.Seats, "seat"), turns[len(turns)-1].Since))
	}
	var conflicts [][2]int
	for _, c := range p.Problem.Conflicts {
		if a, b := place[c[0]], place[c[1]]; a >= 0 && b >= 0 {
			conflicts = append(conflicts, [2]int{a, b})
		}
	}
	p.Problem.Pool, p.Problem.Conflicts = pool, conflicts
	turn := &p.Problem.Categories[last]
	turn.Values = slices.Clone(turn.Values[:len(turns)])
}

func (p *Preparation) candidate(id string) *Candidate {
	at, _ := slices.BinarySearchFunc(p.Candidates, id, func(c Candidate, id string) int { return cmp.Compare(c.Account, id) })
	return &p.Candidates[at]
}
