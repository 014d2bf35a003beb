package command

import (
	"fmt"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanHandOver is `evenhand plan hand-over`.
type PlanHandOver struct {
	Plan    string `arg:"" optional:"" placeholder:"PLAN" help:"Whose plan: the account's id, as acme, or the plan's name; all open plans of --from, where it is not given."`
	From    string `placeholder:"PRINCIPAL" help:"Hand over all open plans of this owner; with a PLAN, only if it is theirs."`
	To      string `required:"" placeholder:"PRINCIPAL" help:"Who answers for it from then on; they must own or serve the account."`
	Reason  string `required:"" placeholder:"TEXT" help:"Why."`
	Preview bool   `help:"Only say what would be handed over, and what is due."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanHandOver) Help() string {
	return `A plan goes over with all that it has: goals, contacts, and what is due, which is listed below it. Those that cannot
be handed over are named with the reason, and the command fails after the others; run it again once that is mended.

Examples:

  evenhand plan hand-over acme --to ben --reason "Anna is on leave."
  evenhand plan hand-over --from anna --to ben --reason "Anna leaves." --preview`
}

// Run hands over and prints the plans and what is due of each.
func (c *PlanHandOver) Run(env *Env) error {
	if c.Plan == "" && c.From == "" {
		return &usageError{"name a PLAN, or whose plans with --from"}
	}
	return c.with(env, func(s *session) error {
		plans, err := c.plans(env, s)
		if err != nil {
			return err
		}
		progress := newSteps(env, "plans", len(plans))
		defer progress.end()
		l := c.newList(env.Stdout, "handovers", "Plan", "From", "To", "State", "Due", "Overdue", "What", "Resource", "Problem")
		refused := 0
		for _, p := range plans {
			answer, err := c.handOver(env, s, p)
			switch {
			case err != nil && c.Plan != "":
				return err
			case env.Context.Err() != nil:
				return err
			case err != nil:
				refused++
				answer = &plansv1.HandOverPlanResponse{Plan: p}
			}
			progress.add(1)
			if err := c.add(env, l, p, answer, err); err != nil {
				return err
			}
		}
		progress.end()
		if err := l.end(); err != nil {
			return err
		}
		return c.tell(env, len(plans), refused)
	})
}

// plans are those to hand over, as they are now.
func (c *PlanHandOver) plans(env *Env, s *session) (found []*plansv1.Plan, err error) {
	if c.Plan != "" {
		err = forPlan(env, s, c.Plan, func(name string) error {
			ctx, cancel := s.call(env)
			defer cancel()
			p, err := plansv1.NewPlansServiceClient(s).GetPlan(ctx, &plansv1.GetPlanRequest{Name: name})
			if err == nil && c.From != "" && p.GetOwner() != principalName(c.From) {
				return &failure{message: fmt.Sprintf("%s is %s's, and not %s's", name, p.GetOwner(), principalName(c.From))}
			}
			found = append(found, p)
			return err
		})
		return found, err
	}
	filter := "owner = " + quoteFilter(principalName(c.From)) + " AND state != CLOSED"
	for token := ""; ; {
		p, err := plansPage(env, s, filter, maxPageSize, token)
		if err != nil {
			return nil, err
		}
		found = append(found, p.items...)
		if token = p.next; token == "" {
			return found, nil
		}
	}
}

// handOver hands one plan over, as it was read.
func (c *PlanHandOver) handOver(env *Env, s *session, p *plansv1.Plan) (*plansv1.HandOverPlanResponse, error) {
	ctx, cancel := s.call(env)
	defer cancel()
	return plansv1.NewPlansServiceClient(s).HandOverPlan(ctx, &plansv1.HandOverPlanRequest{
		Name: p.GetName(), Owner: principalName(c.To), Reason: c.Reason, Etag: p.GetEtag(), RequestId: newRequestID(), ValidateOnly: c.Preview})
}

// add prints a plan, and below it what is due of it. In JSON, that is one item; a plan that
// cannot be handed over is none, and is told of besides.
func (c *PlanHandOver) add(env *Env, l *list, before *plansv1.Plan, answer *plansv1.HandOverPlanResponse, problem error) error {
	p, told, to := answer.GetPlan(), "", answer.GetPlan().GetOwner()
	if problem != nil {
		told, to = explain(problem).message, ""
	}
	if problem != nil && c.Output.Output == formatJSON {
		env.note("%s: %s", p.GetName(), told)
		return nil
	}
	err := l.add(answer, p.GetName(), before.GetOwner(), to, showEnum(p.GetState(), "STATE_"), "", "", "", "", told)
	if err != nil || c.Output.Output == formatJSON {
		return err
	}
	for _, d := range answer.GetDue() {
		if err := l.add(d, p.GetName(), "", "", "", showTime(d.GetDueTime()), yesNo(d.GetOverdue()), d.GetDescription(), d.GetResource(), ""); err != nil {
			return err
		}
	}
	return nil
}

// tell tells the counts; it fails where plans could not be handed over.
func (c *PlanHandOver) tell(env *Env, all, refused int) error {
	done := showCount(int64(all - refused))
	switch {
	case refused > 0:
		return &failure{message: fmt.Sprintf("%s of %s plans cannot be handed over", showCount(int64(refused)), showCount(int64(all))),
			fix: "assign the accounts to the new owner, with --owner or --service-team of `evenhand accounts update`, and run it again"}
	case c.Preview:
		env.note("Nothing was written. Plans that would be handed over: %s.", done)
	default:
		env.note("Plans handed over: %s.", done)
	}
	return nil
}
