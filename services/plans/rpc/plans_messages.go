package rpc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans"
)

var planStates = map[plans.State]plansv1.Plan_State{
	plans.Draft: plansv1.Plan_STATE_DRAFT, plans.Active: plansv1.Plan_STATE_ACTIVE,
	plans.UnderReview: plansv1.Plan_STATE_UNDER_REVIEW, plans.Closed: plansv1.Plan_STATE_CLOSED,
}

var goalStates = map[plans.GoalState]plansv1.Goal_State{
	plans.GoalOpen: plansv1.Goal_STATE_OPEN, plans.GoalReached: plansv1.Goal_STATE_REACHED,
	plans.GoalMissed: plansv1.Goal_STATE_MISSED, plans.GoalDropped: plansv1.Goal_STATE_DROPPED,
}

var channels = map[plans.Channel]plansv1.Channel{
	plans.Call: plansv1.Channel_CHANNEL_CALL, plans.Visit: plansv1.Channel_CHANNEL_VISIT, plans.Video: plansv1.Channel_CHANNEL_VIDEO,
	plans.Email: plansv1.Channel_CHANNEL_EMAIL, plans.Letter: plansv1.Channel_CHANNEL_LETTER, plans.Event: plansv1.Channel_CHANNEL_EVENT,
	plans.Message: plansv1.Channel_CHANNEL_MESSAGE,
}

var holidayPolicies = map[calendar.Policy]plansv1.Cadence_HolidayPolicy{
	calendar.Keep: plansv1.Cadence_HOLIDAY_POLICY_KEEP, calendar.NextWorkday: plansv1.Cadence_HOLIDAY_POLICY_NEXT_WORKDAY,
	calendar.PreviousWorkday: plansv1.Cadence_HOLIDAY_POLICY_PREVIOUS_WORKDAY, calendar.Skip: plansv1.Cadence_HOLIDAY_POLICY_SKIP,
}

// keyOf is the key under which a map has a value; the zero key where it has not.
func keyOf[K, V comparable](m map[K]V, value V) K {
	for k := range m {
		if m[k] == value {
			return k
		}
	}
	var none K
	return none
}

// planOut writes a plan; what goals should have reached is as of a day, and left out where
// that is 0.
func planOut(s resource.Stored[plans.Plan], today civil.Day) *plansv1.Plan {
	p := &s.State
	out := &plansv1.Plan{
		Name: plans.Name(s.ID), Account: plans.AccountName(s.ID), Owner: nameIn("principals", p.Owner), Team: namesIn("principals", p.Team),
		State: planStates[p.State], CustomerEffect: p.CustomerEffect, Contribution: p.Contribution, Strategy: strategyOut(&p.Strategy),
		TemplateVersion: p.Template, Gaps: gapsOut(s.ID, p.Missing(s.ID)),
		Etag: s.Etag(), CreateTime: wire.Timestamp(p.Created), UpdateTime: wire.Timestamp(p.Updated),
	}
	for i := range p.Goals {
		out.Goals = append(out.Goals, goalOut(&p.Goals[i], today))
	}
	for _, t := range p.History {
		out.History = append(out.History, &plansv1.Plan_Turn{TurnTime: wire.Timestamp(t.At), Principal: t.By, OldState: planStates[t.From],
			NewState: planStates[t.To], OldOwner: nameIn("principals", t.OldOwner), NewOwner: nameIn("principals", t.NewOwner), Reason: t.Reason})
	}
	return out
}

// gapsOut writes what the plan of an account lacks, by field.
func gapsOut(account string, missing []fault.Condition) []*plansv1.PlanGap {
	var gaps []*plansv1.PlanGap
	for _, c := range missing {
		gaps = append(gaps, &plansv1.PlanGap{Field: strings.TrimPrefix(c.Subject, plans.Name(account)+"/"), Description: c.Description})
	}
	return gaps
}

func goalOut(g *plans.Goal, today civil.Day) *plansv1.Goal {
	out := &plansv1.Goal{
		Id: g.ID, Statement: g.Statement, Measure: g.Measure, Unit: g.Unit, Baseline: g.Baseline, BaselineDate: dayOut(g.BaselineDay),
		Target: g.Target, TargetDate: dayOut(g.TargetDay), Progress: g.Progressed(), State: goalStates[g.State],
		EndTime: wire.Timestamp(g.Ended), EndReason: g.EndReason,
	}
	if today != 0 && g.TargetDay != 0 {
		out.ExpectedProgress = g.Expected(today)
	}
	for _, m := range g.Progress {
		out.Measurements = append(out.Measurements, &plansv1.Measurement{Date: dayOut(m.Day), Value: m.Value, Note: m.Note,
			Principal: m.By, RecordTime: wire.Timestamp(m.At)})
	}
	return out
}

func strategyOut(s *plans.Strategy) *plansv1.Strategy {
	out := &plansv1.Strategy{GapDays: int32(s.GapDays), Calendar: s.Calendar}
	if !s.Quiet.None() {
		out.QuietHours = clock(s.Quiet.From) + "-" + clock(s.Quiet.To)
	}
	for i := range s.Cadences {
		c := &s.Cadences[i]
		out.Cadences = append(out.Cadences, &plansv1.Cadence{
			Id: c.ID, Purpose: c.Purpose, Channel: channels[c.Channel], Rule: c.When.Rule, Start: c.When.Start, TimeZone: c.When.Zone,
			OnHoliday: holidayPolicies[c.When.OnHoliday], Audience: c.Roles, Owner: nameIn("principals", c.Owner), TemplateVersion: c.Template,
		})
	}
	return out
}

// planIn reads what a caller sets of a plan.
func planIn(in *plansv1.Plan) (plans.Plan, error) {
	p := plans.Plan{Owner: names.First(in.GetOwner(), "principals"), Team: idsIn("principals", in.GetTeam()),
		CustomerEffect: in.GetCustomerEffect(), Contribution: in.GetContribution()}
	var err error
	if p.Goals, err = goalsIn("plan.goals", in.GetGoals()); err != nil {
		return p, err
	}
	p.Strategy = strategyIn(in.GetStrategy())
	return p, nil
}

// freeID is an id that a text gives, and that is not taken; with a number behind it where
// others have it. A text in letters that ids do not have gives what the thing is called.
func freeID(text, thing string, taken map[string]bool) string {
	id := names.Slug(text)
	if len(id) > 40 {
		id = strings.TrimRight(id[:40], "-")
	}
	if id == "" {
		id = thing
	}
	free := id
	for n := 2; taken[free]; n++ {
		free = fmt.Sprintf("%s-%d", id, n)
	}
	return free
}

func goalsIn(path string, in []*plansv1.Goal) ([]plans.Goal, error) {
	taken := map[string]bool{}
	for _, g := range in {
		taken[g.GetId()] = true
	}
	var list []plans.Goal
	for i, g := range in {
		goal := plans.Goal{ID: g.GetId(), Statement: g.GetStatement(), Measure: g.GetMeasure(), Unit: g.GetUnit(), Baseline: g.GetBaseline(), Target: g.GetTarget()}
		var err error
		if goal.BaselineDay, err = dayGiven(fmt.Sprintf("%s[%d].baseline_date", path, i), g.GetBaselineDate()); err != nil {
			return nil, err
		}
		if goal.TargetDay, err = dayGiven(fmt.Sprintf("%s[%d].target_date", path, i), g.GetTargetDate()); err != nil {
			return nil, err
		}
		if goal.ID == "" {
			goal.ID = freeID(goal.Statement, "goal", taken)
			taken[goal.ID] = true
		}
		list = append(list, goal)
	}
	return list, nil
}

func strategyIn(in *plansv1.Strategy) plans.Strategy {
	s := plans.Strategy{GapDays: int(in.GetGapDays()), Calendar: in.GetCalendar()}
	if from, to, ok := strings.Cut(in.GetQuietHours(), "-"); ok {
		s.Quiet = plans.QuietHours{From: minutes(from), To: minutes(to)}
	}
	taken := map[string]bool{}
	for _, c := range in.GetCadences() {
		taken[c.GetId()] = true
	}
	for _, c := range in.GetCadences() {
		cadence := plans.Cadence{
			ID: c.GetId(), Purpose: c.GetPurpose(), Channel: keyOf(channels, c.GetChannel()),
			When:  calendar.Recurrence{Rule: c.GetRule(), Start: c.GetStart(), Zone: c.GetTimeZone(), OnHoliday: keyOf(holidayPolicies, c.GetOnHoliday())},
			Roles: slices.Clone(c.GetAudience()), Owner: names.First(c.GetOwner(), "principals"),
		}
		if cadence.When.OnHoliday == "" {
			cadence.When.OnHoliday = calendar.NextWorkday
		}
		if cadence.ID == "" {
			cadence.ID = freeID(cadence.Purpose, "cadence", taken)
			taken[cadence.ID] = true
		}
		s.Cadences = append(s.Cadences, cadence)
	}
	return s
}

// minutes reads a time of the day as 18:00, whose form is known.
func minutes(text string) int {
	var hour, minute int
	if _, err := fmt.Sscanf(text, "%d:%d", &hour, &minute); err != nil {
		return -1
	}
	return hour*60 + minute
}
