package auth_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/evenhand/evenhand/internal/platform/auth"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	_ "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	_ "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	_ "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// matrix says, for each permission, which roles hold it, in the order of columns, and
// which RPCs need it; `a` is for assigned accounts only. It is written down a second
// time on purpose: a new RPC, or a change of rights, has to be made, and read, twice.
const columns = "viewer service-agent account-manager policy-author policy-approver board-secretary auditor admin service"

var matrix = map[string]struct{ roles, rpcs string }{
	"absences.update": {". . a . . . . x .",
		"TouchpointsService.CreateAbsence TouchpointsService.DeleteAbsence"},
	"accounts.create": {". . . . . . . x x",
		"AccountsService.CreateAccount"},
	"accounts.declare": {". . . . . . . x x",
		"AccountsService.CreateAttributeKey"},
	"accounts.import": {". . . . . . . x x",
		"AccountsService.ImportAccounts AccountsService.ResolveAccounts"},
	"accounts.read": {"x x x x x x x x x",
		"AccountsService.ListAttributeKeys AccountsService.GetAccount AccountsService.ListAccounts"},
	"accounts.update": {". . a . . . . x .",
		"AccountsService.UpdateAccount AccountsService.ActivateAccount AccountsService.CloseAccount"},
	"acknowledgements.read": {"x x x x x x x x x",
		"AcknowledgementsService.ListAcknowledgements"},
	"bands.read": {"x . x x x x x x x",
		"BandsService.GetBandScale BandsService.ListBandScales"},
	"bands.update": {". . . x . . . x .",
		"BandsService.UpdateBandScale BandsService.ResetBandScale"},
	"baseline.acknowledge": {". x x x x x . x .",
		"AcknowledgementsService.AcknowledgeBaseline"},
	"boards.read": {"x x x x x x x x x",
		"BoardsService.GetBoard BoardsService.ListBoards BoardsService.GetCharter BoardsService.ListCharters " +
			"BoardsService.GetCandidate BoardsService.ListCandidates BoardsService.GetSeat BoardsService.ListSeats " +
			"BoardsService.GetTerm BoardsService.ListTerms BoardsService.GetFinding BoardsService.ListFindings " +
			"RotationsService.GetRotation RotationsService.ListRotations RotationsService.PreviewRotation RotationsService.ListPoolMembers " +
			"RotationsService.GetDraw RotationsService.ListDeliveries RotationsService.SimulateRotations"},
	"boards.schedule": {". . a . . x . x .",
		"RotationsService.LayOutRotations RotationsService.PlanVacancyRotation RotationsService.MoveRotation RotationsService.SkipRotation BoardsService.SwapTerms"},
	"boards.update": {". . . . . x . x .",
		"BoardsService.CreateBoard BoardsService.UpdateBoard BoardsService.CloseBoard BoardsService.PublishCharter"},
	"breaches.record": {". x x x x x . x x",
		"HouseRulesService.RecordBreach"},
	"calendars.read": {"x x x x x x x x x",
		"CalendarService.ListCalendarEvents CalendarService.GetCalendarFeed CalendarService.ListCalendarFeeds"},
	"calendars.update": {". . a . . x . x .",
		"CalendarService.CreateCalendarFeed CalendarService.RevokeCalendarFeed"},
	"candidates.update": {". . x . . x . x .",
		"BoardsService.NominateCandidate BoardsService.BatchNominateCandidates BoardsService.RecordConsent BoardsService.WithdrawCandidate"},
	"cases.import": {". . . . . . . x x",
		"CaseImportsService.ImportCases"},
	"cases.read": {"x x x x x x x x x",
		"CasesService.GetCase CasesService.ListCases CasesService.PreviewDue CasesService.FindPrecedents CasesService.GetEscalationPath"},
	"cases.update": {". x a . . . . x x",
		"CasesService.OpenCase CasesService.UpdateCase CasesService.AssignCase CasesService.ReplyToCase CasesService.WaitOnCustomer " +
			"CasesService.CustomerAnswered CasesService.ResolveCase CasesService.ReopenCase CasesService.EscalateCase CasesService.RecordCaseSurvey"},
	"changes.watch": {". . . . . . x x x",
		"FeedService.WatchChanges FeedService.GetFeed FeedService.LocateChange"},
	"citations.record": {". x x x x x . x x",
		"ClausesService.RecordCitation"},
	"clauses.read": {"x x x x x x x x x",
		"ClausesService.GetClause ClausesService.ListClauses ClausesService.GetCitation ClausesService.ListCitations ClausesService.ReportCitations"},
	"clauses.update": {". . . x . . . x .",
		"ClausesService.CreateClause ClausesService.UpdateClause ClausesService.RetireClause"},
	"company.adopt": {". . . . . . . x x",
		"AccountsService.AdoptSettings"},
	"company.read": {"x x x x x x x x x",
		"AccountsService.GetCompany AccountsService.ListExchangeRates"},
	"company.update": {". . . . . . . x .",
		"AccountsService.UpdateCompany AccountsService.CreateExchangeRate"},
	"contacts.read": {"x x x x x x x x x",
		"AccountsService.GetContact AccountsService.ListContacts"},
	"contacts.update": {". . a . . . . x .",
		"AccountsService.CreateContact AccountsService.UpdateContact AccountsService.DeleteContact"},
	"costs.read": {"x . x x x x x x x",
		"CostsService.GetAccountCost CostsService.SummarizeCosts CostsService.GetCostTrend CostsService.GetCostLimit CostsService.ListCostLimits " +
			"CostsService.GetCostFinding CostsService.ListCostFindings"},
	"costs.update": {". . . x . . . x .",
		"CostsService.CreateCostLimit CostsService.UpdateCostLimit CostsService.DeleteCostLimit CostsService.AcknowledgeCostFinding"},
	"drafts.approve": {". . . . x . . x .",
		"DraftsService.ApproveDraft DraftsService.RejectDraft"},
	"drafts.read": {"x . x x x x x x x",
		"DraftsService.GetDraft DraftsService.ListDrafts DraftsService.SimulateDraft"},
	"drafts.update": {". . . x . . . x .",
		"DraftsService.CreateDraft DraftsService.ComposeDraft DraftsService.UpdateDraft DraftsService.ProposeDraft DraftsService.WithdrawDraft"},
	"draws.read": {". . . . . x x x .",
		"RotationsService.ListPseudonyms"},
	"engagements.read": {"x a x x x x x x x",
		"EngagementsService.GetExpert EngagementsService.ListExperts EngagementsService.GetEngagement EngagementsService.ListEngagements " +
			"EngagementsService.ListHours"},
	"engagements.request": {". x x x x x . x .",
		"EngagementsService.CreateEngagement"},
	"engagements.update": {". . a . . . . x .",
		"EngagementsService.UpdateEngagement EngagementsService.MatchEngagement EngagementsService.AssignExperts EngagementsService.StartEngagement " +
			"EngagementsService.CompleteEngagement EngagementsService.DeclineEngagement EngagementsService.CancelEngagement " +
			"EngagementsService.RecordFeedback EngagementsService.RecordHours EngagementsService.ReverseHours EngagementsService.ChargeHours"},
	"experts.update": {". . x . . . . x .",
		"EngagementsService.CreateExpert EngagementsService.UpdateExpert"},
	"projects.confirm": {". . x . x . . x .",
		"InnovationProjectsService.ConfirmInnovationProject"},
	"projects.withdraw": {". . a . x . . x .",
		"InnovationProjectsService.WithdrawConfirmation"},
	"projects.read": {"x . x x x x x x x",
		"InnovationProjectsService.GetInnovationProject InnovationProjectsService.ListInnovationProjects"},
	"projects.update": {". . a . . . . x .",
		"InnovationProjectsService.CreateInnovationProject InnovationProjectsService.UpdateInnovationProject " +
			"InnovationProjectsService.SignInnovationProject InnovationProjectsService.StartInnovationProject InnovationProjectsService.DecideGate " +
			"InnovationProjectsService.RecordPilot InnovationProjectsService.LaunchInnovationProject InnovationProjectsService.RecordResult " +
			"InnovationProjectsService.CompleteInnovationProject InnovationProjectsService.StopInnovationProject"},
	"enrolments.update": {". . a x . . . x x",
		"ProgrammesService.ApplyToProgramme ProgrammesService.WithdrawEnrolment"},
	"entitlements.check": {"x x x x x x x x x",
		"EntitlementsService.CheckEntitlement EntitlementsService.BatchCheckEntitlements EntitlementsService.ListEntitlements EntitlementsService.GetBaseline"},
	"entitlements.holders": {"x . x x x x x x x",
		"EntitlementsService.ListHolders EntitlementsService.CountHolders"},
	"entrants.read": {". . . . . x x x x",
		"LotteriesService.ListLotteryEntrants"},
	"escalation.update": {". . . x . . . x .",
		"CasesService.UpdateEscalationPath"},
	"houserules.read": {"x x x x x x x x x",
		"HouseRulesService.GetHouseRule HouseRulesService.ListHouseRules HouseRulesService.GetBreach HouseRulesService.ListBreaches HouseRulesService.ReportBreaches"},
	"houserules.update": {". . . x . . . x .",
		"HouseRulesService.CreateHouseRule HouseRulesService.UpdateHouseRule HouseRulesService.RetireHouseRule"},
	"ideas.decide": {". a a a a x . x .",
		"IdeasService.MergeIdea IdeasService.UnmergeIdea IdeasService.DecideIdea IdeasService.ReviseDisposition"},
	"ideas.read": {"x x x x x x x x x",
		"IdeasService.GetIdea IdeasService.ListIdeas IdeasService.FindSimilarIdeas IdeasService.ListVotes IdeasService.ListIdeaComments IdeasService.GetIdeaReport"},
	"ideas.submit": {". x x x x x . x x",
		"IdeasService.SubmitIdea IdeasService.UpdateIdea IdeasService.VoteForIdea IdeasService.TakeBackVote IdeasService.CreateIdeaComment IdeasService.RecordFollowUp"},
	"imports.read": {"x . x x x x x x x",
		"AccountsService.GetImport AccountsService.ListImports CaseImportsService.GetCaseImport CaseImportsService.ListCaseImports"},
	"lotteries.read": {"x . x x x x x x x",
		"LotteriesService.GetLottery LotteriesService.ListLotteries LotteriesService.GetLotteryDraw"},
	"lotteries.run": {". . . . . x . x x",
		"LotteriesService.CreateLottery LotteriesService.DrawLottery LotteriesService.CancelLottery"},
	"meetings.read": {"x x x x x x x x x",
		"MeetingsService.GetMeeting MeetingsService.ListMeetings MeetingsService.SuggestRecusals MeetingsService.GetMinutes " +
			"MeetingsService.ListMinutes MeetingsService.GetDecision MeetingsService.ListDecisions"},
	"meetings.update": {". . a . . x . x .",
		"MeetingsService.ScheduleMeetings MeetingsService.CreateMeeting MeetingsService.UpdateMeeting MeetingsService.MoveMeeting " +
			"MeetingsService.CancelMeeting MeetingsService.InviteMembers MeetingsService.AnswerInvitation MeetingsService.HoldMeeting " +
			"MeetingsService.RecordAttendance MeetingsService.TakeUpItem MeetingsService.RecuseMember MeetingsService.WithdrawRecusal " +
			"MeetingsService.CloseMeeting MeetingsService.CreateMinutes MeetingsService.ApproveMinutes MeetingsService.CreateDecision " +
			"MeetingsService.UpdateDecision MeetingsService.CompleteDecision MeetingsService.DropDecision MeetingsService.ReopenDecision"},
	"parity.read": {"x . x x x x x x x",
		"ParityService.GetParityAudit ParityService.ListParityAudits ParityService.ExportParityAudit ReversalsService.ListReversedBenefits " +
			"LoyaltyService.GetLoyaltyCheck LoyaltyService.RunLoyaltyCheck"},
	"parity.run": {". . . x x . x x .",
		"ParityService.RunParityAudit ParityService.CreateParityAudit"},
	"plancalendars.update": {"a . a a a a a x .",
		"PlanCalendarsService.CreatePlanCalendarFeed PlanCalendarsService.RevokePlanCalendarFeed"},
	"plans.read": {"x . x x x x x x x",
		"PlansService.GetPlan PlansService.ListPlans PlansService.GetPlanTemplate PlansService.ListPlanTemplates " +
			"PlansService.GetPlanTemplateVersion PlansService.ListPlanTemplateVersions " +
			"TouchpointsService.GetTouchpoint TouchpointsService.ListTouchpoints TouchpointsService.ListDueTouchpoints " +
			"TouchpointsService.GetAbsence TouchpointsService.ListAbsences " +
			"PlanCalendarsService.GetPlanCalendarFeed PlanCalendarsService.ListPlanCalendarFeeds"},
	"plans.update": {". . a . . . . x .",
		"PlansService.CreatePlan PlansService.UpdatePlan PlansService.ActivatePlan PlansService.ReviewPlan PlansService.ClosePlan " +
			"PlansService.ReopenPlan PlansService.HandOverPlan PlansService.MeasureGoal PlansService.EndGoal PlansService.ApplyPlanTemplate " +
			"TouchpointsService.CreateTouchpoint TouchpointsService.CompleteTouchpoint TouchpointsService.SkipTouchpoint " +
			"TouchpointsService.RescheduleTouchpoint TouchpointsService.ReassignTouchpoint TouchpointsService.RecordContact"},
	"plantemplates.update": {". . x x . . . x .",
		"PlansService.CreatePlanTemplate PlansService.UpdatePlanTemplate PlansService.PublishPlanTemplate PlansService.RetirePlanTemplate"},
	"principals.read": {". . . . . . x x x",
		"AccessService.GetPrincipal AccessService.ListPrincipals AccessService.ListApiTokens"},
	"principals.update": {". . . . . . . x .",
		"AccessService.CreatePrincipal AccessService.UpdatePrincipal AccessService.CreateApiToken AccessService.DeleteApiToken"},
	"programmes.read": {"x x x x x x x x x",
		"ProgrammesService.GetProgramme ProgrammesService.ListProgrammes ProgrammesService.GetEnrolment ProgrammesService.ListEnrolments"},
	"programmes.update": {". . . x . . . x .",
		"ProgrammesService.CreateProgramme ProgrammesService.UpdateProgramme ProgrammesService.PublishProgramme " +
			"ProgrammesService.EndProgramme ProgrammesService.DeleteProgramme ProgrammesService.RunProgrammeLottery"},
	"projections.rebuild": {". . . . . . . x .",
		"EntitlementsService.RebuildProjections"},
	"reach.read": {". . . . . . x x x",
		"AccountsService.GetReach AccountsService.ListReaches"},
	"reach.update": {". . . . . . . x .",
		"AccountsService.UpdateReach"},
	"remedies.read": {"x x x x x x x x x",
		"RemediesService.GetRemedy RemediesService.ListRemedies RemediesService.SuggestRemedies"},
	"remedies.update": {". . . x . . . x .",
		"RemediesService.CreateRemedy RemediesService.UpdateRemedy RemediesService.RetireRemedy"},
	"requests.create": {". x x x x x . x x",
		"SpecialRequestsService.CreateSpecialRequest"},
	"requests.decide": {". . . x x . . x .",
		"SpecialRequestsService.DeclineSpecialRequest SpecialRequestsService.MakeRule"},
	"requests.read": {"x a x x x x x x x",
		"SpecialRequestsService.GetSpecialRequest SpecialRequestsService.ListSpecialRequests SpecialRequestsService.CountSpecialRequests"},
	"revenue.create": {". . . . . . . x x",
		"RevenueService.CreateRevenueEntry RevenueService.BatchCreateRevenueEntries RevenueService.ReverseRevenueEntry"},
	"revenue.import": {". . . . . . . x x",
		"RevenueService.ImportRevenue"},
	"revenue.read": {"x . x x x x x x x",
		"RevenueService.GetRevenueEntry RevenueService.ListRevenueEntries"},
	"reviews.read": {"x x x x x x x x x",
		"ReviewsService.GetReview ReviewsService.ListReviews"},
	"reviews.update": {". a a x x a . x .",
		"ReviewsService.CreateReview ReviewsService.AssignReview ReviewsService.DecideReview"},
	"rewards.approve": {". . . . x . . x .",
		"RewardsService.ApprovePointRules RewardsService.RejectPointRules RewardsService.AcknowledgeRewardFinding"},
	"rewards.correct": {". . . . . . . x .",
		"RewardsService.CorrectRewardEntry"},
	"rewards.read": {". . a x x a x x .",
		"RewardsService.GetPointRules RewardsService.ListPointRules RewardsService.SimulatePointRules RewardsService.GetRewardEntry " +
			"RewardsService.ListRewardEntries RewardsService.GetRewardStatement RewardsService.ExportRewardStatement " +
			"RewardsService.ListRewardTotals RewardsService.ReportRewardFindings"},
	"rewards.update": {". . . x . . . x .",
		"RewardsService.CreatePointRules RewardsService.UpdatePointRules RewardsService.ProposePointRules RewardsService.WithdrawPointRules"},
	"rotations.draw": {". . . . . x . x .",
		"RotationsService.SolveRotation RotationsService.CommitRotation RotationsService.DrawRotation"},
	"rotations.reveal": {". . x x x x x x .",
		"RotationsService.RevealSeed LotteriesService.RevealLotterySeed"},
	"rotations.run": {". . . . . x . x .",
		"RotationsService.OpenRotation RotationsService.CancelRotation RotationsService.FreezeRotation RotationsService.InviteRotation " +
			"RotationsService.AnswerSeatInvitation RotationsService.CloseRotation BoardsService.EndTerm"},
	"schedule.publish": {". . . . x . . x .",
		"ScheduleService.PublishSchedule"},
	"schedule.read": {"x . x x x x x x x",
		"ScheduleService.GetSchedule ScheduleService.GetScheduleVersion ScheduleService.ListScheduleVersions ScheduleService.SimulateSchedule"},
	"self.read": {"x x x x x x x x x",
		"AccessService.GetCaller"},
	"signals.approve": {". . . . x . . x .",
		"SignalsService.PublishSignalRule"},
	"signals.read": {"x . x x x x x x x",
		"SignalsService.GetSignalRule SignalsService.ListSignalRules SignalsService.LintSignalRule SignalsService.GetSignalRuleVersion " +
			"SignalsService.ListSignalRuleVersions SignalsService.GetSuggestion SignalsService.ListSuggestions"},
	"signals.update": {". . . x . . . x .",
		"SignalsService.CreateSignalRule SignalsService.UpdateSignalRule SignalsService.SimulateSignalRule SignalsService.RunSignalSimulation " +
			"SignalsService.RetireSignalRule SignalsService.InitializeSignalRules"},
	"sessions.read": {"x . x x x x x x x",
		"SessionsService.GetStrategySession SessionsService.ListStrategySessions SessionsService.GetSessionReport"},
	"sessions.update": {". . x x . x . x .",
		"SessionsService.CreateStrategySession SessionsService.UpdateStrategySession SessionsService.OpenStrategySession " +
			"SessionsService.HoldStrategySession SessionsService.RecordSessionAttendance SessionsService.AnswerStrategySession " +
			"SessionsService.CancelStrategySession"},
	"solicitations.read": {"x x x x x x x x x",
		"SolicitationsService.GetSolicitation SolicitationsService.ListSolicitations"},
	"solicitations.update": {". a x x a x . x x",
		"SolicitationsService.CreateSolicitation SolicitationsService.UpdateSolicitation SolicitationsService.OpenSolicitation SolicitationsService.CloseSolicitation SolicitationsService.AnswerSolicitation SolicitationsService.WithdrawSolicitation"},
	"spend.read": {"x . x x x x x x x",
		"EntitlementsService.GetSpend EntitlementsService.GetSpendSummary"},
	"suggestions.update": {". . a . . . . x .",
		"SignalsService.SnoozeSuggestion SignalsService.AcceptSuggestion SignalsService.DismissSuggestion"},
	"statements.issue": {". . . . x . . x .",
		"StatementsService.IssueValueStatements StatementsService.BatchIssueValueStatements"},
	"statements.read": {"x . x x x x x x x",
		"StatementsService.GetValueStatement StatementsService.RenderValueStatement StatementsService.ListValueStatements StatementsService.SumValueStatements " +
			"StatementsService.ListValueStatementEntries FeedService.GetFollowing"},
	"tokens.authenticate": {". . . . . . . x x",
		"AccessService.AuthenticateToken"},
	"usage.consume": {". x a . . . . x x",
		"UsageService.ConsumeBenefit UsageService.ReserveBenefit UsageService.CommitReservation UsageService.CancelReservation UsageService.ReleaseUsage"},
	"usage.read": {"x x x x x x x x x",
		"UsageService.GetBalance UsageService.ListBalances UsageService.ListReservations UsageService.GetUsageEntry " +
			"UsageService.ListUsageEntries UsageService.ListUsageNotices"},
}

func TestMatrixOverEveryRPC(t *testing.T) {
	roles := strings.Fields(columns)
	require.ElementsMatch(t, roles, names(auth.Roles()))
	needed := map[string]string{} // by RPC
	for permission, row := range matrix {
		for _, rpc := range strings.Fields(row.rpcs) {
			require.NotContains(t, needed, rpc, "it is there twice")
			needed[rpc] = permission
		}
	}
	there := map[string]bool{}
	for _, m := range everyRPC(t) {
		access, err := auth.AccessOf(string(m.Parent().FullName()), string(m.Name()))
		require.NoError(t, err)
		rpc := string(m.Parent().Name() + "." + m.Name())
		if access.Anonymous {
			require.Contains(t, []string{"CalendarFeedService.ReadCalendar", "PlanCalendarFeedService.ReadPlanCalendar"}, rpc, "nothing else answers without a token")
			continue
		}
		require.Equal(t, needed[rpc], access.Permission, "%s: the matrix says otherwise", rpc)
		there[rpc] = true
		for i, cell := range strings.Fields(matrix[access.Permission].roles) {
			p := auth.NewPrincipal("principals/p", "", true, auth.Role(roles[i]))
			want := cell == "x" || cell == "a" && access.Assigned
			require.Equal(t, want, access.Allow(p) == nil, "%s as %s", rpc, roles[i])
			require.Equal(t, map[string]auth.Scope{"x": auth.All, "a": auth.Assigned, ".": auth.None}[cell], p.Can(access.Permission))
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(needed)), slices.Collect(maps.Keys(there)), "some are no RPCs")
	require.ElementsMatch(t, auth.NewPrincipal("principals/p", "", true, auth.Admin).Permissions(), slices.Collect(maps.Keys(matrix)))
}

// A session asks through the plans service, whose own right to ask is not the caller's.
func TestR11NobodyAsksThroughASessionWhoMayNotAsk(t *testing.T) {
	for _, role := range auth.Roles() {
		p := auth.NewPrincipal("principals/p", "", true, role)
		if p.Can("sessions.update") != auth.None {
			require.Equal(t, auth.All, p.Can("solicitations.update"), role)
		}
	}
}

func TestR3ServiceAgentsAreSpendBlind(t *testing.T) {
	for _, role := range auth.Roles() {
		require.Equal(t, role == auth.ServiceAgent, auth.NewPrincipal("p", "", true, role).SpendBlind(), role)
	}
	require.True(t, auth.FromContext(t.Context()).SpendBlind(), "nobody sees spend")
	require.False(t, auth.NewPrincipal("p", "", true, auth.ServiceAgent, auth.Viewer).SpendBlind())
}

func TestPermissionsOfSeveralRolesAddUp(t *testing.T) {
	p := auth.NewPrincipal("p", "", true, auth.AccountManager, auth.ServiceAgent)
	require.Contains(t, p.Permissions(), "accounts.update:assigned")
	p = auth.NewPrincipal("p", "", true, auth.AccountManager, auth.Admin)
	require.Contains(t, p.Permissions(), "accounts.update")
	require.NotContains(t, p.Permissions(), "accounts.update:assigned")
	require.Empty(t, auth.NewPrincipal("p", "", true, "emperor").Permissions())
}

func TestRolesAreThoseOfTheAPI(t *testing.T) {
	for name, number := range accountsv1.Role_value {
		if number == 0 {
			continue
		}
		role := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "ROLE_")), "_", "-")
		require.Contains(t, auth.Roles(), auth.Role(role))
	}
}

func everyRPC(t *testing.T) []protoreflect.MethodDescriptor {
	var all []protoreflect.MethodDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			if s := f.Services().Get(i); strings.HasPrefix(string(s.FullName()), "evenhand.") {
				for j := range s.Methods().Len() {
					all = append(all, s.Methods().Get(j))
				}
			}
		}
		return true
	})
	require.Greater(t, len(all), 40)
	return all
}

func names(roles []auth.Role) []string {
	var out []string
	for _, r := range roles {
		out = append(out, string(r))
	}
	return out
}
