package rpc_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

const criteria = "{any: [{spend: since-joining, at_least: 287.60}, {tenure: months, at_least: 1200}]}"

func draft(capacity int32) *entitlementsv1.CreateProgrammeRequest {
	return &entitlementsv1.CreateProgrammeRequest{
		Programme:    &entitlementsv1.Programme{Title: "Beta", Summary: "Try what comes next.", Capacity: capacity},
		CriteriaText: criteria,
	}
}

// published is a programme for those who have spent something, in a world with accounts.
func published(t *testing.T, capacity int32) (*served, *entitlementsv1.Programme) {
	s, token := world(t)
	_, err := s.CheckEntitlement(t.Context(), check("rich", "thanks", token)) // waits until all are known
	require.NoError(t, err)
	s.following(t)
	p, err := s.places.CreateProgramme(t.Context(), draft(capacity))
	require.NoError(t, err)
	p, err = s.places.PublishProgramme(t.Context(), &entitlementsv1.PublishProgrammeRequest{Name: p.GetName(), Etag: p.GetEtag()})
	require.NoError(t, err)
	return s, p
}

// following waits until what is known of customers is up to date: nobody is judged before.
func (s *served) following(t *testing.T) {
	require.Eventually(t, func() bool { return s.service.Following() == nil }, time.Minute, time.Millisecond)
}

func apply(account string) *entitlementsv1.ApplyToProgrammeRequest {
	return &entitlementsv1.ApplyToProgrammeRequest{Parent: "programmes/beta", Account: "accounts/" + account}
}

func TestR29FromADraftToAPlaceThatARuleReads(t *testing.T) {
	s, p := published(t, 1)
	ctx := t.Context()
	require.Equal(t, "programmes/beta", p.GetName())
	require.Equal(t, entitlementsv1.Programme_STATE_OPEN, p.GetState())
	require.Equal(t, criteria, p.GetCriteriaText())
	require.Equal(t, int64(287), p.GetCriteria().GetAny().GetConditions()[0].GetSpend().GetAtLeast().GetUnits())

	_, err := s.places.ApplyToProgramme(ctx, apply("new"))
	failed := wantStatus(t, err, codes.FailedPrecondition, "NOT_QUALIFIED")
	require.Contains(t, failed.Message(), "accounts/new does not meet the criteria of programmes/beta.")
	_, err = s.places.ApplyToProgramme(ctx, apply("nowhere"))
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	request := apply("rich")
	request.RequestId = "0f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77"
	first, err := s.places.ApplyToProgramme(ctx, request)
	require.NoError(t, err)
	require.Equal(t, entitlementsv1.Enrolment_STANDING_ENROLLED, first.GetStanding())
	again, err := s.places.ApplyToProgramme(ctx, request)
	require.NoError(t, err)
	require.Equal(t, first.String(), again.String())
	second, err := s.places.ApplyToProgramme(ctx, apply("poor"))
	wantStatus(t, err, codes.FailedPrecondition, "NOT_QUALIFIED")
	require.Nil(t, second)
	_, err = s.places.UpdateProgramme(ctx, &entitlementsv1.UpdateProgrammeRequest{
		Programme: &entitlementsv1.Programme{Name: p.GetName(), Etag: p.GetEtag()}, CriteriaText: "{spend: since-joining, at_least: 277.60}"})
	wantStatus(t, err, codes.FailedPrecondition, "PROGRAMME_NARROWED")
	p, err = s.places.UpdateProgramme(ctx, &entitlementsv1.UpdateProgrammeRequest{
		Programme:    &entitlementsv1.Programme{Name: p.GetName(), Etag: p.GetEtag()},
		CriteriaText: strings.Replace(criteria, "287.60", "277.60", 1)})
	require.NoError(t, err)
	second, err = s.places.ApplyToProgramme(ctx, apply("poor"))
	require.NoError(t, err)
	require.Equal(t, int32(1), second.GetPosition())

	// A rule reads it: at once for who has a place.
	yaml := strings.Replace(promise, "rules:\n", "rules:\n  - id: testers\n    promise: Who tries what comes next is thanked.\n    when: {programme: beta}\n    grants: [thanks]\n", 1)
	yaml = strings.Replace(yaml, "effective: 1997-01-01", "effective: "+today(t, p), 1)
	v, err := s.schedules.PublishSchedule(ctx, &entitlementsv1.PublishScheduleRequest{Content: &entitlementsv1.PublishScheduleRequest_Yaml{Yaml: yaml}})
	require.NoError(t, err)
	require.Equal(t, "beta", v.GetVersion().GetSchedule().GetRules()[0].GetWhen().GetProgramme().GetProgramme())
	held := func(account string) *entitlementsv1.CheckEntitlementResponse {
		e, err := s.CheckEntitlement(ctx, &entitlementsv1.CheckEntitlementRequest{
			Account: "accounts/" + account, Benefit: "thanks", View: entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_FULL})
		require.NoError(t, err)
		return e
	}
	require.Equal(t, "testers", held("rich").GetRule())
	require.Equal(t, "beta", held("poor").GetDistances()[1].GetRequirements()[0].GetProgramme().GetProgramme())
	left, err := s.places.WithdrawEnrolment(ctx, &entitlementsv1.WithdrawEnrolmentRequest{Name: first.GetName()})
	require.NoError(t, err)
	require.Equal(t, entitlementsv1.Enrolment_STANDING_LEFT, left.GetStanding())
	require.False(t, held("poor").GetEntitled(), "who left has the place until the day ends")
	next, err := s.places.GetEnrolment(ctx, &entitlementsv1.GetEnrolmentRequest{Name: second.GetName()})
	require.NoError(t, err)
	require.Equal(t, entitlementsv1.Enrolment_STANDING_ENROLLED, next.GetStanding(), "the next has it")
	require.Equal(t, left.GetPastStays()[0].GetEndDate().String(), next.GetStartDate().String())

	// Paged, in the order of applications.
	var seen []string
	for token := ""; ; {
		page, err := s.places.ListEnrolments(ctx, &entitlementsv1.ListEnrolmentsRequest{Parent: p.GetName(), PageSize: 1, PageToken: token})
		require.NoError(t, err)
		for _, e := range page.GetEnrolments() {
			seen = append(seen, e.GetAccount()+" "+e.GetStanding().String())
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	require.Equal(t, []string{"accounts/rich STANDING_LEFT", "accounts/poor STANDING_ENROLLED"}, seen)
	list, err := s.places.ListEnrolments(ctx, &entitlementsv1.ListEnrolmentsRequest{Parent: p.GetName(), Filter: "standing = ENROLLED"})
	require.NoError(t, err)
	require.Len(t, list.GetEnrolments(), 1)
	list, err = s.places.ListEnrolments(ctx, &entitlementsv1.ListEnrolmentsRequest{Parent: p.GetName(), Filter: `standing != "STANDING_ENROLLED"`})
	require.NoError(t, err)
	require.Len(t, list.GetEnrolments(), 1)

	_, err = s.places.EndProgramme(ctx, &entitlementsv1.EndProgrammeRequest{Name: p.GetName(), EndDate: &date.Date{Year: 1998, Month: 1, Day: 1}, Reason: "Over"})
	wantStatus(t, err, codes.FailedPrecondition, "PROGRAMME_NOTICE")
	ended, err := s.places.EndProgramme(ctx, &entitlementsv1.EndProgrammeRequest{Name: p.GetName(), EndDate: &date.Date{Year: 2190, Month: 1, Day: 1}, Reason: "Over"})
	require.NoError(t, err)
	require.Equal(t, "Over", ended.GetEndReason())
}

// today is the day on which a programme was published, as schedules have it.
func today(t *testing.T, p *entitlementsv1.Programme) string {
	t.Helper()
	d := p.GetPublishDate()
	require.NotNil(t, d)
	return fmt.Sprintf("%04d-%02d-%02d", d.GetYear(), d.GetMonth(), d.GetDay())
}

func TestProgrammesAreListedChangedAndDeleted(t *testing.T) {
	s, p := published(t, 3)
	ctx := t.Context()
	second := draft(2)
	second.ProgrammeId, second.ValidateOnly = "gamma", true
	checked, err := s.places.CreateProgramme(ctx, second)
	require.NoError(t, err)
	require.Equal(t, "programmes/gamma", checked.GetName())
	_, err = s.places.GetProgramme(ctx, &entitlementsv1.GetProgrammeRequest{Name: "programmes/gamma"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	second.ValidateOnly = false
	gamma, err := s.places.CreateProgramme(ctx, second)
	require.NoError(t, err)
	_, err = s.places.CreateProgramme(ctx, second)
	wantStatus(t, err, codes.AlreadyExists, "ALREADY_EXISTS")

	list, err := s.places.ListProgrammes(ctx, &entitlementsv1.ListProgrammesRequest{Filter: "state = STATE_DRAFT"})
	require.NoError(t, err)
	require.Len(t, list.GetProgrammes(), 1)
	odd := draft(1)
	odd.ProgrammeId, odd.Programme.Title = "odd", "STATE_OF the art"
	_, err = s.places.CreateProgramme(ctx, odd)
	require.NoError(t, err)
	byTitle, err := s.places.ListProgrammes(ctx, &entitlementsv1.ListProgrammesRequest{Filter: `title = "STATE_OF the art"`})
	require.NoError(t, err)
	require.Len(t, byTitle.GetProgrammes(), 1, "titles are as they are written")
	require.Equal(t, gamma.GetName(), list.GetProgrammes()[0].GetName())
	changed, err := s.places.UpdateProgramme(ctx, &entitlementsv1.UpdateProgrammeRequest{
		Programme: &entitlementsv1.Programme{Name: gamma.GetName(), Capacity: 1, Etag: gamma.GetEtag()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"capacity"}}})
	require.NoError(t, err)
	require.Equal(t, int32(1), changed.GetCapacity())
	require.Equal(t, "Beta", changed.GetTitle())
	_, err = s.places.DeleteProgramme(ctx, &entitlementsv1.DeleteProgrammeRequest{Name: gamma.GetName(), Etag: gamma.GetEtag()})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	_, err = s.places.DeleteProgramme(ctx, &entitlementsv1.DeleteProgrammeRequest{Name: gamma.GetName()})
	require.NoError(t, err)
	_, err = s.places.DeleteProgramme(ctx, &entitlementsv1.DeleteProgrammeRequest{Name: p.GetName()})
	wantStatus(t, err, codes.FailedPrecondition, "PROGRAMME_STATE")

	for text, want := range map[string]string{
		"{programme: other}":            "programme.criteria",
		"{followers: 1000}":             "criteria_text",
		"{tenure: months, at_least: 0}": "criteria_text",
	} {
		wrong := draft(1)
		wrong.CriteriaText = text
		_, err = s.places.CreateProgramme(ctx, wrong)
		require.Contains(t, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")), want, text)
	}
}

// Who is in a programme for those who have spent an amount tells that they have.
func TestR3ServiceStaffDoNotLearnSpendFromProgrammes(t *testing.T) {
	s, p := published(t, 1)
	ctx := t.Context()
	enrolled, err := s.places.ApplyToProgramme(ctx, apply("rich"))
	require.NoError(t, err)
	agent := s.as(auth.ServiceAgent).places
	seen, err := agent.GetProgramme(ctx, &entitlementsv1.GetProgrammeRequest{Name: p.GetName()})
	require.NoError(t, err)
	require.Nil(t, seen.GetCriteria())
	require.Empty(t, seen.GetCriteriaText())
	require.Equal(t, "Beta", seen.GetTitle())
	list, err := agent.ListProgrammes(ctx, &entitlementsv1.ListProgrammesRequest{})
	require.NoError(t, err)
	require.Equal(t, seen.String(), list.GetProgrammes()[0].String())
	_, err = agent.GetEnrolment(ctx, &entitlementsv1.GetEnrolmentRequest{Name: enrolled.GetName()})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = agent.GetEnrolment(ctx, &entitlementsv1.GetEnrolmentRequest{Name: p.GetName() + "/enrolments/poor"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = agent.ListEnrolments(ctx, &entitlementsv1.ListEnrolmentsRequest{Parent: p.GetName()})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = agent.ApplyToProgramme(ctx, apply("poor"))
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")

	open := draft(1)
	open.ProgrammeId, open.CriteriaText = "open", "{tenure: months, at_least: 12}"
	_, err = s.places.CreateProgramme(ctx, open)
	require.NoError(t, err)
	seen, err = agent.GetProgramme(ctx, &entitlementsv1.GetProgrammeRequest{Name: "programmes/open"})
	require.NoError(t, err)
	require.Equal(t, open.GetCriteriaText(), seen.GetCriteriaText())
	_, err = agent.ListEnrolments(ctx, &entitlementsv1.ListEnrolmentsRequest{Parent: "programmes/open"})
	require.NoError(t, err)
}

func TestAccountManagersApplyForTheirOwnAccounts(t *testing.T) {
	s, p := published(t, 1)
	ctx := t.Context()
	s.accounts.owner = "principals/some-other"
	manager := s.as(auth.AccountManager).places
	_, err := manager.ApplyToProgramme(ctx, apply("rich"))
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = manager.WithdrawEnrolment(ctx, &entitlementsv1.WithdrawEnrolmentRequest{Name: p.GetName() + "/enrolments/rich"})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	token := s.accounts.add(account("mine", ""), revenue("mine", paidOn, 30_000))
	_, err = s.CheckEntitlement(ctx, check("mine", "thanks", token))
	require.NoError(t, err)
	s.accounts.mu.Lock()
	s.accounts.owner = "principals/some-" + string(auth.AccountManager)
	s.accounts.mu.Unlock()
	e, err := manager.ApplyToProgramme(ctx, apply("mine"))
	require.NoError(t, err)
	require.Equal(t, entitlementsv1.Enrolment_STANDING_ENROLLED, e.GetStanding())
	_, err = manager.PublishProgramme(ctx, &entitlementsv1.PublishProgrammeRequest{Name: p.GetName()})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

func TestR39TheFeedTellsWhoWasEnrolled(t *testing.T) {
	s, _ := published(t, 1)
	ctx := t.Context()
	_, err := s.places.ApplyToProgramme(ctx, apply("rich"))
	require.NoError(t, err)
	stream, err := s.feed.WatchChanges(ctx, &entitlementsv1.WatchChangesRequest{StatesOf: []string{"programmes"}})
	require.NoError(t, err)
	var got []string
	for len(got) < 3 {
		batch, err := stream.Recv()
		require.NoError(t, err)
		for _, c := range batch.GetChanges() {
			switch {
			case c.GetProgramme() != nil:
				got = append(got, c.GetType()+" "+c.GetProgramme().GetTitle()+" by "+c.GetPrincipal())
			case c.GetEnrolments() != nil:
				got = append(got, c.GetType()+" "+c.GetEnrolments().GetEnrolments()[0].GetName()+" by "+c.GetPrincipal())
			}
		}
	}
	require.Equal(t, []string{
		"programme.created Beta by principals/some-admin", "programme.published Beta by principals/some-admin",
		"enrolment.applied programmes/beta/enrolments/rich by principals/some-admin",
	}, got)
}

// An account that was just created is not said to be missing.
func TestWhoIsTooNewToBeKnownAppliesAgain(t *testing.T) {
	s, _ := published(t, 1)
	_, err := s.places.ApplyToProgramme(t.Context(), apply("brand-new"))
	wantStatus(t, err, codes.Unavailable, "UNAVAILABLE")
	require.ErrorContains(t, err, "is so new that it is not known here yet")
	_, err = s.places.ApplyToProgramme(t.Context(), apply("nowhere"))
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	elsewhere := apply("brand-new")
	elsewhere.Parent = "programmes/gamma"
	_, err = s.places.ApplyToProgramme(t.Context(), elsewhere)
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
}
