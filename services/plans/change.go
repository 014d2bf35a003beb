package plans

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Patch says what to change of a plan; nil leaves a field as it is.
type Patch struct {
	Team                         *[]string
	Goals                        *[]Goal
	CustomerEffect, Contribution *string
	// Of the strategy.
	Cadences *[]Cadence
	GapDays  *int
	Calendar *string
	Quiet    *QuietHours
}

// Update changes a plan: NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT, PLAN_STATE for one that
// is closed, and PLAN_INCOMPLETE where a plan that counts would lack something (R5). A goal
// that was measured is not left out: it is dropped, with a reason.
func (s *Service) Update(ctx context.Context, call resource.Call, account, etag string, patch Patch) (resource.Stored[Plan], error) {
	if earlier, known, err := s.plans.Replay(ctx, call, account); known || err != nil {
		return earlier, err
	}
	today, err := s.Today(ctx)
	if err != nil {
		return resource.Stored[Plan]{}, err
	}
	return s.plans.Update(ctx, call, account, resource.IfEtag[Plan](etag), "plan.updated", func(p *Plan) error {
		if p.State == Closed {
			return planState(account, "%s is closed and is not changed any more: reopen it first.", Name(account))
		}
		before := *p
		if err := patch.apply(p); err != nil {
			return err
		}
		settle(p, &before, today)
		if err := s.checked(ctx, &feeds.Account{ID: account}, p, &before); err != nil {
			return err
		}
		if p.State.Counts() {
			return p.complete(account)
		}
		return nil
	})
}

func (patch *Patch) apply(p *Plan) error {
	if patch.Goals != nil {
		for i := range p.Goals {
			g := &p.Goals[i]
			at := slices.IndexFunc(*patch.Goals, func(n Goal) bool { return n.ID == g.ID })
			switch {
			case at < 0 && (len(g.Progress) > 0 || g.State != GoalOpen):
				return fault.Invalid("plan.goals", "leave out %q, of which something was recorded: end that goal as dropped, with the reason", g.ID)
			case at >= 0 && g.State != GoalOpen && !g.same(&(*patch.Goals)[at]):
				return fault.Invalid(fmt.Sprintf("plan.goals[%d]", at), "changes %q, which is %s and stays as it was: write down another goal", g.ID, g.State)
			}
		}
		p.Goals = *patch.Goals
	}
	set(&p.Team, patch.Team)
	set(&p.CustomerEffect, patch.CustomerEffect)
	set(&p.Contribution, patch.Contribution)
	set(&p.Strategy.Cadences, patch.Cadences)
	set(&p.Strategy.GapDays, patch.GapDays)
	set(&p.Strategy.Calendar, patch.Calendar)
	set(&p.Strategy.Quiet, patch.Quiet)
	return nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// moves are the states that each state can be left for.
var moves = map[State][]State{
	Draft:       {Active, Closed},
	Active:      {UnderReview, Closed},
	UnderReview: {Active, Closed},
	Closed:      {Draft},
}

// verbs are the events of coming to a state.
var verbs = map[State]string{Draft: "plan.reopened", Active: "plan.activated", UnderReview: "plan.review_started", Closed: "plan.closed"}

// Move brings a plan to another state: NOT_FOUND, STALE_ETAG, PLAN_STATE where it cannot
// come there from where it is, PLAN_INCOMPLETE with all that is missing where it is to be
// active (R5), ACCOUNT_STATE where the account is no customer any more. With check, nothing is written.
func (s *Service) Move(ctx context.Context, call resource.Call, account, etag string, to State, reason string, check bool) (resource.Stored[Plan], error) {
	if earlier, known, err := s.plans.Replay(ctx, call, account); known || err != nil {
		return earlier, err
	}
	if to != Closed {
		of, err := s.opts.Directory.Account(ctx, account)
		if err != nil {
			return resource.Stored[Plan]{}, err
		}
		today, err := s.Today(ctx)
		if err != nil {
			return resource.Stored[Plan]{}, err
		}
		if of.Ends() <= today {
			return resource.Stored[Plan]{}, accountState(account)
		}
	}
	move := func(p *Plan) error {
		switch {
		case p.State == to:
			return planState(account, "%s is %s already.", Name(account), p.State)
		case !slices.Contains(moves[p.State], to):
			return planState(account, "%s is %s: from there it becomes %s, and not %s.", Name(account), p.State, words(moves[p.State]), to)
		}
		if to == Active {
			if err := p.complete(account); err != nil {
				return err
			}
		}
		p.turn(Turn{At: s.now(), By: call.Principal, From: p.State, To: to, Reason: reason})
		p.State = to
		return nil
	}
	if check {
		return s.foresee(ctx, account, etag, move)
	}
	return s.plans.Update(ctx, call, account, resource.IfEtag[Plan](etag), verbs[to], move)
}

// words lists states as a sentence does.
func words(states []State) string {
	list := make([]string, len(states))
	for i, s := range states {
		list[i] = string(s)
	}
	return strings.Join(list, " or ")
}

// foresee returns the plan as a change would make it.
func (s *Service) foresee(ctx context.Context, account, etag string, change func(*Plan) error) (resource.Stored[Plan], error) {
	p, err := s.plans.Get(ctx, account)
	if err == nil {
		err = s.plans.Check(p, resource.IfEtag[Plan](etag))
	}
	if err == nil {
		err = change(&p.State)
	}
	return p, err
}

// HandOver gives a plan to another owner, with all that it has, also the cadences that
// name the old one: NOT_FOUND, STALE_ETAG,
// PLAN_OWNER where the new one neither owns nor serves the account, PLAN_STATE for a plan
// that is closed, INVALID_ARGUMENT. With check, nothing is written.
func (s *Service) HandOver(ctx context.Context, call resource.Call, account, etag, owner, reason string, check bool) (resource.Stored[Plan], error) {
	if earlier, known, err := s.plans.Replay(ctx, call, account); known || err != nil {
		return earlier, err
	}
	of, err := s.opts.Directory.Account(ctx, account)
	if err != nil {
		return resource.Stored[Plan]{}, err
	}
	if err := s.owner(ctx, "owner", &of, owner); err != nil {
		return resource.Stored[Plan]{}, err
	}
	hand := func(p *Plan) error {
		switch {
		case p.State == Closed:
			return planState(account, "%s is closed: there is nothing to hand over.", Name(account))
		case p.Owner == owner:
			return fault.Invalid("owner", "is %s already", PrincipalName(owner))
		}
		p.turn(Turn{At: s.now(), By: call.Principal, OldOwner: p.Owner, NewOwner: owner, Reason: reason})
		p.Strategy.Cadences = slices.Clone(p.Strategy.Cadences)
		for i := range p.Strategy.Cadences {
			if c := &p.Strategy.Cadences[i]; c.Owner == p.Owner {
				c.Owner = owner
			}
		}
		p.Owner = owner
		p.Team = slices.DeleteFunc(slices.Clone(p.Team), func(id string) bool { return id == owner })
		return nil
	}
	if check {
		return s.foresee(ctx, account, etag, hand)
	}
	return s.plans.Update(ctx, call, account, resource.IfEtag[Plan](etag), "plan.handed_over", hand)
}

// Measure records what the measure of a goal was on a day, today where none is given.
// Another value for the same day takes its place. NOT_FOUND for the goal; INVALID_ARGUMENT;
// PLAN_STATE where the goal has ended or the plan is closed.
func (s *Service) Measure(ctx context.Context, call resource.Call, account, goal, etag string, m Measurement) (resource.Stored[Plan], error) {
	today, err := s.Today(ctx)
	if err != nil {
		return resource.Stored[Plan]{}, err
	}
	if m.Day == 0 {
		m.Day = today
	}
	if m.Day > today {
		return resource.Stored[Plan]{}, fault.Invalid("measurement.date", "%s has not come yet", m.Day)
	}
	if !measurable(m.Value) {
		return resource.Stored[Plan]{}, fault.Invalid("measurement.value", outOfBounds)
	}
	m.By, m.At = call.Principal, s.now()
	return s.plans.Update(ctx, call, account, resource.IfEtag[Plan](etag), "plan.goal_measured", func(p *Plan) error {
		g, err := openGoal(p, account, goal)
		if err != nil {
			return err
		}
		return g.measure(m)
	})
}

// openGoal returns a goal that something can be recorded of; in goals of its own, so that
// the old state stays what it was.
func openGoal(p *Plan, account, goal string) (*Goal, error) {
	if p.State == Closed {
		return nil, planState(account, "%s is closed: reopen it first.", Name(account))
	}
	p.Goals = slices.Clone(p.Goals)
	g := p.Goal(goal)
	if g == nil {
		return nil, fault.Missing("evenhand/Goal", Name(account)+"/goals/"+goal)
	}
	if g.State != GoalOpen {
		return nil, planState(account, "The goal %q of %s is %s since %s.", goal, Name(account), g.State, g.Ended.Format("2006-01-02"))
	}
	return g, nil
}

// measure puts a measurement in its place by day.
func (g *Goal) measure(m Measurement) error {
	if g.BaselineDay != 0 && m.Day < g.BaselineDay {
		return fault.Invalid("measurement.date", "%s is before the baseline's day, %s", m.Day, g.BaselineDay)
	}
	at, found := slices.BinarySearchFunc(g.Progress, m.Day, func(known Measurement, day civil.Day) int { return int(known.Day) - int(day) })
	g.Progress = slices.Clone(g.Progress)
	switch {
	case found:
		g.Progress[at] = m
	case len(g.Progress) >= MaxMeasurements:
		return fault.Invalid("measurement", "is one more than the %d that a goal remembers: measure less often", MaxMeasurements)
	default:
		g.Progress = slices.Insert(g.Progress, at, m)
	}
	return nil
}

// EndGoal ends a goal: reached and missed by what was measured, or dropped; with how that
// is known, or why. NOT_FOUND for the goal; INVALID_ARGUMENT; PLAN_STATE where it has ended;
// PLAN_INCOMPLETE where a plan that counts would have no goal left.
func (s *Service) EndGoal(ctx context.Context, call resource.Call, account, goal, etag string, as GoalState, reason string) (resource.Stored[Plan], error) {
	if as != GoalReached && as != GoalMissed && as != GoalDropped {
		return resource.Stored[Plan]{}, fault.Invalid("outcome", "is missing: say REACHED, MISSED or DROPPED")
	}
	return s.plans.Update(ctx, call, account, resource.IfEtag[Plan](etag), goalEnded, func(p *Plan) error {
		g, err := openGoal(p, account, goal)
		if err != nil {
			return err
		}
		if as == GoalReached && g.Progressed() < 1 {
			value, day := g.Latest()
			return fault.Invalid("outcome", "is REACHED, but %s was %v %s on %s, short of %v: record the measurement that shows it first", g.Measure, value, g.Unit, day, g.Target)
		}
		g.State, g.Ended, g.EndReason = as, s.now(), reason
		if p.State.Counts() {
			return p.complete(account)
		}
		return nil
	})
}
