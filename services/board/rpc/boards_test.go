package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

func TestBoardsOverRPC(t *testing.T) {
	s := serve(t)
	secretary, viewer := s.as(t, auth.BoardSecretary), s.as(t, auth.Viewer)
	in := &boardv1.Board{DisplayName: "Advisory board", TimeZone: "Europe/Paris", Managers: []string{"principals/sam"}}
	created, err := secretary.boards.CreateBoard(t.Context(), &boardv1.CreateBoardRequest{BoardId: "advisory", Board: in})
	require.NoError(t, err)
	require.Equal(t, "boards/advisory", created.GetName())
	require.Equal(t, boardv1.Board_STATE_ACTIVE, created.GetState())
	_, err = secretary.boards.CreateBoard(t.Context(), &boardv1.CreateBoardRequest{BoardId: "other",
		Board: &boardv1.Board{DisplayName: "Other", TimeZone: "UTC"}})
	require.NoError(t, err)
	_, err = viewer.boards.CreateBoard(t.Context(), &boardv1.CreateBoardRequest{Board: in})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")

	got, err := viewer.boards.GetBoard(t.Context(), &boardv1.GetBoardRequest{Name: "boards/advisory"})
	require.NoError(t, err)
	require.Equal(t, created.GetEtag(), got.GetEtag())
	changed, err := secretary.boards.UpdateBoard(t.Context(), &boardv1.UpdateBoardRequest{
		Board:      &boardv1.Board{Name: "boards/advisory", DisplayName: "North", TimeZone: "Europe/Paris", Purpose: "To advise.", Etag: got.GetEtag()},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"purpose"}}})
	require.NoError(t, err)
	require.Equal(t, "Advisory board", changed.GetDisplayName(), "the mask leaves it alone")
	require.Equal(t, "To advise.", changed.GetPurpose())
	_, err = secretary.boards.UpdateBoard(t.Context(), &boardv1.UpdateBoardRequest{
		Board:      &boardv1.Board{Name: "boards/advisory", DisplayName: "A", TimeZone: "UTC", State: boardv1.Board_STATE_CLOSED},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"state"}}})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")

	for filter, want := range map[string][]string{
		"": {"boards/advisory", "boards/other"}, `time_zone = "UTC"`: {"boards/other"}, "state = STATE_CLOSED": nil,
	} {
		list, err := viewer.boards.ListBoards(t.Context(), &boardv1.ListBoardsRequest{Filter: filter})
		require.NoError(t, err)
		require.Equal(t, want, namesOf(list.GetBoards()), filter)
	}
	mine, err := viewer.boards.ListBoards(t.Context(), &boardv1.ListBoardsRequest{Manager: "principals/sam"})
	require.NoError(t, err)
	require.Equal(t, []string{"boards/advisory"}, namesOf(mine.GetBoards()))
	first, err := viewer.boards.ListBoards(t.Context(), &boardv1.ListBoardsRequest{PageSize: 1})
	require.NoError(t, err)
	second, err := viewer.boards.ListBoards(t.Context(), &boardv1.ListBoardsRequest{PageSize: 1, PageToken: first.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, []string{"boards/other"}, namesOf(second.GetBoards()))

	closed, err := secretary.boards.CloseBoard(t.Context(), &boardv1.CloseBoardRequest{Name: "boards/advisory", Reason: "Merged."})
	require.NoError(t, err)
	require.Equal(t, boardv1.Board_STATE_CLOSED, closed.GetState())
	_, err = secretary.boards.CloseBoard(t.Context(), &boardv1.CloseBoardRequest{Name: "boards/advisory", Reason: "Again."})
	wantStatus(t, err, codes.FailedPrecondition, "BOARD_STATE")
}

func namesOf(boards []*boardv1.Board) (list []string) {
	for _, b := range boards {
		list = append(list, b.GetName())
	}
	return list
}

func TestTheFeedOverRPC(t *testing.T) {
	s := serve(t)
	_, err := s.as(t, auth.Admin).boards.CreateBoard(t.Context(), &boardv1.CreateBoardRequest{
		Board: &boardv1.Board{DisplayName: "Advisory", TimeZone: "UTC"}})
	require.NoError(t, err)
	follower := s.as(t, auth.Service).feed
	head, err := follower.GetFeed(t.Context(), &boardv1.GetFeedRequest{})
	require.NoError(t, err)
	require.EqualValues(t, 1, head.GetPosition())
	stream, err := follower.WatchChanges(t.Context(), &boardv1.WatchChangesRequest{})
	require.NoError(t, err)
	for {
		answer, err := stream.Recv()
		require.NoError(t, err)
		if len(answer.GetChanges()) == 0 {
			continue
		}
		change := answer.GetChanges()[0]
		require.Equal(t, "principals/admin", change.GetPrincipal())
		require.Equal(t, "boards/advisory", change.GetBoard().GetName())
		require.Equal(t, head.GetResumeToken(), answer.GetResumeToken())
		return
	}
}
