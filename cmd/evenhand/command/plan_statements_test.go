package command

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// statementsFake keeps what it was asked last.
type statementsFake struct {
	plansv1.UnimplementedStatementsServiceServer
	mu    sync.Mutex
	asked proto.Message
	cut   bool // issuing ends in the middle
	// fails are the errors of the statements that cannot be read, by their names.
	fails map[string]error
	// later, where it is set, is how far the commands' clock moves each time it is read.
	later time.Duration
}

// clock is the time as commands read it.
func (f *statementsFake) clock() func() time.Time {
	at := issuedOn.AsTime()
	return func() time.Time {
		at = at.Add(f.later)
		return at
	}
}

func (f *statementsFake) keep(m proto.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = proto.Clone(m)
}

func (f *statementsFake) last() proto.Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

var issuedOn = timestamppb.New(time.Date(2026, 10, 2, 10, 0, 0, 0, time.UTC))

func someStatement(name string) *plansv1.ValueStatement {
	return &plansv1.ValueStatement{Name: name, AccountDisplayName: "Acme", Issue: &plansv1.StatementIssue{IssueTime: issuedOn, Differs: strings.Contains(name, "odd")},
		Figures: []*plansv1.StatementFigure{{Id: "paid", Label: "Paid", Count: 2, Amount: someDollars(75)}, {Id: "benefits", Amount: someDollars(9)}, {Id: "cases-solved", Count: 4}}}
}

func (f *statementsFake) GetValueStatement(_ context.Context, r *plansv1.GetValueStatementRequest) (*plansv1.ValueStatement, error) {
	f.keep(r)
	return someStatement(r.GetName()), nil
}

func (f *statementsFake) RenderValueStatement(_ context.Context, r *plansv1.RenderValueStatementRequest) (*plansv1.RenderValueStatementResponse, error) {
	f.keep(r)
	if err := f.fails[r.GetName()]; err != nil {
		return nil, err
	}
	return &plansv1.RenderValueStatementResponse{Content: r.GetFormat().String() + " of " + r.GetName() + "\n"}, nil
}

func (f *statementsFake) ListValueStatements(_ context.Context, r *plansv1.ListValueStatementsRequest) (*plansv1.ListValueStatementsResponse, error) {
	f.keep(r)
	open := someStatement("accounts/open/valueStatements/2026-q3")
	open.Issue = nil
	return &plansv1.ListValueStatementsResponse{ValueStatements: []*plansv1.ValueStatement{
		someStatement("accounts/acme/valueStatements/2026-q3"), someStatement("accounts/odd/valueStatements/2026-q3"), open}}, nil
}

func (f *statementsFake) SumValueStatements(_ context.Context, r *plansv1.SumValueStatementsRequest) (*plansv1.SumValueStatementsResponse, error) {
	f.keep(r)
	return &plansv1.SumValueStatementsResponse{FromDate: &date.Date{Year: 2026, Month: 7, Day: 1}, ToDate: &date.Date{Year: 2026, Month: 9, Day: 30}, Accounts: 3,
		Figures: someStatement("").GetFigures(), Ledgers: &plansv1.SumValueStatementsResponse_Ledgers{Paid: someDollars(70), PaidDifference: someDollars(5)}}, nil
}

func (f *statementsFake) IssueValueStatements(r *plansv1.IssueValueStatementsRequest, stream grpc.ServerStreamingServer[plansv1.IssueValueStatementsResponse]) error {
	f.keep(r)
	if of := int32(len(r.GetAccounts())); of > 0 && !r.GetValidateOnly() {
		return stream.Send(&plansv1.IssueValueStatementsResponse{Done: of, Total: of, Issued: of - int32(len(f.fails)), NotCustomers: int32(len(f.fails))})
	}
	if err := stream.Send(&plansv1.IssueValueStatementsResponse{Done: 200, Total: 1205, Issued: 200}); err != nil || f.cut {
		return status.Error(codes.Unavailable, "The server is shutting down.")
	}
	return stream.Send(&plansv1.IssueValueStatementsResponse{Done: 1205, Total: 1205, Issued: 1200, AlreadyIssued: 2, NotCustomers: 3})
}

// planStatements runs a command of statements against a fake.
func planStatements(t *testing.T, f *statementsFake, args ...string) result {
	t.Helper()
	server := grpc.NewServer()
	plansv1.RegisterStatementsServiceServer(server, f)
	var cli struct {
		Statements PlanStatements `cmd:""`
	}
	var stdout, stderr bytes.Buffer
	env := &Env{Context: t.Context(), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: f.clock(), Version: "test",
		Getenv: func(string) string { return "" }}
	args = append(append([]string{"statements"}, args...), "--server", listen(t, server), "--token-file", file(t, tokenFileName, "secret-token\n"))
	code := Run(env, &cli, args)
	return result{stdout.String(), stderr.String(), code}
}

func TestR31PlanStatementsGet(t *testing.T) {
	f := &statementsFake{}
	got := planStatements(t, f, "get", "acme", "2026-q3")
	require.Equal(t, "FORMAT_MARKDOWN of accounts/acme/valueStatements/2026-q3\n", got.stdout, got.stderr)
	got = planStatements(t, f, "get", "accounts/acme", "2026-q3", "-o", "html", "--view", "current", "--known-at", "2026-10-02T10:00:00Z")
	require.Equal(t, "FORMAT_HTML of accounts/acme/valueStatements/2026-q3\n", got.stdout, got.stderr)
	require.Empty(t, cmp.Diff(proto.Message(&plansv1.RenderValueStatementRequest{Name: "accounts/acme/valueStatements/2026-q3", KnownTime: issuedOn,
		View: plansv1.ValueStatementView_VALUE_STATEMENT_VIEW_CURRENT, Format: plansv1.RenderValueStatementRequest_FORMAT_HTML}), f.last(), protocmp.Transform()))
	got = planStatements(t, f, "get", "acme", "2026-q3", "-o", "json", "--view", "issued")
	require.Contains(t, got.stdout, `"accountDisplayName": "Acme"`)
	require.Equal(t, ExitUsage, planStatements(t, f, "get", "acme", "2026-q3", "--known-at", "2026-10-02").code)
}

func TestR31PlanStatementsListAndSum(t *testing.T) {
	f := &statementsFake{}
	got := planStatements(t, f, "list", "--quarter", "2026-q3")
	require.Contains(t, squeeze(got.stdout), "accounts/acme/valueStatements/2026-q3 Acme USD 75.00 USD 9.00 4 2026-10-02T10:00:00Z\n", got.stderr)
	require.Contains(t, got.stdout, "(differs from what it was)")
	require.Equal(t, "2026-q3", f.last().(*plansv1.ListValueStatementsRequest).GetQuarter())
	planStatements(t, f, "list", "acme")
	require.Equal(t, "accounts/acme", f.last().(*plansv1.ListValueStatementsRequest).GetParent())
	for _, args := range [][]string{{"list"}, {"list", "acme", "--quarter", "2026-q3"}} {
		require.Equal(t, ExitUsage, planStatements(t, f, args...).code)
	}
	for _, args := range [][]string{{"get", "acme", "2026-q5"}, {"list", "--quarter", "q3"}, {"sum", "2026"}, {"issue", "2026-Q3"}} {
		got = planStatements(t, f, args...)
		require.Equal(t, ExitUsage, got.code, args)
		require.Contains(t, got.stderr, "is no quarter: write it as 2026-q3", args)
	}
	got = planStatements(t, f, "sum", "2026-q3")
	require.Contains(t, squeeze(got.stdout), "Quarter 2026-07-01 to 2026-09-30", got.stderr)
	require.Contains(t, squeeze(got.stdout), "Paid USD 75.00")
	require.Regexp(t, `Difference paid +.*5\.00`, got.stdout)
}

func TestR31PlanStatementsIssue(t *testing.T) {
	f := &statementsFake{}
	got := planStatements(t, f, "issue", "2026-q3", "--account", "acme", "--validate-only")
	require.Equal(t, "2026-q3: 1,200 would be issued, 2 were before, 3 accounts were no customers\n", got.stdout, got.stderr)
	asked := f.last().(*plansv1.IssueValueStatementsRequest)
	require.True(t, asked.GetValidateOnly())
	require.Equal(t, []string{"accounts/acme"}, asked.GetAccounts())
	require.NotEmpty(t, asked.GetRequestId())

	folder := filepath.Join(t.TempDir(), "out")
	got = planStatements(t, f, "issue", "2026-q3", "--to", folder, "--output", "html")
	require.Zero(t, got.code, got.stderr)
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(folder, "acme-2026-q3.html"), filepath.Join(folder, "odd-2026-q3.html")}, files, "those that were issued")
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.Equal(t, "FORMAT_HTML of accounts/acme/valueStatements/2026-q3\n", string(text))

	f.cut = true
	got = planStatements(t, f, "issue", "2026-q3", "--request-id", "0b64cbd1-9e5f-4d8e-8f0b-111111111111")
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, "go on with --request-id 0b64cbd1-9e5f-4d8e-8f0b-111111111111")
	require.Equal(t, ExitUsage, planStatements(t, f, "issue", "2026-q3", "--validate-only", "--to", folder).code)
}

// Only a statement that was not issued is left out, since its account was no customer; what
// fails otherwise fails the command, and only what is in the folder counts as written.
func TestR31PlanStatementsIssueWritesThoseOfTheAccountsNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		code   codes.Code
		reason string
		exit   int
	}{
		"no customer":                  {codes.FailedPrecondition, "STATEMENT_NOT_ISSUED", 0},
		"another precondition":         {codes.FailedPrecondition, "STATEMENT_KNOWN_TIME", ExitFailed},
		"no such account":              {codes.NotFound, "NOT_FOUND", ExitFailed},
		"a precondition without words": {codes.FailedPrecondition, "", ExitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			f := &statementsFake{later: plainEvery, fails: map[string]error{"accounts/brook/valueStatements/2026-q3": withDetails(
				tt.code, "It cannot be read.", &errdetails.ErrorInfo{Reason: tt.reason, Domain: "evenhand"})}}
			folder := filepath.Join(t.TempDir(), "out")
			got := planStatements(t, f, "issue", "2026-q3", "--account", "acme", "--account", "brook", "--to", folder)
			require.Equal(t, tt.exit, got.code, got.stderr)
			require.Equal(t, "2026-q3: 1 issued, 0 were before, 1 accounts were no customers\n", got.stdout)
			require.Contains(t, got.stderr, "1 of 1 written\n")
			require.NotContains(t, got.stderr, "2 of 1")
			require.Equal(t, tt.exit == ExitFailed, strings.Contains(got.stderr, "It cannot be read."))
			files, err := filepath.Glob(filepath.Join(folder, "*"))
			require.NoError(t, err)
			require.Equal(t, []string{filepath.Join(folder, "acme-2026-q3.md")}, files)
		})
	}
}
