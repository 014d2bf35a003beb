package command

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// scheduleFake changes schedules.
type scheduleFake struct {
	boardv1.UnimplementedBoardsServiceServer
	boardv1.UnimplementedRotationsServiceServer
}

var (
	march     = &date.Date{Year: 2028, Month: 3, Day: 14}
	uneven    = []string{"terms would not end evenly: 8 on 2029-03-13, 4 on 2030-03-12."}
	termMoves = []*boardv1.TermMove{{Account: "accounts/ash", Seat: "boards/advisory/seats/3", FromDate: march, ToDate: march}}
)

func (scheduleFake) MoveRotation(context.Context, *boardv1.MoveRotationRequest) (*boardv1.MoveRotationResponse, error) {
	return &boardv1.MoveRotationResponse{TermMoves: termMoves, Tolerated: uneven}, nil
}

func (scheduleFake) SkipRotation(context.Context, *boardv1.SkipRotationRequest) (*boardv1.SkipRotationResponse, error) {
	return &boardv1.SkipRotationResponse{TermMoves: termMoves, Tolerated: uneven}, nil
}

func (scheduleFake) SwapTerms(context.Context, *boardv1.SwapTermsRequest) (*boardv1.SwapTermsResponse, error) {
	return &boardv1.SwapTermsResponse{Terms: []*boardv1.Term{{Name: "boards/advisory/terms/7", MoveReason: "They agreed."}}, Tolerated: uneven}, nil
}

func (scheduleFake) LayOutRotations(context.Context, *boardv1.LayOutRotationsRequest) (*boardv1.LayOutRotationsResponse, error) {
	return &boardv1.LayOutRotationsResponse{
		Rotations: []*boardv1.Rotation{{Name: "boards/advisory/rotations/2028-05-09", State: boardv1.Rotation_STATE_SCHEDULED}},
		CancelledRotations: []*boardv1.Rotation{{Name: "boards/advisory/rotations/2028-03-14", State: boardv1.Rotation_STATE_CANCELLED,
			Reason: "No charter plans it."}},
	}, nil
}

func TestR12ChangesOfAScheduleTellAllTheyDo(t *testing.T) {
	server := grpc.NewServer()
	boardv1.RegisterBoardsServiceServer(server, scheduleFake{})
	boardv1.RegisterRotationsServiceServer(server, scheduleFake{})
	address := listen(t, server)
	broken := "broken all the same: terms would not end evenly: 8 on 2029-03-13, 4 on 2030-03-12.\n"
	for _, tt := range []struct {
		args         []string
		says, stderr string
		json         []string
	}{
		{[]string{"rotations", "move", "advisory", "2028-03-14", "2028-03-21", "--reason", "Fair."}, "accounts/ash", broken, []string{`"termMoves"`, `"tolerated"`}},
		{[]string{"rotations", "skip", "advisory", "2028-03-14", "--reason", "Fair."}, "accounts/ash", broken, []string{`"termMoves"`, `"tolerated"`}},
		{[]string{"terms", "swap", "advisory", "7", "8", "--reason", "Fair."}, "They agreed.", broken, []string{`"terms"`, `"tolerated"`, `"moveReason"`}},
		{[]string{"rotations", "lay-out", "advisory", "--until", "2029-01-01"}, "cancelled", "", []string{`"rotations"`, `"cancelledRotations"`}},
	} {
		for _, format := range []string{"table", "csv"} {
			got := execute(t, address, "", slices.Concat([]string{"board"}, tt.args, []string{"-o", format})...)
			require.Zero(t, got.code, got.stderr)
			require.Contains(t, got.stdout, tt.says)
			require.Equal(t, tt.stderr, got.stderr)
		}
		got := execute(t, address, "", slices.Concat([]string{"board"}, tt.args, []string{"-o", "json"})...)
		require.Zero(t, got.code, got.stderr)
		require.Empty(t, got.stderr)
		for _, field := range tt.json {
			require.Contains(t, got.stdout, field)
		}
	}
}
