package command

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/panel"
)

// panelFiles are the files of a problem in a folder of their own.
func panelFiles(t *testing.T, categories, respondents, conflicts string) (folder string, flags []string) {
	t.Helper()
	folder = t.TempDir()
	for name, text := range map[string]string{"categories": categories, "respondents": respondents, "conflicts": conflicts} {
		path := filepath.Join(folder, name+".csv")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		flags = append(flags, "--"+name, path)
	}
	return folder, flags
}

// fiveFiles are five accounts for three seats, A in conflict with B and C, and F in
// conflict with everybody; the folder is an empty one to write to.
func fiveFiles(t *testing.T) (folder string, flags []string) {
	for _, name := range []string{"categories", "respondents", "conflicts"} {
		flags = append(flags, "--"+name, filepath.Join("testdata", "panel", name+".csv"))
	}
	return t.TempDir(), append(flags, "--seats", "3")
}

func panelCommand(t *testing.T, args ...string) result {
	t.Helper()
	return execute(t, "", "", append([]string{"panel"}, args...)...)
}

// with is the flags and more.
func with(flags []string, more ...string) []string { return slices.Concat(flags, more) }

// rows reads a CSV file.
func rows(t *testing.T, path string) [][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	all, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	require.NoError(t, err)
	return all
}

func TestPanelSolve(t *testing.T) {
	folder, flags := fiveFiles(t)
	marginals, panels := filepath.Join(folder, "marginals.csv"), filepath.Join(folder, "panels.csv")
	got := panelCommand(t, append([]string{"solve", "--output", marginals, "--panels", panels}, flags...)...)
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, squeeze(got.stdout), "Lowest 0.500000000000\n")
	require.Contains(t, squeeze(got.stdout), "Proven yes\n")
	require.Contains(t, got.stderr, "F is on no possible panel, because ")
	require.NotContains(t, got.stderr, "A is on no")

	want := map[string]float64{"A": 0.5, "B": 0.5, "C": 0.5, "D": 0.75, "E": 0.75, "F": 0}
	table := rows(t, marginals)
	require.Equal(t, []string{"id", "probability"}, table[0])
	for i, id := range strings.Fields("E A B F C D") {
		require.Equal(t, id, table[i+1][0], "the order is that of the respondents")
		p, err := strconv.ParseFloat(table[i+1][1], 64)
		require.NoError(t, err)
		require.InDelta(t, want[id], p, 1e-6)
	}
	sums := map[string]float64{}
	for _, row := range rows(t, panels)[1:] {
		p, err := strconv.ParseFloat(row[0], 64)
		require.NoError(t, err)
		members := strings.Fields(row[1])
		require.Len(t, members, 3)
		require.False(t, slices.Contains(members, "A") && (slices.Contains(members, "B") || slices.Contains(members, "C")))
		for _, id := range members {
			sums[id] += p
		}
	}
	for id, p := range want {
		require.InDelta(t, p, sums[id], 1e-6)
	}

	var report struct {
		Lowest float64
		Levels []struct {
			Probability, Bound float64
			Members            []string
		}
		Unreachable []struct{ ID, Reason string }
	}
	got = panelCommand(t, append([]string{"solve", "--output", marginals, "--report", "json"}, flags...)...)
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &report))
	require.InDelta(t, 0.5, report.Lowest, 1e-6)
	require.Len(t, report.Levels, 2)
	require.ElementsMatch(t, []string{"A", "B", "C"}, report.Levels[0].Members)
	require.Equal(t, "F", report.Unreachable[0].ID)
	require.True(t, strings.HasPrefix(panelCommand(t, append([]string{"solve", "--output", marginals, "--report", "csv"}, flags...)...).stdout, "mode,seats,pool,"))
}

func TestPanelModes(t *testing.T) {
	folder, flags := fiveFiles(t)
	marginals := filepath.Join(folder, "marginals.csv")
	for mode, lowest := range map[string]float64{"leximin": 0.5, "uniform": 0, "greedy": 0, "nominated": 0} {
		args := append([]string{"solve", "--output", marginals, "--mode", mode, "--samples", "500"}, flags...)
		if mode == "nominated" {
			args = append(args, "--nominate", "B")
		}
		got := panelCommand(t, args...)
		require.Zero(t, got.code, got.stderr)
		require.Contains(t, squeeze(got.stdout), fmt.Sprintf("Lowest %.9f", lowest))
		if mode == "nominated" {
			require.Contains(t, rows(t, marginals), []string{"B", "1.000000000000"})
			require.Contains(t, rows(t, marginals), []string{"A", "0.000000000000"})
		}
		if mode == "uniform" {
			require.Contains(t, rows(t, marginals), []string{"A", "0.200000000000"})
		}
	}
	got := panelCommand(t, append([]string{"compare", "--samples", "500", "--nominate", "B"}, flags...)...)
	require.Zero(t, got.code, got.stderr)
	lines := strings.Split(strings.TrimSpace(squeeze(got.stdout)), "\n")
	require.Len(t, lines, 5)
	require.True(t, strings.HasPrefix(lines[1], "leximin 0.500000000000 0.1"), lines[1])
	require.True(t, strings.HasPrefix(lines[2], "uniform 0.200000000000 "), lines[2])
	require.Contains(t, got.stderr, "F is on no possible panel")
	again := panelCommand(t, append([]string{"compare", "--samples", "500", "--nominate", "B"}, flags...)...)
	require.Equal(t, got, again, "the same seed gives the same")
	json := panelCommand(t, append([]string{"compare", "--samples", "5", "--report", "json"}, flags...)...).stdout
	require.Contains(t, json, `"geometricMean"`)
}

// Nothing is written where something is wrong, and nothing of what was there is lost.
func TestPanelSolveFails(t *testing.T) {
	infeasible, flagsOf := panelFiles(t, "category,name,min,max\nage,16-29,2,3\nage,30+,0,3\ndistrict,north,0,1\ndistrict,south,0,3\n",
		"id,age,district\na,16-29,north\nb,16-29,north\nc,30+,south\nd,30+,south\n", "a,b\n")
	_, five := fiveFiles(t)
	_, spaced := panelFiles(t, "category,name,min,max\n", "id\na b\nc\n", "a,b\n")
	_, wrong := panelFiles(t, "category,name,min,max\nage,young,0,x\n", "id,age\n", "a,b\n")
	existing := filepath.Join(infeasible, "marginals.csv")
	tests := []struct {
		name string
		args []string
		code int
		told []string
	}{
		{"infeasible", with(flagsOf, "--seats", "3"), ExitFailed, []string{
			"no panel of 3 meets the quotas and conflicts: ", `age "16-29"`, `district "north"`, "the smallest change of the quotas", "seats instead of",
		}},
		{"infeasible for want of people", with(flagsOf, "--seats", "5"), ExitFailed, []string{"no panel of 5", "Fix: "}},
		{"mistake in a file", with(wrong, "--seats", "1"), ExitFailed, []string{`categories.csv:2: max is "x"`}},
		{"no such file", []string{"--categories", "nowhere.csv", "--respondents", "nowhere.csv", "--seats", "1"}, ExitFailed, []string{"nowhere.csv"}},
		{"no files", []string{"--seats", "1"}, ExitUsage, []string{"--categories, --respondents and --seats are needed"}},
		{"fewer than no seats", with(flagsOf, "--seats=-1"), ExitUsage, []string{"give 0 or more"}},
		{"ids with spaces", with(spaced, "--seats", "1", "--panels", existing+"2"), ExitFailed, []string{`the id "a b" has a space`}},
		{"panels without a lottery", with(five, "--mode", "greedy", "--panels", existing+"2"), ExitUsage, []string{"--panels needs a lottery"}},
		{"nomination of nobody", with(five, "--mode", "nominated"), ExitUsage, []string{"belong together"}},
		{"nomination of a stranger", with(five, "--mode", "nominated", "--nominate", "Z"), ExitUsage, []string{"--nominate Z"}},
		{"nomination of enemies", with(five, "--mode", "nominated", "--nominate", "A", "--nominate", "B"), ExitFailed, []string{`"A" and "B" are in conflict`}},
		{"no such mode", with(five, "--mode", "fair"), ExitUsage, []string{"leximin"}},
		{"no such folder", with(five, "--panels", filepath.Join(infeasible, "no", "panels.csv")), ExitFailed, []string{"no such file or directory"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(existing, []byte("from before\n"), 0o600))
			before, err := os.ReadDir(infeasible)
			require.NoError(t, err)
			got := panelCommand(t, append([]string{"solve", "--output", existing}, tt.args...)...)
			require.Equal(t, tt.code, got.code, got.stderr)
			for _, told := range tt.told {
				require.Contains(t, got.stderr, told)
			}
			require.Empty(t, got.stdout)
			text, err := os.ReadFile(existing)
			require.NoError(t, err)
			require.Equal(t, "from before\n", string(text))
			after, err := os.ReadDir(infeasible)
			require.NoError(t, err)
			require.Len(t, after, len(before), "%v", after)
		})
	}
}

func TestPanelSolveWritesOverNoneOfItsInputs(t *testing.T) {
	folder, flags := panelFiles(t, "category,name,min,max\n", "id\na\nb\n", "a,b\n")
	flags = append(flags, "--seats", "1")
	respondents := filepath.Join(folder, "respondents.csv")
	link := filepath.Join(folder, "link.csv")
	require.NoError(t, os.Symlink(respondents, link))
	for _, outputs := range [][]string{{"--output", respondents}, {"--output", link}, {"--output", filepath.Join(folder, "marginals.csv"), "--panels", respondents}} {
		got := panelCommand(t, append([]string{"solve"}, with(flags, outputs...)...)...)
		require.Equal(t, ExitUsage, got.code, got.stderr)
		require.Contains(t, got.stderr, "is read, and would be written over")
	}
	require.Equal(t, [][]string{{"id"}, {"a"}, {"b"}}, rows(t, respondents))
	got := panelCommand(t, append([]string{"solve", "--output", link + "2", "--panels", link + "2"}, flags...)...)
	require.Equal(t, ExitUsage, got.code, got.stderr)
}

func TestPanelSolveEnds(t *testing.T) {
	folder, flags := fiveFiles(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := executeIn(ctx, t, "", "", append([]string{"panel", "solve", "--output", filepath.Join(folder, "marginals.csv")}, flags...)...)
	require.Equal(t, ExitFailed, got.code)
	require.Equal(t, "evenhand: interrupted\n", got.stderr)
	require.NoFileExists(t, filepath.Join(folder, "marginals.csv"))
}

// R38: a draw by two people, of whom one does not reveal, from files to a replay.
func TestR38DrawByCommitAndReveal(t *testing.T) {
	folder, flags := fiveFiles(t)
	in := func(name string) string { return filepath.Join(folder, name) }
	hash := func(secret string) string { sum := sha256.Sum256([]byte(secret)); return hex.EncodeToString(sum[:]) }
	clock := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	at := func(args ...string) result {
		return executeAt(t.Context(), t, func() time.Time { return clock }, "", "", append([]string{"panel"}, args...)...)
	}
	commit := append([]string{
		"draw", "--commit", in("record.json"), "--pseudonyms", in("pseudonyms.csv"), "--round", "drand 12345", "--round-time", "2026-11-24T15:00:30Z", "--board", "Customer board",
		"--reveal-hash", "Ana Ruiz=" + hash("ana's secret"), "--reveal-hash", "Bo Li=" + strings.ToUpper(hash("bo=secret")),
		"--deadline", "2026-11-24T15:00:00Z", "--draw-from", "20",
	}, flags...)
	got := at(commit...)
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stderr, "F is on no possible panel", "told by its own name, not by a pseudonym")
	published := strings.Fields(strings.Split(got.stdout, "\n")[1])[1]
	require.Len(t, published, 64)
	text, err := os.ReadFile(in("record.json"))
	require.NoError(t, err)
	require.NotContains(t, string(text), `"A"`)
	require.Contains(t, string(text), `"board":"Customer board"`)
	info, err := os.Stat(in("pseudonyms.csv"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	again := at(commit...)
	require.Equal(t, ExitFailed, again.code)
	require.Contains(t, again.stderr, "is there already")

	got = panelCommand(t, "verify", in("record.json"), "--hash", published)
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stdout, "ok  The record is committed and not drawn yet: the secrets of Ana Ruiz and Bo Li, with round 12345 of drand (known from 2026-11-24T15:00:30Z on) for what is not revealed by 2026-11-24T15:00:00Z")

	drawing := []string{"draw", in("record.json"), "--output", in("drawn.json"), "--pseudonyms", in("pseudonyms.csv")}
	got = at(append(slices.Clone(drawing), "--reveal", "Bo Li=bo=secret", "--value", "8a3f")...)
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "Ana Ruiz can still reveal until 2026-11-24T15:00:00Z")
	clock = clock.Add(48 * time.Hour)
	got = at(append(slices.Clone(drawing), "--reveal", "Bo Li=bo=secret", "--value", "8a3f")...)
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "is known from 2026-11-24T15:00:30Z on")
	clock = clock.Add(time.Minute)
	for told, args := range map[string][]string{
		"the value of round 12345 of drand is needed": {"--reveal", "Bo Li=bo=secret"},
		"the secret of Bo Li is not the one":          {"--reveal", "Bo Li=bo"},
		`no commitment of "Cy"`:                       {"--reveal", "Cy=x", "--value", "abc"},
	} {
		got = at(append(slices.Clone(drawing), args...)...)
		require.Equal(t, ExitFailed, got.code)
		require.Contains(t, got.stderr, told)
		require.NoFileExists(t, in("drawn.json"))
	}
	got = at(append(drawing, "--reveal", "Bo Li=bo=secret", "--value", "8a3f", "--report", "json")...)
	require.Zero(t, got.code, got.stderr)
	var drawn struct {
		Members, Alternates []struct{ Pseudonym, Account string }
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &drawn))
	require.Len(t, drawn.Members, 3)
	require.Len(t, drawn.Alternates, 2)
	require.Regexp(t, `^[A-E]$`, drawn.Members[0].Account)

	got = panelCommand(t, "verify", in("drawn.json"), "--hash", published)
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stdout, "The draw was replayed: ")
	require.Contains(t, got.stdout, drawn.Members[0].Pseudonym)
	for _, row := range rows(t, in("pseudonyms.csv"))[1:] {
		got = panelCommand(t, "verify", in("drawn.json"), "--id", row[0], "--salt", row[1])
		require.Zero(t, got.code, got.stderr)
		if row[0] == "F" {
			require.Contains(t, got.stdout, "F is "+row[2]+": in the pool, and on no possible panel, because ")
			continue
		}
		require.Contains(t, got.stdout, row[0]+" is "+row[2]+": in the pool, on ")
		if row[2] == drawn.Members[0].Pseudonym {
			require.Contains(t, got.stdout, " of 20 panels, drawn\n")
		}
	}
}

func TestR38DrawByPublicRound(t *testing.T) {
	folder, flags := fiveFiles(t)
	in := func(name string) string { return filepath.Join(folder, name) }
	clock := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	at := func(args ...string) result {
		return executeAt(t.Context(), t, func() time.Time { return clock }, "", "", append([]string{"panel"}, args...)...)
	}
	commit := append([]string{"draw", "--commit", in("record.json"), "--pseudonyms", in("p.csv"), "--round", "drand 7", "--nominate", "D"}, flags...)
	got := at(append(slices.Clone(commit), "--round-time", "2026-11-22T15:00:00Z")...)
	require.Equal(t, ExitUsage, got.code)
	require.Contains(t, got.stderr, "name a round that is still to come")
	got = at(append(commit, "--round-time", "2026-11-22T17:00:00+01:00")...)
	require.Zero(t, got.code, got.stderr)
	drawing := []string{"draw", in("record.json"), "--value", "8a3f", "--output", in("drawn.json")}
	got = at(drawing...)
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "the value of round 7 of drand is known from 2026-11-22T16:00:00Z on")
	clock = clock.Add(time.Hour)
	got = at(append(slices.Clone(drawing), "--value", "8A3F")...)
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "lower-case hexadecimal digits")
	got = at(append(slices.Clone(drawing), "--board", "Another")...)
	require.Equal(t, ExitUsage, got.code)
	require.Contains(t, got.stderr, "stands in the record")
	got = at(drawing...)
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, squeeze(got.stdout), "\nRound 7 of drand\nRound value 8a3f\nTo check compare this value with what drand published for that round\nPanel ")
	text, err := os.ReadFile(in("drawn.json"))
	require.NoError(t, err)
	require.Contains(t, string(text), `"values":["south"],"as":"nominated"}`)

	for name, tt := range map[string]struct {
		change func(string) string
		told   string
	}{
		"a digit":   {func(text string) string { return strings.Replace(text, `"value":"north"`, `"value":"North"`, 1) }, "line 5 (quotas): lines 5 to 8 were changed"},
		"a space":   {func(text string) string { return strings.Replace(text, `"seats":2`, `"seats": 2`, 1) }, "line 4 (rules): from byte"},
		"the value": {func(text string) string { return strings.Replace(text, `"round":"8a3f"`, `"round":"8a3e"`, 1) }, "(draw): "},
		"the end":   {func(text string) string { return text[:len(text)-2] }, "the file ends"},
	} {
		t.Run(name, func(t *testing.T) {
			forged := file(t, "forged.json", tt.change(string(text)))
			got := panelCommand(t, "verify", forged)
			require.Equal(t, ExitFailed, got.code)
			require.Contains(t, got.stderr, tt.told)
			require.Contains(t, got.stderr, "forged.json does not verify")
			json := panelCommand(t, "verify", forged, "--report", "json")
			require.Equal(t, ExitFailed, json.code)
			require.Contains(t, json.stdout, `"verified": false`)
		})
	}
	got = panelCommand(t, "verify", in("drawn.json"), "--hash", strings.Repeat("0", 64))
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "it is another one")
	got = panelCommand(t, "verify", in("drawn.json"), "--id", "D", "--salt", "00")
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "not in the record")
	require.Contains(t, panelCommand(t, "verify", in("drawn.json"), "--report", "json").stdout, `"verified": true`)
	got = panelCommand(t, "verify", in("drawn.json"), "--report", "json", "--pseudonyms", in("p.csv"))
	require.Equal(t, ExitUsage, got.code)
	require.Contains(t, got.stderr, "leave out --report json")
}

func TestPanelDrawUsage(t *testing.T) {
	_, flags := fiveFiles(t)
	nowhere := filepath.Join(t.TempDir(), "record.json")
	commit := append([]string{"--commit", nowhere, "--pseudonyms", nowhere + "p"}, flags...)
	for told, args := range map[string][]string{
		"--pseudonyms, --round and --round-time are needed":    append([]string{"--commit", nowhere}, flags...),
		"to commit, --commit":                                  nil,
		"either commit":                                        append([]string{nowhere, "--round", "drand 1"}, commit...),
		"--reveal, --value and --output are for drawing":       append([]string{"--round", "drand 1", "--round-time", "2999-01-01T00:00:00Z", "--value", "1"}, commit...),
		"name a round of public randomness":                    append([]string{"--round", "drand", "--round-time", "2999-01-01T00:00:00Z"}, commit...),
		"one person alone would control the seed":              append([]string{"--round", "drand 1", "--round-time", "2999-01-01T00:00:00Z", "--deadline", "2026-01-01T00:00:00Z", "--reveal-hash", "A=" + strings.Repeat("0", 64)}, commit...),
		`--reveal-hash "A": give it as NAME=VALUE`:             append([]string{"--round", "drand 1", "--round-time", "2999-01-01T00:00:00Z", "--reveal-hash", "A"}, commit...),
		"record.json is named for two files":                   append(slices.Clone(flags), "--commit", nowhere, "--pseudonyms", nowhere, "--round", "drand 1", "--round-time", "2999-01-01T00:00:00Z"),
		"--output is needed":                                   {nowhere},
		"--id and --salt belong together":                      {"", "--id", "A"},
		"--nominate Z: give the id of a respondent, each once": append([]string{"--round", "drand 1", "--round-time", "2999-01-01T00:00:00Z", "--nominate", "Z"}, commit...),
	} {
		args = append([]string{"draw"}, args...)
		if len(args) > 1 && args[1] == "" {
			args = []string{"verify", nowhere, "--id", "A"}
		}
		got := panelCommand(t, args...)
		require.Equal(t, ExitUsage, got.code, got.stderr)
		require.Contains(t, got.stderr, told)
	}
	require.NoFileExists(t, nowhere)
	got := panelCommand(t, append([]string{"draw", "--round", "drand 1", "--round-time", "2999-01-01T00:00:00Z", "--draw-from", "1"}, commit...)...)
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "would have no chance although they should")
}

// Without a terminal, progress is a line now and then.
func TestSolveProgressInLines(t *testing.T) {
	var told strings.Builder
	at := time.Now()
	env := &Env{Stderr: &told, Now: func() time.Time { return at }}
	p := newSolveProgress(env)
	p.tell(panel.Progress{Stage: "finding out who can be seated", Done: 1, Of: 3, Panels: 1, Gap: 1})
	at = at.Add(plainEvery)
	p.tell(panel.Progress{Stage: "finding out who can be seated", Done: 2, Of: 3, Panels: 1200, Gap: 1})
	p.tell(panel.Progress{Stage: "composing panels", Panels: 1201, Gap: 0.5})
	at = at.Add(plainEvery)
	p.tell(panel.Progress{Stage: "composing panels", Panels: 1300, Gap: 0.25})
	p.end()
	require.Equal(t, "finding out who can be seated: 1,200 kinds of panels, 2 of 3\ncomposing panels: 1,300 kinds of panels, within 0.250000\n", told.String())
}

// On a terminal, it is a bar for each stage, and none is left.
func TestSolveProgressOnATerminal(t *testing.T) {
	var told strings.Builder
	p := newSolveProgress(&Env{Stderr: &told, Now: time.Now, Terminal: true})
	p.tell(panel.Progress{Stage: "finding who can be seated", Done: 3, Of: 3, Panels: 2})
	p.tell(panel.Progress{Stage: "composing panels", Panels: 3, Gap: 0.5})
	p.end()
	require.Contains(t, told.String(), "composing panels: 3 kinds of panels, within 0.500000")
	last := strings.TrimRight(told.String(), "\r")
	require.Empty(t, strings.TrimSpace(last[strings.LastIndex(last, "\r")+1:]), "%q", told.String())
}
