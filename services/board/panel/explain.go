package panel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// explainer finds out which quotas and conflicts cannot hold together.
type explainer struct {
	problem *Problem
	sides   []side // of the problem's quotas, those that can exclude anything
	kept    []bool // for each of sides, then for each conflict, whether it is taken into account
}

// side is the minimum or the maximum of a quota.
type side struct {
	category, value int // indexes into the problem
	minimum         bool
}

// newExplainer takes the quotas in an order that depends on names only.
func newExplainer(p *Problem) *explainer {
	e := &explainer{problem: p}
	for i, category := range p.Categories {
		for j, quota := range category.Values {
			if quota.Min > 0 {
				e.sides = append(e.sides, side{i, j, true})
			}
			if quota.Max < p.Seats {
				e.sides = append(e.sides, side{i, j, false})
			}
		}
	}
	slices.SortStableFunc(e.sides, func(a, b side) int {
		qa, qb := p.Categories[a.category], p.Categories[b.category]
		return strings.Compare(qa.Name+"\x00"+qa.Values[a.value].Value, qb.Name+"\x00"+qb.Values[b.value].Value)
	})
	e.kept = make([]bool, len(e.sides)+len(p.Conflicts))
	for i := range e.kept {
		e.kept[i] = true
	}
	return e
}

// reduce leaves out all that is not needed for there to be no panel: the conflicts, where
// the quotas alone exclude it; otherwise first quotas, then conflicts. When the context
// ends it stops, with more kept than needed: that is no reason to be told.
func (e *explainer) reduce(ctx context.Context) {
	quotas, all := len(e.sides), len(e.kept)
	e.drop(ctx, quotas, all)
	e.without(ctx, 0, quotas)
	e.without(ctx, quotas, all)
}

// without leaves out what it can of a range: all of it, or else what it can of the one
// half and then of the other.
func (e *explainer) without(ctx context.Context, from, to int) {
	if !slices.Contains(e.kept[from:to], true) || e.drop(ctx, from, to) || to-from == 1 {
		return
	}
	middle := (from + to) / 2
	e.without(ctx, from, middle)
	e.without(ctx, middle, to)
}

// drop leaves out a whole range, unless there is a panel then, and says whether it did.
func (e *explainer) drop(ctx context.Context, from, to int) bool {
	was := slices.Clone(e.kept[from:to])
	clear(e.kept[from:to])
	possible, err := feasible(ctx, e.loosened())
	if err == nil && !possible {
		return true
	}
	copy(e.kept[from:to], was)
	return false
}

// loosened returns the problem with only what is kept.
func (e *explainer) loosened() *Problem {
	p := &Problem{Seats: e.problem.Seats, Pool: e.problem.Pool}
	for _, category := range e.problem.Categories {
		p.Categories = append(p.Categories, Category{Name: category.Name, Values: slices.Clone(category.Values)})
	}
	for i, s := range e.sides {
		quota := &p.Categories[s.category].Values[s.value]
		switch {
		case e.kept[i]:
		case s.minimum:
			quota.Min = 0
		default:
			quota.Max = p.Seats
		}
	}
	for _, i := range e.conflicts() {
		p.Conflicts = append(p.Conflicts, e.problem.Conflicts[i])
	}
	return p
}

func (e *explainer) quota(s side) Quota { return e.problem.Categories[s.category].Values[s.value] }

// conflicts returns the indexes of those kept.
func (e *explainer) conflicts() []int {
	var kept []int
	for i := range e.problem.Conflicts {
		if e.kept[len(e.sides)+i] {
			kept = append(kept, i)
		}
	}
	return kept
}

// reason says in words what is kept.
func (e *explainer) reason() string {
	var parts []string
	var kept []side
	for i, s := range e.sides {
		if e.kept[i] {
			kept = append(kept, s)
			parts = append(parts, e.describe(s))
		}
	}
	conflicts := len(e.conflicts())
	switch {
	case conflicts == 1:
		parts = append(parts, "one pair is in conflict")
	case conflicts > 1:
		parts = append(parts, fmt.Sprintf("%d pairs are in conflict", conflicts))
	}
	if len(parts) == 0 {
		return fmt.Sprintf("the pool has %d members for %d seats", len(e.problem.Pool), e.problem.Seats)
	}
	end := map[int]string{1: "this", 2: "both"}[len(parts)]
	if end == "" {
		end = "all of these"
	}
	last := len(parts) - 1
	text := parts[last]
	if last > 0 {
		text = strings.Join(parts[:last], ", ") + " and " + text
	}
	return fmt.Sprintf("%s; no panel of %d from this pool keeps to %s%s", text, e.problem.Seats, end, e.because(kept))
}

func (e *explainer) describe(s side) string {
	if s.minimum {
		return fmt.Sprintf("%s needs at least %d", e.name(s), e.quota(s).Min)
	}
	return fmt.Sprintf("%s may have at most %d", e.name(s), e.quota(s).Max)
}

func (e *explainer) name(s side) string {
	return fmt.Sprintf("%s %q", e.problem.Categories[s.category].Name, e.quota(s).Value)
}

// because adds, where it is as simple as that, how many there are, or that all who have
// one value have the other.
func (e *explainer) because(kept []side) string {
	if len(kept) == 1 && kept[0].minimum {
		n, _ := e.count(kept[0], kept[0])
		return fmt.Sprintf(" (%d in the pool)", n)
	}
	if len(kept) != 2 || kept[0].minimum == kept[1].minimum {
		return ""
	}
	if !kept[0].minimum {
		kept[0], kept[1] = kept[1], kept[0]
	}
	n, both := e.count(kept[0], kept[1])
	if n != both {
		return ""
	}
	return fmt.Sprintf(" (all %d with %s have %s)", n, e.name(kept[0]), e.name(kept[1]))
}

// count returns how many of the pool have one value, and how many of them another one.
func (e *explainer) count(one, other side) (n, both int) {
	for _, member := range e.problem.Pool {
		if member.Values[one.category] == e.quota(one).Value {
			n++
			if member.Values[other.category] == e.quota(other).Value {
				both++
			}
		}
	}
	return n, both
}

// feasible says whether the problem has a panel.
func feasible(ctx context.Context, p *Problem) (bool, error) {
	outcome, err := newModel(p).search().Maximize(ctx, -0.5, 0, 0.25)
	return outcome.X != nil, err
}

// What stands in the place of a reason when the time limit was over before it was worked
// out: what a stopped search keeps may have nothing to do with it.
const (
	unexplainedMember  = "the quotas and conflicts exclude it; which of them was not worked out within the time limit"
	unexplainedProblem = "which of them cannot hold together was not worked out within the time limit"
)

// infeasible returns the InfeasibleError of a problem without a panel. When the
// limited context is over and the other is not, it says that reason and relaxation were
// not worked out.
func infeasible(ctx, limited context.Context, p *Problem) error {
	e := newExplainer(p)
	e.reduce(limited)
	told := &InfeasibleError{Reason: unexplainedProblem}
	if limited.Err() == nil {
		told.Reason, told.Conflicts = e.reason(), e.conflicts()
	}
	relaxation, err := relax(limited, p)
	if err != nil && (!errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil) {
		return err
	}
	told.Relaxation, told.Sought = relaxation, err == nil
	return told
}

// unreachable returns the members of the types that are in no panel, with the reasons.
func (s *solver) unreachable(ctx context.Context) ([]Unreachable, error) {
	var all []Unreachable
	known := map[string]Unreachable{} // by attributes, where no conflict is part of the reason
	for done, t := range s.without {
		s.progress(Progress{Stage: "finding out who cannot be seated why", Done: done, Of: len(s.without)})
		key := fmt.Sprintf("%q", s.types[t].values)
		why, ok := known[key]
		if !ok {
			why = excluded(ctx, s.problem, s.types[t].Members[0])
			if len(why.Conflicts) == 0 && ctx.Err() == nil {
				known[key] = why
			}
		}
		for _, member := range s.types[t].Members {
			all = append(all, Unreachable{member, why.Reason, why.Conflicts})
		}
	}
	slices.SortFunc(all, func(a, b Unreachable) int { return a.Member - b.Member })
	return all, s.caller.Err()
}

// excluded explains why a member is in no panel.
func excluded(ctx context.Context, p *Problem, member int) Unreachable {
	if p.Seats == 0 {
		return Unreachable{member, "there are no seats", nil}
	}
	e := newExplainer(p)
	// A category of which this member alone has the value that is wanted once.
	forced := *p
	forced.Categories = append(slices.Clone(p.Categories), Category{Values: []Quota{{"no", 0, p.Seats}, {"yes", 1, p.Seats}}})
	forced.Pool = slices.Clone(p.Pool)
	for i := range forced.Pool {
		seat := "no"
		if i == member {
			seat = "yes"
		}
		forced.Pool[i].Values = append(slices.Clone(p.Pool[i].Values), seat)
	}
	e.problem = &forced
	e.reduce(ctx)
	if ctx.Err() != nil {
		return Unreachable{member, unexplainedMember, nil}
	}
	return Unreachable{member, "with this member seated, " + e.reason(), e.conflicts()}
}
