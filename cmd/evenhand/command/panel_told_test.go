package command

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/panel"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// Whoever has no chance is named, under nomination as well.
func TestPanelSolveNamesTheUnreachableOfANomination(t *testing.T) {
	folder, flags := fiveFiles(t)
	got := panelCommand(t, append([]string{"solve", "--mode", "nominated", "--nominate", "B", "--output", filepath.Join(folder, "m.csv")}, flags...)...)
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stderr, "A is on no possible panel, because somebody is nominated who is in conflict with this member; A and B are in conflict")
	require.Contains(t, got.stderr, "F is on no possible panel")
	require.Contains(t, squeeze(got.stdout), "Unreachable 2")
}

func TestPanelTellsWhatTheTimeLimitCutShort(t *testing.T) {
	p := &panel.Problem{Seats: 1, Pool: []panel.Member{{ID: "acme"}, {ID: "birch"}}}
	var told strings.Builder
	report := newPanelReport(p, &panel.Result{Mode: panel.ModeLeximin, Unsettled: []int{1}, Solution: &panel.Solution{}, Estimate: panel.Estimate{Marginals: []float64{1, 0}}})
	report.warn(&Env{Stderr: &told}, p)
	require.Contains(t, told.String(), "birch has the probability 0 only because no panel was looked for within the time limit")
	require.Equal(t, []string{"birch"}, report.Unsettled)

	var f *failure
	require.ErrorAs(t, explainSolve(p, &panel.InfeasibleError{Reason: "this"}), &f)
	require.Contains(t, f.fix, "--time-limit", "no relaxation was looked for, so nothing is said of one")
	require.ErrorAs(t, explainSolve(p, &panel.InfeasibleError{Reason: "this", Sought: true}), &f)
	require.Contains(t, f.fix, "no change of the quotas alone would help")
}

// An account that is on no panel of a record is not told that it was drawn.
func TestPanelVerifyLooksForAnAccountAmongTheDrawn(t *testing.T) {
	of := func(id string) string {
		pseudonym, err := record.Pseudonym(strings.Repeat("0", 64), id)
		require.NoError(t, err)
		return pseudonym
	}
	r := &record.Record{Panels: [][]int{{0}}, Outcome: &record.Outcome{Members: []string{of("a")}, Alternates: []string{of("b")}}}
	for id, want := range map[string]string{"a": ", drawn", "b": ", alternate number 1", "c": ", neither drawn nor an alternate"} {
		r.Marginals = append(r.Marginals, record.Marginal{ID: of(id)})
		text, err := account(r, id, strings.Repeat("0", 64))
		require.NoError(t, err)
		require.Truef(t, strings.HasSuffix(text, want), "%s", text)
	}
}

func TestOutputsOfOneNameAreRefused(t *testing.T) {
	folder, flags := fiveFiles(t)
	name := filepath.Join(folder, "out.csv")
	got := panelCommand(t, append([]string{"solve", "--output", name, "--panels", filepath.Join(folder, ".", "out.csv")}, flags...)...)
	require.Equal(t, ExitUsage, got.code)
	require.Contains(t, got.stderr, "is named for two files")
	require.NoFileExists(t, name)

	var out written
	nothing := func(io.Writer) error { return nil }
	require.NoError(t, out.add(name, 0o600, nothing))
	require.ErrorContains(t, out.add(folder+"/./out.csv", 0o600, nothing), "is named for two files")
}
