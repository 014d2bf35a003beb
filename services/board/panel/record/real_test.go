package record

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/panel"
	"github.com/evenhand/evenhand/services/board/panel/files"
)

// R38: from a pool to a draw that is replayed, with the real solver.
func TestR38RealPools(t *testing.T) {
	data := os.Getenv("EVENHAND_TEST_DATA")
	if data == "" {
		t.Skip("EVENHAND_TEST_DATA is not set: no real pools are drawn from")
	}
	for name, seats := range map[string]int{"synth-040-unreachable": 8, "synth-120": 12, "sp500-12": 12} {
		t.Run(name, func(t *testing.T) {
			open := func(file string) files.File {
				f, err := os.Open(filepath.Join(data, "panels", name, file))
				require.NoError(t, err)
				t.Cleanup(func() { f.Close() })
				return files.File{Name: file, Reader: f}
			}
			problem, err := files.ReadProblem(open("categories.csv"), open("respondents.csv"), open("conflicts.csv"), seats)
			require.NoError(t, err)
			var accounts []string
			for _, m := range problem.Pool {
				accounts = append(accounts, m.ID)
			}
			// With other salts another panel is drawn, and after some nobody fits a single
			// free seat.
			names, err := NewPseudonyms(rand.NewChaCha8([32]byte{4}), accounts)
			require.NoError(t, err)
			concealed, err := names.Conceal(problem)
			require.NoError(t, err)
			solution, err := panel.Leximin(t.Context(), concealed, panel.Options{})
			require.NoError(t, err)
			r, err := Commit(Draft{Title: Title{"a board", "2027", "1", committed}, Problem: concealed, Solution: solution, Seed: SeedPlan{Round: round}})
			require.NoError(t, err)
			require.Less(t, r.Certificate.LargestLoss, Probability(0.002), "a thousand panels are close")
			drawn, err := r.Draw(Values{Time: known, Round: "0123"})
			require.NoError(t, err)
			_, report := Verify(encoded(t, drawn))
			require.NoError(t, report.Err())
			next, err := drawn.Call(drawn.Outcome.Members[1:], drawn.Outcome.Members[:1])
			require.NoError(t, err)
			t.Logf("%s: largest loss %.6f, drawn %v, next %v", name, r.Certificate.LargestLoss, drawn.Outcome.Members, next)
		})
	}
}
