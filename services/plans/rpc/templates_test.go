package rpc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/evenhand/evenhand/internal/platform/auth"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

func codeOf(err error) codes.Code { return status.Code(err) }

// keyAccounts writes a template down.
func keyAccounts(t *testing.T, c plansv1.PlansServiceClient) *plansv1.PlanTemplate {
	t.Helper()
	made, err := c.CreatePlanTemplate(t.Context(), &plansv1.CreatePlanTemplateRequest{PlanTemplate: &plansv1.PlanTemplate{
		DisplayName: "Key accounts", Description: "For sites.",
		Version: &plansv1.PlanTemplateVersion{Contribution: "A forecast.", Strategy: wholePlan("acme").GetStrategy()}}})
	require.NoError(t, err)
	return made
}

func TestTemplatesOverRPC(t *testing.T) {
	s := servePlans(t)
	manager, auditor := s.as(t, auth.AccountManager), s.as(t, auth.Auditor)
	ctx := t.Context()
	made := keyAccounts(t, manager)
	require.Equal(t, "planTemplates/key-accounts/versions/1", made.GetVersion().GetName())
	require.Equal(t, "principals/account-manager", made.GetVersion().GetPublisher())
	r := &plansv1.PublishPlanTemplateRequest{Name: made.GetName(), Etag: made.GetEtag(), RequestId: uuid.NewString(),
		Version: &plansv1.PlanTemplateVersion{Contribution: "Two forecasts.", Goals: []*plansv1.Goal{{Statement: "Deliver on the day"}}, Note: "Goals."}}
	published, err := manager.PublishPlanTemplate(ctx, r)
	require.NoError(t, err)
	again, err := manager.PublishPlanTemplate(ctx, r)
	require.NoError(t, err, "a retry")
	require.Equal(t, published.GetEtag(), again.GetEtag())
	require.Equal(t, "planTemplates/key-accounts/versions/2", published.GetVersion().GetName())
	require.Nil(t, published.GetVersion().GetGoals()[0].GetBaselineDate(), "a suggestion has no day")

	var versions []string
	list := &plansv1.ListPlanTemplateVersionsRequest{Parent: made.GetName(), PageSize: 1}
	for {
		page, err := auditor.ListPlanTemplateVersions(ctx, list)
		require.NoError(t, err)
		for _, v := range page.GetVersions() {
			versions = append(versions, v.GetName())
		}
		if list.PageToken = page.GetNextPageToken(); list.GetPageToken() == "" {
			break
		}
	}
	require.Equal(t, []string{"planTemplates/key-accounts/versions/2", "planTemplates/key-accounts/versions/1"}, versions, "the last first")
	first, err := auditor.GetPlanTemplateVersion(ctx, &plansv1.GetPlanTemplateVersionRequest{Name: versions[1]})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(made.GetVersion(), first, protocmp.Transform()), "it never changes")
	_, err = auditor.GetPlanTemplateVersion(ctx, &plansv1.GetPlanTemplateVersionRequest{Name: "planTemplates/key-accounts/versions/3"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")

	described, err := manager.UpdatePlanTemplate(ctx, &plansv1.UpdatePlanTemplateRequest{PlanTemplate: &plansv1.PlanTemplate{Name: made.GetName(), Description: "For shops."}})
	require.NoError(t, err)
	require.Equal(t, []string{"Key accounts", "For shops."}, []string{described.GetDisplayName(), described.GetDescription()})
	for _, retired := range []string{"false", "true"} {
		page, err := auditor.ListPlanTemplates(ctx, &plansv1.ListPlanTemplatesRequest{Filter: "retired = " + retired})
		require.NoError(t, err)
		require.Len(t, page.GetPlanTemplates(), map[string]int{"false": 1}[retired])
	}
	_, err = manager.RetirePlanTemplate(ctx, &plansv1.RetirePlanTemplateRequest{Name: made.GetName(), Reason: "Two took its place."})
	require.NoError(t, err)
	_, err = manager.PublishPlanTemplate(ctx, &plansv1.PublishPlanTemplateRequest{Name: made.GetName(), Version: r.GetVersion()})
	wantStatus(t, err, codes.FailedPrecondition, "PLAN_TEMPLATE_STATE")
	_, err = auditor.CreatePlanTemplate(ctx, &plansv1.CreatePlanTemplateRequest{PlanTemplate: &plansv1.PlanTemplate{DisplayName: "x", Version: r.GetVersion()}})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

func TestWhatIsWrongWithATemplateHasItsPlace(t *testing.T) {
	manager := servePlans(t).as(t, auth.AccountManager)
	ctx := t.Context()
	made := keyAccounts(t, manager)
	for place, change := range map[string]func(*plansv1.PlanTemplateVersion){
		"version": func(v *plansv1.PlanTemplateVersion) { v.Strategy = nil },
		"version.strategy.cadences[0].owner": func(v *plansv1.PlanTemplateVersion) {
			v.Strategy.Cadences[0].Owner = "principals/ben"
		},
		"version.strategy.cadences[0].rule": func(v *plansv1.PlanTemplateVersion) { v.Strategy.Cadences[0].Rule = "x" },
		"version.goals[0].target_date": func(v *plansv1.PlanTemplateVersion) {
			v.Goals = []*plansv1.Goal{{Statement: "x", TargetDate: on(2027, 2, 30)}}
		},
	} {
		version := &plansv1.PlanTemplateVersion{Strategy: wholePlan("acme").GetStrategy()}
		change(version)
		_, err := manager.PublishPlanTemplate(ctx, &plansv1.PublishPlanTemplateRequest{Name: made.GetName(), Version: version, ValidateOnly: true})
		require.Equal(t, []string{place}, fieldsIn(err), "%v", err)
		_, err = manager.CreatePlanTemplate(ctx, &plansv1.CreatePlanTemplateRequest{ValidateOnly: true,
			PlanTemplate: &plansv1.PlanTemplate{DisplayName: "Other", Version: version}})
		require.Equal(t, []string{"plan_template." + place}, fieldsIn(err), "%v", err)
	}
}

// applied applies the template to what a request says, page by page, and returns what
// became of each account, in order.
func applied(t *testing.T, c plansv1.PlansServiceClient, r *plansv1.ApplyPlanTemplateRequest) (results []string) {
	t.Helper()
	r.Name, r.PageSize, r.PageToken = "planTemplates/key-accounts", 1, ""
	for {
		page, err := c.ApplyPlanTemplate(t.Context(), r)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.GetResults()), 1)
		for _, one := range page.GetResults() {
			outcome := strings.ToLower(strings.TrimPrefix(one.GetOutcome().String(), "OUTCOME_"))
			results = append(results, fmt.Sprint(strings.TrimPrefix(one.GetAccount(), "accounts/"), " ", outcome, " ", len(one.GetGaps())))
		}
		if r.PageToken = page.GetNextPageToken(); r.GetPageToken() == "" {
			return results
		}
	}
}

func TestR9ATemplateIsAppliedToAccountsPageByPage(t *testing.T) {
	s := servePlans(t)
	manager, admin := s.as(t, auth.AccountManager), s.as(t, auth.Admin)
	ctx := t.Context()
	keyAccounts(t, manager)
	energy := func(check bool) *plansv1.ApplyPlanTemplateRequest {
		return &plansv1.ApplyPlanTemplateRequest{Filter: `attributes.sector = "Energy"`, ValidateOnly: check, RequestId: uuid.NewString()}
	}
	require.Equal(t, []string{"acme begun 2", "brook refused 0"}, applied(t, manager, energy(true)), "the closed account is left out")
	_, err := manager.GetPlan(ctx, &plansv1.GetPlanRequest{Name: "plans/acme"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")

	r := energy(false)
	require.Equal(t, []string{"acme begun 2", "brook refused 0"}, applied(t, manager, r))
	require.Equal(t, []string{"acme begun 2", "brook refused 0"}, applied(t, manager, r), "a retry of the whole")
	require.Equal(t, []string{"acme unchanged 2", "brook refused 0"}, applied(t, manager, energy(false)))
	page, err := manager.ApplyPlanTemplate(ctx, &plansv1.ApplyPlanTemplateRequest{Name: "planTemplates/key-accounts", Accounts: []string{"accounts/brook"}})
	require.NoError(t, err)
	require.Equal(t, "It is not assigned to you.", page.GetResults()[0].GetProblem())
	require.Equal(t, "Brook", page.GetResults()[0].GetDisplayName())

	named := &plansv1.ApplyPlanTemplateRequest{Accounts: []string{"accounts/old", "accounts/cord", "accounts/none", "accounts/acme"}}
	require.Equal(t, []string{"acme unchanged 2", "cord begun 2", "none refused 0", "old refused 0"}, applied(t, admin, named), "by id")
	cord, err := admin.GetPlan(ctx, &plansv1.GetPlanRequest{Name: "plans/cord"})
	require.NoError(t, err)
	require.Equal(t, "principals/admin", cord.GetOwner(), "nobody owns the account")
	require.Equal(t, "planTemplates/key-accounts/versions/1", cord.GetTemplateVersion())
	require.Equal(t, cord.GetTemplateVersion(), cord.GetStrategy().GetCadences()[0].GetTemplateVersion())
	list, err := admin.ListPlans(ctx, &plansv1.ListPlansRequest{Filter: `template = "planTemplates/key-accounts"`})
	require.NoError(t, err)
	require.Len(t, list.GetPlans(), 2)

	// A strategy that is sent back as it was read keeps where it came from, so that it is
	// renewed.
	_, err = manager.UpdatePlan(ctx, &plansv1.UpdatePlanRequest{Plan: &plansv1.Plan{Name: "plans/acme", Strategy: wholePlan("acme").GetStrategy()}})
	require.NoError(t, err)
	_, err = manager.PublishPlanTemplate(ctx, &plansv1.PublishPlanTemplateRequest{Name: "planTemplates/key-accounts",
		Version: &plansv1.PlanTemplateVersion{Strategy: wholePlan("acme").GetStrategy(), Note: "The same."}})
	require.NoError(t, err)
	require.Equal(t, []string{"acme renewed 2", "brook refused 0"}, applied(t, manager, energy(false)))

	for filter, want := range map[string][]string{
		"state = PROSPECT":                                          {"cord renewed 2"},
		`display_name = "Brook"`:                                    {"brook begun 3"},
		`owner = "principals/account-manager"`:                      {"acme unchanged 2"},
		`attributes.sector = "Rope" AND account != "accounts/acme"`: {"cord renewed 2"},
		`attributes.colour = "red"`:                                 nil,
	} {
		require.Equal(t, want, applied(t, admin, &plansv1.ApplyPlanTemplateRequest{Filter: filter, ValidateOnly: true}), filter)
	}
	for name, wrong := range map[string]*plansv1.ApplyPlanTemplateRequest{
		"neither": {}, "both": {Filter: "state = ACTIVE", Accounts: []string{"accounts/acme"}}, "no field": {Filter: "spend > 3"},
	} {
		wrong.Name = "planTemplates/key-accounts"
		_, err := admin.ApplyPlanTemplate(ctx, wrong)
		require.Equal(t, codes.InvalidArgument, codeOf(err), name)
	}
	_, err = admin.ApplyPlanTemplate(ctx, &plansv1.ApplyPlanTemplateRequest{Name: "planTemplates/key-accounts", Version: 7, Accounts: []string{"accounts/acme"}})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

func TestTheFeedTellsPlansAndTemplates(t *testing.T) {
	s := servePlans(t)
	manager := s.as(t, auth.AccountManager)
	ctx := t.Context()
	begin(t, manager, "acme")
	_, err := manager.MeasureGoal(ctx, &plansv1.MeasureGoalRequest{Name: "plans/acme", Goal: "deliver-on-the-day",
		Measurement: &plansv1.Measurement{Value: 83, Note: "Jane was ill."}})
	require.NoError(t, err)
	keyAccounts(t, manager)

	feed := plansv1.NewFeedServiceClient(s.dial(t, auth.Service))
	stream, err := feed.WatchChanges(ctx, &plansv1.WatchChangesRequest{})
	require.NoError(t, err)
	told := map[string][]*plansv1.Change{}
	for len(told["plans/acme"]) < 3 || len(told["planTemplates/key-accounts"]) < 1 {
		batch, err := stream.Recv()
		require.NoError(t, err)
		for _, c := range batch.GetChanges() {
			told[c.GetName()] = append(told[c.GetName()], c)
		}
	}
	changes := told["plans/acme"]
	require.Equal(t, []string{"plan.created", "plan.activated", "plan.goal_measured"}, []string{changes[0].GetType(), changes[1].GetType(), changes[2].GetType()})
	require.Equal(t, "principals/account-manager", changes[1].GetPrincipal())
	require.Equal(t, plansv1.Plan_STATE_ACTIVE, changes[1].GetPlan().GetState())
	now, err := manager.GetPlan(ctx, &plansv1.GetPlanRequest{Name: "plans/acme"})
	require.NoError(t, err)
	state := changes[2].GetPlan()
	require.Empty(t, state.GetGoals()[0].GetMeasurements()[0].GetNote(), "what people wrote of it is not told for good")
	now.Goals[0].Measurements[0].Note = ""
	now.Goals[0].ExpectedProgress = 0 // as of a day, which a change has not
	require.Empty(t, cmp.Diff(now, state, protocmp.Transform()), "all else is told as it is read")
	template := told["planTemplates/key-accounts"][0]
	require.Equal(t, "plan_template.created", template.GetType())
	require.Equal(t, "Key accounts", template.GetPlanTemplate().GetDisplayName())

	head, err := feed.GetFeed(ctx, &plansv1.GetFeedRequest{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, head.GetPosition(), int64(4))
	_, err = plansv1.NewFeedServiceClient(s.dial(t, auth.ServiceAgent)).GetFeed(ctx, &plansv1.GetFeedRequest{})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}
