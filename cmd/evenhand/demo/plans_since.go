package demo

import (
	"context"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// reached are the customers who have reached their goal.
var reached = []string{"Kestrel Bearings", "Larch House Clinics"}

// lagging says whether a customer is far from where it should be with its goal.
func (p *planner) lagging(i int, c *Customer) bool {
	return p.counts(i, c) && i%7 == 3 && !slices.Contains(reached, c.Name)
}

// measures says whether a customer's goal was measured since: those that lag, those that
// were reached, and every other one.
func (p *planner) measures(i int, c *Customer) bool {
	return p.counts(i, c) && (i%2 == 0 || p.lagging(i, c) || slices.Contains(reached, c.Name))
}

// measure notes what was measured of goals.
func (p *planner) measure() {
	for i := range p.data.Customers {
		c := &p.data.Customers[i]
		early, late, note := 0.38, 0.52, "Read off together."
		switch {
		case !p.measures(i, c):
			continue
		case slices.Contains(reached, c.Name):
			early, late, note = 0.8, 1, "They sent the figures themselves, and were glad to."
		case p.lagging(i, c):
			early, late, note = 0.04, 0.08, "They had no time for it."
		}
		w, _ := p.wishOf(i, c)
		p.measured(c, 20+i%9, w.share(early), "")
		p.measured(c, 2+i%6, w.share(late), note)
		if slices.Contains(reached, c.Name) {
			p.note(1, "goal of "+c.ID, func(ctx context.Context) error {
				_, err := plansv1.NewPlansServiceClient(p.as(c.Owner)).EndGoal(ctx, &plansv1.EndGoalRequest{Name: "plans/" + c.ID, Goal: ownGoal,
					Outcome: plansv1.Goal_STATE_REACHED, Reason: "The last figures show it, months before the day.", RequestId: once("reached", c.ID)})
				return err
			})
		}
	}
}

func (p *planner) measured(c *Customer, before int, value float64, note string) {
	p.note(before, "measurement of "+c.ID, func(ctx context.Context) error {
		_, err := plansv1.NewPlansServiceClient(p.as(c.Owner)).MeasureGoal(ctx, &plansv1.MeasureGoalRequest{Name: "plans/" + c.ID, Goal: ownGoal,
			Measurement: &plansv1.Measurement{Date: toDate(p.day(before)), Value: value, Note: note},
			RequestId:   once("measure", c.ID, p.day(before).Format(time.DateOnly))})
		return err
	})
}

// turn notes the plans whose state changed: one is under review, and one was closed.
func (p *planner) turn() {
	p.note(9, "review", func(ctx context.Context) error {
		_, err := plansv1.NewPlansServiceClient(p.owner("Marrow Street Library")).ReviewPlan(ctx, &plansv1.ReviewPlanRequest{
			Name: "plans/marrow-street-library", Reason: "They lend half of what they did: what we planned is not what they need.", RequestId: once("review plan")})
		return err
	})
	p.note(6, "end of a plan", func(ctx context.Context) error {
		_, err := plansv1.NewPlansServiceClient(p.owner("Weatherby Scaffolds")).ClosePlan(ctx, &plansv1.ClosePlanRequest{
			Name: "plans/weatherby-scaffolds", Reason: "They want to call us, and not to be called. So be it.", RequestId: once("close plan")})
		return err
	})
}

// away notes that one of the account managers is away, and who stands in.
func (p *planner) away() {
	p.note(12, "absence", func(ctx context.Context) error {
		who, standIn := managers[1], managers[2]
		_, err := plansv1.NewTouchpointsServiceClient(p.as(who.id)).CreateAbsence(ctx, &plansv1.CreateAbsenceRequest{RequestId: once("absence"),
			Absence: &plansv1.Absence{Principal: "principals/" + who.id, StandIn: "principals/" + standIn.id, Reason: "Walking, without a telephone",
				FirstDate: toDate(p.day(-4)), LastDate: toDate(p.day(-15))}})
		return err
	})
}

// touchpoints lists the touchpoints of a plan, or of all.
func (p *planner) touchpoints(ctx context.Context, plan string) ([]*plansv1.Touchpoint, error) {
	request := &plansv1.ListTouchpointsRequest{Parent: plan, PageSize: 1000}
	var all []*plansv1.Touchpoint
	for {
		page, err := plansv1.NewTouchpointsServiceClient(p.office.admin).ListTouchpoints(ctx, request)
		if err != nil {
			return nil, err
		}
		all = append(all, page.GetTouchpoints()...)
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return all, nil
		}
	}
}

// planOf is the id of the plan of a touchpoint.
func planOf(touchpoint string) string {
	return strings.Split(touchpoint, "/")[1]
}

// touch notes what became of the contacts that were due: most were made, some skipped, and
// some of the last weeks are overdue.
func (p *planner) touch(ctx context.Context) error {
	all, err := p.touchpoints(ctx, "plans/-")
	if err != nil {
		return err
	}
	for _, t := range all {
		due := t.GetDueDate()
		day := time.Date(int(due.GetYear()), time.Month(due.GetMonth()), int(due.GetDay()), 0, 0, 0, 0, time.UTC)
		before := int(p.data.Today.Sub(day).Hours()) / 24
		if t.GetState() != plansv1.Touchpoint_STATE_PLANNED || t.GetOrigin() != plansv1.Touchpoint_ORIGIN_CADENCE || before < 1 {
			continue
		}
		sum := fnv.New32a()
		_, _ = sum.Write([]byte(t.GetName())) // never fails
		switch n := int(sum.Sum32() % 1000); {
		case n%10 == 0:
			p.skip(t.GetName(), before, n/10)
		case n%10 > 2 || before > 18:
			p.made(t.GetName(), before, n/10)
		}
	}
	return nil
}

// still says that a touchpoint of the diary is still planned: a plan that was closed or
// begun anew has withdrawn its own.
func (p *planner) still(ctx context.Context, name string) (bool, error) {
	t, err := plansv1.NewTouchpointsServiceClient(p.office.admin).GetTouchpoint(ctx, &plansv1.GetTouchpointRequest{Name: name})
	return t.GetState() == plansv1.Touchpoint_STATE_PLANNED, err
}

// of is the customer of a touchpoint.
func (p *planner) of(touchpoint string) *Customer {
	i := slices.IndexFunc(p.data.Customers, func(c Customer) bool { return c.ID == planOf(touchpoint) })
	return &p.data.Customers[i]
}

func (p *planner) made(name string, before, n int) {
	p.note(before, name, func(ctx context.Context) error {
		still, err := p.still(ctx, name)
		if err != nil || !still {
			return err
		}
		c := p.of(name)
		_, err = plansv1.NewTouchpointsServiceClient(p.as(c.Owner)).CompleteTouchpoint(ctx, &plansv1.CompleteTouchpointRequest{Name: name,
			Outcome:   &plansv1.ContactOutcome{Text: c.in(outcomes[n%len(outcomes)]), ContactDate: toDate(p.day(before)), Minutes: int32(10 + 5*(n%8))},
			RequestId: once("complete", name)})
		return err
	})
}

func (p *planner) skip(name string, before, n int) {
	p.note(before, name, func(ctx context.Context) error {
		still, err := p.still(ctx, name)
		if err != nil || !still {
			return err
		}
		_, err = plansv1.NewTouchpointsServiceClient(p.as(p.of(name).Owner)).SkipTouchpoint(ctx, &plansv1.SkipTouchpointRequest{
			Name: name, Reason: skipped[n%len(skipped)], RequestId: once("skip", name)})
		return err
	})
}

// hurried are customers of the last account manager, who wrote the same of each today: a
// finding that somebody has to look at.
var hurried = []string{"Saltmarsh Bakeries", "Quayside Cold Store", "Windrow Grid Services", "Fenwick Dental Group"}

// hurry notes contacts that were made in a hurry.
func (p *planner) hurry() {
	for _, name := range hurried {
		p.note(0, "contact with "+name, func(ctx context.Context) error {
			c := p.customer(name)
			client := plansv1.NewTouchpointsServiceClient(p.as(c.Owner))
			t, err := client.CreateTouchpoint(ctx, &plansv1.CreateTouchpointRequest{Parent: "plans/" + c.ID, RequestId: once("contact", c.ID),
				Touchpoint: &plansv1.Touchpoint{Purpose: "Ask whether they come to the open day", Channel: plansv1.Channel_CHANNEL_CALL, DueDate: toDate(p.weekday(-1))}})
			if err != nil {
				return err
			}
			_, err = client.CompleteTouchpoint(ctx, &plansv1.CompleteTouchpointRequest{Name: t.GetName(), RequestId: once("complete", t.GetName()),
				Outcome: &plansv1.ContactOutcome{Text: "Left a message; they will call back.", Minutes: 2}})
			return err
		})
	}
}
