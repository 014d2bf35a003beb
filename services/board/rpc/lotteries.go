package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
)

// lotteriesServer implements LotteriesService.
type lotteriesServer struct {
	boardv1.UnimplementedLotteriesServiceServer
	lotteries *board.Lotteries
}

var lotteryStates = map[board.LotteryState]boardv1.Lottery_State{
	board.LotteryCommitted: boardv1.Lottery_STATE_COMMITTED,
	board.LotteryDrawn:     boardv1.Lottery_STATE_DRAWN,
	board.LotteryCancelled: boardv1.Lottery_STATE_CANCELLED,
}

func lotteryOf(s resource.Stored[board.Lottery]) *boardv1.Lottery {
	l := &s.State
	return &boardv1.Lottery{
		Name: board.LotteryName(s.ID), Purpose: l.Purpose, Owner: l.Owner, Places: int32(l.Places), EntrantCount: int32(l.Entrants),
		State: lotteryStates[l.State], Draw: drawOf(&l.Draw), CancelReason: l.Reason, Etag: s.Etag(),
		CreateTime: wire.Timestamp(l.Created), UpdateTime: wire.Timestamp(l.Updated),
	}
}

func lotteryAnswer(s resource.Stored[board.Lottery], err error) (*boardv1.Lottery, error) {
	if err != nil {
		return nil, err
	}
	return lotteryOf(s), nil
}

func lotteryID(name string) string { return id(name, "lotteries") }

func (s *lotteriesServer) CreateLottery(ctx context.Context, r *boardv1.CreateLotteryRequest) (*boardv1.Lottery, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	plan, err := planFrom(r.GetSeedPlan())
	if err != nil {
		return nil, err
	}
	in := r.GetLottery()
	return lotteryAnswer(s.lotteries.Create(ctx, call, r.GetLotteryId(), board.LotteryDraft{
		Purpose: in.GetPurpose(), Owner: in.GetOwner(), Places: int(in.GetPlaces()), Entrants: r.GetEntrants(), Plan: plan},
		r.GetValidateOnly()))
}

func (s *lotteriesServer) GetLottery(ctx context.Context, r *boardv1.GetLotteryRequest) (*boardv1.Lottery, error) {
	return lotteryAnswer(s.lotteries.Get(ctx, lotteryID(r.GetName())))
}

var lotteryFields = []filter.Field{
	{Name: "owner"}, {Name: "state", Kind: filter.Enum, Values: []string{"COMMITTED", "DRAWN", "CANCELLED"}},
}

func (s *lotteriesServer) ListLotteries(ctx context.Context, r *boardv1.ListLotteriesRequest) (*boardv1.ListLotteriesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(longState.ReplaceAllString(r.GetFilter(), "$1"), lotteryFields...)
	if err != nil {
		return nil, err
	}
	list, err := s.lotteries.List(ctx, p.After, p.Size, func(l resource.Stored[board.Lottery]) bool {
		return f.Match(func(field string) any {
			if field == "owner" {
				return l.State.Owner
			}
			return strings.TrimPrefix(lotteryStates[l.State.State].String(), "STATE_")
		})
	})
	if err != nil {
		return nil, err
	}
	out := &boardv1.ListLotteriesResponse{}
	for _, l := range list.Items {
		out.Lotteries = append(out.Lotteries, lotteryOf(l))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}

func (s *lotteriesServer) GetLotteryDraw(ctx context.Context, r *boardv1.GetLotteryDrawRequest) (*boardv1.Draw, error) {
	found, text, err := s.lotteries.Record(ctx, names.First(r.GetName(), "lotteries"))
	if err != nil {
		return nil, err
	}
	d := &found.State.Draw
	return &boardv1.Draw{Name: r.GetName(), Record: string(text), RecordHash: d.Hash, CommitTime: wire.Timestamp(d.Committed), DrawTime: wire.Timestamp(d.Drawn)}, nil
}

func (s *lotteriesServer) ListLotteryEntrants(ctx context.Context, r *boardv1.ListLotteryEntrantsRequest) (*boardv1.ListLotteryEntrantsResponse, error) {
	page, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	found, entrants, err := s.lotteries.Of(ctx, lotteryID(r.GetParent()))
	if err != nil {
		return nil, err
	}
	first := int64(0)
	if len(page.After) == 1 {
		first, _ = page.After[0].(int64)
	}
	out := &boardv1.ListLotteryEntrantsResponse{}
	end := min(first+int64(page.Size), int64(len(entrants)))
	for _, e := range entrants[min(first, end):end] {
		out.Entrants = append(out.Entrants, &boardv1.LotteryEntrant{Entrant: e.ID, Pseudonym: e.Pseudonym, Salt: e.Salt,
			Position: int32(e.Position), Drawn: e.Position > 0 && e.Position <= found.State.Places})
	}
	var next resource.Place
	if end < int64(len(entrants)) {
		next = resource.Place{end}
	}
	out.NextPageToken, err = page.Next(next)
	return out, err
}

func (s *lotteriesServer) RevealLotterySeed(ctx context.Context, r *boardv1.RevealLotterySeedRequest) (*boardv1.Lottery, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return lotteryAnswer(s.lotteries.Reveal(ctx, call, lotteryID(r.GetName()), call.Principal, r.GetSecret()))
}

func (s *lotteriesServer) DrawLottery(ctx context.Context, r *boardv1.DrawLotteryRequest) (*boardv1.Lottery, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return lotteryAnswer(s.lotteries.DrawOrder(ctx, call, lotteryID(r.GetName()), r.GetEtag(), r.GetRoundValue()))
}

func (s *lotteriesServer) CancelLottery(ctx context.Context, r *boardv1.CancelLotteryRequest) (*boardv1.Lottery, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return lotteryAnswer(s.lotteries.Cancel(ctx, call, lotteryID(r.GetName()), r.GetEtag(), r.GetReason()))
}
