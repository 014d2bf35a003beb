package test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// R29: a lottery by the command line and over REST; its record is replayed without a server.
func TestR29ALotteryIsCommittedDrawnAndReplayed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ids := filepath.Join(s.dir, "ids.txt")
	require.NoError(t, os.WriteFile(ids, []byte("ash\nbirch\ncedar\ndogwood\n"), 0o600))
	var made string
	ahead := 2 * time.Second
	s.await("the commitment", func() bool {
		ahead *= 2
		known := time.Now().Add(ahead).UTC().Format(time.RFC3339)
		got := s.try("lotteries", "create", "fair", "--purpose", "Stands", "--for", "fairs/spring", "--places", "2", "--entrants", ids,
			"--round-source", "drand", "--round-number", "4711", "--round-time", known)
		made = got.stdout
		return got.code == 0
	})
	require.Equal(t, "committed", value(t, made, "State"))
	committed := write(t, s.dir, "committed.json", s.cli("lotteries", "record", "fair"))
	require.Zero(t, s.run("", "panel", "verify", committed, "--hash", value(t, made, "Record")).code)
	var drawn string
	s.await("the round", func() bool {
		got := s.try("lotteries", "draw", "fair", "--round-value", "8a3f")
		drawn = got.stdout
		return got.code == 0
	})
	require.Equal(t, "drawn", value(t, drawn, "State"))
	require.Equal(t, value(t, made, "Record"), value(t, drawn, "Record"))
	require.NotZero(t, s.try("lotteries", "cancel", "fair", "--reason", "No.").code)

	entrants := s.cli("lotteries", "entrants", "fair", "--output", "csv")
	require.Equal(t, 5, strings.Count(entrants, "\n"))
	record := write(t, s.dir, "drawn.json", s.cli("lotteries", "record", "fair"))
	verified := s.run("", "panel", "verify", record, "--hash", value(t, made, "Record"), "--pseudonyms", write(t, s.dir, "pseudonyms.csv", entrants))
	require.Zero(t, verified.code, verified.stderr)
	first := strings.Split(strings.Split(entrants, "\n")[1], ",")[0]
	require.Contains(t, verified.stdout, first, "auditors see who was drawn")
	require.Contains(t, string(s.get("/v1/lotteries/fair", http.StatusOK)), "STATE_DRAWN")
	require.Contains(t, string(s.get("/v1/lotteries/fair/entrants?pageSize=1", http.StatusOK)), "nextPageToken")
}
