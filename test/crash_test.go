package test

import (
	"math/rand/v2"
	"os/exec"
	"regexp"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/transcript"
)

// killings says how often an import is broken off by kill -9 of the server: so many
// imports, each into databases of its own, and each up to so many times.
type killings struct {
	rows, imports, kills int
}

// killingsOf takes less of a database that other processes may use too: there, the
// leases of the dead have to run out after every kill.
func killingsOf(storeArgs []string) killings {
	k := killings{rows: 60_000, imports: 1, kills: 2}
	if storeArgs != nil {
		k.rows = 15_000
	}
	switch {
	case isLong() && storeArgs == nil:
		k.imports, k.kills = 8, 3
	case isLong():
		k.imports, k.kills = 3, 3
	}
	return k
}

// The server killed at any moment of an import: nothing acknowledged is missing, and the
// same file again completes it.
func TestKilledDuringImport(t *testing.T) {
	stores(t, func(t *testing.T, storeArgs []string) {
		k := killingsOf(storeArgs)
		l := writeLedger(t, t.TempDir(), k.rows, 3_000, 7)
		whole, want := wholeImport(t, l, fresh(t, storeArgs))
		var broken atomic.Int64
		t.Run("import", func(t *testing.T) {
			for range k.imports {
				t.Run("", func(t *testing.T) {
					t.Parallel()
					s := serve(t, fresh(t, storeArgs)...)
					s.publishPromise()
					broken.Add(s.killDuringImport(l, k.kills, whole))
					s.completeImport(l, want)
				})
			}
		})
		t.Logf("%d imports were broken off at random moments", broken.Load())
		if isLong() {
			require.NotZero(t, broken.Load(), "no kill hit a running import")
		}
	})
}

// fresh gives every server databases of its own.
func fresh(t *testing.T, storeArgs []string) []string {
	if storeArgs == nil {
		return nil
	}
	return mongoArgs(t)
}

// wholeImport measures an import that nothing disturbs, to know over which time to spread
// the disturbances, and what is to be answered after any other.
func wholeImport(t *testing.T, l ledger, storeArgs []string) (took time.Duration, answers string) {
	t.Helper()
	s := serve(t, storeArgs...)
	s.publishPromise()
	begin := time.Now()
	s.cli(revenueImport(l)...)
	took = time.Since(begin)
	s.requireLedger(l)
	return took, s.answers()
}

func revenueImport(l ledger, flags ...string) []string {
	return append(append([]string{"revenue", "import", l.path}, cdnowColumns...), flags...)
}

// killDuringImport imports again and again, kills the server each time at a random
// moment, and returns how many imports that broke off.
func (s *server) killDuringImport(l ledger, kills int, whole time.Duration) (broken int64) {
	s.t.Helper()
	there := int64(0)
	for range kills {
		killed := make(chan struct{})
		timer := time.AfterFunc(rand.N(whole*3/2), func() { defer close(killed); s.kill() })
		got := s.try(revenueImport(l, "--retry-for", "0s")...)
		if !timer.Stop() {
			<-killed
		}
		s.kill()
		s.restart()
		entries := s.entries()
		require.GreaterOrEqual(s.t, entries, acknowledged(s.t, got, l), "acknowledged and lost")
		require.GreaterOrEqual(s.t, entries, there, "lost later")
		there = entries
		if got.code == 0 {
			break // nothing is left to be broken off
		}
		broken++
	}
	return broken
}

var durableRows = regexp.MustCompile(`(\d+) rows are durable`)

// acknowledged is of how many rows an import that may have failed told that they are
// written.
func acknowledged(t *testing.T, got result, l ledger) int64 {
	t.Helper()
	if got.code == 0 {
		return l.rows
	}
	match := durableRows.FindStringSubmatch(got.stderr)
	if match == nil {
		return 0
	}
	n, err := strconv.ParseInt(match[1], 10, 64)
	require.NoError(t, err)
	return n
}

// completeImport imports the whole file once more, into a server that is at rest: just
// what is missing is written, and then all is as if nothing had ever happened.
func (s *server) completeImport(l ledger, want string) {
	s.t.Helper()
	there := s.entries()
	again := s.cli(revenueImport(l)...)
	require.Equal(s.t, strconv.FormatInt(l.rows, 10), value(s.t, again, "Read"))
	require.Equal(s.t, strconv.FormatInt(there, 10), value(s.t, again, "Already there"), "what was there is counted as such")
	require.Equal(s.t, strconv.FormatInt(l.rows-there, 10), value(s.t, again, "Written"))
	require.Equal(s.t, "0", value(s.t, again, "Refused"))
	s.requireLedger(l)
	require.Equal(s.t, want, s.answers())
}

// setCurrency lets sums be amounts before a schedule says in which currency.
func (s *server) setCurrency() {
	s.t.Helper()
	s.cli("company", "update", "--currency", "USD")
}

func (s *server) publishPromise() {
	s.t.Helper()
	s.cli("schedule", "publish", write(s.t, s.dir, "promise.yaml", promise), "--effective", "1997-01-01")
}

// entries is how many entries entitlements counts.
func (s *server) entries() int64 {
	s.t.Helper()
	n, err := strconv.ParseInt(value(s.t, s.cli("spend"), "Entries"), 10, 64)
	require.NoError(s.t, err)
	return n
}

// answers is what the server says of a generated ledger: its sums, and how many hold
// which benefit.
func (s *server) answers() string {
	s.t.Helper()
	return s.cli("spend", "--as-of", "2025-12-31") +
		s.cli("holders", "thanks", "--as-of", "2024-06-30", "--count") +
		s.cli("holders", "hello", "--as-of", "2025-12-31", "--count")
}

// requireLedger checks that entitlements counts exactly this ledger.
func (s *server) requireLedger(l ledger) {
	s.t.Helper()
	spend := s.cli("spend")
	require.Equal(s.t, strconv.FormatInt(l.rows, 10), value(s.t, spend, "Entries"))
	require.Equal(s.t, l.total(), value(s.t, spend, "Total"))
}

// startImport starts an import that the test goes on beside.
func (s *server) startImport(l ledger, flags ...string) (importing *exec.Cmd, told *transcript.Transcript) {
	s.t.Helper()
	args := append(revenueImport(l, "--server", s.grpc, "--data-dir", s.data), flags...)
	importing, told = exec.CommandContext(s.t.Context(), binary, args...), &transcript.Transcript{}
	importing.Stdout, importing.Stderr = told, told
	require.NoError(s.t, importing.Start())
	return importing, told
}

// An import outlives the server: it sends the file again when the server is back.
func TestImportOutlivesTheServer(t *testing.T) {
	t.Parallel()
	l := writeLedger(t, t.TempDir(), 30_000, 2_000, 8)
	s := serve(t)
	s.setCurrency()
	importing, told := s.startImport(l, "--retry-for", patience.String())
	time.Sleep(rand.N(200 * time.Millisecond))
	s.kill()
	s.restart()
	require.NoError(t, importing.Wait(), told.String())
	s.requireLedger(l)
}

// An import that is interrupted says so, and the same file again completes it.
func TestImportInterrupted(t *testing.T) {
	t.Parallel()
	l := writeLedger(t, t.TempDir(), 50_000, 2_000, 9)
	s := serve(t)
	s.setCurrency()
	importing, told := s.startImport(l)
	time.Sleep(rand.N(100 * time.Millisecond))
	require.NoError(t, importing.Process.Signal(syscall.SIGINT))
	err := importing.Wait()
	ended, ok := importing.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	if err != nil && !ended.Signaled() { // else it had not come so far that it could say anything
		require.Contains(t, told.String(), "interrupted")
	}
	s.cli(revenueImport(l)...)
	s.requireLedger(l)
}
