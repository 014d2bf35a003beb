package rpc_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestAPlanIsReadAsItWasWritten(t *testing.T) {
	s := servePlans(t)
	manager := s.as(t, auth.AccountManager)
	r := &plansv1.CreatePlanRequest{Plan: wholePlan("acme"), RequestId: uuid.NewString()}
	r.Plan.Goals = append(r.Plan.Goals, &plansv1.Goal{Statement: "Deliver, on the day!"}, &plansv1.Goal{Statement: "納期を守る"})
	r.Plan.Team = []string{"principals/ben"}
	r.Plan.State = plansv1.Plan_STATE_ACTIVE
	made, err := manager.CreatePlan(t.Context(), r)
	require.NoError(t, err)
	again, err := manager.CreatePlan(t.Context(), r)
	require.NoError(t, err, "a retry")
	require.Equal(t, made.GetEtag(), again.GetEtag())

	got, err := manager.GetPlan(t.Context(), &plansv1.GetPlanRequest{Name: "plans/acme"})
	require.NoError(t, err)
	want, _ := proto.Clone(r.GetPlan()).(*plansv1.Plan)
	want.Name, want.Owner, want.State = "plans/acme", "principals/account-manager", plansv1.Plan_STATE_DRAFT
	for i, id := range []string{"deliver-on-the-day", "deliver-on-the-day-2", "goal"} {
		want.Goals[i].Id, want.Goals[i].State = id, plansv1.Goal_STATE_OPEN
		if i > 0 {
			want.Goals[i].BaselineDate = on(2027, 3, 10)
		}
	}
	want.Goals[0].ExpectedProgress = 0.3
	want.Strategy.Cadences[0].Id, want.Strategy.Cadences[0].OnHoliday = "review-the-month", plansv1.Cadence_HOLIDAY_POLICY_NEXT_WORKDAY
	require.Len(t, got.GetGaps(), 6, "the goals without a measure are not complete")
	require.Equal(t, "goals.deliver-on-the-day-2.measure", got.GetGaps()[0].GetField())
	require.Empty(t, cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(&plansv1.Plan{}, "etag", "create_time", "update_time", "gaps")))
	require.NotEmpty(t, got.GetEtag())

	_, err = manager.CreatePlan(t.Context(), &plansv1.CreatePlanRequest{Plan: wholePlan("acme"), ValidateOnly: true})
	wantStatus(t, err, codes.AlreadyExists, "ALREADY_EXISTS")
	_, err = manager.CreatePlan(t.Context(), &plansv1.CreatePlanRequest{Plan: wholePlan("old")})
	wantStatus(t, err, codes.FailedPrecondition, "ACCOUNT_STATE")
	_, err = manager.GetPlan(t.Context(), &plansv1.GetPlanRequest{Name: "plans/brook"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	for _, role := range []auth.Role{auth.AccountManager, auth.Admin} {
		_, err = s.as(t, role).CreatePlan(t.Context(), &plansv1.CreatePlanRequest{Plan: wholePlan("none")})
		wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
		require.Equal(t, []string{"plan.account"}, fieldsIn(err), "for everybody")
	}
	_, err = manager.CreatePlan(t.Context(), &plansv1.CreatePlanRequest{Plan: &plansv1.Plan{}})
	require.Equal(t, []string{"plan.account"}, fieldsIn(err))
}

func TestManagersChangePlansOfAssignedAccountsOnly(t *testing.T) {
	s := servePlans(t)
	manager, admin := s.as(t, auth.AccountManager), s.as(t, auth.Admin)
	begin(t, admin, "brook")
	ctx := t.Context()
	calls := func(c plansv1.PlansServiceClient, account string) map[string]error {
		name := "plans/" + account
		errs := map[string]error{}
		_, errs["create"] = c.CreatePlan(ctx, &plansv1.CreatePlanRequest{Plan: wholePlan(account), ValidateOnly: true})
		_, errs["update"] = c.UpdatePlan(ctx, &plansv1.UpdatePlanRequest{Plan: &plansv1.Plan{Name: name, Contribution: "x"}})
		_, errs["activate"] = c.ActivatePlan(ctx, &plansv1.ActivatePlanRequest{Name: name, ValidateOnly: true})
		_, errs["review"] = c.ReviewPlan(ctx, &plansv1.ReviewPlanRequest{Name: name, Reason: "x"})
		_, errs["close"] = c.ClosePlan(ctx, &plansv1.ClosePlanRequest{Name: name, Reason: "x"})
		_, errs["reopen"] = c.ReopenPlan(ctx, &plansv1.ReopenPlanRequest{Name: name, Reason: "x"})
		_, errs["hand over"] = c.HandOverPlan(ctx, &plansv1.HandOverPlanRequest{Name: name, Owner: "principals/ben", Reason: "x", ValidateOnly: true})
		_, errs["measure"] = c.MeasureGoal(ctx, &plansv1.MeasureGoalRequest{Name: name, Goal: "deliver-on-the-day", Measurement: &plansv1.Measurement{}})
		_, errs["end"] = c.EndGoal(ctx, &plansv1.EndGoalRequest{Name: name, Goal: "deliver-on-the-day", Outcome: plansv1.Goal_STATE_MISSED, Reason: "x"})
		return errs
	}
	for name, err := range calls(manager, "brook") {
		require.Error(t, err, name)
		wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	}
	for account, client := range map[string]plansv1.PlansServiceClient{"acme": manager, "brook": admin} {
		for name, err := range calls(client, account) {
			if err != nil { // it is about the plan then
				require.NotContains(t, err.Error(), "assigned", name)
			}
		}
	}
	seen, err := manager.GetPlan(ctx, &plansv1.GetPlanRequest{Name: "plans/brook"})
	require.NoError(t, err, "all may read it")
	require.Equal(t, "principals/admin", seen.GetOwner())

	// Who is assigned a moment later may change it, and who is not any more may not.
	s.people.mu.Lock()
	s.people.accounts["brook"] = feeds.Account{State: feeds.Active, Owner: "admin", Team: []string{"account-manager"}}
	s.people.mu.Unlock()
	_, err = manager.UpdatePlan(ctx, &plansv1.UpdatePlanRequest{Plan: &plansv1.Plan{Name: "plans/brook", Team: []string{"principals/ben"}}})
	require.NotContains(t, fmt.Sprint(err), "assigned")
}

// R3: what is planned with a customer says how much it matters, so service staff see none
// of it.
func TestR3ServiceAgentsHaveNoPartInPlans(t *testing.T) {
	s := servePlans(t)
	begin(t, s.as(t, auth.Admin), "brook")
	conn := s.dial(t, auth.ServiceAgent)
	require.NotEmpty(t, plansv1.PlansService_ServiceDesc.Methods)
	for _, method := range plansv1.PlansService_ServiceDesc.Methods {
		err := conn.Invoke(t.Context(), "/"+plansv1.PlansService_ServiceDesc.ServiceName+"/"+method.MethodName, &emptypb.Empty{}, &emptypb.Empty{})
		require.Error(t, err, method.MethodName)
		wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	}
	_, err := plansv1.NewPlansServiceClient(conn).GetPlan(t.Context(), &plansv1.GetPlanRequest{Name: "plans/brook"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

func TestPlansArePagedAndFiltered(t *testing.T) {
	s := servePlans(t)
	admin := s.as(t, auth.Admin)
	for i := range 5 {
		id := fmt.Sprint("s", i)
		s.people.mu.Lock()
		s.people.accounts[id] = feeds.Account{State: feeds.Active, Owner: "ben"}
		s.people.mu.Unlock()
		_, err := admin.CreatePlan(t.Context(), &plansv1.CreatePlanRequest{Plan: &plansv1.Plan{Account: "accounts/" + id}})
		require.NoError(t, err)
	}
	begin(t, admin, "brook")
	list := func(filter string) (names []string) {
		r := &plansv1.ListPlansRequest{Filter: filter, PageSize: 2}
		for {
			page, err := admin.ListPlans(t.Context(), r)
			require.NoError(t, err, filter)
			require.LessOrEqual(t, len(page.GetPlans()), 2)
			for _, p := range page.GetPlans() {
				names = append(names, p.GetName())
			}
			if r.PageToken = page.GetNextPageToken(); r.GetPageToken() == "" {
				return names
			}
		}
	}
	drafts := []string{"plans/s0", "plans/s1", "plans/s2", "plans/s3", "plans/s4"}
	for filter, want := range map[string][]string{
		"":                           append([]string{"plans/brook"}, drafts...),
		`owner = "principals/admin"`: {"plans/brook"},
		`owner = "principals/ben" AND state = DRAFT`:  drafts,
		`owner = "principals/ben" AND state != DRAFT`: nil,
		"state = ACTIVE":                   {"plans/brook"},
		"state = STATE_ACTIVE":             {"plans/brook"},
		`state = "DRAFT"`:                  drafts,
		"state = ACTIVE OR state = DRAFT":  append([]string{"plans/brook"}, drafts...),
		"complete = true":                  {"plans/brook"},
		"complete = false":                 drafts,
		`account = "accounts/s2"`:          {"plans/s2"},
		`owner = "ben"`:                    nil,
		`template = "planTemplates/other"`: nil,
	} {
		require.Equal(t, want, list(filter), filter)
	}
	for _, filter := range []string{`colour = "red"`, "state = SLEEPING", "state ="} {
		_, err := admin.ListPlans(t.Context(), &plansv1.ListPlansRequest{Filter: filter})
		require.Equal(t, codes.InvalidArgument, codeOf(err), filter)
	}
	page, err := admin.ListPlans(t.Context(), &plansv1.ListPlansRequest{PageSize: 2})
	require.NoError(t, err)
	_, err = admin.ListPlans(t.Context(), &plansv1.ListPlansRequest{PageSize: 2, Filter: "complete = true", PageToken: page.GetNextPageToken()})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_PAGE_TOKEN")
}

func TestR9AStrategyIsChangedWholeOrInParts(t *testing.T) {
	s := servePlans(t)
	manager := s.as(t, auth.AccountManager)
	ctx := t.Context()
	before := begin(t, manager, "acme")
	update := func(p *plansv1.Plan, paths ...string) (*plansv1.Plan, error) {
		p.Name = "plans/acme"
		r := &plansv1.UpdatePlanRequest{Plan: p}
		if len(paths) > 0 {
			r.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
		}
		return manager.UpdatePlan(ctx, r)
	}
	part, err := update(&plansv1.Plan{Strategy: &plansv1.Strategy{GapDays: 14}}, "strategy.gap_days")
	require.NoError(t, err)
	want, _ := proto.Clone(before.GetStrategy()).(*plansv1.Strategy)
	want.GapDays = 14
	require.Empty(t, cmp.Diff(want, part.GetStrategy(), protocmp.Transform()), "the rest stays")
	part, err = update(&plansv1.Plan{}, "strategy.quiet_hours", "strategy.calendar")
	require.NoError(t, err)
	want.QuietHours, want.Calendar = "", ""
	require.Empty(t, cmp.Diff(want, part.GetStrategy(), protocmp.Transform()))

	visit := &plansv1.Strategy{Cadences: []*plansv1.Cadence{{Id: "visit", Purpose: "Look at the depot", Channel: plansv1.Channel_CHANNEL_VISIT,
		Rule: "FREQ=YEARLY", Start: "2027-05-01T10:00", OnHoliday: plansv1.Cadence_HOLIDAY_POLICY_SKIP}}}
	all, err := update(&plansv1.Plan{Strategy: visit}, "strategy")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(visit, all.GetStrategy(), protocmp.Transform()), "what the whole does not say is cleared")
	all, err = update(&plansv1.Plan{Contribution: "Two forecasts."})
	require.NoError(t, err, "without a mask, what is set")
	require.Equal(t, "Two forecasts.", all.GetContribution())
	require.Equal(t, before.GetCustomerEffect(), all.GetCustomerEffect())
	sent, _ := proto.Clone(all).(*plansv1.Plan)
	same, err := update(sent)
	require.NoError(t, err, "what was read can be sent back")
	require.Equal(t, all.GetEtag(), same.GetEtag())

	for _, path := range []string{"owner", "account", "state", "name", "goals.statement", "strategy.pace", "history"} {
		_, err = update(&plansv1.Plan{}, path)
		require.Equal(t, []string{"update_mask"}, fieldsIn(err), path)
	}
	_, err = update(&plansv1.Plan{Strategy: &plansv1.Strategy{GapDays: 1}}, "strategy")
	wantStatus(t, err, codes.FailedPrecondition, "PLAN_INCOMPLETE")
	_, err = update(&plansv1.Plan{Etag: before.GetEtag(), Contribution: "Three."})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	r := &plansv1.UpdatePlanRequest{RequestId: uuid.NewString(), Plan: &plansv1.Plan{Name: "plans/acme", Etag: all.GetEtag(), Contribution: "Three."}}
	first, err := manager.UpdatePlan(ctx, r)
	require.NoError(t, err)
	again, err := manager.UpdatePlan(ctx, r)
	require.NoError(t, err, "a retry, with the etag that has passed")
	require.Equal(t, first.GetEtag(), again.GetEtag())
	r.Plan.Contribution = "Four."
	_, err = manager.UpdatePlan(ctx, r)
	wantStatus(t, err, codes.InvalidArgument, "REQUEST_ID_REUSED")
}

func TestWhatIsWrongHasItsPlace(t *testing.T) {
	manager := servePlans(t).as(t, auth.AccountManager)
	for field, change := range map[string]func(*plansv1.Plan){
		"plan.strategy.cadences[0].rule":      func(p *plansv1.Plan) { p.Strategy.Cadences[0].Rule = "FREQ=HOURLY" },
		"plan.strategy.cadences[0].start":     func(p *plansv1.Plan) { p.Strategy.Cadences[0].Start = "soon" },
		"plan.strategy.cadences[0].time_zone": func(p *plansv1.Plan) { p.Strategy.Cadences[0].TimeZone = "Mars/Base" },
		"plan.strategy.cadences[0].owner":     func(p *plansv1.Plan) { p.Strategy.Cadences[0].Owner = "principals/nobody" },
		"plan.strategy.cadences[0].channel":   func(p *plansv1.Plan) { p.Strategy.Cadences[0].Channel = 0 },
		"plan.strategy.quiet_hours":           func(p *plansv1.Plan) { p.Strategy.QuietHours = "24:00-09:00" },
		"plan.strategy.gap_days":              func(p *plansv1.Plan) { p.Strategy.GapDays = 366 },
		"plan.strategy.cadences[1].id": func(p *plansv1.Plan) {
			twin, _ := proto.Clone(p.GetStrategy().GetCadences()[0]).(*plansv1.Cadence)
			twin.Id, p.Strategy.Cadences[0].Id = "month", "month"
			p.Strategy.Cadences = append(p.Strategy.Cadences, twin)
		},
		"plan.goals[0].target_date":   func(p *plansv1.Plan) { p.Goals[0].TargetDate = on(2027, 3, 1) },
		"plan.goals[0].baseline_date": func(p *plansv1.Plan) { p.Goals[0].BaselineDate = on(2027, 2, 29) },
		"plan.goals[0].baseline":      func(p *plansv1.Plan) { p.Goals[0].Baseline = 1e16 },
		"plan.goals[0].statement":     func(p *plansv1.Plan) { p.Goals[0].Statement = " " },
		"plan.team[0]":                func(p *plansv1.Plan) { p.Team = []string{"principals/nobody"} },
		"plan.owner":                  func(p *plansv1.Plan) { p.Owner = "principals/nobody" },
	} {
		p := wholePlan("acme")
		change(p)
		_, err := manager.CreatePlan(t.Context(), &plansv1.CreatePlanRequest{Plan: p, ValidateOnly: true})
		wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
		require.Equal(t, []string{field}, fieldsIn(err), "%v", err)
	}
}

func TestR5ActivatingNamesAllThatIsMissing(t *testing.T) {
	manager := servePlans(t).as(t, auth.AccountManager)
	ctx := t.Context()
	made, err := manager.CreatePlan(ctx, &plansv1.CreatePlanRequest{Plan: &plansv1.Plan{Account: "accounts/acme"}})
	require.NoError(t, err)
	_, err = manager.ActivatePlan(ctx, &plansv1.ActivatePlanRequest{Name: "plans/acme"})
	wantStatus(t, err, codes.FailedPrecondition, "PLAN_INCOMPLETE")
	require.Equal(t, []string{"plans/acme/goals", "plans/acme/customer_effect", "plans/acme/contribution", "plans/acme/strategy.cadences"}, unmet(err))
	var gaps []string
	for _, g := range made.GetGaps() {
		gaps = append(gaps, "plans/acme/"+g.GetField())
	}
	require.Equal(t, gaps, unmet(err), "the plan says the same")

	whole := wholePlan("acme")
	whole.Name = "plans/acme"
	_, err = manager.UpdatePlan(ctx, &plansv1.UpdatePlanRequest{Plan: whole})
	require.NoError(t, err)
	seen, err := manager.ActivatePlan(ctx, &plansv1.ActivatePlanRequest{Name: "plans/acme", ValidateOnly: true})
	require.NoError(t, err)
	require.Equal(t, plansv1.Plan_STATE_ACTIVE, seen.GetState())
	active, err := manager.ActivatePlan(ctx, &plansv1.ActivatePlanRequest{Name: "plans/acme", Etag: seen.GetEtag(), Reason: "Agreed."})
	require.NoError(t, err, "the check gives the etag of what it looked at")
	for _, step := range []struct {
		call func() (*plansv1.Plan, error)
		want plansv1.Plan_State
	}{
		{func() (*plansv1.Plan, error) {
			return manager.ReviewPlan(ctx, &plansv1.ReviewPlanRequest{Name: "plans/acme", Reason: "A year.", Etag: active.GetEtag()})
		}, plansv1.Plan_STATE_UNDER_REVIEW},
		{func() (*plansv1.Plan, error) {
			return manager.ClosePlan(ctx, &plansv1.ClosePlanRequest{Name: "plans/acme", Reason: "Merged."})
		}, plansv1.Plan_STATE_CLOSED},
		{func() (*plansv1.Plan, error) {
			return manager.ReopenPlan(ctx, &plansv1.ReopenPlanRequest{Name: "plans/acme", Reason: "Not merged."})
		}, plansv1.Plan_STATE_DRAFT},
	} {
		p, err := step.call()
		require.NoError(t, err)
		require.Equal(t, step.want, p.GetState())
	}
	_, err = manager.ReviewPlan(ctx, &plansv1.ReviewPlanRequest{Name: "plans/acme", Reason: "x"})
	wantStatus(t, err, codes.FailedPrecondition, "PLAN_STATE")
	last, err := manager.GetPlan(ctx, &plansv1.GetPlanRequest{Name: "plans/acme"})
	require.NoError(t, err)
	require.Len(t, last.GetHistory(), 4)
	require.Equal(t, "Agreed.", last.GetHistory()[0].GetReason())
	require.Equal(t, "principals/account-manager", last.GetHistory()[0].GetPrincipal())
}

func TestGoalsOverRPC(t *testing.T) {
	manager := servePlans(t).as(t, auth.AccountManager)
	ctx := t.Context()
	begin(t, manager, "acme")
	r := &plansv1.MeasureGoalRequest{Name: "plans/acme", Goal: "deliver-on-the-day", Measurement: &plansv1.Measurement{Value: 83, Note: "By phone."}}
	p, err := manager.MeasureGoal(ctx, r)
	require.NoError(t, err)
	goal := p.GetGoals()[0]
	require.Equal(t, int32(10), goal.GetMeasurements()[0].GetDate().GetDay(), "today")
	require.Equal(t, "principals/account-manager", goal.GetMeasurements()[0].GetPrincipal())
	require.InDelta(t, 0.2, goal.GetProgress(), 1e-9)
	require.InDelta(t, 0.3, goal.GetExpectedProgress(), 1e-9)
	r.Measurement.Date = on(2027, 3, 11)
	_, err = manager.MeasureGoal(ctx, r)
	require.Equal(t, []string{"measurement.date"}, fieldsIn(err))
	r.Goal = "other"
	r.Measurement.Date = nil
	_, err = manager.MeasureGoal(ctx, r)
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")

	end := &plansv1.EndGoalRequest{Name: "plans/acme", Goal: "deliver-on-the-day", Outcome: plansv1.Goal_STATE_REACHED, Reason: "They say so."}
	_, err = manager.EndGoal(ctx, end)
	require.Equal(t, []string{"outcome"}, fieldsIn(err))
	end.Outcome = plansv1.Goal_STATE_OPEN
	_, err = manager.EndGoal(ctx, end)
	require.Equal(t, codes.InvalidArgument, codeOf(err))
	end.Outcome = plansv1.Goal_STATE_MISSED
	p, err = manager.EndGoal(ctx, end)
	require.NoError(t, err)
	require.Equal(t, plansv1.Goal_STATE_MISSED, p.GetGoals()[0].GetState())
	require.Equal(t, "They say so.", p.GetGoals()[0].GetEndReason())
	require.NotNil(t, p.GetGoals()[0].GetEndTime())
}
