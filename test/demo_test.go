package test

import (
	"encoding/csv"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	// commandsToTry is how many commands the demo shows.
	commandsToTry = 11
	// demoBoard is its advisory board.
	demoBoard = "customer-advisory"
)

// The demo shows commands; each works as it is printed.
func TestDemo(t *testing.T) {
	t.Parallel()
	s := launch(t, t.TempDir(), "--demo")
	s.awaitReady()
	commands := s.demoCommands()
	require.Len(t, commands, commandsToTry)
	var answers []string
	for _, command := range commands {
		shell := exec.CommandContext(t.Context(), "sh", "-c", command)
		shell.Dir = s.dir
		out, err := shell.CombinedOutput()
		require.NoError(t, err, "%s\n%s", command, out)
		require.NotEmpty(t, out)
		answers = append(answers, string(out))
	}
	require.Contains(t, answers[0], "USD 212.40 more by")
	require.Contains(t, answers[0], "$25,000")
	require.Equal(t, 1+9, strings.Count(answers[3], "\n"), "a line for each seat:\n%s", answers[3])
	require.Contains(t, answers[4], "You said, we did")
	require.Contains(t, answers[5], "points to free-recalibration worth USD 85.00 (catalogue)")
	require.Contains(t, answers[6], "2 findings")
	require.Contains(t, answers[7], "Halve the hours a container waits at the quay")
	require.Contains(t, answers[9], "Ask what has changed")
	require.Contains(t, answers[10], "Value statement of Harbour & Sons")

	accounts := strings.Count(s.cli("accounts", "list", "--output", "csv"), "\n") - 1
	require.Equal(t, 60, accounts)
	require.Equal(t, 3, strings.Count(s.cli("schedule", "versions", "--output", "csv"), "\n")-1)
	before := s.cli("spend", "--as-of", "2025-01-01")

	// Once is enough: started again, it is as it was.
	s.stop()
	s.start(s.grpc, s.http)
	s.awaitReady()
	require.Len(t, s.demoCommands(), commandsToTry)
	require.Equal(t, before, s.cli("spend", "--as-of", "2025-01-01"))
	require.Len(t, s.rows("audit", "list"), 2, "the demo's own, and the one that was tried")
}

// A demo that was cut off while loading is completed at the next start.
func TestDemoKilledWhileLoading(t *testing.T) {
	t.Parallel()
	s := launch(t, t.TempDir(), "--demo")
	s.kill()
	s.start(s.grpc, s.http)
	s.await("the board", func() bool { return s.try("board", "get", demoBoard).code == 0 })
	s.kill() // in the midst of the board's history
	s.start(s.grpc, s.http)
	s.awaitReady()
	require.Len(t, s.demoCommands(), commandsToTry)
	require.Equal(t, 60, strings.Count(s.cli("accounts", "list", "--output", "csv"), "\n")-1)
	require.NotContains(t, s.cli("board", "seats", demoBoard), "(vacant)", "no invitation lapsed in between")
}

// One that was cut off at the service desk is completed too: nothing is there twice.
func TestDemoKilledAtTheServiceDesk(t *testing.T) {
	t.Parallel()
	s := launch(t, t.TempDir(), "--demo")
	s.await("a remedy", func() bool { return s.try("remedies", "get", "apology").code == 0 })
	s.kill()
	s.start(s.grpc, s.http)
	s.awaitReady()
	require.Len(t, s.demoCommands(), commandsToTry)
	s.requireDesk()
}

// R11, R30: the demo's board is in its second year: members were drawn and are staggered,
// an alternate sits for one who declined, the record of the draw can be replayed without
// the server, the next rotation is open, advice was answered and done, and what is overdue
// keeps the next question from being asked.
func TestDemoBoardIsInItsSecondYear(t *testing.T) {
	t.Parallel()
	s := launch(t, t.TempDir(), "--demo")
	s.awaitReady()
	s.demoCommands()
	rows := s.rows
	ends, terms := map[string]int{}, map[string]string{}
	for _, seat := range rows("board", "seats", demoBoard) {
		require.NotEmpty(t, seat[1])
		ends[seat[4]]++
		terms[seat[4]] = seat[6]
	}
	require.Equal(t, []int{3, 3, 3}, slices.Collect(maps.Values(ends)))
	days := slices.Sorted(maps.Keys(ends))
	swapped := s.try("board", "terms", "swap", demoBoard, terms[days[1]], terms[days[2]], "--reason", "They asked for it.", "--validate-only")
	require.Zero(t, swapped.code, swapped.stderr)
	require.Regexp(t, `^broken all the same: \S+ would leave on `+days[1], swapped.stderr)
	require.Equal(t, 2, strings.Count(swapped.stdout, "They asked for it."), swapped.stdout)

	rotations := rows("board", "rotations", "list", demoBoard)
	require.Equal(t, []int{1, 1}, []int{count(rotations, 2, "closed"), count(rotations, 2, "open")})
	require.GreaterOrEqual(t, count(rotations, 2, "scheduled"), 4)
	first := rotations[0][1]
	answers := s.cli("board", "rotations", "get", demoBoard, first)
	require.Equal(t, 1, strings.Count(answers, ": declined"), answers)
	require.Equal(t, 1, strings.Count(answers, ", alternate: accepted"), answers)

	record := filepath.Join(t.TempDir(), "record.json")
	require.NoError(t, os.WriteFile(record, []byte(s.cli("board", "rotations", "record", demoBoard, first)), 0o600))
	verified, err := exec.CommandContext(t.Context(), binary, "panel", "verify", record).CombinedOutput()
	require.NoError(t, err, "%s", verified)

	meetings := rows("board", "meetings", "list", demoBoard)
	require.Equal(t, 4, count(meetings, 2, "minuted"))
	require.Greater(t, count(meetings, 2, "planned"), 16)
	require.Equal(t, 1, count(rows("board", "meetings", "decisions", "list", demoBoard), 5, "overdue"))

	require.Contains(t, s.cli("board", "said-and-did", "--board", demoBoard), "3 done, 1 adopted, 1 there already, 1 declined, 2 not decided yet")
	locked := s.try("board", "solicit", "open", "next-instrument")
	require.Equal(t, 1, locked.code)
	require.Contains(t, locked.stderr, "has 2 ideas undecided")
	require.Len(t, rows("board", "feeds", "list"), 1)
}

// The demo keeps its data apart.
func TestDemoHasAFolderOfItsOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &server{t: t, dir: dir, data: filepath.Join(dir, ".demo"), args: []string{"--demo"}}
	s.start("127.0.0.1:0", "127.0.0.1:0")
	t.Cleanup(s.cleanUp)
	s.awaitReady()
	require.NotEmpty(t, s.token())
}

// rows are what a command prints as CSV, without the header.
func (s *server) rows(args ...string) [][]string {
	s.t.Helper()
	records, err := csv.NewReader(strings.NewReader(s.cli(append(args, "--output", "csv")...))).ReadAll()
	require.NoError(s.t, err)
	return records[1:]
}

// count counts the rows that have a value in a column.
func count(rows [][]string, column int, value string) (n int) {
	for _, row := range rows {
		if row[column] == value {
			n++
		}
	}
	return n
}

// demoCommands waits for the commands to try.
func (s *server) demoCommands() []string {
	s.t.Helper()
	line := regexp.MustCompile(`(?m)^\s+(\S*evenhand .*)$`)
	var found [][]string
	s.await("the commands to try", func() bool {
		found = line.FindAllStringSubmatch(s.stdout.String(), -1)
		return len(found) >= commandsToTry
	})
	commands := make([]string, len(found))
	for i, match := range found {
		commands[i] = match[1]
	}
	return commands
}
