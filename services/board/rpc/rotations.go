package rpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
	"github.com/evenhand/evenhand/services/board/panel"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// rotationsServer implements RotationsService.
type rotationsServer struct {
	boardv1.UnimplementedRotationsServiceServer
	domain *board.Service
}

// place returns the ids of the board and the rotation of a name, or of a name below it.
func place(name string) (parent, rotation string) {
	rest := strings.TrimPrefix(name, "boards/")
	parent, rest, _ = strings.Cut(rest, "/rotations/")
	rotation, _, _ = strings.Cut(rest, "/")
	return parent, rotation
}

// answer makes the message of a rotation, with what people call the accounts.
func (s *rotationsServer) answer(ctx context.Context, r resource.Stored[board.Rotation], err error) (*boardv1.Rotation, error) {
	if err != nil {
		return nil, err
	}
	list, err := s.messages(ctx, r)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func (s *rotationsServer) messages(ctx context.Context, list ...resource.Stored[board.Rotation]) ([]*boardv1.Rotation, error) {
	var ids []string
	for _, r := range list {
		for _, in := range r.State.Invitations {
			ids = append(ids, in.Account)
		}
	}
	accounts, err := s.domain.Accounts.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]*boardv1.Rotation, len(list))
	for i, r := range list {
		out[i] = rotationOf(r, accounts)
	}
	return out, nil
}

func (s *rotationsServer) GetRotation(ctx context.Context, r *boardv1.GetRotationRequest) (*boardv1.Rotation, error) {
	parent, rotation := place(r.GetName())
	found, err := s.domain.Rotations.Get(ctx, parent, rotation)
	return s.answer(ctx, found, err)
}

var rotationFields = []filter.Field{
	{Name: "kind", Kind: filter.Enum, Values: []string{"REGULAR", "VACANCY"}},
	{Name: "state", Kind: filter.Enum, Values: []string{"SCHEDULED", "OPEN", "FROZEN", "COMMITTED", "DRAWN", "INVITING", "CLOSED", "SKIPPED", "CANCELLED"}},
}

func (s *rotationsServer) ListRotations(ctx context.Context, r *boardv1.ListRotationsRequest) (*boardv1.ListRotationsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(longState.ReplaceAllString(r.GetFilter(), "$1"), rotationFields...)
	if err != nil {
		return nil, err
	}
	all, err := s.domain.Rotations.List(ctx, id(r.GetParent(), "boards"))
	if err != nil {
		return nil, err
	}
	var wanted []resource.Stored[board.Rotation]
	place := map[string]int64{} // by day, and by id on one day
	for i, one := range all {
		place[one.ID] = int64(one.State.Day) << 16
		if i > 0 && all[i-1].State.Day == one.State.Day {
			place[one.ID] = place[all[i-1].ID] + 1
		}
		if f.Match(func(field string) any {
			if field == "kind" {
				return strings.TrimPrefix(rotationKinds[one.State.Kind].String(), "KIND_")
			}
			return strings.TrimPrefix(rotationStates[one.State.State].String(), "STATE_")
		}) {
			wanted = append(wanted, one)
		}
	}
	wanted, more := slice(p, wanted, func(one resource.Stored[board.Rotation]) int64 { return place[one.ID] })
	out := &boardv1.ListRotationsResponse{}
	if out.Rotations, err = s.messages(ctx, wanted...); err != nil {
		return nil, err
	}
	out.NextPageToken, err = p.Next(more)
	return out, err
}

func (s *rotationsServer) LayOutRotations(ctx context.Context, r *boardv1.LayOutRotationsRequest) (*boardv1.LayOutRotationsResponse, error) {
	parent := id(r.GetParent(), "boards")
	if err := checkAssigned(ctx, s.domain, parent, scheduleBoards); err != nil {
		return nil, err
	}
	until, err := wire.Day("until_date", r.GetUntilDate())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	layout, err := s.domain.Rotations.LayOut(ctx, c, parent, civil.Day(until), r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	out := &boardv1.LayOutRotationsResponse{}
	if out.Rotations, err = s.messages(ctx, layout.New...); err != nil {
		return nil, err
	}
	out.CancelledRotations, err = s.messages(ctx, layout.Cancelled...)
	return out, err
}

func (s *rotationsServer) PlanVacancyRotation(ctx context.Context, r *boardv1.PlanVacancyRotationRequest) (*boardv1.Rotation, error) {
	parent := id(r.GetParent(), "boards")
	if err := checkAssigned(ctx, s.domain, parent, scheduleBoards); err != nil {
		return nil, err
	}
	day, err := wire.Day("date", r.GetDate())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	made, err := s.domain.Rotations.PlanVacancy(ctx, c, parent, civil.Day(day), r.GetReason())
	return s.answer(ctx, made, err)
}

func (s *rotationsServer) MoveRotation(ctx context.Context, r *boardv1.MoveRotationRequest) (*boardv1.MoveRotationResponse, error) {
	parent, rotation := place(r.GetName())
	if err := checkAssigned(ctx, s.domain, parent, scheduleBoards); err != nil {
		return nil, err
	}
	day, err := wire.Day("date", r.GetDate())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	moved, effect, err := s.domain.Rotations.Move(ctx, c, parent, rotation, r.GetEtag(), civil.Day(day), r.GetReason(), r.GetValidateOnly())
	out, err := s.answer(ctx, moved, err)
	if err != nil {
		return nil, err
	}
	return &boardv1.MoveRotationResponse{Rotation: out, TermMoves: movesOf(parent, effect), Tolerated: toleratedOf(effect)}, nil
}

func (s *rotationsServer) SkipRotation(ctx context.Context, r *boardv1.SkipRotationRequest) (*boardv1.SkipRotationResponse, error) {
	parent, rotation := place(r.GetName())
	if err := checkAssigned(ctx, s.domain, parent, scheduleBoards); err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	skipped, effect, err := s.domain.Rotations.Skip(ctx, c, parent, rotation, r.GetEtag(), r.GetReason(), r.GetValidateOnly())
	out, err := s.answer(ctx, skipped, err)
	if err != nil {
		return nil, err
	}
	return &boardv1.SkipRotationResponse{Rotation: out, TermMoves: movesOf(parent, effect), Tolerated: toleratedOf(effect)}, nil
}

func (s *rotationsServer) CancelRotation(ctx context.Context, r *boardv1.CancelRotationRequest) (*boardv1.Rotation, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	parent, rotation := place(r.GetName())
	out, err := s.domain.Rotations.Cancel(ctx, c, parent, rotation, r.GetEtag(), r.GetReason())
	return s.answer(ctx, out, err)
}

// stepping is a request that takes a rotation a step further.
type stepping interface {
	request.Mutation
	GetName() string
	GetEtag() string
}

func (s *rotationsServer) step(ctx context.Context, r stepping,
	step func(ctx context.Context, call resource.Call, board, rotation, etag string) (resource.Stored[board.Rotation], error),
) (*boardv1.Rotation, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	parent, rotation := place(r.GetName())
	out, err := step(ctx, c, parent, rotation, r.GetEtag())
	return s.answer(ctx, out, err)
}

func (s *rotationsServer) OpenRotation(ctx context.Context, r *boardv1.OpenRotationRequest) (*boardv1.Rotation, error) {
	return s.step(ctx, r, s.domain.Rotations.Open)
}

func (s *rotationsServer) FreezeRotation(ctx context.Context, r *boardv1.FreezeRotationRequest) (*boardv1.Rotation, error) {
	return s.step(ctx, r, func(ctx context.Context, call resource.Call, parent, rotation, etag string) (resource.Stored[board.Rotation], error) {
		return s.domain.Rotations.Freeze(ctx, call, parent, rotation, etag, ids(r.GetNominees(), "accounts"))
	})
}

func (s *rotationsServer) SolveRotation(r *boardv1.SolveRotationRequest, stream grpc.ServerStreamingServer[boardv1.SolveRotationResponse]) error {
	parent, rotation := place(r.GetName())
	var broken error
	o := panel.Options{TimeLimit: r.GetTimeLimit().AsDuration(), Progress: func(p panel.Progress) {
		if broken == nil {
			broken = stream.Send(&boardv1.SolveRotationResponse{Step: &boardv1.SolveRotationResponse_Progress{Progress: &boardv1.SolveProgress{
				Stage: p.Stage, Done: int64(p.Done), Of: int64(p.Of), Panels: int64(p.Panels), Gap: p.Gap}}})
		}
	}}
	solution, err := s.domain.Rotations.Solve(stream.Context(), parent, rotation, o)
	if err != nil {
		return err
	}
	result := &boardv1.SolveResult{Proven: solution.Proven, Gap: solution.Gap, Unreachable: int32(len(solution.Unreachable))}
	if len(solution.Levels) > 0 {
		result.LowestProbability = solution.Levels[0].Probability
	}
	return stream.Send(&boardv1.SolveRotationResponse{Step: &boardv1.SolveRotationResponse_Result{Result: result}})
}

func (s *rotationsServer) CommitRotation(ctx context.Context, r *boardv1.CommitRotationRequest) (*boardv1.Rotation, error) {
	plan, err := planFrom(r.GetSeedPlan())
	if err != nil {
		return nil, err
	}
	return s.step(ctx, r, func(ctx context.Context, call resource.Call, parent, rotation, etag string) (resource.Stored[board.Rotation], error) {
		return s.domain.Rotations.Commit(ctx, call, parent, rotation, etag, board.Commitment{
			Plan: plan, Panels: int(r.GetPanels()), Solve: panel.Options{TimeLimit: r.GetTimeLimit().AsDuration()}})
	})
}

func planFrom(in *boardv1.SeedPlan) (record.SeedPlan, error) {
	plan := record.SeedPlan{Round: record.Round{Source: in.GetRound().GetSource(), Number: in.GetRound().GetNumber()}}
	for _, h := range in.GetHolders() {
		plan.People = append(plan.People, record.Person{Name: h.GetPrincipal(), Commitment: h.GetCommitment()})
	}
	var err error
	if plan.Round.Known, err = wire.Time("seed_plan.round.known_time", in.GetRound().GetKnownTime()); err != nil {
		return plan, err
	}
	plan.Deadline, err = wire.Time("seed_plan.reveal_deadline", in.GetRevealDeadline())
	return plan, err
}

func (s *rotationsServer) RevealSeed(ctx context.Context, r *boardv1.RevealSeedRequest) (*boardv1.Rotation, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	parent, rotation := place(r.GetName())
	out, err := s.domain.Rotations.Reveal(ctx, c, parent, rotation, c.Principal, r.GetSecret())
	return s.answer(ctx, out, err)
}

func (s *rotationsServer) DrawRotation(ctx context.Context, r *boardv1.DrawRotationRequest) (*boardv1.Rotation, error) {
	return s.step(ctx, r, func(ctx context.Context, call resource.Call, parent, rotation, etag string) (resource.Stored[board.Rotation], error) {
		return s.domain.Rotations.DrawPanel(ctx, call, parent, rotation, etag, r.GetRoundValue())
	})
}

func (s *rotationsServer) InviteRotation(ctx context.Context, r *boardv1.InviteRotationRequest) (*boardv1.Rotation, error) {
	return s.step(ctx, r, s.domain.Rotations.Invite)
}

func (s *rotationsServer) AnswerSeatInvitation(ctx context.Context, r *boardv1.AnswerSeatInvitationRequest) (*boardv1.Rotation, error) {
	account, contact := id(r.GetAccount(), "accounts"), ""
	if r.GetContact() != "" {
		if id(r.GetContact(), "accounts") != account {
			return nil, fault.Invalid("contact", "%q is not a contact of %s", r.GetContact(), r.GetAccount())
		}
		contact = last(r.GetContact())
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	parent, rotation := place(r.GetName())
	out, err := s.domain.Rotations.Answer(ctx, c, parent, rotation, account, r.GetAccept(), contact, r.GetNote())
	return s.answer(ctx, out, err)
}

func (s *rotationsServer) CloseRotation(ctx context.Context, r *boardv1.CloseRotationRequest) (*boardv1.Rotation, error) {
	return s.step(ctx, r, s.domain.Rotations.Close)
}
