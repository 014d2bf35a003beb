package rpc_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

const (
	uuid1 = "0b0f2f1e-8c1b-4c38-9d9f-1d0f6a1b2c3d"
	uuid2 = "0b0f2f1e-8c1b-4c38-9d9f-1d0f6a1b2c3e"
)

// recruit requests an engagement of acme, and puts the account manager to work on it.
func recruit(t *testing.T, w *workplace, benefit string) workers {
	t.Helper()
	ctx := t.Context()
	manager := w.as(t, auth.AccountManager)
	_, err := manager.CreateExpert(ctx, &plansv1.CreateExpertRequest{ExpertId: "account-manager", Expert: &plansv1.Expert{Areas: []string{"recruiting"}, HoursAMonth: 10}})
	require.NoError(t, err)
	_, err = manager.CreateEngagement(ctx, &plansv1.CreateEngagementRequest{EngagementId: "find", Engagement: &plansv1.Engagement{
		Account: "accounts/acme", Title: "Find a plant manager", Problem: "We have looked for a year.", Area: "recruiting", Benefit: benefit,
		Origin: plansv1.Engagement_ORIGIN_OFFERED, PlannedStartDate: &date.Date{Year: 2026, Month: 3, Day: 9}}})
	require.NoError(t, err)
	_, err = manager.AssignExperts(ctx, &plansv1.AssignExpertsRequest{Name: "engagements/find", Experts: []string{"experts/account-manager"}})
	require.NoError(t, err)
	_, err = manager.StartEngagement(ctx, &plansv1.StartEngagementRequest{Name: "engagements/find"})
	require.NoError(t, err)
	return manager
}

func TestR6AnEngagementFromItsRequestToWhatTheCustomerSaid(t *testing.T) {
	w := openWorkplace(t)
	ctx := t.Context()
	manager := recruit(t, w, "")
	list, err := manager.MatchEngagement(ctx, &plansv1.MatchEngagementRequest{Name: "engagements/find"})
	require.NoError(t, err)
	require.Len(t, list.GetCandidates(), 1)
	require.Equal(t, "experts/account-manager", list.GetCandidates()[0].GetExpert())
	require.Equal(t, int32(600), list.GetCandidates()[0].GetFreeMinutes())
	require.Contains(t, list.GetCandidates()[0].GetReasons(), "Knows recruiting.")

	changed, err := manager.UpdateEngagement(ctx, &plansv1.UpdateEngagementRequest{
		Engagement: &plansv1.Engagement{Name: "engagements/find", PlannedMinutes: 300}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"planned_minutes", "planned_start_date"}}})
	require.NoError(t, err)
	require.Equal(t, "Find a plant manager", changed.GetTitle())
	require.Nil(t, changed.GetPlannedStartDate())
	_, err = manager.RecordHours(ctx, &plansv1.RecordHoursRequest{Parent: "engagements/find", Hours: &plansv1.HoursEntry{Minutes: 90, Note: "Read the adverts."}})
	require.NoError(t, err)
	done, err := manager.CompleteEngagement(ctx, &plansv1.CompleteEngagementRequest{Name: "engagements/find", Outcome: "They hired one."})
	require.NoError(t, err)
	require.Equal(t, plansv1.Engagement_STATE_COMPLETED, done.GetState())
	require.Equal(t, int32(90), done.GetWorkedMinutes())
	heard, err := manager.RecordFeedback(ctx, &plansv1.RecordFeedbackRequest{Name: "engagements/find", Feedback: &plansv1.EngagementFeedback{
		Text: "At last!", Rating: 5, Contact: "accounts/acme/contacts/jane", Solved: true}})
	require.NoError(t, err)
	require.True(t, heard.GetSolved())
	require.Equal(t, "principals/account-manager", heard.GetFeedback()[0].GetRecorder())
	_, err = manager.CancelEngagement(ctx, &plansv1.CancelEngagementRequest{Name: "engagements/find", Reason: "Too late."})
	wantStatus(t, err, codes.FailedPrecondition, "ENGAGEMENT_STATE")
	require.Empty(t, w.others.used)

	for filter, want := range map[string]int{
		"": 1, `account = "accounts/acme" AND state = STATE_COMPLETED`: 1, `account = "accounts/other"`: 0,
		`expert = "experts/account-manager"`: 1, `expert = "experts/ben"`: 0, `requester = "principals/account-manager"`: 1,
		`expert = "experts/ben" OR expert = "experts/account-manager"`: 1, `expert != "experts/ben"`: 1, `NOT expert = "experts/account-manager"`: 0,
	} {
		found, err := manager.ListEngagements(ctx, &plansv1.ListEngagementsRequest{Filter: filter})
		require.NoError(t, err)
		require.Len(t, found.GetEngagements(), want, filter)
	}
}

func TestR20HoursUseTheBenefitOnceHoweverOftenTheyAreSent(t *testing.T) {
	w := openWorkplace(t)
	ctx := t.Context()
	manager := recruit(t, w, "expert-hours")
	w.others.away = true
	r := &plansv1.RecordHoursRequest{Parent: "engagements/find", Hours: &plansv1.HoursEntry{Minutes: 125}, RequestId: uuid1}
	h, err := manager.RecordHours(ctx, r)
	require.NoError(t, err, "the hours stand")
	require.Equal(t, plansv1.HoursEntry_CHARGE_DUE, h.GetCharge())
	w.others.away = false
	require.NoError(t, w.engagements.Settle(ctx))
	h, err = manager.RecordHours(ctx, r)
	require.NoError(t, err)
	require.Equal(t, plansv1.HoursEntry_CHARGE_SETTLED, h.GetCharge())
	require.Equal(t, int64(2), h.GetUnits())
	require.Contains(t, h.GetUsageEntry(), "accounts/acme/usageEntries/")
	require.Equal(t, int64(8), w.others.left)

	h, err = manager.RecordHours(ctx, &plansv1.RecordHoursRequest{Parent: "engagements/find", Hours: &plansv1.HoursEntry{Minutes: 540}})
	require.NoError(t, err)
	require.Equal(t, plansv1.HoursEntry_CHARGE_REFUSED, h.GetCharge())
	require.Equal(t, "8 units are left.", h.GetRefusal())
	again, err := manager.ChargeHours(ctx, &plansv1.ChargeHoursRequest{Name: h.GetName(), RequestId: uuid2})
	require.NoError(t, err)
	require.Equal(t, "8 units are left.", again.GetRefusal(), "it refuses again")
	_, err = manager.ChargeHours(ctx, &plansv1.ChargeHoursRequest{Name: "engagements/find/hours/1"})
	wantStatus(t, err, codes.FailedPrecondition, "ENGAGEMENT_STATE")
	_, err = w.as(t, auth.Auditor).ChargeHours(ctx, &plansv1.ChargeHoursRequest{Name: h.GetName()})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	back, err := manager.ReverseHours(ctx, &plansv1.ReverseHoursRequest{Name: "engagements/find/hours/1", Reason: "Another customer."})
	require.NoError(t, err)
	require.Equal(t, "engagements/find/hours/1", back.GetReverses())
	require.Equal(t, int64(-2), back.GetUnits())
	require.Equal(t, int64(10), w.others.left)
	again, err = manager.ChargeHours(ctx, &plansv1.ChargeHoursRequest{Name: h.GetName()})
	require.NoError(t, err)
	require.Equal(t, plansv1.HoursEntry_CHARGE_SETTLED, again.GetCharge())
	require.Equal(t, int64(1), w.others.left)
	all, err := manager.ListHours(ctx, &plansv1.ListHoursRequest{Parent: "engagements/find"})
	require.NoError(t, err)
	require.Len(t, all.GetHours(), 3)
	require.Equal(t, "engagements/find/hours/3", all.GetHours()[0].GetReversedBy())
	_, err = manager.ReverseHours(ctx, &plansv1.ReverseHoursRequest{Name: "engagements/find/hours/1", Reason: "Twice."})
	wantStatus(t, err, codes.FailedPrecondition, "HOURS_REVERSED")
	checked, err := manager.RecordHours(ctx, &plansv1.RecordHoursRequest{Parent: "engagements/find", Hours: &plansv1.HoursEntry{Minutes: 60}, ValidateOnly: true})
	require.NoError(t, err)
	require.Equal(t, "engagements/find/hours/4", checked.GetName())
	e, err := manager.GetEngagement(ctx, &plansv1.GetEngagementRequest{Name: "engagements/find"})
	require.NoError(t, err)
	require.Equal(t, int32(540), e.GetWorkedMinutes())
	require.Equal(t, []int64{9, 0}, []int64{e.GetUsedUnits(), e.GetRefusedUnits()})
}

func TestR3ServiceAgentsSeeWhatTheyRequestedAndNoUseOfBenefits(t *testing.T) {
	w := openWorkplace(t)
	ctx := t.Context()
	manager, agent := recruit(t, w, "expert-hours"), w.as(t, auth.ServiceAgent)
	_, err := agent.GetEngagement(ctx, &plansv1.GetEngagementRequest{Name: "engagements/find"})
	of := wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED").Message()
	_, err = agent.GetEngagement(ctx, &plansv1.GetEngagementRequest{Name: "engagements/none"})
	require.Equal(t, of, strings.ReplaceAll(wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED").Message(), "engagements/none", "engagements/find"),
		"it is told the same of what is not there")
	_, err = agent.ListHours(ctx, &plansv1.ListHoursRequest{Parent: "engagements/find"})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	own, err := agent.CreateEngagement(ctx, &plansv1.CreateEngagementRequest{RequestId: uuid1, Engagement: &plansv1.Engagement{
		Account: "accounts/acme", Title: "Their till", Problem: "It crashes.", Area: "recruiting", Benefit: "expert-hours"}})
	require.NoError(t, err)
	again, err := agent.CreateEngagement(ctx, &plansv1.CreateEngagementRequest{RequestId: uuid1, Engagement: &plansv1.Engagement{
		Account: "accounts/acme", Title: "Their till", Problem: "It crashes.", Area: "recruiting", Benefit: "expert-hours"}})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(own, again, protocmp.Transform()))

	_, err = manager.AssignExperts(ctx, &plansv1.AssignExpertsRequest{Name: own.GetName(), Experts: []string{"experts/account-manager"}})
	require.NoError(t, err)
	_, err = manager.StartEngagement(ctx, &plansv1.StartEngagementRequest{Name: own.GetName()})
	require.NoError(t, err)
	_, err = manager.RecordHours(ctx, &plansv1.RecordHoursRequest{Parent: own.GetName(), Hours: &plansv1.HoursEntry{Minutes: 60}})
	require.NoError(t, err)
	_, err = manager.RecordHours(ctx, &plansv1.RecordHoursRequest{Parent: own.GetName(), Hours: &plansv1.HoursEntry{Minutes: 1440}})
	require.NoError(t, err)
	got, err := agent.GetEngagement(ctx, &plansv1.GetEngagementRequest{Name: own.GetName()})
	require.NoError(t, err)
	require.Equal(t, int32(1500), got.GetWorkedMinutes())
	require.Zero(t, got.GetUsedUnits())
	require.Zero(t, got.GetRefusedUnits(), "though the benefit refused a day's work")
	hours, err := agent.ListHours(ctx, &plansv1.ListHoursRequest{Parent: own.GetName()})
	require.NoError(t, err)
	for _, h := range hours.GetHours() {
		require.Zero(t, h.GetCharge())
		require.Zero(t, h.GetUnits())
		require.Empty(t, h.GetUsageEntry()+h.GetRefusal())
	}
	list, err := agent.ListEngagements(ctx, &plansv1.ListEngagementsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetEngagements(), 1)
	list, err = agent.ListEngagements(ctx, &plansv1.ListEngagementsRequest{Filter: `requester = "principals/account-manager"`})
	require.NoError(t, err)
	require.Empty(t, list.GetEngagements())
	_, err = agent.DeclineEngagement(ctx, &plansv1.DeclineEngagementRequest{Name: own.GetName(), Reason: "No."})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

func TestAnAccountManagerActsForAssignedAccountsAndWhereTheyAreExperts(t *testing.T) {
	w := openWorkplace(t)
	ctx := t.Context()
	manager, admin := recruit(t, w, ""), w.as(t, auth.Admin)
	_, err := manager.CreateEngagement(ctx, &plansv1.CreateEngagementRequest{EngagementId: "other", Engagement: &plansv1.Engagement{
		Account: "accounts/other", Title: "Their till", Problem: "It crashes.", Area: "recruiting"}})
	require.NoError(t, err, "anybody may ask for one")
	start := &plansv1.StartEngagementRequest{Name: "engagements/other"}
	_, err = manager.StartEngagement(ctx, start)
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = manager.MatchEngagement(ctx, &plansv1.MatchEngagementRequest{Name: "engagements/other"})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = manager.StartEngagement(ctx, &plansv1.StartEngagementRequest{Name: "engagements/none"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	_, err = admin.AssignExperts(ctx, &plansv1.AssignExpertsRequest{Name: "engagements/other", Experts: []string{"experts/account-manager"}})
	require.NoError(t, err)
	_, err = manager.StartEngagement(ctx, start)
	require.NoError(t, err)
	_, err = admin.AssignExperts(ctx, &plansv1.AssignExpertsRequest{Name: "engagements/other", Experts: []string{"experts/ben"}})
	wantStatus(t, err, codes.FailedPrecondition, "EXPERT_NOT_AVAILABLE")
}

// Who is not on an engagement any more has nothing to say in it, but the hours that they have
// left to write down.
func TestAnExpertWhoWasOnAnEngagementRecordsTheirHoursOnly(t *testing.T) {
	w := openWorkplace(t)
	ctx := t.Context()
	manager, admin := recruit(t, w, ""), w.as(t, auth.Admin)
	_, err := admin.CreateExpert(ctx, &plansv1.CreateExpertRequest{ExpertId: "ben", Expert: &plansv1.Expert{Areas: []string{"recruiting"}, HoursAMonth: 10}})
	require.NoError(t, err)
	const other = "engagements/other"
	_, err = admin.CreateEngagement(ctx, &plansv1.CreateEngagementRequest{EngagementId: "other", Engagement: &plansv1.Engagement{
		Account: "accounts/other", Title: "Their till", Problem: "It crashes.", Area: "recruiting"}})
	require.NoError(t, err)
	assign := func(by workers, expert string) error {
		_, err := by.AssignExperts(ctx, &plansv1.AssignExpertsRequest{Name: other, Experts: []string{"experts/" + expert}})
		return err
	}
	record := func(person string) error {
		_, err := manager.RecordHours(ctx, &plansv1.RecordHoursRequest{Parent: other, Hours: &plansv1.HoursEntry{Minutes: 30, Person: person}})
		return err
	}
	require.NoError(t, assign(admin, "account-manager"))
	_, err = manager.MatchEngagement(ctx, &plansv1.MatchEngagementRequest{Name: other})
	require.NoError(t, err)
	_, err = manager.StartEngagement(ctx, &plansv1.StartEngagementRequest{Name: other})
	require.NoError(t, err)
	require.NoError(t, assign(manager, "ben"), "they hand it over")

	require.NoError(t, record(""))
	require.NoError(t, record("principals/account-manager"))
	_, err = admin.RecordHours(ctx, &plansv1.RecordHoursRequest{Parent: other, Hours: &plansv1.HoursEntry{Minutes: 30, Person: "principals/ben"}})
	require.NoError(t, err)
	refused := map[string]error{"back": assign(manager, "account-manager"), "ben's hours": record("principals/ben")}
	_, refused["update"] = manager.UpdateEngagement(ctx, &plansv1.UpdateEngagementRequest{Engagement: &plansv1.Engagement{Name: other, Title: "Mine"}})
	_, refused["match"] = manager.MatchEngagement(ctx, &plansv1.MatchEngagementRequest{Name: other})
	_, refused["complete"] = manager.CompleteEngagement(ctx, &plansv1.CompleteEngagementRequest{Name: other, Outcome: "It runs."})
	_, refused["cancel"] = manager.CancelEngagement(ctx, &plansv1.CancelEngagementRequest{Name: other, Reason: "No time."})
	_, refused["feedback"] = manager.RecordFeedback(ctx, &plansv1.RecordFeedbackRequest{Name: other, Feedback: &plansv1.EngagementFeedback{
		Rating: 5, Contact: "accounts/other/contacts/jane"}})
	_, refused["reverse"] = manager.ReverseHours(ctx, &plansv1.ReverseHoursRequest{Name: other + "/hours/1", Reason: "Not mine."})
	for what, err := range refused {
		require.Error(t, err, what)
		wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	}
}

func TestExpertsOverRPC(t *testing.T) {
	w := openWorkplace(t)
	ctx := t.Context()
	admin := w.as(t, auth.Admin)
	made, err := admin.CreateExpert(ctx, &plansv1.CreateExpertRequest{ExpertId: "ben", RequestId: uuid2, Expert: &plansv1.Expert{
		Areas: []string{"systems"}, Languages: []string{"de"}, HoursAMonth: 8}})
	require.NoError(t, err)
	require.Equal(t, plansv1.Expert_STATE_ACTIVE, made.GetState())
	_, err = admin.CreateExpert(ctx, &plansv1.CreateExpertRequest{ExpertId: "nobody", Expert: &plansv1.Expert{Areas: []string{"systems"}}})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	changed, err := admin.UpdateExpert(ctx, &plansv1.UpdateExpertRequest{Expert: &plansv1.Expert{Name: "experts/ben", State: plansv1.Expert_STATE_INACTIVE, Etag: made.GetEtag()}})
	require.NoError(t, err)
	require.Equal(t, plansv1.Expert_STATE_INACTIVE, changed.GetState())
	require.Equal(t, []string{"systems"}, changed.GetAreas())
	_, err = admin.UpdateExpert(ctx, &plansv1.UpdateExpertRequest{Expert: &plansv1.Expert{Name: "experts/ben", HoursAMonth: 4, Etag: made.GetEtag()}})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	for filter, want := range map[string]int{"": 1, "state = ACTIVE": 0, `area = "systems" AND language = "de"`: 1, `area = "recruiting"`: 0} {
		list, err := w.as(t, auth.ServiceAgent).ListExperts(ctx, &plansv1.ListExpertsRequest{Filter: filter})
		require.NoError(t, err)
		require.Len(t, list.GetExperts(), want, filter)
	}
	got, err := admin.GetExpert(ctx, &plansv1.GetExpertRequest{Name: "experts/ben"})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(changed, got, protocmp.Transform()))
}
