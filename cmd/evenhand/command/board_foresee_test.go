package command

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

func TestASimulationTellsThePromiseAndWhatItSaw(t *testing.T) {
	early, late := &date.Date{Year: 2027, Month: 3, Day: 9}, &date.Date{Year: 2029, Month: 3, Day: 13}
	answer := &boardv1.SimulateRotationsResponse{Bound: 41, Accounts: []*boardv1.SimulatedAccount{
		{Account: "accounts/a", FirstDate: late, Waited: 2}, {Account: "accounts/b", FirstDate: early}, {Account: "accounts/c", Waited: 3},
	}}
	shown := func() string {
		var out bytes.Buffer
		require.NoError(t, (&BoardSimulate{}).print(&Env{Stdout: &out}, answer))
		return out.String()
	}
	require.Contains(t, shown(), "is drawn by the 41st rotation at which it can be, whatever the seed. That is the worst")
	require.Contains(t, shown(), "\nIn this future 2 of 3 who waited have had a turn, the latest first one on 2029-03-13, none later than at the 3rd rotation at which it could be drawn.\n")
	answer.AllServedDate = late
	require.Contains(t, shown(), "\nIn this future everybody who is willing at the first rotation has had a turn by 2029-03-13, none later than at the 3rd rotation at which it could be drawn.\n")
	answer.Bound, answer.AllServedDate, answer.Accounts = 0, nil, nil
	require.Equal(t, "\nNobody waits, or the years are too few to promise anybody a turn.\n", shown()[len(shown())-67:])
}
