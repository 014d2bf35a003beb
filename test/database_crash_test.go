package test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// crashable is a MongoDB server that nobody else uses, and the script that kills and
// starts it as deploy/mongodb/local does: "crash" kills it, "up" starts it, waits until
// it answers and prints its connection string.
type crashable struct {
	script, uri string
}

func startCrashable(t *testing.T) crashable {
	t.Helper()
	c := crashable{script: os.Getenv("EVENHAND_TEST_MONGODB_CRASH")}
	if c.script == "" {
		t.Skip("no MongoDB server to crash: set EVENHAND_TEST_MONGODB_CRASH to a script that kills and starts one (make test-crash)")
	}
	var err error
	c.uri, err = c.run("up")
	require.NoError(t, err)
	return c
}

func (c crashable) run(command string) (printed string, err error) {
	cmd := exec.Command(c.script, command)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", c.script, command, err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// crash kills the database, after a random time, and starts it again after another.
func (c crashable) crash(t *testing.T, within time.Duration, also func()) {
	t.Helper()
	time.Sleep(rand.N(within))
	_, err := c.run("crash")
	require.NoError(t, err)
	also()
	time.Sleep(rand.N(time.Second))
	_, err = c.run("up")
	require.NoError(t, err)
}

// The database killed at any moment of an import, as a power cut would: nothing
// acknowledged is missing, and the import, or the same file again, completes it.
func TestDatabaseCrashDuringImport(t *testing.T) {
	database := startCrashable(t)
	rounds := 1
	if isLong() {
		rounds = 3
	}
	l := writeLedger(t, t.TempDir(), 15_000, 2_000, 13)
	whole, want := wholeImport(t, l, mongoArgsAt(t, database.uri))
	ways := []struct {
		name   string
		during func(s *server, l ledger, crash func(also func()))
	}{
		{"outlasted", (*server).importOutlastsCrashes},
		{"broken off", (*server).importFailsByCrash},
		{"server killed too", (*server).importFailsByCrashOfBoth},
	}
	for _, way := range ways {
		for range rounds {
			t.Run(way.name, func(t *testing.T) {
				s := serve(t, mongoArgsAt(t, database.uri)...)
				s.publishPromise()
				way.during(s, l, func(also func()) { database.crash(t, whole, also) })
				again := s.cli(revenueImport(l)...)
				require.Equal(t, "0", value(t, again, "Refused"))
				s.completeImport(l, want)
			})
		}
	}
}

// importOutlastsCrashes goes through two crashes with one import, which does not fail.
func (s *server) importOutlastsCrashes(l ledger, crash func(also func())) {
	s.t.Helper()
	importing, told := s.startImport(l, "--retry-for", patience.String())
	for range 2 {
		crash(func() {})
	}
	require.NoError(s.t, importing.Wait(), told.String())
	s.requireLedger(l)
}

// importFailsByCrash requires, of the server that has lost and found its database, what
// was acknowledged before.
func (s *server) importFailsByCrash(l ledger, crash func(also func())) {
	s.t.Helper()
	importing, told := s.startImport(l, "--retry-for", "0s")
	crash(func() {})
	_ = importing.Wait() // the exit code tells
	got := result{stderr: told.String(), code: importing.ProcessState.ExitCode()}
	s.awaitReady()
	s.await("what was acknowledged", func() bool { return s.entries() >= acknowledged(s.t, got, l) })
}

// importFailsByCrashOfBoth requires it of a server that starts after both were killed.
func (s *server) importFailsByCrashOfBoth(l ledger, crash func(also func())) {
	s.t.Helper()
	importing, told := s.startImport(l, "--retry-for", "0s")
	crash(s.kill)
	_ = importing.Wait() // the exit code tells
	got := result{stderr: told.String(), code: importing.ProcessState.ExitCode()}
	s.restart()
	require.GreaterOrEqual(s.t, s.entries(), acknowledged(s.t, got, l), "acknowledged and lost")
}
