package rpc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/evenhand/evenhand/internal/platform/auth"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// twelve are accounts, half of them in energy.
func twelve() []board.AccountChange {
	var all []board.AccountChange
	for i := range 12 {
		all = append(all, customer(fmt.Sprintf("c%02d", i), map[string]string{"sector": []string{"energy", "retail"}[i%2]}))
	}
	return all
}

const first = "boards/a/rotations/2020-03-10"

// prepared is a service with a board whose twelve candidates have consented and whose
// rotations are laid out; it is assigned to the account manager of the tests.
func prepared(t *testing.T) *served {
	s := serve(t, twelve()...)
	secretary := s.as(t, auth.BoardSecretary)
	_, err := secretary.boards.CreateBoard(t.Context(), &boardv1.CreateBoardRequest{BoardId: "a",
		Board: &boardv1.Board{DisplayName: "A", TimeZone: "Europe/Paris", Managers: []string{"principals/account-manager"}}})
	require.NoError(t, err)
	_, err = secretary.boards.CreateBoard(t.Context(), &boardv1.CreateBoardRequest{BoardId: "other", Board: &boardv1.Board{DisplayName: "B", TimeZone: "UTC"}})
	require.NoError(t, err)
	in := rules(3)
	in.Rotation.Start, in.Rotation.OnHoliday = "2020-03-01T10:00", boardv1.Recurrence_HOLIDAY_POLICY_KEEP
	in.NoticeDays = 0
	_, err = secretary.boards.PublishCharter(t.Context(), &boardv1.PublishCharterRequest{Parent: "boards/a", Charter: &boardv1.Charter{
		Rules: in, EffectiveDate: &date.Date{Year: 2020, Month: 1, Day: 1}, Reason: "First."}})
	require.NoError(t, err)
	batch := &boardv1.BatchNominateCandidatesRequest{Parent: "boards/a"}
	for _, a := range twelve() {
		batch.Nominations = append(batch.Nominations, &boardv1.Nomination{Account: "accounts/" + a.ID,
			Consent: &boardv1.Consent{Contact: "accounts/" + a.ID + "/contacts/ann", GiveTime: at(t, "2020-01-05T00:00:00Z")}})
	}
	nominated, err := secretary.boards.BatchNominateCandidates(t.Context(), batch)
	require.NoError(t, err)
	require.Equal(t, []string{"No rotation is laid out."}, nominated.GetResults()[0].GetCandidate().GetIneligibleReasons())
	laid, err := s.as(t, auth.AccountManager).rotations.LayOutRotations(t.Context(), &boardv1.LayOutRotationsRequest{Parent: "boards/a",
		UntilDate: &date.Date{Year: 2032, Month: 1, Day: 1}})
	require.NoError(t, err)
	require.Len(t, laid.GetRotations(), 12)
	require.Equal(t, first, laid.GetRotations()[0].GetName())
	return s
}

func TestR30ARotationOverRPC(t *testing.T) {
	s := prepared(t)
	ctx := t.Context()
	secretary, viewer, auditor := s.as(t, auth.BoardSecretary).rotations, s.as(t, auth.Viewer), s.as(t, auth.Auditor).rotations
	candidate, err := viewer.boards.GetCandidate(ctx, &boardv1.GetCandidateRequest{Name: "boards/a/candidates/c01"})
	require.NoError(t, err)
	require.True(t, candidate.GetEligible(), "%v", candidate.GetIneligibleReasons())

	preview, err := viewer.rotations.PreviewRotation(ctx, &boardv1.PreviewRotationRequest{Name: first})
	require.NoError(t, err)
	require.Len(t, preview.GetOpenSeats(), 3)
	require.Len(t, preview.GetPool(), 12)
	require.Equal(t, "energy", preview.GetPool()[0].GetValues()["sector"])
	require.InDelta(t, 0.25, preview.GetPool()[0].GetProbability(), 1e-6)
	other := rules(2)
	other.Categories = nil
	preview, err = viewer.rotations.PreviewRotation(ctx, &boardv1.PreviewRotationRequest{Name: first, Rules: other})
	require.NoError(t, err)
	require.Len(t, preview.GetOpenSeats(), 2, "under other rules")
	other.Seats = 0
	_, err = viewer.rotations.PreviewRotation(ctx, &boardv1.PreviewRotationRequest{Name: first, Rules: other})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")

	opened, err := secretary.OpenRotation(ctx, &boardv1.OpenRotationRequest{Name: first})
	require.NoError(t, err)
	_, err = secretary.FreezeRotation(ctx, &boardv1.FreezeRotationRequest{Name: first, Etag: "stale"})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	frozen, err := secretary.FreezeRotation(ctx, &boardv1.FreezeRotationRequest{Name: first, Etag: opened.GetEtag()})
	require.NoError(t, err)
	require.EqualValues(t, 12, frozen.GetPool().GetEligible())
	require.Equal(t, "boards/a/charters/1", frozen.GetCharter())

	solving, err := secretary.SolveRotation(ctx, &boardv1.SolveRotationRequest{Name: first})
	require.NoError(t, err)
	for {
		answer, err := solving.Recv()
		require.NoError(t, err)
		if result := answer.GetResult(); result != nil {
			require.True(t, result.GetProven())
			require.InDelta(t, 0.25, result.GetLowestProbability(), 1e-6)
			break
		}
	}
	_, err = viewer.rotations.GetDraw(ctx, &boardv1.GetDrawRequest{Name: first + "/draw"})
	wantStatus(t, err, codes.FailedPrecondition, "ROTATION_STATE")
	holders := []*boardv1.SeedHolder{
		{Principal: "principals/auditor", Commitment: record.Commitment("one")}, {Principal: "principals/board-secretary", Commitment: record.Commitment("two")}}
	plan := &boardv1.SeedPlan{Round: &boardv1.PublicRound{Source: "drand", Number: "4711", KnownTime: at(t, "2099-01-02T00:00:00Z")}, Holders: holders, RevealDeadline: at(t, "2099-01-01T00:00:00Z")}
	committed, err := secretary.CommitRotation(ctx, &boardv1.CommitRotationRequest{Name: first, SeedPlan: plan, Panels: 100})
	require.NoError(t, err)
	require.Len(t, committed.GetDraw().GetRecordHash(), 64)
	require.Equal(t, plan.GetRound().GetKnownTime().AsTime(), committed.GetDraw().GetSeedPlan().GetRound().GetKnownTime().AsTime())
	_, err = s.as(t, auth.PolicyAuthor).rotations.RevealSeed(ctx, &boardv1.RevealSeedRequest{Name: first, Secret: "one"})
	wantStatus(t, err, codes.FailedPrecondition, "SEED")
	_, err = auditor.RevealSeed(ctx, &boardv1.RevealSeedRequest{Name: first, Secret: "one"})
	require.NoError(t, err)
	revealed, err := secretary.RevealSeed(ctx, &boardv1.RevealSeedRequest{Name: first, Secret: "two"})
	require.NoError(t, err)
	require.True(t, revealed.GetDraw().GetSeedPlan().GetHolders()[1].GetRevealed())
	drawn, err := secretary.DrawRotation(ctx, &boardv1.DrawRotationRequest{Name: first})
	require.NoError(t, err)
	require.NotEmpty(t, drawn.GetDraw().GetSeed())
	_, err = secretary.DrawRotation(ctx, &boardv1.DrawRotationRequest{Name: first, RoundValue: "another"})
	wantStatus(t, err, codes.FailedPrecondition, "ROTATION_STATE")

	public, err := viewer.rotations.GetDraw(ctx, &boardv1.GetDrawRequest{Name: first + "/draw"})
	require.NoError(t, err)
	_, report := record.Verify([]byte(public.GetRecord()))
	require.True(t, report.OK(), "%v", report.Err())
	_, err = viewer.rotations.ListPseudonyms(ctx, &boardv1.ListPseudonymsRequest{Parent: first + "/draw"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	pseudonyms, err := auditor.ListPseudonyms(ctx, &boardv1.ListPseudonymsRequest{Parent: first + "/draw", PageSize: 5})
	require.NoError(t, err)
	require.Len(t, pseudonyms.GetPseudonyms(), 5)
	one, err := auditor.ListPseudonyms(ctx, &boardv1.ListPseudonymsRequest{Parent: first + "/draw", Filter: `account = "accounts/c03"`})
	require.NoError(t, err)
	require.Len(t, one.GetPseudonyms(), 1)
	require.Equal(t, "accounts/c03", one.GetPseudonyms()[0].GetAccount())
	_, err = s.as(t, auth.AccountManager).rotations.ListPseudonyms(ctx, &boardv1.ListPseudonymsRequest{Parent: first + "/draw", Filter: `account = "accounts/c03"`})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	pool, err := viewer.rotations.ListPoolMembers(ctx, &boardv1.ListPoolMembersRequest{Parent: first, Filter: "eligible = true"})
	require.NoError(t, err)
	require.InDelta(t, 0.25, pool.GetPoolMembers()[3].GetProbability(), 1e-6)

	invited, err := secretary.InviteRotation(ctx, &boardv1.InviteRotationRequest{Name: first})
	require.NoError(t, err)
	require.Len(t, invited.GetInvitations(), 3)
	requireWritten(t, s, 3, one.GetPseudonyms()[0])
	for _, in := range invited.GetInvitations() {
		_, err := secretary.AnswerSeatInvitation(ctx, &boardv1.AnswerSeatInvitationRequest{Name: first, Account: in.GetAccount(), Accept: true})
		require.NoError(t, err)
	}
	closed, err := secretary.CloseRotation(ctx, &boardv1.CloseRotationRequest{Name: first})
	require.NoError(t, err)
	require.Equal(t, boardv1.Rotation_STATE_CLOSED, closed.GetState())
	terms, err := viewer.boards.ListTerms(ctx, &boardv1.ListTermsRequest{Parent: "boards/a", Filter: "state = OVER"})
	require.NoError(t, err)
	require.Len(t, terms.GetTerms(), 3, "they began in 2020")
	require.Equal(t, boardv1.Term_END_SERVED, terms.GetTerms()[0].GetEnd())
	got, err := viewer.boards.GetTerm(ctx, &boardv1.GetTermRequest{Name: terms.GetTerms()[0].GetName()})
	require.NoError(t, err)
	require.Equal(t, first, got.GetRotation())
	seats, err := viewer.boards.ListSeats(ctx, &boardv1.ListSeatsRequest{Parent: "boards/a"})
	require.NoError(t, err)
	require.Len(t, seats.GetSeats(), 3)
	require.True(t, seats.GetSeats()[0].GetVacant())
	list, err := viewer.rotations.ListRotations(ctx, &boardv1.ListRotationsRequest{Parent: "boards/a", Filter: "state = SCHEDULED", PageSize: 4})
	require.NoError(t, err)
	require.Len(t, list.GetRotations(), 4)
	require.Equal(t, "boards/a/rotations/2021-03-09", list.GetRotations()[0].GetName())
	more, err := viewer.rotations.ListRotations(ctx, &boardv1.ListRotationsRequest{Parent: "boards/a", Filter: "state = SCHEDULED", PageSize: 4, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, "boards/a/rotations/2025-03-11", more.GetRotations()[0].GetName())
}

// requireWritten wants everybody in the record to have been written their pseudonym, as
// only those see who may read pseudonyms, and so many to have been invited.
func requireWritten(t *testing.T, s *served, invited int, one *boardv1.Pseudonym) {
	t.Helper()
	for _, role := range people {
		rotations := s.as(t, role).rotations
		_, refused := rotations.ListPseudonyms(t.Context(), &boardv1.ListPseudonymsRequest{Parent: first + "/draw"})
		list, err := rotations.ListDeliveries(t.Context(), &boardv1.ListDeliveriesRequest{Parent: first})
		require.NoError(t, err)
		kinds := map[string]int{}
		for _, d := range list.GetDeliveries() {
			kinds[d.GetKind()]++
			require.Equal(t, d.GetKind() == "invitation" || refused == nil, d.GetBody() != "", "%s of %s", d.GetKind(), role)
		}
		require.Equal(t, map[string]int{"invitation": invited, "pool-notice": 12}, kinds)
		require.Equal(t, refused == nil, strings.Contains(prototext.Format(list), one.GetSalt()))
		require.Equal(t, refused == nil, strings.Contains(prototext.Format(list), one.GetPseudonym()))
	}
}

func TestSchedulesAreForThoseTheBoardIsAssignedTo(t *testing.T) {
	s := prepared(t)
	ctx := t.Context()
	manager, viewer := s.as(t, auth.AccountManager), s.as(t, auth.Viewer).rotations
	next := "boards/a/rotations/2031-03-11"
	moved, err := manager.rotations.MoveRotation(ctx, &boardv1.MoveRotationRequest{Name: next, Date: &date.Date{Year: 2031, Month: 3, Day: 18}, Reason: "Fair.", ValidateOnly: true})
	require.NoError(t, err)
	require.EqualValues(t, 11, moved.GetRotation().GetDate().GetDay(), "it was checked only")
	_, err = manager.rotations.MoveRotation(ctx, &boardv1.MoveRotationRequest{Name: "boards/other/rotations/x", Date: &date.Date{Year: 2031, Month: 3, Day: 18}, Reason: "Fair."})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = manager.rotations.OpenRotation(ctx, &boardv1.OpenRotationRequest{Name: first})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = viewer.SkipRotation(ctx, &boardv1.SkipRotationRequest{Name: next, Reason: "No."})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	cancelled, err := s.as(t, auth.BoardSecretary).rotations.CancelRotation(ctx, &boardv1.CancelRotationRequest{Name: next, Reason: "Merged."})
	require.NoError(t, err)
	require.Equal(t, boardv1.Rotation_STATE_CANCELLED, cancelled.GetState())
	simulated, err := viewer.SimulateRotations(ctx, &boardv1.SimulateRotationsRequest{Parent: "boards/a", Years: 5, Seed: "spring"})
	require.NoError(t, err)
	require.NotEmpty(t, simulated.GetRotations())
	require.Len(t, simulated.GetAccounts(), 12)
}
