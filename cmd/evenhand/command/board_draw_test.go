package command

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// pseudonymsFake knows the pseudonyms of a draw.
type pseudonymsFake struct {
	boardv1.UnimplementedRotationsServiceServer
	known []*boardv1.Pseudonym
}

func (f *pseudonymsFake) ListPseudonyms(context.Context, *boardv1.ListPseudonymsRequest) (*boardv1.ListPseudonymsResponse, error) {
	return &boardv1.ListPseudonymsResponse{Pseudonyms: f.known}, nil
}

// R38: what the server lists of pseudonyms is read when the record is replayed, and an
// account finds itself by its name as by its id.
func TestR38PseudonymsOfTheServerAreReadByVerify(t *testing.T) {
	folder, flags := fiveFiles(t)
	in := func(name string) string { return filepath.Join(folder, name) }
	clock := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	draw := func(args ...string) {
		t.Helper()
		got := executeAt(t.Context(), t, func() time.Time { return clock }, "", "", append([]string{"panel", "draw"}, args...)...)
		require.Zero(t, got.code, got.stderr)
	}
	draw(with(flags, "--commit", in("record.json"), "--pseudonyms", in("p.csv"), "--round", "drand 1", "--round-time", "2026-11-22T16:00:00Z", "--draw-from", "20")...)
	clock = clock.Add(2 * time.Hour)
	draw(in("record.json"), "--output", in("drawn.json"), "--pseudonyms", in("p.csv"), "--value", "8a3f")

	fake := &pseudonymsFake{}
	for _, row := range rows(t, in("p.csv"))[1:] {
		fake.known = append(fake.known, &boardv1.Pseudonym{Account: "accounts/" + row[0], Salt: row[1], Pseudonym: row[2]})
	}
	server := grpc.NewServer()
	boardv1.RegisterRotationsServiceServer(server, fake)
	address := listen(t, server)
	list := execute(t, address, "", "board", "rotations", "pseudonyms", "a", "2027-03-09", "-o", "csv")
	require.Zero(t, list.code, list.stderr)
	require.NoError(t, os.WriteFile(in("server.csv"), []byte(list.stdout), 0o600))

	want := panelCommand(t, "verify", in("drawn.json"), "--pseudonyms", in("p.csv"))
	require.Zero(t, want.code, want.stderr)
	got := panelCommand(t, "verify", in("drawn.json"), "--pseudonyms", in("server.csv"))
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, want.stdout, got.stdout)

	one := fake.known[0]
	got = panelCommand(t, "verify", in("drawn.json"), "--id", one.GetAccount(), "--salt", one.GetSalt())
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stdout, " is "+one.GetPseudonym()+": in the pool")
}

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
