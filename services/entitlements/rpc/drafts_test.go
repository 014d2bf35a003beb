package rpc_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/requests"
	"github.com/evenhand/evenhand/services/entitlements/rpc"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// policy is the clients of who makes policy.
type policy struct {
	drafts   entitlementsv1.DraftsServiceClient
	requests entitlementsv1.SpecialRequestsServiceClient
}

// openRequests opens drafts and special requests of the schedule of the service.
func (s *served) openRequests(store *docstore.Store, directory *rpc.Directory) *requests.Service {
	opened, err := requests.Open(context.Background(), store, s.service.Requests(), editions{s.service, directory}, s.source, nil)
	require.NoError(s.t, err)
	return opened
}

// editions is the schedule of the service; it foresees one other who would gain.
type editions struct {
	service *entitlements.Service
	*rpc.Directory
}

func (e editions) Read(_ context.Context, file []byte) (*schedule.Schedule, error) {
	return e.service.ReadSchedule(file)
}

func (e editions) Last(ctx context.Context) (int, *schedule.Schedule, error) {
	v, err := e.service.LastVersion(ctx)
	if err != nil || v == nil {
		return 0, nil, err
	}
	return v.Number, v.Schedule, nil
}

func (editions) Check(context.Context, requests.Edition) error { return nil }

func (e editions) Publish(ctx context.Context, edition requests.Edition) (int, error) {
	v, _, err := e.service.Publish(ctx, entitlements.Publishing{File: edition.File, Publisher: edition.Approver, Draft: &entitlements.ApprovedDraft{
		Name: edition.Draft, Proposer: edition.Proposer, Base: edition.Base, SingleOperator: edition.SingleOperator}})
	if err != nil {
		return 0, err
	}
	return v.Number, nil
}

func (editions) Foresee(context.Context, []byte, []string, string) (requests.Effect, error) {
	cost := int64(5400)
	return requests.Effect{Meeting: 2, Others: 1, Requested: true, Examples: []string{"rich"}, Cost: &cost, Currency: "USD"}, nil
}

const moreThanks = `
rules:
  - id: ten-years
    promise: Who stays ten years is thanked.
    when: {tenure: months, at_least: 120}
    grants: [thanks]
`

// makers is a world with an author of policy, one who approves, and an agent.
func makers(t *testing.T) (author, approver, agent *served) {
	admin, token := world(t)
	admin.accounts.mu.Lock()
	admin.accounts.principals = []*accountsv1.Principal{
		{Name: "principals/some-policy-author", Person: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_POLICY_AUTHOR}},
		{Name: "principals/some-policy-approver", Person: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_POLICY_APPROVER}},
	}
	admin.accounts.mu.Unlock()
	_, err := admin.CheckEntitlement(t.Context(), check("rich", "hours", token)) // the accounts have come along
	require.NoError(t, err)
	return admin.as(auth.PolicyAuthor), admin.as(auth.PolicyApprover), admin.as(auth.ServiceAgent)
}

func TestR23ADraftFromItsTextToAVersion(t *testing.T) {
	author, approver, agent := makers(t)
	ctx := t.Context()
	_, err := author.drafts.CreateDraft(ctx, &entitlementsv1.CreateDraftRequest{Draft: &entitlementsv1.Draft{Yaml: "rules: 3", Reason: "R"}})
	wantStatus(t, err, codes.InvalidArgument, "SCHEDULE_INVALID")
	composed, err := author.drafts.ComposeDraft(ctx, &entitlementsv1.ComposeDraftRequest{Fragment: moreThanks, Reason: "Ten years are long", DraftId: "d1"})
	require.NoError(t, err)
	require.Equal(t, "schedule/drafts/d1", composed.GetName())
	require.Equal(t, entitlementsv1.Draft_STATE_DRAFT, composed.GetState())
	require.Equal(t, int32(1), composed.GetBaseVersion())
	require.Contains(t, composed.GetYaml(), "id: ten-years")
	require.Len(t, composed.GetSchedule().GetRules(), 3)
	require.Equal(t, []string{"principals/some-policy-author"}, composed.GetWriters())

	_, err = agent.drafts.GetDraft(ctx, &entitlementsv1.GetDraftRequest{Name: composed.GetName()})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = author.drafts.GetDraft(ctx, &entitlementsv1.GetDraftRequest{Name: "schedule/drafts/none"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	change := &entitlementsv1.UpdateDraftRequest{Draft: &entitlementsv1.Draft{Name: composed.GetName(), Reason: "Longer than most", Etag: "stale"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"reason"}}}
	_, err = author.drafts.UpdateDraft(ctx, change)
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	change.Draft.Etag, change.UpdateMask.Paths = "", []string{"proposer"}
	_, err = author.drafts.UpdateDraft(ctx, change)
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	change.UpdateMask.Paths = []string{"reason"}
	changed, err := author.drafts.UpdateDraft(ctx, change)
	require.NoError(t, err)
	require.Equal(t, "Longer than most", changed.GetReason())
	require.Equal(t, composed.GetYaml(), changed.GetYaml(), "what is not in the mask stays")

	proposed, err := author.drafts.ProposeDraft(ctx, &entitlementsv1.ProposeDraftRequest{Name: composed.GetName(), Etag: changed.GetEtag()})
	require.NoError(t, err)
	require.Equal(t, []string{"ten-years"}, proposed.GetNewRules())
	_, err = approver.drafts.ApproveDraft(ctx, &entitlementsv1.ApproveDraftRequest{Name: composed.GetName(), Etag: changed.GetEtag()})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	approved, err := approver.drafts.ApproveDraft(ctx, &entitlementsv1.ApproveDraftRequest{Name: composed.GetName(), Etag: proposed.GetEtag()})
	require.NoError(t, err)
	require.Equal(t, "schedule/versions/2", approved.GetScheduleVersion())
	require.False(t, approved.GetSingleOperator())
	_, err = author.drafts.WithdrawDraft(ctx, &entitlementsv1.WithdrawDraftRequest{Name: composed.GetName(), Reason: "Too late"})
	wantStatus(t, err, codes.FailedPrecondition, "DRAFT_STATE")
}

func TestDraftsAreListedByStateAndTurnedDown(t *testing.T) {
	author, approver, _ := makers(t)
	ctx := t.Context()
	for _, id := range []string{"a", "b", "c"} {
		text := strings.Replace(promise, "$500", "$500 ("+id+")", 1)
		_, err := author.drafts.CreateDraft(ctx, &entitlementsv1.CreateDraftRequest{Draft: &entitlementsv1.Draft{Yaml: text, Reason: id}, DraftId: id})
		require.NoError(t, err)
	}
	_, err := author.drafts.CreateDraft(ctx, &entitlementsv1.CreateDraftRequest{Draft: &entitlementsv1.Draft{Yaml: promise, Reason: "again"}, DraftId: "a"})
	wantStatus(t, err, codes.AlreadyExists, "ALREADY_EXISTS")
	_, err = author.drafts.WithdrawDraft(ctx, &entitlementsv1.WithdrawDraftRequest{Name: "schedule/drafts/a", Reason: "Not now"})
	require.NoError(t, err)
	_, err = author.drafts.ProposeDraft(ctx, &entitlementsv1.ProposeDraftRequest{Name: "schedule/drafts/b"})
	require.NoError(t, err)
	rejected, err := approver.drafts.RejectDraft(ctx, &entitlementsv1.RejectDraftRequest{Name: "schedule/drafts/b", Reason: "No"})
	require.NoError(t, err)
	require.Equal(t, "principals/some-policy-approver", rejected.GetEnder())
	names := func(filter string, size int32) (found []string) {
		for token := ""; ; {
			page, err := author.drafts.ListDrafts(ctx, &entitlementsv1.ListDraftsRequest{Filter: filter, PageSize: size, PageToken: token})
			require.NoError(t, err)
			for _, d := range page.GetDrafts() {
				require.Empty(t, d.GetYaml())
				found = append(found, strings.TrimPrefix(d.GetName(), "schedule/drafts/"))
			}
			if token = page.GetNextPageToken(); token == "" {
				return found
			}
		}
	}
	require.Equal(t, []string{"c", "b", "a"}, names("", 1))
	require.Equal(t, []string{"a"}, names("state = WITHDRAWN", 0))
	require.Equal(t, []string{"b"}, names(`state = REJECTED AND proposer = "principals/some-policy-author"`, 0))
	_, err = author.drafts.ListDrafts(ctx, &entitlementsv1.ListDraftsRequest{Filter: "yaml = x"})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
}

func TestR22ASpecialRequestAsTheAgentAndAsPolicySeesIt(t *testing.T) {
	author, approver, agent := makers(t)
	ctx := t.Context()
	ask := func(id, account string) (*entitlementsv1.SpecialRequest, error) {
		return agent.requests.CreateSpecialRequest(ctx, &entitlementsv1.CreateSpecialRequestRequest{SpecialRequestId: id,
			SpecialRequest: &entitlementsv1.SpecialRequest{Account: "accounts/" + account, Asked: "A note", Reason: "They stayed", Facts: map[string]string{"since": "1987"}}})
	}
	_, err := ask("x", "none")
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	asked, err := ask("r1", "poor")
	require.NoError(t, err)
	require.Equal(t, []string{"service-agent"}, asked.GetRequesterRoles())
	_, err = ask("r2", "rich")
	require.NoError(t, err)
	_, err = agent.requests.DeclineSpecialRequest(ctx, &entitlementsv1.DeclineSpecialRequestRequest{Name: asked.GetName(), Reason: "No"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")

	rule := &entitlementsv1.MakeRuleRequest{Name: asked.GetName(), Fragment: moreThanks, Reason: "Ten years", DraftId: "d1", ValidateOnly: true}
	seen, err := author.requests.MakeRule(ctx, rule)
	require.NoError(t, err)
	require.Equal(t, int64(1), seen.GetEffect().GetOthers())
	require.Equal(t, []string{"accounts/rich"}, seen.GetEffect().GetOtherAccounts())
	require.Equal(t, int64(54), seen.GetEffect().GetCost().GetUnits())
	rule.ValidateOnly = false
	made, err := author.requests.MakeRule(ctx, rule)
	require.NoError(t, err)
	require.Equal(t, entitlementsv1.SpecialRequest_STATE_IN_DRAFT, made.GetState())
	require.Equal(t, "schedule/drafts/d1", made.GetDraft())
	blind, err := agent.requests.GetSpecialRequest(ctx, &entitlementsv1.GetSpecialRequestRequest{Name: asked.GetName()})
	require.NoError(t, err)
	require.Equal(t, []any{"", "", 0, (*entitlementsv1.SpecialRequest_Effect)(nil)},
		[]any{blind.GetDraft(), blind.GetScheduleVersion(), len(blind.GetRules()), blind.GetEffect()}, "R3: rules tell spend")

	proposed, err := author.drafts.ProposeDraft(ctx, &entitlementsv1.ProposeDraftRequest{Name: made.GetDraft()})
	require.NoError(t, err)
	_, err = approver.drafts.ApproveDraft(ctx, &entitlementsv1.ApproveDraftRequest{Name: made.GetDraft(), Etag: proposed.GetEtag()})
	require.NoError(t, err)
	ruled, err := author.requests.GetSpecialRequest(ctx, &entitlementsv1.GetSpecialRequestRequest{Name: asked.GetName()})
	require.NoError(t, err)
	require.Equal(t, entitlementsv1.SpecialRequest_STATE_MADE_RULE, ruled.GetState())
	require.Equal(t, "schedule/versions/2", ruled.GetScheduleVersion())
	_, err = author.requests.DeclineSpecialRequest(ctx, &entitlementsv1.DeclineSpecialRequestRequest{Name: "specialRequests/r2", Reason: "Nobody gets two"})
	require.NoError(t, err)

	list, err := author.requests.ListSpecialRequests(ctx, &entitlementsv1.ListSpecialRequestsRequest{Filter: `state = DECLINED AND account = "accounts/rich"`})
	require.NoError(t, err)
	require.Len(t, list.GetSpecialRequests(), 1)
	require.Equal(t, "Nobody gets two", list.GetSpecialRequests()[0].GetDeclineReason())
	counted, err := author.requests.CountSpecialRequests(ctx, &entitlementsv1.CountSpecialRequestsRequest{})
	require.NoError(t, err)
	require.Equal(t, "role service-agent", counted.GetCounts()[0].GetBy()+" "+counted.GetCounts()[0].GetValue())
	require.Equal(t, []int32{2, 1, 1}, []int32{counted.GetCounts()[0].GetTotal(), counted.GetCounts()[0].GetDeclined(), counted.GetCounts()[0].GetMadeRule()})
	_, err = author.requests.CountSpecialRequests(ctx, &entitlementsv1.CountSpecialRequestsRequest{
		StartDate: &date.Date{Year: 2026, Month: 2, Day: 2}, EndDate: &date.Date{Year: 2026, Month: 2, Day: 1}})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
}

func TestR3AnAgentReadsItsOwnSpecialRequestsOnly(t *testing.T) {
	author, _, agent := makers(t)
	ctx := t.Context()
	_, err := author.requests.CreateSpecialRequest(ctx, &entitlementsv1.CreateSpecialRequestRequest{SpecialRequestId: "theirs",
		SpecialRequest: &entitlementsv1.SpecialRequest{Account: "accounts/poor", Asked: "A note", Reason: "They stayed"}})
	require.NoError(t, err)
	for _, name := range []string{"specialRequests/theirs", "specialRequests/none"} {
		_, err = agent.requests.GetSpecialRequest(ctx, &entitlementsv1.GetSpecialRequestRequest{Name: name})
		wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	}
	list, err := agent.requests.ListSpecialRequests(ctx, &entitlementsv1.ListSpecialRequestsRequest{})
	require.NoError(t, err)
	require.Empty(t, list.GetSpecialRequests())
	_, err = author.requests.MakeRule(ctx, &entitlementsv1.MakeRuleRequest{Name: "specialRequests/theirs", Fragment: moreThanks, Reason: "R"})
	wantStatus(t, err, codes.FailedPrecondition, "SECOND_PERSON")
}
