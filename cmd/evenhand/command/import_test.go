package command

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var cdnowColumns = []string{"--column", "account=customer_id", "--column", "amount=amount_usd", "--currency", "USD", "--create-accounts"}

func TestRevenueImport(t *testing.T) {
	f := &fake{}
	server := startFake(t, f)
	path := file(t, "orders.csv", "\xef\xbb\xbfcustomer_id,date,quantity,amount_usd\r\n00001,1997-01-01,1,11.77\r\n00002,1997-01-12,1,12.00\r\n")

	got := execute(t, server, "", append([]string{"revenue", "import", path}, cdnowColumns...)...)
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, squeeze(got.stdout), "Read 2\n")
	require.Contains(t, squeeze(got.stdout), "Written 2\n")
	require.Contains(t, squeeze(got.stdout), "Total USD 2.00\n")
	require.Equal(t, map[string]bool{"Bearer secret-token": true}, f.tokens)
	require.Equal(t, []string{"token-1"}, f.waited, "the import returns only when entitlements has applied it")
	start := f.starts[0]
	require.Equal(t, "orders.csv", start.GetImport().GetBatch())
	require.Equal(t, "orders.csv", start.GetImport().GetSource())
	require.Len(t, start.GetImport().GetDigest(), 64)
	require.True(t, start.GetCreateAccounts())
	require.False(t, start.GetHasExternalIds())

	again := execute(t, server, "", append([]string{"revenue", "import", path, "--output", "json"}, cdnowColumns...)...)
	require.Zero(t, again.code, again.stderr)
	require.Contains(t, again.stdout, `"alreadyThere": "2"`)
	require.Contains(t, again.stdout, `"written": "0"`)
	require.Contains(t, execute(t, server, "", append([]string{"revenue", "import", path}, cdnowColumns...)...).stdout, "nothing changed")
}

// Every refused row is told with its line, whether its values are wrong or it could not
// even be read, and the server counts them all; all others are written, and the command
// fails.
func TestRevenueImportRefusedRows(t *testing.T) {
	f := &fake{}
	server := startFake(t, f)
	path := file(t, "orders.csv", "account,date,amount\na,2026-01-01,1\na,2026-01-01\na,2026-01-01,bad\na,\"2026,5\na,2026-01-02,3\n")
	got := execute(t, server, "", "revenue", "import", path, "--currency", "USD")
	require.Equal(t, ExitFailed, got.code)
	for _, line := range []string{
		"line 3: the row has 2 fields where the header has 3\n",
		"line 4: amount: \"bad\" is not an amount\n",
		"line 5: a quote (\") that is opened on this line is never closed\n",
		"evenhand: 3 of 5 rows were refused",
	} {
		require.Contains(t, got.stderr, line)
	}
	require.Contains(t, squeeze(got.stdout), "Read 5\n")
	require.Contains(t, squeeze(got.stdout), "Written 2\n")
	require.Contains(t, squeeze(got.stdout), "Refused 3\n")
	require.EqualValues(t, 3, f.ended.GetRefused(), "what the command prints is what the server keeps")
	require.EqualValues(t, 5, f.ended.GetRead())
}

func TestAccountsImportSendsRowsThatCannotBeRead(t *testing.T) {
	f := &fake{}
	server := startFake(t, f)
	execute(t, server, "", "accounts", "import", file(t, "a.csv", "id,name\nA\nB,Bee\n"), "--column", "display-name=name")
	require.Len(t, f.rows, 2)
	require.Equal(t, "the row has 1 fields where the header has 2", f.rows[0].GetFault())
	require.Equal(t, int64(2), f.rows[0].GetLine())
	require.Empty(t, f.rows[0].GetExternalId())
	require.Empty(t, f.rows[1].GetFault())
}

// Rows are refused in another order than the file's where some wait for others: each is
// told, and once.
func TestRefusedRowsAreToldInAnyOrder(t *testing.T) {
	var told strings.Builder
	p := newProgress(&Env{Stderr: &told, Now: time.Now}, 0)
	for range 2 { // attempts
		for _, line := range []int64{2, 700, 3, 64, 65, 700} {
			p.refused(&accountsv1.RefusedRow{Line: line, Reason: "no"})
		}
	}
	require.Equal(t, "line 2: no\nline 700: no\nline 3: no\nline 64: no\nline 65: no\n", told.String())
}

// A lost connection is answered by sending the file again; nothing is written twice, and
// no refused row is told twice.
func TestRevenueImportSurvivesLostConnection(t *testing.T) {
	lost := status.Error(codes.Unavailable, "connection reset")
	f := &fake{failures: []error{lost, lost}}
	server := startFake(t, f)
	var text strings.Builder
	text.WriteString("account,date,amount\nx,2026-01-01,bad\n")
	for i := range 3000 {
		fmt.Fprintf(&text, "a%d,2026-01-01,%d\n", i%7, i)
	}
	got := execute(t, server, text.String(), "revenue", "import", "-", "--batch", "stream", "--currency", "USD")
	require.Equal(t, ExitFailed, got.code, "a row was refused")
	require.Len(t, f.starts, 3)
	require.Len(t, f.ledger, 3000)
	require.Equal(t, 1, strings.Count(got.stderr, "line 2: amount"))
	require.Equal(t, 2, strings.Count(got.stderr, "sending the file again"))
	require.Contains(t, squeeze(got.stdout), "Read 3001\n")
	require.Equal(t, "stream", f.starts[0].GetImport().GetSource())
}

// How long the server is away counts from when it was lost, not from the last row that
// became durable, which may be long before; and where it answered again, anew.
func TestRetryForCountsFromTheLossOfTheServer(t *testing.T) {
	lost := status.Error(codes.Unavailable, "connection reset")
	now := time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	f := &fake{failures: []error{lost, lost}, lost: func() {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Hour) // since the progress that it has just told
	}}
	server := startFake(t, f)
	path := file(t, "orders.csv", "account,date,amount\na,2026-01-01,1\n")
	got := executeAt(t.Context(), t, clock, server, "", "revenue", "import", path, "--currency", "USD", "--retry-for", "30s")
	require.Zero(t, got.code, got.stderr)
	require.Len(t, f.starts, 3)
}

func TestAServerThatIsAwayFromTheStartIsTriedAgain(t *testing.T) {
	f := &fake{failures: []error{status.Error(codes.Unavailable, "starting")}, early: true}
	path := file(t, "orders.csv", "account,date,amount\na,2026-01-01,1\n")
	got := execute(t, startFake(t, f), "", "revenue", "import", path, "--currency", "USD")
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stdout, "imported\n", "no earlier attempt wrote anything")
	require.Len(t, f.starts, 2)
}

// What an earlier attempt of the very command wrote is already there for the last: that
// is no import that changed nothing.
func TestAnImportThatWasSentAgainSaysSo(t *testing.T) {
	f := &fake{failures: []error{status.Error(codes.Unavailable, "connection reset")}}
	server := startFake(t, f)
	path := file(t, "orders.csv", "account,date,amount\na,2026-01-01,1\n")
	got := execute(t, server, "", "revenue", "import", path, "--currency", "USD")
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, squeeze(got.stdout), "Written 0\nAlready there 1\n")
	require.Contains(t, got.stdout, "imported, in 2 attempts: what an earlier one wrote counts as already there")
	require.Contains(t, execute(t, server, "", "revenue", "import", path, "--currency", "USD").stdout, "nothing changed")
}

// When the server stays away, the user hears what is durable and how to go on.
func TestRevenueImportGivesUp(t *testing.T) {
	f := &fake{failures: []error{status.Error(codes.Unavailable, "gone")}}
	server := startFake(t, f)
	path := file(t, "orders.csv", "account,date,amount\na,2026-01-01,1\n")
	got := execute(t, server, "", "revenue", "import", path, "--currency", "USD", "--retry-for", "0s")
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "cannot reach the server at "+server)
	require.Contains(t, got.stderr, "1 rows are durable")
	require.Contains(t, got.stderr, "importing the same file again finishes it")
}

// What the server refuses outright is not tried again.
func TestRevenueImportBatchChanged(t *testing.T) {
	f := &fake{failures: []error{withDetails(codes.Aborted, "The batch orders.csv is known with another file.",
		&errdetails.ErrorInfo{Reason: "BATCH_CHANGED", Domain: "evenhand"})}}
	server := startFake(t, f)
	path := file(t, "orders.csv", "account,date,amount\na,2026-01-01,1\n")
	got := execute(t, server, "", "revenue", "import", path, "--currency", "USD")
	require.Equal(t, ExitFailed, got.code)
	require.Len(t, f.starts, 1)
	require.Contains(t, got.stderr, "known with another file")
	require.Contains(t, got.stderr, "--resume")
}

func TestRevenueImportWaitsForEntitlements(t *testing.T) {
	behind := withDetails(codes.Unavailable, "Not there yet.", &errdetails.ErrorInfo{Reason: "UNAVAILABLE", Domain: "evenhand"})
	f := &fake{applied: []error{behind, behind, nil}}
	server := startFake(t, f)
	path := file(t, "orders.csv", "account,date,amount\na,2026-01-01,1\n")
	got := execute(t, server, "", "revenue", "import", path, "--currency", "USD")
	require.Zero(t, got.code, got.stderr)
	require.Len(t, f.waited, 3)

	f.applied = []error{status.Error(codes.Unavailable, "gone")}
	got = execute(t, server, "", "revenue", "import", path, "--currency", "USD", "--retry-for", "0s")
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "written and durable")
	require.Contains(t, squeeze(got.stdout), "Already there 1\n", "the counts are told all the same")

	f.applied = []error{status.Error(codes.Unimplemented, "not here")}
	got = execute(t, server, "", "revenue", "import", path, "--currency", "USD")
	require.Zero(t, got.code, "accounts alone cannot tell")
	require.Contains(t, got.stderr, "written and durable")
}

func TestImportInterrupted(t *testing.T) {
	server := startFake(t, &fake{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := executeIn(ctx, t, server, "account,date,amount\na,2026-01-01,1\n", "revenue", "import", "-", "--batch", "b")
	require.Equal(t, ExitFailed, got.code)
	require.Equal(t, "evenhand: interrupted\n", got.stderr)
}

func TestImportRefusesItsInput(t *testing.T) {
	server := startFake(t, &fake{})
	good := file(t, "good.csv", "account,date,amount\n")
	tests := []struct {
		name string
		args []string
		code int
		told []string
	}{
		{"no such file", []string{"nowhere.csv"}, ExitFailed, []string{"nowhere.csv"}},
		{"empty file", []string{file(t, "empty.csv", "")}, ExitFailed, []string{"empty.csv", "empty"}},
		{"column missing", []string{file(t, "x.csv", "customer,date,amount\n"), "--column", "id=nr"}, ExitFailed,
			[]string{`account: there is no column "account"; the file has "customer", "date", "amount"`, "--column account=COLUMN", "--column id=nr"}},
		{"field unknown", []string{good, "--column", "amuont=x"}, ExitUsage, []string{"amuont", "account, date, amount"}},
		{"attribute of an entry", []string{good, "--column", "attribute.sector=x"}, ExitUsage, []string{"attribute.sector"}},
		{"delimiter", []string{good, "--delimiter", "::"}, ExitUsage, []string{"--delimiter"}},
		{"standard input without a name", []string{"-"}, ExitUsage, []string{"--batch"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := execute(t, server, "", append([]string{"revenue", "import"}, tt.args...)...)
			require.Equal(t, tt.code, got.code, got.stderr)
			for _, part := range tt.told {
				require.Contains(t, got.stderr, part)
			}
			require.Empty(t, got.stdout)
		})
	}
}

func TestAccountsImportColumns(t *testing.T) {
	f := &fake{}
	server := startFake(t, f)
	path := file(t, "companies.csv", "Symbol,Security,GICS Sector,\"a;b,c\"\nBRK.B,\"Berkshire, Inc.\",Financials,x\n")
	got := execute(t, server, "", "accounts", "import", path, "--column", "id=Symbol", "--column", "display-name=Security",
		"--column", "attribute.sector=GICS Sector", "--column", "attribute.odd=a;b,c")
	require.Zero(t, got.code, got.stderr)
	require.Len(t, f.rows, 1)
	require.Equal(t, "BRK.B", f.rows[0].GetExternalId())
	require.Equal(t, "Berkshire, Inc.", f.rows[0].GetDisplayName())
	require.Equal(t, map[string]string{"sector": "Financials", "odd": "x"}, f.rows[0].GetAttributes())
	require.Equal(t, int64(2), f.rows[0].GetLine())
}

func TestSpoolIsRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	server := startFake(t, &fake{})
	got := execute(t, server, "account,date,amount\na,2026-01-01,1\n", "revenue", "import", "-", "--batch", "b", "--currency", "USD")
	require.Zero(t, got.code, got.stderr)
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	for _, entry := range left {
		require.NotContains(t, entry.Name(), "evenhand-import")
	}
}
