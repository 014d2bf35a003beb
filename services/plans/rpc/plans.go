package rpc

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

// updatePlans is the permission to change plans.
const updatePlans = "plans.update"

// Due is something of a plan that is due.
type Due struct {
	// Resource is its name, Description what it is in words.
	Resource, Description string
	At                    time.Time
	Overdue               bool
}

// Duties knows what is due of a plan.
type Duties interface {
	// Due returns what is due of the plan of an account, the most urgent first.
	Due(ctx context.Context, account string) ([]Due, error)
}

// plansHandler serves PlansService.
type plansHandler struct {
	plansv1.UnimplementedPlansServiceServer
	domain      *plans.Service
	assignments Assignments
	duties      []Duties
}

// answer makes the answer of a call that returns a plan.
func (h *plansHandler) answer(ctx context.Context, p resource.Stored[plans.Plan], err error) (*plansv1.Plan, error) {
	if err != nil {
		return nil, err
	}
	today, err := h.domain.Today(ctx)
	if err != nil {
		return nil, err
	}
	return planOut(p, today), nil
}

// change reads whose plan a call is about, which must be assigned to the caller.
func (h *plansHandler) change(ctx context.Context, r request.Mutation, name string) (account string, call resource.Call, err error) {
	account = names.Last(name)
	if err := checkAssigned(ctx, h.assignments, updatePlans, account); err != nil {
		return "", call, err
	}
	call, err = request.Call(ctx, r)
	return account, call, err
}

// GetPlan implements PlansService.
func (h *plansHandler) GetPlan(ctx context.Context, r *plansv1.GetPlanRequest) (*plansv1.Plan, error) {
	p, err := h.domain.Get(ctx, names.Last(r.GetName()))
	return h.answer(ctx, p, err)
}

var planFields = []filter.Field{
	{Name: "owner"}, {Name: "account"}, {Name: "template"}, {Name: "complete", Kind: filter.Bool},
	{Name: "state", Kind: filter.Enum, Values: []string{"DRAFT", "ACTIVE", "UNDER_REVIEW", "CLOSED"}},
}

// ListPlans implements PlansService.
func (h *plansHandler) ListPlans(ctx context.Context, r *plansv1.ListPlansRequest) (*plansv1.ListPlansResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), planFields)
	if err != nil {
		return nil, err
	}
	today, err := h.domain.Today(ctx)
	if err != nil {
		return nil, err
	}
	query := plans.Query{Owner: wantedIn(f, "owner", "principals"), Size: p.Size, After: p.After,
		Keep: func(s resource.Stored[plans.Plan]) bool { return f.Match(planValues(s)) }}
	if state := wanted(f, "state"); state != nil {
		of := plans.State(strings.ReplaceAll(strings.ToLower(*state), "_", "-"))
		query.State = &of
	}
	page, err := h.domain.List(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListPlansResponse{}
	for _, s := range page.Items {
		out.Plans = append(out.Plans, planOut(s, today))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

func planValues(s resource.Stored[plans.Plan]) filter.Values {
	return func(field string) any {
		switch field {
		case "owner":
			return nameIn("principals", s.State.Owner)
		case "account":
			return plans.AccountName(s.ID)
		case "template":
			template, _, _ := strings.Cut(s.State.Template, "/versions/")
			return template
		case "complete":
			return len(s.State.Missing(s.ID)) == 0
		}
		return strings.TrimPrefix(planStates[s.State.State].String(), "STATE_")
	}
}

// CreatePlan implements PlansService.
func (h *plansHandler) CreatePlan(ctx context.Context, r *plansv1.CreatePlanRequest) (*plansv1.Plan, error) {
	if r.GetPlan().GetAccount() == "" {
		return nil, fault.Invalid("plan.account", "is missing: say whose plan it is, as accounts/acme")
	}
	account, call, err := h.change(ctx, r, r.GetPlan().GetAccount())
	if errors.Is(err, resource.ErrNotFound) {
		return nil, fault.Invalid("plan.account", "%s does not exist", r.GetPlan().GetAccount())
	}
	if err != nil {
		return nil, err
	}
	p, err := planIn(r.GetPlan())
	if err != nil {
		return nil, err
	}
	made, err := h.domain.Create(ctx, call, account, callerID(ctx), p, r.GetValidateOnly())
	return h.answer(ctx, made, err)
}

// UpdatePlan implements PlansService.
func (h *plansHandler) UpdatePlan(ctx context.Context, r *plansv1.UpdatePlanRequest) (*plansv1.Plan, error) {
	in := r.GetPlan()
	mask, err := fieldmask.Read("plan", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	if _, err := request.Name("plan.name", in.GetName(), "plans"); err != nil {
		return nil, err
	}
	account, call, err := h.change(ctx, r, in.GetName())
	if err != nil {
		return nil, err
	}
	p, err := planIn(in)
	if err != nil {
		return nil, err
	}
	changed, err := h.domain.Update(ctx, call, account, in.GetEtag(), plans.Patch{
		Team: fieldmask.Given(mask, "team", p.Team), Goals: fieldmask.Given(mask, "goals", p.Goals),
		CustomerEffect: fieldmask.Given(mask, "customer_effect", p.CustomerEffect),
		Contribution:   fieldmask.Given(mask, "contribution", p.Contribution),
		Cadences:       fieldmask.Given(mask, "strategy.cadences", p.Strategy.Cadences),
		GapDays:        fieldmask.Given(mask, "strategy.gap_days", p.Strategy.GapDays),
		Calendar:       fieldmask.Given(mask, "strategy.calendar", p.Strategy.Calendar),
		Quiet:          fieldmask.Given(mask, "strategy.quiet_hours", p.Strategy.Quiet),
	})
	return h.answer(ctx, changed, err)
}

// move is a request that brings a plan to another state.
type move interface {
	request.Mutation
	GetName() string
	GetReason() string
	GetEtag() string
}

func (h *plansHandler) move(ctx context.Context, r move, to plans.State, check bool) (*plansv1.Plan, error) {
	account, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	p, err := h.domain.Move(ctx, call, account, r.GetEtag(), to, r.GetReason(), check)
	return h.answer(ctx, p, err)
}

// ActivatePlan implements PlansService.
func (h *plansHandler) ActivatePlan(ctx context.Context, r *plansv1.ActivatePlanRequest) (*plansv1.Plan, error) {
	return h.move(ctx, r, plans.Active, r.GetValidateOnly())
}

// ReviewPlan implements PlansService.
func (h *plansHandler) ReviewPlan(ctx context.Context, r *plansv1.ReviewPlanRequest) (*plansv1.Plan, error) {
	return h.move(ctx, r, plans.UnderReview, false)
}

// ClosePlan implements PlansService.
func (h *plansHandler) ClosePlan(ctx context.Context, r *plansv1.ClosePlanRequest) (*plansv1.Plan, error) {
	return h.move(ctx, r, plans.Closed, false)
}

// ReopenPlan implements PlansService.
func (h *plansHandler) ReopenPlan(ctx context.Context, r *plansv1.ReopenPlanRequest) (*plansv1.Plan, error) {
	return h.move(ctx, r, plans.Draft, false)
}

// maxDue is how much of what is due a handover says.
const maxDue = 100

// HandOverPlan implements PlansService.
func (h *plansHandler) HandOverPlan(ctx context.Context, r *plansv1.HandOverPlanRequest) (*plansv1.HandOverPlanResponse, error) {
	account, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	p, err := h.domain.HandOver(ctx, call, account, r.GetEtag(), names.Last(r.GetOwner()), r.GetReason(), r.GetValidateOnly())
	plan, err := h.answer(ctx, p, err)
	if err != nil {
		return nil, err
	}
	due, err := h.goalsDue(ctx, &p.State, account)
	if err != nil {
		return nil, err
	}
	for _, duties := range h.duties {
		more, err := duties.Due(ctx, account)
		if err != nil {
			return nil, err
		}
		due = append(due, more...)
	}
	slices.SortStableFunc(due, func(a, b Due) int { return a.At.Compare(b.At) })
	out := &plansv1.HandOverPlanResponse{Plan: plan}
	for _, d := range due[:min(len(due), maxDue)] {
		out.Due = append(out.Due, &plansv1.DueItem{Resource: d.Resource, Description: d.Description, DueTime: wire.Timestamp(d.At), Overdue: d.Overdue})
	}
	return out, nil
}

// goalAt is the time of its day at which a goal is due, in the company's zone.
const goalAt = 9 * time.Hour

// goalsDue says which goals of a plan are to be reached this week, or were before.
func (h *plansHandler) goalsDue(ctx context.Context, p *plans.Plan, account string) ([]Due, error) {
	zone, err := h.domain.Accounts.Zone(ctx)
	if err != nil {
		return nil, err
	}
	today, err := h.domain.Today(ctx)
	if err != nil {
		return nil, err
	}
	var list []Due
	for _, g := range p.GoalsDue(touchpoints.Week(today)) {
		list = append(list, Due{Resource: plans.Name(account), Description: "Goal: " + g.Statement,
			At: calendar.Place(g.TargetDay, goalAt, zone), Overdue: g.TargetDay < today})
	}
	return list, nil
}

// MeasureGoal implements PlansService.
func (h *plansHandler) MeasureGoal(ctx context.Context, r *plansv1.MeasureGoalRequest) (*plansv1.Plan, error) {
	account, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	day, err := dayGiven("measurement.date", r.GetMeasurement().GetDate())
	if err != nil {
		return nil, err
	}
	p, err := h.domain.Measure(ctx, call, account, r.GetGoal(), r.GetEtag(),
		plans.Measurement{Day: day, Value: r.GetMeasurement().GetValue(), Note: r.GetMeasurement().GetNote()})
	return h.answer(ctx, p, err)
}

// EndGoal implements PlansService.
func (h *plansHandler) EndGoal(ctx context.Context, r *plansv1.EndGoalRequest) (*plansv1.Plan, error) {
	account, call, err := h.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	p, err := h.domain.EndGoal(ctx, call, account, r.GetGoal(), r.GetEtag(), keyOf(goalStates, r.GetOutcome()), r.GetReason())
	return h.answer(ctx, p, err)
}
