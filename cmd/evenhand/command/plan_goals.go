package command

import (
	"fmt"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanGoals is `evenhand plan goals`.
type PlanGoals struct {
	List    GoalsList    `cmd:"" help:"List the goals of a plan, and where they stand."`
	Measure GoalsMeasure `cmd:"" help:"Record what the measure of a goal was on a day."`
	End     GoalsEnd     `cmd:"" help:"End a goal: reached, missed or dropped."`
}

// GoalArg is the argument that names a goal of a plan.
type GoalArg struct {
	Goal string `arg:"" placeholder:"GOAL" help:"The goal's id in the plan; evenhand plan goals list shows it."`
}

// GoalsList is `evenhand plan goals list`.
type GoalsList struct {
	PlanArg
	Output
	Connection
}

// Run asks and prints.
func (c *GoalsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		return forPlan(env, s, c.Plan, func(name string) error {
			ctx, cancel := s.call(env)
			defer cancel()
			p, err := plansv1.NewPlansServiceClient(s).GetPlan(ctx, &plansv1.GetPlanRequest{Name: name})
			if err != nil {
				return err
			}
			l := c.newList(env.Stdout, "goals", "Goal", "Statement", "Measure", "Unit", "Baseline", "Target", "By", "Latest", "Progress", "Expected", "Pace", "State")
			for _, g := range p.GetGoals() {
				if err := l.add(g, g.GetId(), g.GetStatement(), g.GetMeasure(), g.GetUnit(), showNumber(g.GetBaseline()), showNumber(g.GetTarget()),
					showDay(g.GetTargetDate()), latest(g), showWay(g.GetProgress()), showWay(g.GetExpectedProgress()), pace(g),
					showEnum(g.GetState(), "STATE_")); err != nil {
					return err
				}
			}
			return l.end()
		})
	})
}

// printGoal prints one goal of a plan; as JSON, the plan.
func (o Output) printGoal(env *Env, p *plansv1.Plan, id string, err error) error {
	if err != nil {
		return err
	}
	for _, g := range p.GetGoals() {
		if g.GetId() != id {
			continue
		}
		return o.printOne(env.Stdout, p, []pair{
			{"Plan", p.GetName()},
			{"Goal", g.GetId()},
			{"Statement", g.GetStatement()},
			{"Measure", g.GetMeasure()},
			{"Latest", latest(g)},
			{"Target", fmt.Sprintf("%s by %s", withUnit(g.GetTarget(), g.GetUnit()), showDay(g.GetTargetDate()))},
			{"Progress", showWay(g.GetProgress())},
			{"Expected", showWay(g.GetExpectedProgress())},
			{"Pace", pace(g)},
			{"State", showEnum(g.GetState(), "STATE_")},
			{"Reason", g.GetEndReason()},
			{"Etag", p.GetEtag()},
		})
	}
	return &failure{message: fmt.Sprintf("the answer of the server has no goal %q", id)}
}

// GoalsMeasure is `evenhand plan goals measure`.
type GoalsMeasure struct {
	PlanArg
	GoalArg
	Value float64 `required:"" placeholder:"NUMBER" help:"What the measure was, in the goal's unit."`
	Date  Day     `placeholder:"DATE" help:"The day it was so; today, where it is not given."`
	Note  string  `placeholder:"TEXT" help:"What else there is to say."`
	Etag  string  `help:"Record it only if the plan is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*GoalsMeasure) Help() string {
	return `Another value for the same day takes the place of the first.

Example:

  evenhand plan goals measure acme deliver-on-the-day-we-promised --value 87.5 --date 2026-11-20`
}

// Run records it and prints the goal.
func (c *GoalsMeasure) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		return forPlan(env, s, c.Plan, func(name string) error {
			ctx, cancel := s.call(env)
			defer cancel()
			p, err := plansv1.NewPlansServiceClient(s).MeasureGoal(ctx, &plansv1.MeasureGoalRequest{Name: name, Goal: c.Goal, Etag: c.Etag,
				RequestId: newRequestID(), Measurement: &plansv1.Measurement{Date: c.Date.Date, Value: c.Value, Note: c.Note}})
			return c.printGoal(env, p, c.Goal, err)
		})
	})
}

// GoalsEnd is `evenhand plan goals end`.
type GoalsEnd struct {
	PlanArg
	GoalArg
	Outcome string `required:"" enum:"reached,missed,dropped" placeholder:"reached|missed|dropped" help:"How it ended. What was measured has to show that it was reached."`
	Reason  string `required:"" placeholder:"TEXT" help:"How that is known, or why it is dropped."`
	Etag    string `help:"End it only if the plan is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*GoalsEnd) Help() string {
	return `Examples:

  evenhand plan goals end acme deliver-on-the-day-we-promised --outcome reached --reason "Their own report of November."
  evenhand plan goals end acme open-two-shops --outcome dropped --reason "They sell online now."`
}

// Run ends it and prints the goal.
func (c *GoalsEnd) Run(env *Env) error {
	ended := map[string]plansv1.Goal_State{"reached": plansv1.Goal_STATE_REACHED, "missed": plansv1.Goal_STATE_MISSED, "dropped": plansv1.Goal_STATE_DROPPED}
	return c.with(env, func(s *session) error {
		return forPlan(env, s, c.Plan, func(name string) error {
			ctx, cancel := s.call(env)
			defer cancel()
			p, err := plansv1.NewPlansServiceClient(s).EndGoal(ctx, &plansv1.EndGoalRequest{Name: name, Goal: c.Goal, Outcome: ended[c.Outcome],
				Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
			return c.printGoal(env, p, c.Goal, err)
		})
	})
}
