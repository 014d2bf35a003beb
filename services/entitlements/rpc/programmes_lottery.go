package rpc

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/platform/wire"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/programmes"
)

var admissionIn = map[entitlementsv1.Programme_Admission]programmes.Admission{
	entitlementsv1.Programme_ADMISSION_FIRST_COME: programmes.FirstCome,
	entitlementsv1.Programme_ADMISSION_LOTTERY:    programmes.ByLottery,
}

// roundIn reads the round of a lottery; none is the zero Round.
func roundIn(m *entitlementsv1.LotteryRound) (programmes.Round, error) {
	known, err := wire.Time("programme.lottery_round.known_time", m.GetKnownTime())
	return programmes.Round{Source: m.GetSource(), Number: m.GetNumber(), Known: known}, err
}

// tellAdmission writes how the places of a programme are given.
func tellAdmission(m *entitlementsv1.Programme, p *programmes.Programme) {
	m.Admission = entitlementsv1.Programme_ADMISSION_FIRST_COME
	if p.Admission == programmes.ByLottery {
		m.Admission = entitlementsv1.Programme_ADMISSION_LOTTERY
		m.LotteryRound = &entitlementsv1.LotteryRound{Source: p.Round.Source, Number: p.Round.Number, KnownTime: wire.Timestamp(p.Round.Known)}
	}
	d := p.Drawing
	switch {
	case d == nil:
	case d.Unneeded:
		m.Lottery = &entitlementsv1.ProgrammeLottery{State: entitlementsv1.ProgrammeLottery_STATE_UNNEEDED}
	case d.Drawn:
		m.Lottery = &entitlementsv1.ProgrammeLottery{State: entitlementsv1.ProgrammeLottery_STATE_DRAWN, Lottery: d.Name, RecordHash: d.Hash}
	default:
		m.Lottery = &entitlementsv1.ProgrammeLottery{State: entitlementsv1.ProgrammeLottery_STATE_COMMITTED, Lottery: d.Name, RecordHash: d.Hash}
	}
}

// BoardLotteries draws at the board service. It implements programmes.Lotteries.
type BoardLotteries struct {
	client boardv1.LotteriesServiceClient
}

var _ programmes.Lotteries = (*BoardLotteries)(nil)

// NewBoardLotteries returns lotteries on a connection to the board service, whose calls
// carry a token that may run lotteries and read entrants: one of a principal with the role
// service.
func NewBoardLotteries(conn grpc.ClientConnInterface) *BoardLotteries {
	return &BoardLotteries{client: boardv1.NewLotteriesServiceClient(conn)}
}

var drawStates = map[boardv1.Lottery_State]programmes.DrawState{
	boardv1.Lottery_STATE_COMMITTED: programmes.DrawCommitted,
	boardv1.Lottery_STATE_DRAWN:     programmes.DrawDone,
	boardv1.Lottery_STATE_CANCELLED: programmes.DrawCancelled,
}

func lotteryIn(m *boardv1.Lottery, err error) (programmes.Lottery, error) {
	if err != nil {
		return programmes.Lottery{}, err
	}
	plan := m.GetDraw().GetSeedPlan()
	known, err := wire.Time("draw.seed_plan.round.known_time", plan.GetRound().GetKnownTime())
	return programmes.Lottery{Name: m.GetName(), Owner: m.GetOwner(), Hash: m.GetDraw().GetRecordHash(), State: drawStates[m.GetState()],
		Places: int(m.GetPlaces()), Secrets: len(plan.GetHolders()),
		Round: programmes.Round{Source: plan.GetRound().GetSource(), Number: plan.GetRound().GetNumber(), Known: known}}, err
}

const lotteryPrefix = "lotteries/"

// Find implements programmes.Lotteries.
func (b *BoardLotteries) Find(ctx context.Context, id string) (programmes.Lottery, bool, error) {
	l, err := lotteryIn(b.client.GetLottery(ctx, &boardv1.GetLotteryRequest{Name: lotteryPrefix + id}))
	if status.Code(err) == codes.NotFound {
		return l, false, nil
	}
	return l, err == nil, err
}

// Commit implements programmes.Lotteries.
func (b *BoardLotteries) Commit(ctx context.Context, d programmes.LotteryDraft) (programmes.Lottery, error) {
	return lotteryIn(b.client.CreateLottery(ctx, &boardv1.CreateLotteryRequest{
		LotteryId: d.ID, RequestId: d.RequestID, Entrants: d.Entrants,
		Lottery: &boardv1.Lottery{Purpose: d.Purpose, Owner: d.Owner, Places: int32(d.Places)},
		SeedPlan: &boardv1.SeedPlan{Round: &boardv1.PublicRound{
			Source: d.Round.Source, Number: d.Round.Number, KnownTime: wire.Timestamp(d.Round.Known)}},
	}))
}

// Draw implements programmes.Lotteries.
func (b *BoardLotteries) Draw(ctx context.Context, id, value string) (programmes.Lottery, error) {
	return lotteryIn(b.client.DrawLottery(ctx, &boardv1.DrawLotteryRequest{Name: lotteryPrefix + id, RoundValue: value}))
}

// Entrants implements programmes.Lotteries.
func (b *BoardLotteries) Entrants(ctx context.Context, id string) ([]string, error) {
	return b.entrants(ctx, id, func(*boardv1.LotteryEntrant, int) error { return nil })
}

// Order implements programmes.Lotteries.
func (b *BoardLotteries) Order(ctx context.Context, id string) ([]string, error) {
	return b.entrants(ctx, id, func(e *boardv1.LotteryEntrant, place int) error {
		if int(e.GetPosition()) != place {
			return fmt.Errorf("%s is at %d of the order, where %d should be", e.GetEntrant(), e.GetPosition(), place)
		}
		return nil
	})
}

// entrants lists who takes part in a lottery, each checked with its place in the list.
func (b *BoardLotteries) entrants(ctx context.Context, id string, check func(e *boardv1.LotteryEntrant, place int) error) ([]string, error) {
	var list []string
	for token := ""; ; {
		page, err := b.client.ListLotteryEntrants(ctx, &boardv1.ListLotteryEntrantsRequest{Parent: lotteryPrefix + id, PageSize: 1000, PageToken: token})
		if err != nil {
			return nil, err
		}
		for _, e := range page.GetEntrants() {
			if err := check(e, len(list)+1); err != nil {
				return nil, err
			}
			list = append(list, e.GetEntrant())
		}
		if token = page.GetNextPageToken(); token == "" {
			return list, nil
		}
	}
}
