package command

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// plansFake has plans and templates, and remembers what it was asked.
type plansFake struct {
	accountsv1.UnimplementedAccountsServiceServer
	plansv1.UnimplementedPlansServiceServer

	mu        sync.Mutex
	plans     []*plansv1.Plan
	templates []*plansv1.PlanTemplate
	asked     []proto.Message
	// size is how many plans or results a page has at most; 0 means as many as are asked for.
	size int
	// fails is what applying answers, instead of the page of that number.
	fails  error
	failAt int
}

func startPlans(t *testing.T, f *plansFake) string {
	t.Helper()
	server := grpc.NewServer()
	accountsv1.RegisterAccountsServiceServer(server, f)
	plansv1.RegisterPlansServiceServer(server, f)
	return listen(t, server)
}

func (f *plansFake) note(m proto.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, proto.Clone(m))
}

// last is the last that was asked.
func last[T proto.Message](f *plansFake) T {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, _ := f.asked[len(f.asked)-1].(T)
	return m
}

// all are those that were asked, of one kind.
func all[T proto.Message](f *plansFake) (found []T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.asked {
		if one, is := m.(T); is {
			found = append(found, one)
		}
	}
	return found
}

func (f *plansFake) GetAccount(_ context.Context, r *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
	if r.GetName() == "accounts/none" || r.GetName() == "accounts/crm-7" {
		return nil, withDetails(codes.NotFound, "There is no "+r.GetName()+".", &errdetails.ErrorInfo{Reason: "NOT_FOUND", Domain: "evenhand"},
			&errdetails.ResourceInfo{ResourceType: "evenhand/Account", ResourceName: r.GetName()})
	}
	return &accountsv1.Account{Name: r.GetName()}, nil
}

func (f *plansFake) ListAccounts(_ context.Context, r *accountsv1.ListAccountsRequest) (*accountsv1.ListAccountsResponse, error) {
	if r.GetFilter() == `external_id = "A1"` || r.GetFilter() == `external_id = "crm-7"` {
		return &accountsv1.ListAccountsResponse{Accounts: []*accountsv1.Account{{Name: "accounts/acme"}}}, nil
	}
	return &accountsv1.ListAccountsResponse{}, nil
}

func (f *plansFake) plan(name string) (*plansv1.Plan, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.plans {
		if p.GetName() == name {
			return p, nil
		}
	}
	return nil, withDetails(codes.NotFound, name+" does not exist.", &errdetails.ErrorInfo{Reason: "NOT_FOUND", Domain: "evenhand"},
		&errdetails.ResourceInfo{ResourceType: "evenhand/Plan", ResourceName: name})
}

func (f *plansFake) GetPlan(_ context.Context, r *plansv1.GetPlanRequest) (*plansv1.Plan, error) {
	f.note(r)
	return f.plan(r.GetName())
}

func (f *plansFake) ListPlans(_ context.Context, r *plansv1.ListPlansRequest) (*plansv1.ListPlansResponse, error) {
	f.note(r)
	at, _ := strconv.Atoi(r.GetPageToken())
	end := min(len(f.plans), at+max(1, min(f.size, int(r.GetPageSize()))))
	if f.size == 0 {
		end = len(f.plans)
	}
	answer := &plansv1.ListPlansResponse{Plans: f.plans[at:end]}
	if end < len(f.plans) {
		answer.NextPageToken = strconv.Itoa(end)
	}
	return answer, nil
}

func (f *plansFake) CreatePlan(_ context.Context, r *plansv1.CreatePlanRequest) (*plansv1.Plan, error) {
	f.note(r)
	made, _ := proto.Clone(r.GetPlan()).(*plansv1.Plan)
	made.Name = "plans/" + strings.TrimPrefix(made.GetAccount(), "accounts/")
	made.State = plansv1.Plan_STATE_DRAFT
	made.Gaps = []*plansv1.PlanGap{{Field: "goals", Description: "write down a goal of the customer's own"}}
	return made, nil
}

func (f *plansFake) UpdatePlan(_ context.Context, r *plansv1.UpdatePlanRequest) (*plansv1.Plan, error) {
	f.note(r)
	return f.plan(r.GetPlan().GetName())
}

func (f *plansFake) ActivatePlan(_ context.Context, r *plansv1.ActivatePlanRequest) (*plansv1.Plan, error) {
	f.note(r)
	p, err := f.plan(r.GetName())
	if err == nil && len(p.GetGaps()) > 0 {
		incomplete := &errdetails.PreconditionFailure{}
		for _, g := range p.GetGaps() {
			incomplete.Violations = append(incomplete.Violations, &errdetails.PreconditionFailure_Violation{
				Type: "PLAN_INCOMPLETE", Subject: p.GetName() + "/" + g.GetField(), Description: g.GetDescription()})
		}
		return nil, withDetails(codes.FailedPrecondition, p.GetName()+" is not complete.",
			&errdetails.ErrorInfo{Reason: "PLAN_INCOMPLETE", Domain: "evenhand"}, incomplete)
	}
	return p, err
}

func (f *plansFake) ReviewPlan(_ context.Context, r *plansv1.ReviewPlanRequest) (*plansv1.Plan, error) {
	f.note(r)
	return f.plan(r.GetName())
}

func (f *plansFake) ClosePlan(_ context.Context, r *plansv1.ClosePlanRequest) (*plansv1.Plan, error) {
	f.note(r)
	return f.plan(r.GetName())
}

func (f *plansFake) ReopenPlan(_ context.Context, r *plansv1.ReopenPlanRequest) (*plansv1.Plan, error) {
	f.note(r)
	return f.plan(r.GetName())
}

func (f *plansFake) MeasureGoal(_ context.Context, r *plansv1.MeasureGoalRequest) (*plansv1.Plan, error) {
	f.note(r)
	return f.plan(r.GetName())
}

func (f *plansFake) EndGoal(_ context.Context, r *plansv1.EndGoalRequest) (*plansv1.Plan, error) {
	f.note(r)
	return f.plan(r.GetName())
}

// HandOverPlan refuses the plans of brick.
func (f *plansFake) HandOverPlan(_ context.Context, r *plansv1.HandOverPlanRequest) (*plansv1.HandOverPlanResponse, error) {
	f.note(r)
	p, err := f.plan(r.GetName())
	if err != nil {
		return nil, err
	}
	if r.GetName() == "plans/brick" {
		return nil, withDetails(codes.FailedPrecondition, r.GetOwner()+" neither owns nor serves accounts/brick.",
			&errdetails.ErrorInfo{Reason: "PLAN_OWNER", Domain: "evenhand"})
	}
	handed, _ := proto.Clone(p).(*plansv1.Plan)
	handed.Owner = r.GetOwner()
	return &plansv1.HandOverPlanResponse{Plan: handed, Due: []*plansv1.DueItem{{
		Resource: r.GetName() + "/touchpoints/one", Description: "Review the month, by call",
		DueTime: timestamppb.New(time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)), Overdue: true,
	}, {
		Resource: r.GetName(), Description: "Goal: Deliver on the day", DueTime: timestamppb.New(time.Date(2026, 11, 27, 14, 0, 0, 0, time.UTC)),
	}}}, nil
}

func (f *plansFake) template(name string) (*plansv1.PlanTemplate, error) {
	at := slices.IndexFunc(f.templates, func(t *plansv1.PlanTemplate) bool { return t.GetName() == name })
	if at < 0 {
		return nil, withDetails(codes.NotFound, name+" does not exist.", &errdetails.ErrorInfo{Reason: "NOT_FOUND", Domain: "evenhand"})
	}
	return f.templates[at], nil
}

func (f *plansFake) GetPlanTemplate(_ context.Context, r *plansv1.GetPlanTemplateRequest) (*plansv1.PlanTemplate, error) {
	return f.template(r.GetName())
}

func (f *plansFake) ListPlanTemplates(_ context.Context, r *plansv1.ListPlanTemplatesRequest) (*plansv1.ListPlanTemplatesResponse, error) {
	f.note(r)
	return &plansv1.ListPlanTemplatesResponse{PlanTemplates: f.templates}, nil
}

func (f *plansFake) CreatePlanTemplate(_ context.Context, r *plansv1.CreatePlanTemplateRequest) (*plansv1.PlanTemplate, error) {
	f.note(r)
	return r.GetPlanTemplate(), nil
}

func (f *plansFake) UpdatePlanTemplate(_ context.Context, r *plansv1.UpdatePlanTemplateRequest) (*plansv1.PlanTemplate, error) {
	f.note(r)
	return f.template(r.GetPlanTemplate().GetName())
}

func (f *plansFake) PublishPlanTemplate(_ context.Context, r *plansv1.PublishPlanTemplateRequest) (*plansv1.PlanTemplate, error) {
	f.note(r)
	return f.template(r.GetName())
}

func (f *plansFake) RetirePlanTemplate(_ context.Context, r *plansv1.RetirePlanTemplateRequest) (*plansv1.PlanTemplate, error) {
	f.note(r)
	return f.template(r.GetName())
}

func (f *plansFake) GetPlanTemplateVersion(_ context.Context, r *plansv1.GetPlanTemplateVersionRequest) (*plansv1.PlanTemplateVersion, error) {
	f.note(r)
	return f.templates[0].GetVersion(), nil
}

func (f *plansFake) ListPlanTemplateVersions(_ context.Context, r *plansv1.ListPlanTemplateVersionsRequest) (*plansv1.ListPlanTemplateVersionsResponse, error) {
	f.note(r)
	return &plansv1.ListPlanTemplateVersionsResponse{Versions: []*plansv1.PlanTemplateVersion{f.templates[0].GetVersion()}}, nil
}

// findsNone is a filter that finds no account.
const findsNone = `account = "none"`

// ApplyPlanTemplate answers for five accounts a0 to a4 where a filter is given: the first
// has a plan, and the last is refused.
func (f *plansFake) ApplyPlanTemplate(_ context.Context, r *plansv1.ApplyPlanTemplateRequest) (*plansv1.ApplyPlanTemplateResponse, error) {
	f.note(r)
	if f.fails != nil && len(all[*plansv1.ApplyPlanTemplateRequest](f)) == f.failAt {
		return nil, f.fails
	}
	accounts := r.GetAccounts()
	for i := range 5 {
		if r.GetFilter() != "" && r.GetFilter() != findsNone {
			accounts = append(accounts, fmt.Sprint("accounts/a", i))
		}
	}
	at, _ := strconv.Atoi(r.GetPageToken())
	size := int(r.GetPageSize())
	if f.size > 0 {
		size = min(size, f.size)
	}
	end := min(len(accounts), at+size)
	answer := &plansv1.ApplyPlanTemplateResponse{}
	for _, account := range accounts[at:end] {
		result := &plansv1.ApplyPlanTemplateResponse_Result{Account: account, DisplayName: "Some account",
			Outcome: plansv1.ApplyPlanTemplateResponse_Result_OUTCOME_BEGUN, Gaps: []*plansv1.PlanGap{{Field: "goals", Description: "write one down"}}}
		switch account {
		case "accounts/a0":
			result.Outcome, result.Gaps = plansv1.ApplyPlanTemplateResponse_Result_OUTCOME_UNCHANGED, nil
		case "accounts/a4":
			result.Outcome, result.Problem = plansv1.ApplyPlanTemplateResponse_Result_OUTCOME_REFUSED, "It is not assigned to you."
		}
		answer.Results = append(answer.Results, result)
	}
	if end < len(accounts) {
		answer.NextPageToken = strconv.Itoa(end)
	}
	return answer, nil
}

// acmePlan is a plan with two goals and two cadences.
func acmePlan() *plansv1.Plan {
	return &plansv1.Plan{
		Name: "plans/acme", Account: "accounts/acme", Owner: "principals/anna", Team: []string{"principals/ben"}, State: plansv1.Plan_STATE_ACTIVE,
		Goals: []*plansv1.Goal{
			{
				Id: "delivery", Statement: "Deliver on the day", Measure: "orders on the day", Unit: "%", Baseline: 80, Target: 95,
				TargetDate: &date.Date{Year: 2027, Month: 6, Day: 30}, Progress: 0.2, ExpectedProgress: 0.35, State: plansv1.Goal_STATE_OPEN,
				Measurements: []*plansv1.Measurement{{Date: &date.Date{Year: 2026, Month: 11, Day: 20}, Value: 83}},
			},
			{
				Id: "shops", Statement: "Open shops", Measure: "shops", Baseline: 3, Target: 5, Progress: 1, State: plansv1.Goal_STATE_REACHED,
				EndTime: timestamppb.New(time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)), EndReason: "They opened the fifth.",
			},
		},
		CustomerEffect: "Their customers wait less.", Contribution: "A forecast.",
		Strategy: &plansv1.Strategy{GapDays: 3, QuietHours: "18:00-09:00", Cadences: []*plansv1.Cadence{
			{Id: "month", Purpose: "Review the month", Channel: plansv1.Channel_CHANNEL_CALL, Rule: "FREQ=MONTHLY;BYDAY=2TU", Start: "2026-12-01T10:00",
				OnHoliday: plansv1.Cadence_HOLIDAY_POLICY_SKIP, Audience: []string{"purchasing"}, Owner: "principals/ben"},
		}},
		Gaps: []*plansv1.PlanGap{{Field: "goals.delivery.measure", Description: "say by what it is measured"}},
		History: []*plansv1.Plan_Turn{
			{TurnTime: timestamppb.New(time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)), Principal: "principals/anna",
				OldState: plansv1.Plan_STATE_DRAFT, NewState: plansv1.Plan_STATE_ACTIVE, Reason: "Agreed."},
			{TurnTime: timestamppb.New(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)), Principal: "principals/mara",
				OldOwner: "principals/carl", NewOwner: "principals/anna"},
		},
		Etag: "e1",
	}
}
