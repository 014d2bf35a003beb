package rpc

import (
	"context"
	"strconv"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
)

func charterOf(s resource.Stored[board.CharterVersion]) *boardv1.Charter {
	v := s.State
	return &boardv1.Charter{
		Name: board.Name(s.ID), Rules: rulesOf(&v.Rules), EffectiveDate: wire.Date(int32(v.Effective)), Reason: v.Reason,
		Publisher: names.Join("principals", v.Publisher), PublishTime: wire.Timestamp(v.Created), Notes: v.Notes,
	}
}

// number reads the number at the end of a name, as 2 of boards/advisory/charters/2.
func number(name string) int {
	n, _ := strconv.Atoi(last(name)) // the schema lets only numbers through
	return n
}

func (s *boardsServer) GetCharter(ctx context.Context, r *boardv1.GetCharterRequest) (*boardv1.Charter, error) {
	v, err := s.domain.Charters.Get(ctx, id(r.GetName(), "boards"), number(r.GetName()))
	if err != nil {
		return nil, err
	}
	return charterOf(v), nil
}

func (s *boardsServer) ListCharters(ctx context.Context, r *boardv1.ListChartersRequest) (*boardv1.ListChartersResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	list, err := s.domain.Charters.List(ctx, id(r.GetParent(), "boards"))
	if err != nil {
		return nil, err
	}
	out := &boardv1.ListChartersResponse{}
	var more resource.Place
	list, more = slice(p, list, func(v resource.Stored[board.CharterVersion]) int64 { return int64(v.State.Number) })
	for _, v := range list {
		out.Charters = append(out.Charters, charterOf(v))
	}
	out.NextPageToken, err = p.Next(more)
	return out, err
}

func (s *boardsServer) PublishCharter(ctx context.Context, r *boardv1.PublishCharterRequest) (*boardv1.Charter, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	in := r.GetCharter()
	rules, err := rulesFrom(in.GetRules())
	if err != nil {
		return nil, err
	}
	n := board.NewCharter{Rules: rules, Reason: in.GetReason(), Publisher: id(c.Principal, "principals")}
	if in.GetEffectiveDate() != nil {
		day, err := wire.Day("charter.effective_date", in.GetEffectiveDate())
		if err != nil {
			return nil, err
		}
		effective := civil.Day(day)
		n.Effective = &effective
	}
	v, err := s.domain.Charters.Publish(ctx, c, id(r.GetParent(), "boards"), n, r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	return charterOf(v), nil
}
