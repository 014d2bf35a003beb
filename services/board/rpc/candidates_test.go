package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/evenhand/evenhand/internal/platform/auth"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

func rules(seats int32) *boardv1.Rules {
	return &boardv1.Rules{
		Seats: seats, TermMonths: 36, GraceDays: 7, MaxTerms: 2, CoolingOffMonths: 12, WaitMonths: 24, NoticeDays: 30,
		Rotation: &boardv1.Recurrence{Rule: "FREQ=YEARLY;BYMONTH=3;BYDAY=2TU", Start: "2026-03-01T10:00", TimeZone: "Europe/Paris", OnHoliday: boardv1.Recurrence_HOLIDAY_POLICY_NEXT_WORKDAY},
		Meetings: &boardv1.MeetingRules{When: &boardv1.Recurrence{Rule: "FREQ=MONTHLY;BYDAY=1WE", Start: "2026-03-01T10:00", TimeZone: "Europe/Paris", OnHoliday: boardv1.Recurrence_HOLIDAY_POLICY_NEXT_WORKDAY},
			PerYear: 10, NoticeDays: 14},
		Categories: []*boardv1.Category{
			{Name: "sector", Source: boardv1.Category_SOURCE_ATTRIBUTE, Key: "sector", Other: "other", Quotas: []*boardv1.Quota{
				{Value: "energy", Min: 1, Max: seats}, {Value: "other", Max: seats}}},
			{Name: "tenure", Source: boardv1.Category_SOURCE_TENURE, NotGiven: "unknown",
				Bands:  []*boardv1.Band{{Value: "new", Below: proto.Float64(24)}, {Value: "old", From: proto.Float64(24)}},
				Quotas: []*boardv1.Quota{{Value: "new", Max: seats}, {Value: "old", Max: seats}, {Value: "unknown", Max: seats}}},
		},
		Workdays:  &boardv1.Workdays{Holidays: []*date.Date{{Year: 2026, Month: 12, Day: 25}}, Weekend: "SA,SU"},
		Conflicts: &boardv1.ConflictRules{SameAttributes: []string{"sub-industry"}, SameGroup: true},
		Quorum:    &boardv1.Quorum{Of: &boardv1.Quorum_Members{Members: 2}}, Alternates: &boardv1.AlternateRules{Count: 2, AnswerDays: 14},
	}
}

func TestChartersOverRPC(t *testing.T) {
	s := serve(t)
	secretary := s.as(t, auth.BoardSecretary).boards
	_, err := secretary.CreateBoard(t.Context(), &boardv1.CreateBoardRequest{BoardId: "a", Board: &boardv1.Board{DisplayName: "A", TimeZone: "UTC"}})
	require.NoError(t, err)
	in := &boardv1.Charter{Rules: rules(3), EffectiveDate: &date.Date{Year: 2026, Month: 1, Day: 1}, Reason: "First."}
	first, err := secretary.PublishCharter(t.Context(), &boardv1.PublishCharterRequest{Parent: "boards/a", Charter: in})
	require.NoError(t, err)
	require.Equal(t, "boards/a/charters/1", first.GetName())
	require.Equal(t, "principals/board-secretary", first.GetPublisher())
	require.True(t, proto.Equal(in.GetRules(), first.GetRules()), "%v", first.GetRules())
	_, err = secretary.PublishCharter(t.Context(), &boardv1.PublishCharterRequest{Parent: "boards/a",
		Charter: &boardv1.Charter{Rules: rules(4), EffectiveDate: &date.Date{Year: 2027, Month: 1, Day: 1}, Reason: "More."}})
	require.NoError(t, err)

	viewer := s.as(t, auth.Viewer).boards
	got, err := viewer.GetCharter(t.Context(), &boardv1.GetCharterRequest{Name: "boards/a/charters/1"})
	require.NoError(t, err)
	require.True(t, proto.Equal(first, got))
	page, err := viewer.ListCharters(t.Context(), &boardv1.ListChartersRequest{Parent: "boards/a", PageSize: 1})
	require.NoError(t, err)
	page, err = viewer.ListCharters(t.Context(), &boardv1.ListChartersRequest{Parent: "boards/a", PageSize: 1, PageToken: page.GetNextPageToken()})
	require.NoError(t, err)
	require.Len(t, page.GetCharters(), 1)
	require.Equal(t, "boards/a/charters/2", page.GetCharters()[0].GetName())
	require.Empty(t, page.GetNextPageToken())

	bad := rules(3)
	bad.Categories[0].Quotas[0].Min = 9
	_, err = secretary.PublishCharter(t.Context(), &boardv1.PublishCharterRequest{Parent: "boards/a", Charter: &boardv1.Charter{Rules: bad, Reason: "Bad."}, ValidateOnly: true})
	wantStatus(t, err, codes.InvalidArgument, "CHARTER_INVALID")
	_, err = viewer.PublishCharter(t.Context(), &boardv1.PublishCharterRequest{Parent: "boards/a", Charter: in})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

func TestCandidatesOverRPC(t *testing.T) {
	s := serve(t, customer("acme", nil), customer("brook", nil), customer("coal", nil))
	secretary, manager := s.as(t, auth.BoardSecretary).boards, s.as(t, auth.AccountManager).boards
	_, err := secretary.CreateBoard(t.Context(), &boardv1.CreateBoardRequest{BoardId: "a", Board: &boardv1.Board{DisplayName: "A", TimeZone: "UTC"}})
	require.NoError(t, err)
	c, err := manager.NominateCandidate(t.Context(), &boardv1.NominateCandidateRequest{Parent: "boards/a", Account: "accounts/acme"})
	require.NoError(t, err)
	require.Equal(t, "boards/a/candidates/acme", c.GetName())
	require.Equal(t, "The acme", c.GetAccountDisplayName())
	require.Equal(t, "principals/account-manager", c.GetNominator())
	c, err = manager.RecordConsent(t.Context(), &boardv1.RecordConsentRequest{Name: c.GetName(), Etag: c.GetEtag(),
		Consent: &boardv1.Consent{Contact: "accounts/acme/contacts/ann", UntilDate: &date.Date{Year: 2030, Month: 1, Day: 31}}})
	require.NoError(t, err)
	require.Equal(t, boardv1.Candidate_STATE_CONSENTED, c.GetState())
	require.EqualValues(t, 31, c.GetConsent().GetUntilDate().GetDay())
	_, err = manager.RecordConsent(t.Context(), &boardv1.RecordConsentRequest{Name: c.GetName(),
		Consent: &boardv1.Consent{Contact: "accounts/brook/contacts/ann"}})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")

	batch, err := manager.BatchNominateCandidates(t.Context(), &boardv1.BatchNominateCandidatesRequest{Parent: "boards/a", Nominations: []*boardv1.Nomination{
		{Account: "accounts/acme"}, {Account: "accounts/brook", Consent: &boardv1.Consent{Contact: "accounts/brook/contacts/ann"}},
		{Account: "accounts/nobody"}, {Account: "accounts/coal", Consent: &boardv1.Consent{Contact: "accounts/coal/contacts/bob"}}}})
	require.NoError(t, err)
	require.Equal(t, c.GetEtag(), batch.GetResults()[0].GetCandidate().GetEtag(), "it stays as it is")
	require.Equal(t, boardv1.Candidate_STATE_CONSENTED, batch.GetResults()[1].GetCandidate().GetState())
	require.EqualValues(t, codes.NotFound, batch.GetResults()[2].GetError().GetCode())
	require.Contains(t, batch.GetResults()[3].GetError().GetMessage(), "accounts/coal/contacts/bob")

	viewer := s.as(t, auth.Viewer).boards
	got, err := viewer.GetCandidate(t.Context(), &boardv1.GetCandidateRequest{Name: "boards/a/candidates/brook"})
	require.NoError(t, err)
	require.Equal(t, "accounts/brook/contacts/ann", got.GetConsent().GetContact())
	withdrawn, err := manager.WithdrawCandidate(t.Context(), &boardv1.WithdrawCandidateRequest{Name: got.GetName(), Reason: "No time."})
	require.NoError(t, err)
	require.Equal(t, boardv1.Candidate_STATE_WITHDRAWN, withdrawn.GetState())
	for filter, want := range map[string]int{"": 2, "state = CONSENTED": 1, `nominator = "principals/sam"`: 0} {
		list, err := viewer.ListCandidates(t.Context(), &boardv1.ListCandidatesRequest{Parent: "boards/a", Filter: filter})
		require.NoError(t, err)
		require.Len(t, list.GetCandidates(), want, filter)
	}
	_, err = viewer.NominateCandidate(t.Context(), &boardv1.NominateCandidateRequest{Parent: "boards/a", Account: "accounts/coal"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}
