package rpc_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// The time of the service stands still here, so two people make the seed.
func TestLotteriesOverRPC(t *testing.T) {
	s := serve(t)
	secretary, viewer, agent, machine := s.as(t, auth.BoardSecretary), s.as(t, auth.Viewer), s.as(t, auth.ServiceAgent), s.as(t, auth.Service)
	create := &boardv1.CreateLotteryRequest{
		LotteryId: "fair", Lottery: &boardv1.Lottery{Purpose: "Stands", Owner: "fairs/spring", Places: 2}, Entrants: []string{"ash", "birch", "cedar"},
		SeedPlan: &boardv1.SeedPlan{
			Round:          &boardv1.PublicRound{Source: "drand", Number: "4711", KnownTime: timestamppb.New(clock.Add(time.Hour))},
			RevealDeadline: timestamppb.New(clock.Add(time.Minute)),
			Holders: []*boardv1.SeedHolder{{Principal: "principals/board-secretary", Commitment: record.Commitment("one")},
				{Principal: "principals/auditor", Commitment: record.Commitment("two")}}},
		RequestId: "0f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77",
	}
	_, err := viewer.lotteries.CreateLottery(t.Context(), create)
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	create.ValidateOnly = true
	checked, err := machine.lotteries.CreateLottery(t.Context(), create)
	require.NoError(t, err)
	require.Empty(t, checked.GetDraw().GetRecordHash())
	_, err = machine.lotteries.GetLottery(t.Context(), &boardv1.GetLotteryRequest{Name: checked.GetName()})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	create.ValidateOnly = false
	made, err := machine.lotteries.CreateLottery(t.Context(), create)
	require.NoError(t, err)
	require.Equal(t, "lotteries/fair", made.GetName())
	require.Equal(t, boardv1.Lottery_STATE_COMMITTED, made.GetState())
	require.EqualValues(t, 3, made.GetEntrantCount())
	again, err := machine.lotteries.CreateLottery(t.Context(), create)
	require.NoError(t, err)
	require.Equal(t, made.GetEtag(), again.GetEtag())
	_, err = secretary.lotteries.CreateLottery(t.Context(), &boardv1.CreateLotteryRequest{LotteryId: "fair", Lottery: create.GetLottery(),
		Entrants: create.GetEntrants(), SeedPlan: create.GetSeedPlan()})
	wantStatus(t, err, codes.AlreadyExists, "ALREADY_EXISTS")
	_, err = agent.lotteries.GetLottery(t.Context(), &boardv1.GetLotteryRequest{Name: "lotteries/fair"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")

	for filter, want := range map[string]int{"": 1, "state = STATE_COMMITTED": 1, `owner = "fairs/autumn"`: 0} {
		list, err := viewer.lotteries.ListLotteries(t.Context(), &boardv1.ListLotteriesRequest{Filter: filter})
		require.NoError(t, err)
		require.Len(t, list.GetLotteries(), want, filter)
	}
	_, err = viewer.lotteries.ListLotteryEntrants(t.Context(), &boardv1.ListLotteryEntrantsRequest{Parent: "lotteries/fair"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = secretary.lotteries.DrawLottery(t.Context(), &boardv1.DrawLotteryRequest{Name: "lotteries/fair", RoundValue: "8a"})
	wantStatus(t, err, codes.FailedPrecondition, "SEED")

	for role, secret := range map[auth.Role]string{auth.BoardSecretary: "one", auth.Auditor: "two"} {
		_, err := s.as(t, role).lotteries.RevealLotterySeed(t.Context(), &boardv1.RevealLotterySeedRequest{Name: "lotteries/fair", Secret: secret})
		require.NoError(t, err)
	}
	_, err = secretary.lotteries.CancelLottery(t.Context(), &boardv1.CancelLotteryRequest{Name: "lotteries/fair", Reason: "No."})
	wantStatus(t, err, codes.FailedPrecondition, "LOTTERY_STATE")
	_, err = secretary.lotteries.DrawLottery(t.Context(), &boardv1.DrawLotteryRequest{Name: "lotteries/fair", Etag: made.GetEtag()})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	drawn, err := secretary.lotteries.DrawLottery(t.Context(), &boardv1.DrawLotteryRequest{Name: "lotteries/fair"})
	require.NoError(t, err)
	require.Equal(t, boardv1.Lottery_STATE_DRAWN, drawn.GetState())

	public, err := viewer.lotteries.GetLotteryDraw(t.Context(), &boardv1.GetLotteryDrawRequest{Name: "lotteries/fair/draw"})
	require.NoError(t, err)
	r, report := record.Verify([]byte(public.GetRecord()))
	require.True(t, report.OK(), "%v", report.Err())
	require.Equal(t, public.GetRecordHash(), r.Hash)
	page, err := machine.lotteries.ListLotteryEntrants(t.Context(), &boardv1.ListLotteryEntrantsRequest{Parent: "lotteries/fair", PageSize: 2})
	require.NoError(t, err)
	rest, err := machine.lotteries.ListLotteryEntrants(t.Context(), &boardv1.ListLotteryEntrantsRequest{Parent: "lotteries/fair", PageSize: 2, PageToken: page.GetNextPageToken()})
	require.NoError(t, err)
	require.Empty(t, rest.GetNextPageToken())
	all := append(page.GetEntrants(), rest.GetEntrants()...)
	require.Len(t, all, 3)
	for i, e := range all {
		require.EqualValues(t, i+1, e.GetPosition())
		require.Equal(t, i < 2, e.GetDrawn())
	}
	require.Equal(t, r.Outcome.Members[0], all[0].GetPseudonym())
	_, err = viewer.lotteries.GetLottery(t.Context(), &boardv1.GetLotteryRequest{Name: "lotteries/none"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
}
