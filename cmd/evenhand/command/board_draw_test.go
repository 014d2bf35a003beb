package command

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

func TestASecretOfNoUseIsNotHashed(t *testing.T) {
	for secret, told := range map[string]string{"two\nlines": "one line", "a\ttab": "one line", "": "one line"} {
		got := execute(t, "", "", "board", "rotations", "reveal", "a", "2027-03-09", secret, "--hash")
		require.Equal(t, ExitUsage, got.code, "%q", secret)
		require.Contains(t, got.stderr, told)
		require.Empty(t, got.stdout)
	}
	got := execute(t, "", "a secret\n", "board", "rotations", "reveal", "a", "2027-03-09", "-", "--hash")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, "984ca5162200734c592148f1820b71057f098573d138666b48663e4e30cd8d3a\n", got.stdout)
}

// R38: whoever draws types the value of the round in: it is shown with its source.
func TestR38TheRoundIsShownToBeCompared(t *testing.T) {
	seed := &boardv1.SeedPlan{Round: &boardv1.PublicRound{Source: "drand", Number: "7", KnownTime: timestamppb.New(time.Unix(0, 0))}}
	require.Equal(t, "round 7 of drand (known from 1970-01-01T00:00:00Z on)", showSeedPlan(seed))
	seed.Holders = []*boardv1.SeedHolder{{Principal: "principals/sam", Revealed: true}, {Principal: "principals/ines"}}
	require.Equal(t, "principals/sam (revealed), principals/ines (not revealed), round 7 of drand (known from 1970-01-01T00:00:00Z on)", showSeedPlan(seed))
	require.Equal(t, []pair{{"Round", "7 of drand"}, {"Round value", "8a3f"}, {"To check", "compare this value with what drand published for that round"}},
		roundPairs("drand", "7", "8a3f"))
	require.Equal(t, []pair{{"Round", "7 of drand, not needed: all secrets were revealed"}}, roundPairs("drand", "7", ""))
}
