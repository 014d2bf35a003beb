package demo

import (
	"context"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// The templates of the demo.
const (
	closeTemplate  = "close-partners"
	steadyTemplate = "steady-hands"
	newTemplate    = "first-year"
)

// template returns the template that a customer's plan begins from: by how long it is a
// customer, and by the size of its business.
func (p *planner) template(i int, c *Customer) string {
	switch {
	case c.Prospect || c.Joined.After(p.data.Today.AddDate(-1, 0, 0)):
		return newTemplate
	case customers[i].monthly >= 1400:
		return closeTemplate
	}
	return steadyTemplate
}

// weekday is a day some days before the demo's, or the Monday after.
func (p *planner) weekday(before int) time.Time {
	day := p.day(before)
	for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

func (p *planner) cadence(id, purpose string, channel plansv1.Channel, weeks, before int) *plansv1.Cadence {
	return &plansv1.Cadence{Id: id, Purpose: purpose, Channel: channel, Rule: fmt.Sprintf("FREQ=WEEKLY;INTERVAL=%d", weeks),
		Start: localTime(p.weekday(before), "10:00"), OnHoliday: plansv1.Cadence_HOLIDAY_POLICY_NEXT_WORKDAY}
}

// templateVersions are the versions of the templates, in the order in which they are
// published.
func (p *planner) templateVersions() []struct {
	id, name, description string
	version               *plansv1.PlanTemplateVersion
} {
	strategy := func(gap int32, cadences ...*plansv1.Cadence) *plansv1.Strategy {
		return &plansv1.Strategy{Cadences: cadences, GapDays: gap, Calendar: "office", QuietHours: "18:00-08:00"}
	}
	call, visit, video, email := plansv1.Channel_CHANNEL_CALL, plansv1.Channel_CHANNEL_VISIT, plansv1.Channel_CHANNEL_VIDEO, plansv1.Channel_CHANNEL_EMAIL
	fortnight := p.cadence("fortnightly-call", "Ask how the month goes, and what gets in the way", call, 2, 31)
	return []struct {
		id, name, description string
		version               *plansv1.PlanTemplateVersion
	}{
		{closeTemplate, "Close partners", "For customers whose work stops when our instruments do.", &plansv1.PlanTemplateVersion{
			Strategy: strategy(3, fortnight), Note: "As we did it so far."}},
		{steadyTemplate, "Steady hands", "For customers who know what they want, and want to be asked all the same.", &plansv1.PlanTemplateVersion{
			Strategy: strategy(5, p.cadence("monthly-call", "Hear how the instruments serve them", call, 4, 26),
				p.cadence("monthly-letter", "Tell them what came of what they said", email, 4, 13))}},
		{newTemplate, "The first year", "For customers who do not know us yet.", &plansv1.PlanTemplateVersion{
			CustomerEffect: "Their own customers notice nothing of the change to us, but that it works.",
			Contribution:   "Somebody to ask by name, and an hour at our benches for each new instrument.",
			Strategy:       strategy(5, p.cadence("first-steps", "See whether all works as it should", video, 3, 29))}},
		{closeTemplate, "", "", &plansv1.PlanTemplateVersion{
			Strategy: strategy(3, fortnight, p.cadence("visit", "Walk through the shop with them, and look", visit, 12, 17)),
			Note:     "A visit every quarter: on the telephone nobody sees a bench that is not used."}},
	}
}

// begin publishes the templates, and begins the plan of every customer from one.
func (p *planner) begin(ctx context.Context) error {
	client := plansv1.NewPlansServiceClient(p.as(author.id))
	for _, t := range p.templateVersions() {
		var err error
		if t.name != "" {
			_, err = client.CreatePlanTemplate(ctx, &plansv1.CreatePlanTemplateRequest{PlanTemplateId: t.id, RequestId: once("template", t.id),
				PlanTemplate: &plansv1.PlanTemplate{DisplayName: t.name, Description: t.description, Version: t.version}})
		} else {
			_, err = client.PublishPlanTemplate(ctx, &plansv1.PublishPlanTemplateRequest{
				Name: "planTemplates/" + t.id, Version: t.version, RequestId: once("template", t.id, "2")})
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.id, err)
		}
	}
	for _, m := range managers {
		of := map[string][]string{}
		for i := range p.data.Customers {
			if c := &p.data.Customers[i]; c.Owner == m.id && c.Closed.IsZero() {
				id := p.template(i, c)
				of[id] = append(of[id], "accounts/"+c.ID)
			}
		}
		for _, id := range []string{closeTemplate, steadyTemplate, newTemplate} {
			if err := p.apply(ctx, m.id, id, of[id]); err != nil {
				return fmt.Errorf("%s, %s: %w", m.id, id, err)
			}
		}
	}
	return nil
}

// apply applies a template to accounts, as soon as the service has heard of all of them.
func (p *planner) apply(ctx context.Context, manager, template string, accounts []string) error {
	if len(accounts) == 0 {
		return nil
	}
	refused := ""
	err := until(ctx, "accounts", func(ctx context.Context) (bool, error) {
		answer, err := plansv1.NewPlansServiceClient(p.as(manager)).ApplyPlanTemplate(ctx, &plansv1.ApplyPlanTemplateRequest{
			Name: "planTemplates/" + template, Accounts: accounts, PageSize: int32(len(accounts)), RequestId: once("apply", template, manager)})
		refused = ""
		for _, r := range answer.GetResults() {
			if r.GetOutcome() == plansv1.ApplyPlanTemplateResponse_Result_OUTCOME_REFUSED {
				refused = r.GetAccount() + ": " + r.GetProblem()
			}
		}
		return refused == "", err
	})
	if err != nil && refused != "" {
		return fmt.Errorf("%w: %s", err, refused)
	}
	return err
}

// counts says whether the plan of a customer was made active: those of the newest are
// drafts, and some that nobody came to write.
func (p *planner) counts(i int, c *Customer) bool {
	return c.Closed.IsZero() && p.template(i, c) != newTemplate && i%10 != 7
}

// wishOf is what a customer wants to reach, and the day by which.
func (p *planner) wishOf(i int, c *Customer) (wish, time.Time) {
	by := p.data.Today.AddDate(0, 0, 150)
	w := callings[c.Sector].wishes[i%2]
	if c.Goal != nil {
		figures := goalFigures[c.Name]
		w, by = wish{c.Goal.Statement, c.Goal.Measure, figures.unit, figures.from, figures.to}, c.Goal.Target
	}
	return w, by
}

// ownGoal is the id of the goal that a customer told of itself.
const ownGoal = "own"

// complete writes down what each customer wants for itself, and makes the plan active.
func (p *planner) complete(ctx context.Context) error {
	active := 0
	for i := range p.data.Customers {
		if p.counts(i, &p.data.Customers[i]) {
			active++
		}
	}
	if err := p.each(ctx, p.completeOne); err != nil {
		return err
	}
	return until(ctx, "contacts of all active plans", func(ctx context.Context) (bool, error) {
		laid := map[string]bool{}
		all, err := p.touchpoints(ctx, "plans/-")
		for _, t := range all {
			laid[planOf(t.GetName())] = true
		}
		return len(laid) == active, err
	})
}

func (p *planner) completeOne(ctx context.Context, i int, c *Customer) error {
	if !p.counts(i, c) {
		return nil
	}
	client, name := plansv1.NewPlansServiceClient(p.as(c.Owner)), "plans/"+c.ID
	w, by := p.wishOf(i, c)
	since := p.day(plannedSince)
	if p.measures(i, c) { // they knew already what it had been
		since = p.day(150)
	}
	_, err := client.UpdatePlan(ctx, &plansv1.UpdatePlanRequest{RequestId: once("goals", c.ID),
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"goals", "customer_effect", "contribution"}},
		Plan: &plansv1.Plan{Name: name, CustomerEffect: c.in(callings[c.Sector].effect), Contribution: c.in(callings[c.Sector].contribution),
			Goals: []*plansv1.Goal{{Id: ownGoal, Statement: w.statement, Measure: w.measure, Unit: w.unit,
				Baseline: w.from, BaselineDate: toDate(since), Target: w.to, TargetDate: toDate(by)}}}})
	if err != nil {
		return err
	}
	_, err = client.ActivatePlan(ctx, &plansv1.ActivatePlanRequest{Name: name, RequestId: once("activate", c.ID)})
	return err
}

// share is what a measure is when a share of the way is done.
func (w wish) share(done float64) float64 { return math.Round(10*(w.from+done*(w.to-w.from))) / 10 }
