package rpc_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/rpc"
)

// openCases opens cases that are measured by the versions of the service.
func (s *served) openCases(store *docstore.Store, directory *rpc.Directory, judgements *rpc.Judgements) *cases.Cases {
	opened, err := cases.New(context.Background(), store, s.service.Requests(), cases.Options{
		Promises: versions{s.service}, Accounts: directory, Staff: directory, Catalogue: judgements, Currency: s.service.Currency})
	require.NoError(s.t, err)
	return opened
}

type versions struct{ service *entitlements.Service }

func (v versions) Versions() []cases.Version {
	var list []cases.Version
	for _, v := range v.service.Versions() {
		list = append(list, cases.Version{Number: v.Number, InForce: v.InForce, Schedule: v.Schedule})
	}
	return list
}

// caseWorld is a world with staff: an administrator, an agent and a machine.
func caseWorld(t *testing.T) (admin, agent *served) {
	admin, _ = world(t)
	admin.accounts.mu.Lock()
	admin.accounts.principals = []*accountsv1.Principal{
		{Name: "principals/some-admin", DisplayName: "Ada", Person: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_ADMIN}},
		{Name: "principals/some-service-agent", DisplayName: "Sam", Person: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_SERVICE_AGENT}},
		{Name: "principals/robot", Roles: []accountsv1.Role{accountsv1.Role_ROLE_SERVICE}},
		{Name: "principals/gone", Person: true, Disabled: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_ADMIN}},
	}
	admin.accounts.mu.Unlock()
	agent = admin.as(auth.ServiceAgent)
	return admin, agent
}

var lateCase = &entitlementsv1.Case{Issue: "late-delivery", Channel: "email", Subject: "Where is it?", Facts: map[string]string{"days-late": "3"}}

var attested = []*entitlementsv1.Attestation{{What: "courtesy", Kept: true}, {What: "fairness", Note: "We were in a hurry."}}

func TestR15TheWayOfACase(t *testing.T) {
	admin, agent := caseWorld(t)
	ctx := t.Context()
	c, err := agent.cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/rich", CaseId: "c1", Case: lateCase, RequestId: "0f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77"})
	require.NoError(t, err)
	require.Equal(t, "accounts/rich/cases/c1", c.GetName())
	require.Equal(t, entitlementsv1.Case_STATE_OPEN, c.GetState())
	require.Equal(t, "schedule/versions/1", c.GetScheduleVersion())
	require.Equal(t, []string{"courtesy", "fairness"}, c.GetWantedAttestations())
	require.Len(t, c.GetClocks(), 1)
	require.Equal(t, 90*time.Minute, c.GetClocks()[0].GetWithin().AsDuration())
	require.True(t, c.GetDueTime().IsValid())
	require.Zero(t, c.GetPrecedents().GetCount())
	again, err := agent.cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/rich", CaseId: "c1", Case: lateCase, RequestId: "0f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77"})
	require.NoError(t, err)
	require.Equal(t, c.GetEtag(), again.GetEtag())

	assign := &entitlementsv1.AssignCaseRequest{Name: c.GetName(), Assignee: "principals/some-service-agent", Etag: c.GetEtag()}
	_, err = admin.cases.AssignCase(ctx, assign)
	told := wantStatus(t, err, codes.FailedPrecondition, "NOT_ACKNOWLEDGED")
	require.Contains(t, told.Message(), "principals/some-service-agent has not acknowledged the baseline of schedule/versions/1")
	for principal, reason := range map[string]string{"robot": "NOT_STAFF", "gone": "NOT_STAFF"} {
		_, err = admin.cases.AssignCase(ctx, &entitlementsv1.AssignCaseRequest{Name: c.GetName(), Assignee: "principals/" + principal})
		wantStatus(t, err, codes.FailedPrecondition, reason)
	}
	a, err := agent.staff.AcknowledgeBaseline(ctx, &entitlementsv1.AcknowledgeBaselineRequest{Parent: "schedule/versions/1"})
	require.NoError(t, err)
	require.Equal(t, "schedule/versions/1/acknowledgements/some-service-agent", a.GetName())
	list, err := agent.staff.ListAcknowledgements(ctx, &entitlementsv1.ListAcknowledgementsRequest{Parent: "schedule/versions/1", PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, "Ada", list.GetAcknowledgements()[0].GetDisplayName())
	require.Nil(t, list.GetAcknowledgements()[0].GetAcknowledgeTime())
	require.EqualValues(t, 1, list.GetMissingCount())
	list, err = agent.staff.ListAcknowledgements(ctx, &entitlementsv1.ListAcknowledgementsRequest{Parent: "schedule/versions/1", PageSize: 1, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	require.True(t, list.GetAcknowledgements()[0].GetAcknowledgeTime().IsValid())
	require.Empty(t, list.GetNextPageToken())

	c, err = admin.cases.AssignCase(ctx, assign)
	require.NoError(t, err)
	require.Equal(t, "principals/some-service-agent", c.GetAssignee())
	c, err = agent.cases.UpdateCase(ctx, &entitlementsv1.UpdateCaseRequest{Case: &entitlementsv1.Case{Name: c.GetName(), Facts: map[string]string{"insured": "yes"}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"facts.insured"}}})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"days-late": "3", "insured": "yes"}, c.GetFacts())
	_, err = agent.cases.UpdateCase(ctx, &entitlementsv1.UpdateCaseRequest{Case: &entitlementsv1.Case{Name: c.GetName(), Assignee: "principals/some-admin", Subject: "x"}})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")

	_, err = agent.cases.WaitOnCustomer(ctx, &entitlementsv1.WaitOnCustomerRequest{Name: c.GetName()})
	wantStatus(t, err, codes.FailedPrecondition, "CASE_STATE")
	_, err = agent.cases.ReplyToCase(ctx, &entitlementsv1.ReplyToCaseRequest{Name: c.GetName(), Note: "On its way."})
	require.NoError(t, err)
	c, err = agent.cases.WaitOnCustomer(ctx, &entitlementsv1.WaitOnCustomerRequest{Name: c.GetName()})
	require.NoError(t, err)
	require.Equal(t, entitlementsv1.Case_STATE_WAITING_ON_CUSTOMER, c.GetState())
	require.Equal(t, entitlementsv1.CaseClock_STATE_MET, c.GetClocks()[0].GetState())
	_, err = agent.cases.CustomerAnswered(ctx, &entitlementsv1.CustomerAnsweredRequest{Name: c.GetName()})
	require.NoError(t, err)

	resolve := &entitlementsv1.ResolveCaseRequest{Name: c.GetName(), Remedy: "refund", RemedyValue: &money.Money{CurrencyCode: "USD", Units: 25}}
	_, err = agent.cases.ResolveCase(ctx, resolve)
	wantStatus(t, err, codes.FailedPrecondition, "ATTESTATION_MISSING")
	resolve.Attestations = attested
	_, err = agent.cases.ResolveCase(ctx, resolve)
	wantStatus(t, err, codes.FailedPrecondition, "DEPARTS_FROM_PRECEDENT")
	resolve.DepartureReason = "The first of its kind: the freight is paid back."
	c, err = agent.cases.ResolveCase(ctx, resolve)
	require.NoError(t, err)
	require.EqualValues(t, 25, c.GetRemedy().GetValue().GetUnits())
	require.Equal(t, "service-agent", c.GetHistory()[len(c.GetHistory())-1].GetActor().GetRole())
	c, err = agent.cases.RecordCaseSurvey(ctx, &entitlementsv1.RecordCaseSurveyRequest{Name: c.GetName(), Score: 4})
	require.NoError(t, err)
	require.EqualValues(t, 4, c.GetSurvey().GetScore())
	c, err = agent.cases.ReopenCase(ctx, &entitlementsv1.ReopenCaseRequest{Name: c.GetName(), Reason: "Again."})
	require.NoError(t, err)
	require.EqualValues(t, 1, c.GetReopenCount())
}

func TestR25TheAnswerShowsPrecedents(t *testing.T) {
	admin, agent := caseWorld(t)
	ctx := t.Context()
	for _, id := range []string{"c1", "c2"} {
		_, err := agent.cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/rich", CaseId: id, Case: lateCase})
		require.NoError(t, err)
	}
	_, err := agent.cases.ResolveCase(ctx, &entitlementsv1.ResolveCaseRequest{Name: "accounts/rich/cases/c1", Remedy: "refund", Attestations: attested,
		DepartureReason: "The first of its kind."})
	require.NoError(t, err)
	c, err := agent.cases.GetCase(ctx, &entitlementsv1.GetCaseRequest{Name: "accounts/rich/cases/c2", View: entitlementsv1.CaseView_CASE_VIEW_WITH_PRECEDENTS})
	require.NoError(t, err)
	require.Equal(t, []string{"accounts/rich/cases/c1"}, c.GetPrecedents().GetLatestCases())
	require.Equal(t, "refund", c.GetPrecedents().GetPointedRemedy())
	require.Equal(t, entitlementsv1.CaseRemedy_BASIS_PRECEDENT, c.GetPrecedents().GetBasis())
	depart := &entitlementsv1.ResolveCaseRequest{Name: "accounts/rich/cases/c2", Remedy: "voucher", Attestations: attested, ValidateOnly: true}
	_, err = agent.cases.ResolveCase(ctx, depart)
	wantStatus(t, err, codes.FailedPrecondition, "DEPARTS_FROM_PRECEDENT")
	depart.DepartureReason = "It could not be paid back."
	c, err = agent.cases.ResolveCase(ctx, depart)
	require.NoError(t, err)
	require.Equal(t, "refund", c.GetRemedy().GetPointedRemedy())
	found, err := agent.cases.FindPrecedents(ctx, &entitlementsv1.FindPrecedentsRequest{Issue: "late-delivery", Facts: lateCase.GetFacts()})
	require.NoError(t, err)
	require.EqualValues(t, 1, found.GetRemedies()[0].GetCount())

	_, err = admin.remedies.CreateRemedy(ctx, &entitlementsv1.CreateRemedyRequest{RemedyId: "apology", Remedy: &entitlementsv1.Remedy{
		Title: "Apology", Action: "We write to say that we are sorry.", Issue: "late-delivery", Facts: map[string]string{"days-late": "3"},
		Value: &money.Money{CurrencyCode: "USD", Units: 5}}})
	require.NoError(t, err)
	found, err = agent.cases.FindPrecedents(ctx, &entitlementsv1.FindPrecedentsRequest{Issue: "late-delivery", Facts: lateCase.GetFacts()})
	require.NoError(t, err)
	require.Equal(t, "apology", found.GetPointedRemedy())
	require.Equal(t, entitlementsv1.CaseRemedy_BASIS_CATALOGUE, found.GetBasis())
	require.EqualValues(t, 5, found.GetPointedValue().GetUnits())
	_, err = agent.cases.ResolveCase(ctx, &entitlementsv1.ResolveCaseRequest{Name: "accounts/rich/cases/c2", Remedy: "apology", Attestations: attested,
		RemedyValue: &money.Money{CurrencyCode: "USD", Units: 500_000}})
	told := wantStatus(t, err, codes.FailedPrecondition, "DEPARTS_FROM_PRECEDENT")
	require.Contains(t, told.Message(), "worth USD 500000.00, and by the catalogue that is worth USD 5.00")
	c, err = agent.cases.ResolveCase(ctx, &entitlementsv1.ResolveCaseRequest{Name: "accounts/rich/cases/c2", Remedy: "apology", Attestations: attested})
	require.NoError(t, err)
	require.EqualValues(t, 5, c.GetRemedy().GetValue().GetUnits())
}

func TestR28TheEscalationPathIsOneForAll(t *testing.T) {
	admin, agent := caseWorld(t)
	ctx := t.Context()
	_, err := agent.cases.GetEscalationPath(ctx, &entitlementsv1.GetEscalationPathRequest{Name: "escalationPath"})
	wantStatus(t, err, codes.FailedPrecondition, "NO_ESCALATION_PATH")
	path := &entitlementsv1.EscalationPath{Accountable: "principals/some-admin", Within: durationpb.New(2 * time.Hour), Calendar: "office"}
	_, err = agent.cases.UpdateEscalationPath(ctx, &entitlementsv1.UpdateEscalationPathRequest{EscalationPath: path})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = admin.cases.UpdateEscalationPath(ctx, &entitlementsv1.UpdateEscalationPathRequest{EscalationPath: &entitlementsv1.EscalationPath{Accountable: "principals/some-admin"}})
	require.Equal(t, []string{"escalation_path.within"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	set, err := admin.cases.UpdateEscalationPath(ctx, &entitlementsv1.UpdateEscalationPathRequest{EscalationPath: path})
	require.NoError(t, err)
	set, err = admin.cases.UpdateEscalationPath(ctx, &entitlementsv1.UpdateEscalationPathRequest{
		EscalationPath: &entitlementsv1.EscalationPath{Contact: "ada@example.com", Etag: set.GetEtag()}})
	require.NoError(t, err)
	require.Equal(t, "principals/some-admin", set.GetAccountable())
	require.Equal(t, "ada@example.com", set.GetContact())

	_, err = agent.cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/poor", CaseId: "c1", Case: lateCase})
	require.NoError(t, err)
	c, err := agent.cases.EscalateCase(ctx, &entitlementsv1.EscalateCaseRequest{Name: "accounts/poor/cases/c1", Reason: "Nobody answers."})
	require.NoError(t, err)
	require.Equal(t, "principals/some-admin", c.GetEscalation().GetAccountable())
	require.Empty(t, c.GetClocks()[1].GetCommitment())
	c, err = admin.cases.ReplyToCase(ctx, &entitlementsv1.ReplyToCaseRequest{Name: c.GetName()})
	require.NoError(t, err)
	require.True(t, c.GetEscalation().GetAnswerTime().IsValid())
}

func TestAccountManagersChangeTheirAccountsCasesOnly(t *testing.T) {
	admin, _ := caseWorld(t)
	ctx := t.Context()
	manager := admin.as(auth.AccountManager)
	admin.accounts.mu.Lock()
	admin.accounts.owner, admin.accounts.unowned = "principals/some-account-manager", "accounts/poor"
	admin.accounts.mu.Unlock()
	_, err := manager.cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/rich", CaseId: "c1", Case: lateCase})
	require.NoError(t, err)
	_, err = manager.cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/poor", CaseId: "c1", Case: lateCase})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = admin.cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/poor", CaseId: "c1", Case: lateCase})
	require.NoError(t, err)
	_, err = manager.cases.ReplyToCase(ctx, &entitlementsv1.ReplyToCaseRequest{Name: "accounts/poor/cases/c1"})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = manager.cases.GetCase(ctx, &entitlementsv1.GetCaseRequest{Name: "accounts/poor/cases/c1"})
	require.NoError(t, err)
	_, err = admin.as(auth.Viewer).cases.ReplyToCase(ctx, &entitlementsv1.ReplyToCaseRequest{Name: "accounts/poor/cases/c1"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = manager.cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/none", Case: lateCase})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

func TestListsOfCasesThroughTheAPI(t *testing.T) {
	admin, agent := caseWorld(t)
	ctx := t.Context()
	for i, account := range []string{"rich", "poor", "rich"} {
		c := proto.CloneOf(lateCase)
		c.Channel = []string{"email", "phone", "phone"}[i]
		_, err := agent.cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/" + account, CaseId: fmt.Sprintf("c%d", i), Case: c})
		require.NoError(t, err)
	}
	_, err := agent.staff.AcknowledgeBaseline(ctx, &entitlementsv1.AcknowledgeBaselineRequest{Parent: "schedule/versions/1"})
	require.NoError(t, err)
	_, err = admin.cases.AssignCase(ctx, &entitlementsv1.AssignCaseRequest{Name: "accounts/poor/cases/c1", Assignee: "principals/some-service-agent"})
	require.NoError(t, err)
	first, err := agent.cases.GetCase(ctx, &entitlementsv1.GetCaseRequest{Name: "accounts/rich/cases/c0"})
	require.NoError(t, err)
	than := func(field string, at *timestamppb.Timestamp) func(string) string { // the first's
		return func(operator string) string {
			return fmt.Sprintf("%s %s %q", field, operator, at.AsTime().Format(time.RFC3339Nano))
		}
	}
	opened, due := than("open_time", first.GetOpenTime()), than("due_time", first.GetDueTime())
	for _, tc := range []struct{ parent, filter, order, want string }{
		{"accounts/-", "", "", "c0 c1 c2"},
		{"accounts/-", "", "open_time desc", "c2 c1 c0"},
		{"accounts/rich", "", "", "c0 c2"},
		{"accounts/-", `channel = "phone" AND state = OPEN`, "", "c1 c2"},
		{"accounts/-", `state = STATE_RESOLVED`, "", ""},
		{"accounts/-", `assignee = "principals/some-service-agent"`, "", "c1"},
		{"accounts/-", `facts."days-late" = "3" AND breached = false`, "due_time", "c0 c1 c2"},
		{"accounts/-", `due_time < "1999-01-01T00:00:00Z"`, "", ""},
		{"accounts/-", `due_time < "2999-01-01T00:00:00Z" AND channel = "phone"`, "", "c1 c2"},
		{"accounts/rich", `due_time <= "2999-01-01T00:00:00Z"`, "", "c0 c2"},
		{"accounts/-", `due_time <= "2999-01-01T00:00:00Z"`, "open_time desc", "c2 c1 c0"},
		{"accounts/-", opened(">=") + " AND breached = false", "open_time desc", "c2 c1 c0"}, {"accounts/rich", opened("<"), "", ""},
		{"accounts/-", due("<=") + ` AND channel = "email"`, "", "c0"}, {"accounts/-", due("<") + ` AND channel = "email"`, "", ""},
	} {
		list, err := agent.cases.ListCases(ctx, &entitlementsv1.ListCasesRequest{Parent: tc.parent, Filter: tc.filter, OrderBy: tc.order})
		require.NoError(t, err, tc.filter)
		var got []string
		for _, c := range list.GetCases() {
			got = append(got, c.GetName()[strings.LastIndex(c.GetName(), "/")+1:])
		}
		if tc.order == "due_time" { // opened at about the same time
			slices.Sort(got)
		}
		require.Equal(t, tc.want, strings.Join(got, " "), tc.filter)
	}
	for _, filter := range []string{`spend > 5`, `band = "high"`} {
		_, err := agent.cases.ListCases(ctx, &entitlementsv1.ListCasesRequest{Parent: "accounts/-", Filter: filter})
		wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	}
	previewed, err := agent.cases.PreviewDue(ctx, &entitlementsv1.PreviewDueRequest{})
	require.NoError(t, err)
	require.Len(t, previewed.GetClocks(), 1)
	require.Equal(t, "schedule/versions/1", previewed.GetScheduleVersion())
}

func TestR39TheFeedTellsOfCases(t *testing.T) {
	admin, agent := caseWorld(t)
	ctx := t.Context()
	_, err := agent.cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/rich", CaseId: "c1", Case: lateCase})
	require.NoError(t, err)
	_, err = agent.staff.AcknowledgeBaseline(ctx, &entitlementsv1.AcknowledgeBaselineRequest{Parent: "schedule/versions/1"})
	require.NoError(t, err)
	_, err = admin.cases.UpdateEscalationPath(ctx, &entitlementsv1.UpdateEscalationPathRequest{
		EscalationPath: &entitlementsv1.EscalationPath{Accountable: "principals/some-admin", Within: durationpb.New(time.Hour)}})
	require.NoError(t, err)
	stream, err := admin.feed.WatchChanges(ctx, &entitlementsv1.WatchChangesRequest{})
	require.NoError(t, err)
	told := map[string]*entitlementsv1.Change{}
	for len(told) < 4 {
		batch, err := stream.Recv()
		require.NoError(t, err)
		for _, c := range batch.GetChanges() {
			told[c.GetType()] = c
		}
	}
	c := told["case.opened"]
	require.Equal(t, "accounts/rich/cases/c1", c.GetName())
	require.Equal(t, "principals/some-service-agent", c.GetPrincipal())
	require.Equal(t, "late-delivery", c.GetCase().GetIssue())
	require.Equal(t, "opened", c.GetCase().GetLastEntry().GetWhat())
	require.NotEmpty(t, c.GetCase().GetClocks(), "followers learn which commitments are kept")
	for _, clock := range c.GetCase().GetClocks() {
		require.Equal(t, entitlementsv1.CaseClock_STATE_RUNNING, clock.GetState())
		require.NotNil(t, clock.GetDueTime())
	}
	require.Nil(t, c.GetCase().GetResolveTime())
	require.Equal(t, "service-agent", c.GetCase().GetLastEntry().GetActor().GetRole())
	require.Equal(t, "principals/some-service-agent", c.GetCase().GetLastEntry().GetActor().GetPrincipal())
	require.NotContains(t, c.String(), "Where is it?", "what a customer said is not told")
	require.Equal(t, "principals/some-service-agent", told["baseline.acknowledged"].GetAcknowledgement().GetPrincipal())
	require.Equal(t, "principals/some-admin", told["escalation_path.updated"].GetEscalationPath().GetAccountable())
}
