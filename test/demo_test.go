package test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The demo shows three commands; each works as it is printed.
func TestDemo(t *testing.T) {
	s := launch(t, t.TempDir(), "--demo")
	s.awaitReady()
	commands := s.demoCommands()
	require.Len(t, commands, 3)
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

	accounts := strings.Count(s.cli("accounts", "list", "--output", "csv"), "\n") - 1
	require.Equal(t, 60, accounts)
	require.Equal(t, 2, strings.Count(s.cli("schedule", "versions", "--output", "csv"), "\n")-1)
	before := s.cli("spend", "--as-of", "2025-01-01")

	// Once is enough: started again, it is as it was.
	s.stop()
	s.start(s.grpc, s.http)
	s.awaitReady()
	require.Len(t, s.demoCommands(), 3)
	require.Equal(t, before, s.cli("spend", "--as-of", "2025-01-01"))
}

// A demo that was cut off while loading is completed at the next start.
func TestDemoKilledWhileLoading(t *testing.T) {
	s := launch(t, t.TempDir(), "--demo")
	s.kill()
	s.start(s.grpc, s.http)
	s.awaitReady()
	require.Len(t, s.demoCommands(), 3)
	require.Equal(t, 60, strings.Count(s.cli("accounts", "list", "--output", "csv"), "\n")-1)
}

// The demo keeps its data apart.
func TestDemoHasAFolderOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	s := &server{t: t, dir: dir, data: filepath.Join(dir, ".demo"), args: []string{"--demo"}}
	s.start("127.0.0.1:0", "127.0.0.1:0")
	t.Cleanup(s.cleanUp)
	s.awaitReady()
	require.NotEmpty(t, s.token())
}

// demoCommands waits for the commands to try.
func (s *server) demoCommands() []string {
	s.t.Helper()
	line := regexp.MustCompile(`(?m)^\s+(\S*evenhand .*)$`)
	var found [][]string
	s.await("the commands to try", func() bool {
		found = line.FindAllStringSubmatch(s.stdout.String(), -1)
		return len(found) >= 3
	})
	commands := make([]string, len(found))
	for i, match := range found {
		commands[i] = match[1]
	}
	return commands
}
