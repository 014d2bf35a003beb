package test

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// relationship is the work of who looks after an account, with others who approve it: the
// requests fit each other, as a walk that guesses field by field does not make them. After
// each it is seen that nobody is entitled to something else, unless by a rule.
type relationship struct {
	*watcher
	account string
	before  string
	made    map[string]bool
	today   time.Time
	// read says that what plans tell is to be known before it is seen who is entitled to
	// what: a rule reads it.
	read bool
	// manager looks after the account; author and approver see to what is published.
	manager, author, approver party
}

// party is somebody, and the services as they call them.
type party struct {
	ctx      context.Context
	plans    plansv1.PlansServiceClient
	touches  plansv1.TouchpointsServiceClient
	signals  plansv1.SignalsServiceClient
	rewards  plansv1.RewardsServiceClient
	projects plansv1.InnovationProjectsServiceClient
	help     plansv1.EngagementsServiceClient
}

func partyOf(w *walk) party {
	return party{
		ctx:   metadata.AppendToOutgoingContext(w.t.Context(), "authorization", "Bearer "+w.token),
		plans: plansv1.NewPlansServiceClient(w.conn), touches: plansv1.NewTouchpointsServiceClient(w.conn), signals: plansv1.NewSignalsServiceClient(w.conn),
		rewards: plansv1.NewRewardsServiceClient(w.conn), projects: plansv1.NewInnovationProjectsServiceClient(w.conn), help: plansv1.NewEngagementsServiceClient(w.conn),
	}
}

// lookAfter has an account looked after in all ways that plans know, and returns the RPCs
// that were made.
func (w *watcher) lookAfter(account string, by, author, approver *walk) map[string]bool {
	w.assign(account)
	r := &relationship{watcher: w, account: account, made: map[string]bool{}, today: time.Now().UTC(),
		manager: partyOf(by), author: partyOf(author), approver: partyOf(approver)}
	r.before = r.held(account, "wombat")
	r.plan()
	r.touch()
	r.engage()
	r.suggest()
	r.reward()
	r.innovate()
	return r.made
}

// do makes a request that has to succeed, and sees that it gave nothing, unless by a rule.
func do[Request, Answer any](ctx context.Context, r *relationship, name string, call func(context.Context, Request, ...grpc.CallOption) (Answer, error), request Request) Answer {
	r.t.Helper()
	answer, err := call(ctx, request)
	require.NoError(r.t, err, name)
	if r.read {
		r.readAgain()
	}
	after := r.held(r.account, "wombat")
	if byRule[name] == "" {
		require.Equal(r.t, r.before, after, "after %s", name)
	}
	r.before, r.made[name] = after, true
	return answer
}

func (r *relationship) in(days int) *date.Date {
	day := r.today.AddDate(0, 0, days)
	return &date.Date{Year: int32(day.Year()), Month: int32(day.Month()), Day: int32(day.Day())}
}

func (r *relationship) name() string { return "plans/" + r.account }

// plan begins a plan with goals, from a play book of two versions, and hands it over and
// back.
func (r *relationship) plan() {
	ctx, c := r.manager.ctx, r.manager.plans
	goal := func(id string) *plansv1.Goal {
		return &plansv1.Goal{Id: id, Statement: "Deliver on the day", Measure: "orders on the day", Unit: "%", Baseline: 80, BaselineDate: r.in(-1), Target: 95, TargetDate: r.in(200)}
	}
	do(ctx, r, "CreatePlan", c.CreatePlan, &plansv1.CreatePlanRequest{Plan: &plansv1.Plan{Account: "accounts/" + r.account, Goals: []*plansv1.Goal{goal("punctual"), goal("early")},
		CustomerEffect: "Their customers wait less.", Contribution: "A forecast.", Strategy: &plansv1.Strategy{Cadences: []*plansv1.Cadence{{Purpose: "See how it goes",
			Channel: plansv1.Channel_CHANNEL_CALL, Rule: "FREQ=DAILY;COUNT=20", Start: r.today.AddDate(0, 0, 1).Format(time.DateOnly) + "T10:00"}}}}})
	do(ctx, r, "ActivatePlan", c.ActivatePlan, &plansv1.ActivatePlanRequest{Name: r.name()})
	do(ctx, r, "MeasureGoal", c.MeasureGoal, &plansv1.MeasureGoalRequest{Name: r.name(), Goal: "punctual", Measurement: &plansv1.Measurement{Value: 95}})
	do(ctx, r, "EndGoal", c.EndGoal, &plansv1.EndGoalRequest{Name: r.name(), Goal: "early", Outcome: plansv1.Goal_STATE_DROPPED, Reason: "Nobody asked for it."})
	book := do(ctx, r, "CreatePlanTemplate", c.CreatePlanTemplate, &plansv1.CreatePlanTemplateRequest{PlanTemplate: &plansv1.PlanTemplate{
		DisplayName: "Punctual", Version: &plansv1.PlanTemplateVersion{Contribution: "A forecast."}}})
	do(ctx, r, "PublishPlanTemplate", c.PublishPlanTemplate, &plansv1.PublishPlanTemplateRequest{Name: book.GetName(), Version: &plansv1.PlanTemplateVersion{Contribution: "Two forecasts."}})
	_, err := r.accounts.UpdateAccount(r.ctx, &accountsv1.UpdateAccountRequest{
		Account:    &accountsv1.Account{Name: "accounts/" + r.account, ServiceTeam: []string{"principals/some-admin"}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"service_team"}}})
	require.NoError(r.t, err)
	for _, owner := range []string{"principals/some-admin", "principals/some-" + manager} {
		do(ctx, r, "HandOverPlan", c.HandOverPlan, &plansv1.HandOverPlanRequest{Name: r.name(), Owner: owner, Reason: "A holiday."})
	}
}

// touch sees to contacts: planned by hand, moved, given away, made and skipped.
func (r *relationship) touch() {
	ctx, c := r.manager.ctx, r.manager.touches
	planned := func(purpose string) *plansv1.Touchpoint {
		return do(ctx, r, "CreateTouchpoint", c.CreateTouchpoint, &plansv1.CreateTouchpointRequest{Parent: r.name(),
			Touchpoint: &plansv1.Touchpoint{Purpose: purpose, Channel: plansv1.Channel_CHANNEL_CALL, DueDate: r.in(3)}})
	}
	call, visit := planned("Call them").GetName(), planned("Visit them").GetName()
	do(ctx, r, "RescheduleTouchpoint", c.RescheduleTouchpoint, &plansv1.RescheduleTouchpointRequest{Name: call, DueDate: r.in(5), Reason: "They asked for it."})
	do(ctx, r, "ReassignTouchpoint", c.ReassignTouchpoint, &plansv1.ReassignTouchpointRequest{Name: call, Owner: "principals/some-admin"})
	do(ctx, r, "CompleteTouchpoint", c.CompleteTouchpoint, &plansv1.CompleteTouchpointRequest{Name: call,
		Outcome: &plansv1.ContactOutcome{Text: "All is well, and they would like to see the forecast.", Initiator: plansv1.ContactOutcome_INITIATOR_COMPANY}})
	do(ctx, r, "SkipTouchpoint", c.SkipTouchpoint, &plansv1.SkipTouchpointRequest{Name: visit, Reason: "They are away."})
}

// engage has somebody of our own people work on a problem of theirs.
func (r *relationship) engage() {
	ctx, c := r.manager.ctx, r.manager.help
	expert := do(ctx, r, "CreateExpert", c.CreateExpert, &plansv1.CreateExpertRequest{ExpertId: "some-" + manager,
		Expert: &plansv1.Expert{Areas: []string{"recruiting"}, Languages: []string{"en"}, HoursAMonth: 10}})
	asked := do(ctx, r, "CreateEngagement", c.CreateEngagement, &plansv1.CreateEngagementRequest{Engagement: &plansv1.Engagement{
		Account: "accounts/" + r.account, Title: "Find a plant manager", Problem: "We have looked for a year.", Area: "recruiting", Origin: plansv1.Engagement_ORIGIN_ASKED_FOR}})
	name := asked.GetName()
	do(ctx, r, "AssignExperts", c.AssignExperts, &plansv1.AssignExpertsRequest{Name: name, Experts: []string{expert.GetName()}})
	do(ctx, r, "StartEngagement", c.StartEngagement, &plansv1.StartEngagementRequest{Name: name})
	hours := do(ctx, r, "RecordHours", c.RecordHours, &plansv1.RecordHoursRequest{Parent: name, Hours: &plansv1.HoursEntry{Person: "principals/some-" + manager, Minutes: 60}})
	do(ctx, r, "ReverseHours", c.ReverseHours, &plansv1.ReverseHoursRequest{Name: hours.GetName(), Reason: "It was another day."})
	do(ctx, r, "CompleteEngagement", c.CompleteEngagement, &plansv1.CompleteEngagementRequest{Name: name, Outcome: "Two came, and one stayed."})
}

// suggest puts a rule for signals in force, and puts off what the demo's rules suggest.
func (r *relationship) suggest() {
	c := r.author.signals
	rule := do(r.author.ctx, r, "CreateSignalRule", c.CreateSignalRule, &plansv1.CreateSignalRuleRequest{SignalRule: &plansv1.SignalRule{DisplayName: "A year more",
		Fact: plansv1.SignalRule_FACT_ANNIVERSARY, Condition: "fact.years >= 1", Reason: "'A customer for ' + string(fact.years) + ' years.'",
		Weight: "10", Channel: plansv1.Channel_CHANNEL_CALL, Purpose: "Say thank you", CoolDownDays: 90}})
	do(r.author.ctx, r, "SimulateSignalRule", c.SimulateSignalRule, &plansv1.SimulateSignalRuleRequest{Name: rule.GetName(), Etag: rule.GetEtag()})
	tried, err := c.GetSignalRule(r.author.ctx, &plansv1.GetSignalRuleRequest{Name: rule.GetName()})
	require.NoError(r.t, err)
	do(r.approver.ctx, r, "PublishSignalRule", r.approver.signals.PublishSignalRule, &plansv1.PublishSignalRuleRequest{Name: tried.GetName(), Etag: tried.GetEtag()})
	open, err := c.ListSuggestions(r.author.ctx, &plansv1.ListSuggestionsRequest{Parent: "accounts/-", Filter: "state = OPEN"})
	require.NoError(r.t, err)
	require.NotEmpty(r.t, open.GetSuggestions())
	do(r.author.ctx, r, "SnoozeSuggestion", c.SnoozeSuggestion, &plansv1.SnoozeSuggestionRequest{Name: open.GetSuggestions()[0].GetName(), UntilDate: r.in(9)})
}

// reward writes, changes and rejects rules for points, takes others back, and publishes
// some.
func (r *relationship) reward() {
	ctx, c := r.author.ctx, r.author.rewards
	draft := func() *plansv1.PointRules {
		return do(ctx, r, "CreatePointRules", c.CreatePointRules, &plansv1.CreatePointRulesRequest{PointRules: &plansv1.PointRules{
			EffectiveDate: r.in(40), Reason: "Goals count more.", Rules: []*plansv1.PointRule{{Id: "goal", Work: "goal-reached", Points: 50}}}})
	}
	taken := draft()
	taken.Reason = "Goals count much more."
	taken = do(ctx, r, "UpdatePointRules", c.UpdatePointRules, &plansv1.UpdatePointRulesRequest{PointRules: taken})
	do(ctx, r, "WithdrawPointRules", c.WithdrawPointRules, &plansv1.WithdrawPointRulesRequest{Name: taken.GetName(), Etag: taken.GetEtag(), Reason: "Another is better."})
	propose := func() *plansv1.PointRules {
		p := draft()
		return do(ctx, r, "ProposePointRules", c.ProposePointRules, &plansv1.ProposePointRulesRequest{Name: p.GetName(), Etag: p.GetEtag()})
	}
	no := propose()
	do(r.approver.ctx, r, "RejectPointRules", r.approver.rewards.RejectPointRules, &plansv1.RejectPointRulesRequest{Name: no.GetName(), Etag: no.GetEtag(), Reason: "Too many."})
	yes := propose()
	do(r.approver.ctx, r, "ApprovePointRules", r.approver.rewards.ApprovePointRules, &plansv1.ApprovePointRulesRequest{Name: yes.GetName(), Etag: yes.GetEtag()})
}

// innovate takes a project from its proposal to its confirmation, and takes that back. By a
// rule for everybody the account has a benefit in between, and not a step before.
func (r *relationship) innovate() {
	r.read = true
	benefit := r.account + " has quoll-models"
	ctx, c, account := r.manager.ctx, r.manager.projects, "accounts/"+r.account
	jane, err := r.accounts.CreateContact(r.ctx, &accountsv1.CreateContactRequest{Parent: account, Contact: &accountsv1.Contact{DisplayName: "Jane"}})
	require.NoError(r.t, err)
	made := do(ctx, r, "CreateInnovationProject", c.CreateInnovationProject, &plansv1.CreateInnovationProjectRequest{InnovationProject: &plansv1.InnovationProject{
		Title: "Recycled caps", Accounts: []string{account},
		Proposal: &plansv1.InnovationProject_Proposal{What: "Caps of recycled resin.", Why: "They are asked for.", Downstream: "Bottles that can be recycled."},
		Agreement: &plansv1.InnovationProject_Agreement{
			Gains: []*plansv1.InnovationProject_Gain{
				{Measure: "caps sold", Unit: "million a year", Target: "12.5", ByDate: r.in(90)},
				{Account: account, Measure: "complaints", Unit: "a month", Target: "5", Baseline: "40", ByDate: r.in(90)},
			},
			Contributions: []*plansv1.InnovationProject_Contribution{{Text: "The tools."}, {Account: account, Text: "A line."}},
			Ownership:     "Shared.", EndConditions: "A month's notice.",
		},
		Stages: []*plansv1.InnovationProject_Stage{{Title: "Design", Criteria: []string{"Drop test passed"}}},
	}})
	name := made.GetName()
	do(ctx, r, "UpdateInnovationProject", c.UpdateInnovationProject, &plansv1.UpdateInnovationProjectRequest{InnovationProject: &plansv1.InnovationProject{Name: name, Title: "Caps, recycled"}})
	for _, signature := range []*plansv1.InnovationProject_Signature{{}, {Account: account, Signer: jane.GetName()}} {
		do(ctx, r, "SignInnovationProject", c.SignInnovationProject, &plansv1.SignInnovationProjectRequest{Name: name, Signature: signature})
	}
	do(ctx, r, "StartInnovationProject", c.StartInnovationProject, &plansv1.StartInnovationProjectRequest{Name: name})
	do(ctx, r, "RecordPilot", c.RecordPilot, &plansv1.RecordPilotRequest{Name: name, Pilot: &plansv1.InnovationProject_Pilot{Location: "Line 2", StartDate: r.in(0)}})
	do(ctx, r, "DecideGate", c.DecideGate, &plansv1.DecideGateRequest{Name: name, Decision: &plansv1.InnovationProject_Decision{
		Verdict: plansv1.InnovationProject_VERDICT_GO, Reason: "It holds.", Evidence: "Report 7"}})
	do(ctx, r, "LaunchInnovationProject", c.LaunchInnovationProject, &plansv1.LaunchInnovationProjectRequest{Name: name})
	for gain := range int32(2) {
		do(ctx, r, "RecordResult", c.RecordResult, &plansv1.RecordResultRequest{Name: name, Result: &plansv1.InnovationProject_Result{Gain: gain + 1, Actual: "7", Evidence: "Sheet 3"}})
	}
	do(ctx, r, "CompleteInnovationProject", c.CompleteInnovationProject, &plansv1.CompleteInnovationProjectRequest{Name: name})
	do(r.author.ctx, r, "ConfirmInnovationProject", r.author.projects.ConfirmInnovationProject, &plansv1.ConfirmInnovationProjectRequest{Name: name,
		Confirmation: &plansv1.InnovationProject_Confirmation{Account: account, Contact: jane.GetName(), Evidence: "Her letter"}})
	require.Contains(r.t, r.before, benefit)
	do(r.author.ctx, r, "WithdrawConfirmation", r.author.projects.WithdrawConfirmation, &plansv1.WithdrawConfirmationRequest{Name: name, Account: account, Reason: "Another project."})
	require.NotContains(r.t, r.before, benefit)
}
