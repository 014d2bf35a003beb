package rpc_test

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/programmes"
	"github.com/evenhand/evenhand/services/entitlements/rpc"
)

// fakeLotteries draws entrants in the reverse order, and tells them one a page.
type fakeLotteries struct {
	boardv1.UnimplementedLotteriesServiceServer
	mu      sync.Mutex
	created *boardv1.CreateLotteryRequest
	lottery *boardv1.Lottery
}

func (f *fakeLotteries) CreateLottery(_ context.Context, r *boardv1.CreateLotteryRequest) (*boardv1.Lottery, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.created = r
	f.lottery = &boardv1.Lottery{Name: "lotteries/" + r.GetLotteryId(), Owner: r.GetLottery().GetOwner(), State: boardv1.Lottery_STATE_COMMITTED,
		Places: r.GetLottery().GetPlaces(), Draw: &boardv1.DrawSummary{RecordHash: "5f2c", SeedPlan: r.GetSeedPlan()}}
	return f.lottery, nil
}

func (f *fakeLotteries) GetLottery(_ context.Context, r *boardv1.GetLotteryRequest) (*boardv1.Lottery, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lottery.GetName() != r.GetName() {
		return nil, fault.Missing("evenhand/Lottery", r.GetName())
	}
	return f.lottery, nil
}

func (f *fakeLotteries) DrawLottery(_ context.Context, r *boardv1.DrawLotteryRequest) (*boardv1.Lottery, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.GetRoundValue() == "0" {
		return nil, fault.New(fault.FailedPrecondition, "SEED", "%s cannot be drawn with this.", r.GetName())
	}
	f.lottery = &boardv1.Lottery{Name: r.GetName(), Owner: f.lottery.GetOwner(), State: boardv1.Lottery_STATE_DRAWN, Places: f.lottery.GetPlaces(), Draw: f.lottery.GetDraw()}
	return f.lottery, nil
}

func (f *fakeLotteries) ListLotteryEntrants(_ context.Context, r *boardv1.ListLotteryEntrantsRequest) (*boardv1.ListLotteryEntrantsResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	order := slices.Clone(f.created.GetEntrants())
	slices.Reverse(order)
	at, _ := strconv.Atoi(r.GetPageToken())
	position := int32(0)
	if f.lottery.GetState() == boardv1.Lottery_STATE_DRAWN {
		position = int32(at + 1)
	}
	out := &boardv1.ListLotteryEntrantsResponse{Entrants: []*boardv1.LotteryEntrant{{Entrant: order[at], Position: position}}}
	if at+1 < len(order) {
		out.NextPageToken = strconv.Itoa(at + 1)
	}
	return out, nil
}

// R29: a programme by lottery, through the board service's RPCs.
func TestR29AProgrammeByLotteryOverRPC(t *testing.T) {
	var mu sync.Mutex
	at := time.Now()
	s := serve(t, entitlements.Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return at }})
	token := s.fill(t)
	ctx := t.Context()
	_, err := s.CheckEntitlement(ctx, check("rich", "thanks", token))
	require.NoError(t, err)
	s.following(t)
	today := at.UTC()
	create := &entitlementsv1.CreateProgrammeRequest{CriteriaText: "{spend: since-joining, at_least: 1.00}",
		Programme: &entitlementsv1.Programme{Title: "Beta", Summary: "Try what comes next.", Capacity: 1,
			CloseDate: dateOf(today.AddDate(0, 0, 1)), Admission: entitlementsv1.Programme_ADMISSION_LOTTERY,
			LotteryRound: &entitlementsv1.LotteryRound{Source: "drand", Number: "4711", KnownTime: timestamppb.New(today.AddDate(0, 0, 2))}}}
	_, err = s.places.CreateProgramme(ctx, create)
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	create.Programme.LotteryRound.KnownTime = timestamppb.New(today.AddDate(0, 0, 4))
	p, err := s.places.CreateProgramme(ctx, create)
	require.NoError(t, err)
	require.Equal(t, "4711", p.GetLotteryRound().GetNumber())
	_, err = s.places.PublishProgramme(ctx, &entitlementsv1.PublishProgrammeRequest{Name: p.GetName()})
	require.NoError(t, err)
	for _, account := range []string{"poor", "rich"} {
		e, err := s.places.ApplyToProgramme(ctx, apply(account))
		require.NoError(t, err)
		require.Equal(t, entitlementsv1.Enrolment_STANDING_WAITING, e.GetStanding())
	}
	run := func(value string) (*entitlementsv1.Programme, error) {
		return s.places.RunProgrammeLottery(ctx, &entitlementsv1.RunProgrammeLotteryRequest{Name: p.GetName(), RoundValue: value})
	}
	_, err = run("")
	wantStatus(t, err, codes.FailedPrecondition, "PROGRAMME_STATE")
	mu.Lock()
	at = at.AddDate(0, 0, 3)
	mu.Unlock()
	s.following(t)
	p, err = run("")
	require.NoError(t, err)
	require.Equal(t, entitlementsv1.ProgrammeLottery_STATE_COMMITTED, p.GetLottery().GetState())
	require.Equal(t, "lotteries/programme-beta", p.GetLottery().GetLottery())
	require.Equal(t, "5f2c", p.GetLottery().GetRecordHash())
	require.Equal(t, []string{"poor", "rich"}, s.lotteries.created.GetEntrants())
	require.EqualValues(t, 1, s.lotteries.created.GetLottery().GetPlaces())
	_, err = run("0")
	wantStatus(t, err, codes.FailedPrecondition, "SEED")
	p, err = run("8a3f")
	require.NoError(t, err)
	require.Equal(t, entitlementsv1.ProgrammeLottery_STATE_DRAWN, p.GetLottery().GetState())
	list, err := s.places.ListEnrolments(ctx, &entitlementsv1.ListEnrolmentsRequest{Parent: p.GetName()})
	require.NoError(t, err)
	require.Equal(t, "accounts/rich", list.GetEnrolments()[0].GetAccount())
	require.Equal(t, entitlementsv1.Enrolment_STANDING_ENROLLED, list.GetEnrolments()[0].GetStanding())
	require.EqualValues(t, 1, list.GetEnrolments()[1].GetPosition())
}

// What a lottery is told to be is what it was committed to: it is taken up by that.
func TestR29LotteriesAreReadAsTheyWereCommitted(t *testing.T) {
	s := serve(t, entitlements.Options{})
	token, err := s.keys.Issue("entitlements", rand.Reader)
	require.NoError(t, err)
	conn, err := s.server.Dial(auth.Bearer(token))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	board := rpc.NewBoardLotteries(conn)
	round := programmes.Round{Source: "drand", Number: "4711", Known: time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC)}
	_, known, err := board.Find(t.Context(), "programme-beta")
	require.NoError(t, err)
	require.False(t, known)
	_, err = board.Commit(t.Context(), programmes.LotteryDraft{
		ID: "programme-beta", Owner: "programmes/beta", Purpose: "Beta", Places: 1, Entrants: []string{"ash", "birch"}, Round: round})
	require.NoError(t, err)
	want := programmes.Lottery{Name: "lotteries/programme-beta", Owner: "programmes/beta", Hash: "5f2c", State: programmes.DrawCommitted, Places: 1, Round: round}
	found, known, err := board.Find(t.Context(), "programme-beta")
	require.NoError(t, err)
	require.True(t, known)
	require.Equal(t, want, found)
	entrants, err := board.Entrants(t.Context(), "programme-beta")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"ash", "birch"}, entrants)
	s.lotteries.created.SeedPlan.Holders = []*boardv1.SeedHolder{{Principal: "principals/anna"}}
	found, _, err = board.Find(t.Context(), "programme-beta")
	require.NoError(t, err)
	require.Equal(t, 1, found.Secrets)
}

func dateOf(t time.Time) *date.Date {
	return &date.Date{Year: int32(t.Year()), Month: int32(t.Month()), Day: int32(t.Day())}
}
