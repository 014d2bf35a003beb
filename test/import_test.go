package test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/transcript"
)

// Rows that cannot be taken are each named with their line; all others are written, and
// the mended file is taken as the same one grown.
func TestImportRefusedRows(t *testing.T) {
	t.Parallel()
	s := serve(t)
	head := "customer_id,date,amount_usd\n"
	good := "a,2024-01-31,10.00\nb,2024-02-29,-2.50\nc,2024-03-01,0.00\n"
	bad := "a,2023-02-29,1.00\na,2024-01-01,1.005\na,2024-01-01,abc\na,2024-01-01\n,2024-01-01,1.00\na,2024-01-01,\"1.00\n"
	path := write(t, s.dir, "orders.csv", head+good+bad)
	got := s.try(append([]string{"revenue", "import", path}, cdnowColumns...)...)
	require.Equal(t, 1, got.code)
	require.Equal(t, "9", value(t, got.stdout, "Read"))
	require.Equal(t, "3", value(t, got.stdout, "Written"))
	require.Equal(t, "6", value(t, got.stdout, "Refused"))
	require.Equal(t, "USD 7.50", value(t, got.stdout, "Total"))
	for line := 5; line <= 10; line++ {
		require.Regexp(t, fmt.Sprintf(`(?m)^line %d: \S`, line), got.stderr)
	}

	path = write(t, s.dir, "orders.csv", head+good+"a,2024-02-28,1.00\n")
	got = s.try(append([]string{"revenue", "import", path}, cdnowColumns...)...)
	require.Equal(t, 1, got.code, "another file under a known batch")
	require.Contains(t, got.stderr, "--resume")
	again := s.cli(append([]string{"revenue", "import", path, "--resume"}, cdnowColumns...)...)
	require.Equal(t, "3", value(t, again, "Already there"))
	require.Equal(t, "1", value(t, again, "Written"))
}

func TestAccountsImport(t *testing.T) {
	t.Parallel()
	s := serve(t)
	path := write(t, s.dir, "companies.csv", "\xef\xbb\xbfSymbol,Security,GICS Sector,Date added\r\n"+
		"BRK.B,\"Berkshire, Hathaway\",Financials,2010-02-16\r\nAAPL,Apple,Information Technology,1982-11-30\r\n")
	args := []string{"accounts", "import", path, "--column", "id=Symbol", "--column", "display-name=Security",
		"--column", "attribute.sector=GICS Sector", "--column", "joined=Date added"}
	first := s.cli(args...)
	require.Equal(t, "2", value(t, first, "Written"))
	require.Contains(t, s.cli(args...), "nothing changed")
	account := s.cli("accounts", "get", "BRK.B")
	require.Equal(t, "accounts/brk-b", value(t, account, "Account"))
	require.Equal(t, "sector=Financials", value(t, account, "Attributes"))
	require.Equal(t, "2010-02-16", value(t, account, "Joined"))
}

// Whatever bytes a file holds: no row is dropped without a word, and the server goes on.
func TestImportOfAnyBytes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	runs := 8
	if isLong() {
		runs = 100
	}
	random := rand.New(rand.NewPCG(11, 0))
	alphabet := []string{"a", "b", ",", ",", "\n", "\n", "\"", "\r\n", "2024-01-01", "1.00", "-3", "\xff", "ä", "\x00", "1e9", " "}
	for i := range runs {
		var text strings.Builder
		text.WriteString("customer_id,date,amount_usd\n")
		for range 200 {
			text.WriteString(alphabet[random.IntN(len(alphabet))])
		}
		path := write(t, s.dir, fmt.Sprintf("any-%d.csv", i), text.String())
		got := s.try(append([]string{"revenue", "import", path}, cdnowColumns...)...)
		require.Contains(t, []int{0, 1}, got.code, "%q\n%s", text.String(), got.stderr)
		number := func(label string) int {
			n, err := strconv.Atoi(value(t, got.stdout, label))
			require.NoError(t, err)
			return n
		}
		require.Equal(t, number("Read"), number("Written")+number("Already there")+number("Refused"), "%q", text.String())
		require.Len(t, regexp.MustCompile(`(?m)^line \d+: .`).FindAllString(got.stderr, -1), number("Refused"), "%q\n%s", text.String(), got.stderr)
	}
	require.True(t, s.ready())
	require.NotContains(t, s.stderr.String(), "panic")
}

// A file of two million rows passes through both processes in bounded memory.
func TestTwoMillionRowsInBoundedMemory(t *testing.T) {
	long(t)
	const limit = 256 << 10 // KiB
	stores(t, func(t *testing.T, storeArgs []string) {
		rows := 2_000_000
		if storeArgs != nil {
			rows = 300_000 // a database on the same machine is slower
		}
		l := writeLedger(t, t.TempDir(), rows, 20_000, 4)
		s := serve(t, storeArgs...)
		s.setCurrency()
		client := exec.CommandContext(t.Context(), binary, append([]string{
			"revenue", "import", l.path, "--server", s.grpc, "--data-dir", s.data,
		}, cdnowColumns...)...)
		var told transcript.Transcript
		client.Stdout, client.Stderr = &told, &told
		require.NoError(t, client.Start())
		require.NoError(t, client.Wait(), told.String())
		require.Equal(t, strconv.Itoa(rows), value(t, told.String(), "Written"))
		s.requireLedger(l)

		require.LessOrEqual(t, peakOf(t, s.cmd.Process.Pid), limit, "resident KiB of the server")
		require.LessOrEqual(t, maxRSS(client), limit, "resident KiB of the client")
	})
}

// peakOf is the most memory a process had resident, in KiB.
func peakOf(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skip("resident memory is read from /proc: ", err)
	}
	match := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	require.NotNil(t, match)
	peak, err := strconv.Atoi(string(match[1]))
	require.NoError(t, err)
	t.Logf("peak of process %d: %d MiB", pid, peak>>10)
	return peak
}
