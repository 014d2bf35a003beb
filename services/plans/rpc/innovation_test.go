package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

const caps = "innovationProjects/recycled-caps"

func theProject() *plansv1.InnovationProject {
	by := &date.Date{Year: 2027, Month: 3, Day: 1}
	return &plansv1.InnovationProject{
		Title: "Recycled caps", Accounts: []string{"accounts/acme"},
		Proposal: &plansv1.InnovationProject_Proposal{What: "Caps of recycled resin.", Why: "They are asked for.", Downstream: "Bottles that can be recycled."},
		Agreement: &plansv1.InnovationProject_Agreement{
			Gains: []*plansv1.InnovationProject_Gain{
				{Measure: "caps sold", Unit: "million a year", Target: "12.5", ByDate: by},
				{Account: "accounts/acme", Measure: "complaints", Unit: "a month", Target: "5", Baseline: "40", ByDate: by},
			},
			Contributions: []*plansv1.InnovationProject_Contribution{{Text: "The tools."}, {Account: "accounts/acme", Text: "A line."}},
			Ownership:     "Shared.", EndConditions: "A month's notice.",
		},
		Stages: []*plansv1.InnovationProject_Stage{{Title: "Design", Criteria: []string{"Drop test passed"}}},
	}
}

// complete takes the project up to where the customer is to confirm it.
func complete(t *testing.T, c workers) {
	t.Helper()
	ctx := t.Context()
	_, err := c.CreateInnovationProject(ctx, &plansv1.CreateInnovationProjectRequest{InnovationProject: theProject()})
	require.NoError(t, err)
	_, err = c.SignInnovationProject(ctx, &plansv1.SignInnovationProjectRequest{Name: caps, Signature: &plansv1.InnovationProject_Signature{}})
	require.NoError(t, err)
	_, err = c.SignInnovationProject(ctx, &plansv1.SignInnovationProjectRequest{Name: caps,
		Signature: &plansv1.InnovationProject_Signature{Account: "accounts/acme", Signer: "accounts/acme/contacts/jane"}})
	require.NoError(t, err)
	started, err := c.StartInnovationProject(ctx, &plansv1.StartInnovationProjectRequest{Name: caps})
	require.NoError(t, err)
	require.Equal(t, int32(1), started.GetCurrentStage())
	_, err = c.RecordPilot(ctx, &plansv1.RecordPilotRequest{Name: caps, Pilot: &plansv1.InnovationProject_Pilot{Location: "Line 2", StartDate: &date.Date{Year: 2026, Month: 3, Day: 2}}})
	require.NoError(t, err)
	_, err = c.DecideGate(ctx, &plansv1.DecideGateRequest{Name: caps, Decision: &plansv1.InnovationProject_Decision{
		Stage: 2, Verdict: plansv1.InnovationProject_VERDICT_GO, Reason: "It holds.", Evidence: "Report 7"}})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	passed, err := c.DecideGate(ctx, &plansv1.DecideGateRequest{Name: caps, Decision: &plansv1.InnovationProject_Decision{
		Stage: 1, Verdict: plansv1.InnovationProject_VERDICT_GO, Reason: "It holds.", Evidence: "Report 7"}})
	require.NoError(t, err)
	require.Zero(t, passed.GetCurrentStage())
	_, err = c.LaunchInnovationProject(ctx, &plansv1.LaunchInnovationProjectRequest{Name: caps})
	require.NoError(t, err)
	for gain := range int32(2) {
		_, err = c.RecordResult(ctx, &plansv1.RecordResultRequest{Name: caps, Result: &plansv1.InnovationProject_Result{Gain: gain + 1, Actual: "7", Evidence: "Sheet 3"}})
		require.NoError(t, err)
	}
	done, err := c.CompleteInnovationProject(ctx, &plansv1.CompleteInnovationProjectRequest{Name: caps})
	require.NoError(t, err)
	require.Equal(t, plansv1.InnovationProject_STATE_COMPLETED, done.GetState())
	require.Equal(t, "7", done.GetAgreement().GetGains()[1].GetActual())
}

func confirm(name string) *plansv1.ConfirmInnovationProjectRequest {
	return &plansv1.ConfirmInnovationProjectRequest{Name: name, Confirmation: &plansv1.InnovationProject_Confirmation{
		Account: "accounts/acme", Contact: "accounts/acme/contacts/jane", Evidence: "Her letter"}}
}

func TestR8AProjectFromItsProposalToItsConfirmation(t *testing.T) {
	w := openWorkplace(t)
	ctx := t.Context()
	manager, admin := w.as(t, auth.AccountManager), w.as(t, auth.Admin)
	complete(t, manager)
	_, err := manager.ConfirmInnovationProject(ctx, confirm(caps))
	wantStatus(t, err, codes.FailedPrecondition, "SECOND_PERSON")
	confirmed, err := admin.ConfirmInnovationProject(ctx, confirm(caps))
	require.NoError(t, err)
	require.Equal(t, plansv1.InnovationProject_STATE_CONFIRMED, confirmed.GetState())
	require.Equal(t, "principals/admin", confirmed.GetConfirmations()[0].GetRecorder())
	back, err := admin.WithdrawConfirmation(ctx, &plansv1.WithdrawConfirmationRequest{Name: caps, Account: "accounts/acme", Reason: "Another project."})
	require.NoError(t, err)
	require.Equal(t, plansv1.InnovationProject_STATE_COMPLETED, back.GetState())
	require.Equal(t, "Another project.", back.GetConfirmations()[0].GetWithdrawal().GetReason())

	w.others.mu.Lock()
	w.others.single = true
	w.others.mu.Unlock()
	alone, err := manager.ConfirmInnovationProject(ctx, confirm(caps))
	require.NoError(t, err, "nobody else may confirm")
	require.True(t, alone.GetConfirmations()[1].GetSingleOperator())
}

func TestR8WhatAProjectLacksIsNamed(t *testing.T) {
	w := openWorkplace(t)
	ctx := t.Context()
	manager := w.as(t, auth.AccountManager)
	bare := theProject()
	bare.Agreement = nil
	made, err := manager.CreateInnovationProject(ctx, &plansv1.CreateInnovationProjectRequest{InnovationProject: bare})
	require.NoError(t, err)
	require.Equal(t, "principals/account-manager", made.GetLead())
	_, err = manager.StartInnovationProject(ctx, &plansv1.StartInnovationProjectRequest{Name: caps})
	s := wantStatus(t, err, codes.FailedPrecondition, "PROJECT_INCOMPLETE")
	var missing []string
	for _, d := range s.Details() {
		if failure, ok := d.(*errdetails.PreconditionFailure); ok {
			for _, v := range failure.GetViolations() {
				missing = append(missing, v.GetDescription())
			}
		}
	}
	require.Contains(t, missing, "State what the company is to gain: a measure, a target and by when.")
	require.Contains(t, missing, "State what accounts/acme is to gain: a measure, a target and by when.")

	change := func(p *plansv1.InnovationProject, paths ...string) *plansv1.InnovationProject {
		t.Helper()
		p.Name = caps
		changed, err := manager.UpdateInnovationProject(ctx, &plansv1.UpdateInnovationProjectRequest{InnovationProject: p, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
		require.NoError(t, err)
		return changed
	}
	require.Len(t, change(theProject(), "agreement").GetAgreement().GetGains(), 2)
	changed := change(&plansv1.InnovationProject{Agreement: &plansv1.InnovationProject_Agreement{Ownership: "Ours."}}, "agreement.ownership")
	require.Equal(t, "Ours.", changed.GetAgreement().GetOwnership())
	require.Len(t, changed.GetAgreement().GetGains(), 2, "the rest stays")
	stopped, err := manager.StopInnovationProject(ctx, &plansv1.StopInnovationProjectRequest{Name: caps, Reason: "Too dear.", Lessons: "Ask first."})
	require.NoError(t, err)
	require.Equal(t, "Ask first.", stopped.GetLessons())
}

func TestProjectsAreSeenAndChangedByThoseWhoMay(t *testing.T) {
	w := openWorkplace(t)
	ctx := t.Context()
	manager, admin := w.as(t, auth.AccountManager), w.as(t, auth.Admin)
	other := theProject()
	other.Accounts, other.Agreement, other.Title = []string{"accounts/other"}, nil, "Their bottles"
	create := &plansv1.CreateInnovationProjectRequest{InnovationProject: other}
	_, err := manager.CreateInnovationProject(ctx, create)
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = admin.CreateInnovationProject(ctx, create)
	require.NoError(t, err)
	stop := &plansv1.StopInnovationProjectRequest{Name: "innovationProjects/their-bottles", Reason: "r", Lessons: "l"}
	_, err = manager.StopInnovationProject(ctx, stop)
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	takeBack := &plansv1.WithdrawConfirmationRequest{Name: "innovationProjects/their-bottles", Account: "accounts/other", Reason: "Not ours."}
	_, err = manager.WithdrawConfirmation(ctx, takeBack)
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = w.as(t, auth.PolicyApprover).WithdrawConfirmation(ctx, takeBack)
	wantStatus(t, err, codes.FailedPrecondition, "PROJECT_STATE")
	_, err = w.as(t, managerAndApprover).WithdrawConfirmation(ctx, takeBack)
	wantStatus(t, err, codes.FailedPrecondition, "PROJECT_STATE")
	_, err = admin.UpdateInnovationProject(ctx, &plansv1.UpdateInnovationProjectRequest{InnovationProject: &plansv1.InnovationProject{
		Name: "innovationProjects/their-bottles", Lead: "principals/account-manager"}})
	require.NoError(t, err)
	give := &plansv1.UpdateInnovationProjectRequest{RequestId: "0198c3a0-0000-7000-8000-00000000000a",
		InnovationProject: &plansv1.InnovationProject{Name: "innovationProjects/their-bottles", Lead: "principals/admin"}}
	_, err = manager.UpdateInnovationProject(ctx, give)
	require.NoError(t, err, "they lead it")
	_, err = manager.UpdateInnovationProject(ctx, give)
	require.NoError(t, err, "they led it when they asked first")
	_, err = manager.StopInnovationProject(ctx, stop)
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = admin.StopInnovationProject(ctx, stop)
	require.NoError(t, err)
	both := theProject()
	both.Accounts, both.Agreement = []string{"accounts/other", "accounts/acme"}, nil
	_, err = manager.CreateInnovationProject(ctx, &plansv1.CreateInnovationProjectRequest{InnovationProject: both})
	require.NoError(t, err, "one of its accounts is theirs")

	for filter, want := range map[string]int{
		"": 2, `account = "accounts/acme"`: 1, `account = "accounts/other"`: 2, "state = STOPPED": 1, `lead = "principals/account-manager"`: 1, `title = "Recycled caps"`: 1,
		`account = "accounts/acme" OR account = "accounts/none"`: 1, `NOT account = "accounts/acme"`: 1, `account != "accounts/other"`: 0,
		`account = "accounts/other" AND account != "accounts/acme"`: 1,
	} {
		list, err := w.as(t, auth.Viewer).ListInnovationProjects(ctx, &plansv1.ListInnovationProjectsRequest{Filter: filter})
		require.NoError(t, err)
		require.Len(t, list.GetInnovationProjects(), want, filter)
	}
	_, err = w.as(t, auth.ServiceAgent).GetInnovationProject(ctx, &plansv1.GetInnovationProjectRequest{Name: caps})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = w.as(t, auth.Viewer).ConfirmInnovationProject(ctx, confirm(caps))
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}
