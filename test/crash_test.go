package test

import (
	"math/rand/v2"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The server killed at any moment of an import: nothing acknowledged is missing, and the
// same file again completes it.
func TestKilledDuringImport(t *testing.T) {
	points := 2
	if isLong() {
		points = 25
	}
	stores(t, func(t *testing.T, storeArgs []string) {
		rows := 60_000
		if storeArgs != nil {
			rows = 20_000 // a database on the same machine is slower
		}
		l := writeLedger(t, t.TempDir(), rows, 3_000, 7)
		random := rand.New(rand.NewPCG(rand.Uint64(), 0))
		whole := importTime(t, l, storeArgs)
		for range points {
			after := time.Duration(random.Int64N(int64(whole)))
			t.Run(after.String(), func(t *testing.T) { killDuringImport(t, l, after, storeArgs) })
		}
	})
}

// importTime measures one import, to know over which time to spread the kills.
func importTime(t *testing.T, l ledger, storeArgs []string) time.Duration {
	s := serve(t, fresh(t, storeArgs)...)
	begin := time.Now()
	s.cli(append([]string{"revenue", "import", l.path}, cdnowColumns...)...)
	return time.Since(begin)
}

// fresh gives every server databases of its own.
func fresh(t *testing.T, storeArgs []string) []string {
	if storeArgs == nil {
		return nil
	}
	return mongoArgs(t)
}

var durableRows = regexp.MustCompile(`(\d+) rows are durable`)

func killDuringImport(t *testing.T, l ledger, after time.Duration, storeArgs []string) {
	s := serve(t, fresh(t, storeArgs)...)
	s.setCurrency()
	timer := time.AfterFunc(after, s.kill)
	got := s.try(append([]string{"revenue", "import", l.path, "--retry-for", "0s"}, cdnowColumns...)...)
	timer.Stop()
	s.kill()

	s.restart()
	entries, err := strconv.ParseInt(value(t, s.cli("spend"), "Entries"), 10, 64)
	require.NoError(t, err)
	acknowledged := int64(0)
	if match := durableRows.FindStringSubmatch(got.stderr); match != nil {
		acknowledged, err = strconv.ParseInt(match[1], 10, 64)
		require.NoError(t, err)
	}
	if got.code == 0 {
		acknowledged = l.rows
	}
	require.GreaterOrEqual(t, entries, acknowledged, "acknowledged and lost")

	again := s.cli(append([]string{"revenue", "import", l.path}, cdnowColumns...)...)
	require.Equal(t, strconv.FormatInt(l.rows, 10), value(t, again, "Read"))
	require.Equal(t, strconv.FormatInt(entries, 10), value(t, again, "Already there"), "what was there is counted as such")
	require.Equal(t, "0", value(t, again, "Refused"))
	s.requireLedger(l)
}

// setCurrency lets sums be amounts before a schedule says in which currency.
func (s *server) setCurrency() {
	s.t.Helper()
	s.cli("company", "update", "--currency", "USD")
}

// requireLedger checks that entitlements counts exactly this ledger.
func (s *server) requireLedger(l ledger) {
	s.t.Helper()
	spend := s.cli("spend")
	require.Equal(s.t, strconv.FormatInt(l.rows, 10), value(s.t, spend, "Entries"))
	require.Equal(s.t, l.total(), value(s.t, spend, "Total"))
}

// An import outlives the server: it sends the file again when the server is back.
func TestImportOutlivesTheServer(t *testing.T) {
	l := writeLedger(t, t.TempDir(), 30_000, 2_000, 8)
	s := serve(t)
	s.setCurrency()
	importing := exec.CommandContext(t.Context(), binary, append([]string{
		"revenue", "import", l.path, "--server", s.grpc, "--data-dir", s.data, "--retry-for", patience.String(),
	}, cdnowColumns...)...)
	var told output
	importing.Stdout, importing.Stderr = &told, &told
	require.NoError(t, importing.Start())
	time.Sleep(time.Duration(rand.Int64N(int64(200 * time.Millisecond))))
	s.kill()
	s.restart()
	require.NoError(t, importing.Wait(), told.String())
	s.requireLedger(l)
}

// An import that is interrupted says so, and the same file again completes it.
func TestImportInterrupted(t *testing.T) {
	l := writeLedger(t, t.TempDir(), 50_000, 2_000, 9)
	s := serve(t)
	s.setCurrency()
	importing := exec.CommandContext(t.Context(), binary, append([]string{
		"revenue", "import", l.path, "--server", s.grpc, "--data-dir", s.data,
	}, cdnowColumns...)...)
	var told output
	importing.Stdout, importing.Stderr = &told, &told
	require.NoError(t, importing.Start())
	time.Sleep(time.Duration(rand.Int64N(int64(100 * time.Millisecond))))
	require.NoError(t, importing.Process.Signal(syscall.SIGINT))
	if err := importing.Wait(); err != nil {
		require.Contains(t, told.String(), "interrupted")
	}
	s.cli(append([]string{"revenue", "import", l.path}, cdnowColumns...)...)
	s.requireLedger(l)
}
