package rpc

import (
	"context"
	"regexp"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
)

// boardsServer implements BoardsService.
type boardsServer struct {
	boardv1.UnimplementedBoardsServiceServer
	domain *board.Service
}

var boardStates = map[board.State]boardv1.Board_State{
	board.Active: boardv1.Board_STATE_ACTIVE,
	board.Closed: boardv1.Board_STATE_CLOSED,
}

func boardOf(s resource.Stored[board.Board]) *boardv1.Board {
	b := boardState(s.ID, &s.State)
	b.Etag = s.Etag()
	return b
}

func boardState(id string, b *board.Board) *boardv1.Board {
	return &boardv1.Board{
		Name: board.Name(id), DisplayName: b.DisplayName, Purpose: b.Purpose, TimeZone: b.Zone,
		Secretaries: named(b.Secretaries, "principals"), Managers: named(b.Managers, "principals"), State: boardStates[b.State],
		CreateTime: wire.Timestamp(b.Created), UpdateTime: wire.Timestamp(b.Updated),
	}
}

func boardAnswer(s resource.Stored[board.Board], err error) (*boardv1.Board, error) {
	if err != nil {
		return nil, err
	}
	return boardOf(s), nil
}

func (s *boardsServer) GetBoard(ctx context.Context, r *boardv1.GetBoardRequest) (*boardv1.Board, error) {
	return boardAnswer(s.domain.Boards.Get(ctx, id(r.GetName(), "boards")))
}

var boardFields = []filter.Field{
	{Name: "display_name"}, {Name: "time_zone"},
	{Name: "state", Kind: filter.Enum, Values: []string{"ACTIVE", "CLOSED"}},
}

// longState finds states written as JSON has them, STATE_ACTIVE.
var longState = regexp.MustCompile(`(\bstate\s*(?:!=|=)\s*"?)STATE_`)

func (s *boardsServer) ListBoards(ctx context.Context, r *boardv1.ListBoardsRequest) (*boardv1.ListBoardsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(longState.ReplaceAllString(r.GetFilter(), "$1"), boardFields...)
	if err != nil {
		return nil, err
	}
	manager := id(r.GetManager(), "principals")
	list, err := s.domain.Boards.List(ctx, p.Size, p.After, func(b resource.Stored[board.Board]) bool {
		return (manager == "" || b.State.AssignedTo(manager)) && f.Match(func(field string) any { return boardField(&b.State, field) })
	})
	if err != nil {
		return nil, err
	}
	out := &boardv1.ListBoardsResponse{}
	for _, b := range list.Items {
		out.Boards = append(out.Boards, boardOf(b))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}

// boardField is a field's value as filters see it.
func boardField(b *board.Board, field string) any {
	switch field {
	case "display_name":
		return b.DisplayName
	case "time_zone":
		return b.Zone
	case "state":
		return strings.TrimPrefix(boardStates[b.State].String(), "STATE_")
	}
	return nil
}

func (s *boardsServer) CreateBoard(ctx context.Context, r *boardv1.CreateBoardRequest) (*boardv1.Board, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	in := r.GetBoard()
	return boardAnswer(s.domain.Boards.Create(ctx, c, r.GetBoardId(), board.Board{
		DisplayName: in.GetDisplayName(), Purpose: in.GetPurpose(), Zone: in.GetTimeZone(),
		Secretaries: ids(in.GetSecretaries(), "principals"), Managers: ids(in.GetManagers(), "principals")}))
}

func (s *boardsServer) UpdateBoard(ctx context.Context, r *boardv1.UpdateBoardRequest) (*boardv1.Board, error) {
	in := r.GetBoard()
	mask, err := fieldmask.Read("board", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	found, err := request.Name("board.name", in.GetName(), "boards")
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return boardAnswer(s.domain.Boards.Update(ctx, c, found[0], in.GetEtag(), board.Patch{
		DisplayName: masked(mask, "display_name", in.GetDisplayName()),
		Purpose:     masked(mask, "purpose", in.GetPurpose()),
		Zone:        masked(mask, "time_zone", in.GetTimeZone()),
		Secretaries: masked(mask, "secretaries", ids(in.GetSecretaries(), "principals")),
		Managers:    masked(mask, "managers", ids(in.GetManagers(), "principals")),
	}))
}

func (s *boardsServer) CloseBoard(ctx context.Context, r *boardv1.CloseBoardRequest) (*boardv1.Board, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return boardAnswer(s.domain.Boards.Close(ctx, c, id(r.GetName(), "boards"), r.GetEtag(), r.GetReason()))
}
