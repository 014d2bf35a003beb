package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// fake answers as the services do, as far as these tests go.
type fake struct {
	accountsv1.UnimplementedAccountsServiceServer
	accountsv1.UnimplementedRevenueServiceServer
	entitlementsv1.UnimplementedEntitlementsServiceServer
	entitlementsv1.UnimplementedScheduleServiceServer

	mu       sync.Mutex
	tokens   map[string]bool // every authorization seen
	accounts []*accountsv1.Account
	ledger   map[string]bool // rows that are durable
	failures []error         // what the next calls fail with, after their first batch
	early    bool            // they fail before it
	starts   []*accountsv1.RevenueImportStart
	ended    *accountsv1.ImportCounts // of the last import that ended
	rows     []*accountsv1.AccountRow
	lost     func()  // called before such a failure
	applied  []error // what GetSpendSummary answers next
	waited   []string
	check    *entitlementsv1.CheckEntitlementResponse
	checked  []*entitlementsv1.CheckEntitlementRequest
	publish  error
}

// startFake serves f on loopback and returns its address.
func startFake(t *testing.T, f *fake) string {
	t.Helper()
	f.tokens, f.ledger = map[string]bool{}, map[string]bool{}
	see := func(ctx context.Context) {
		md, _ := metadata.FromIncomingContext(ctx)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.tokens[strings.Join(md.Get("authorization"), ",")] = true
	}
	server := grpc.NewServer(
		grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			see(ctx)
			return handle(ctx, req)
		}),
		grpc.StreamInterceptor(func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
			see(s.Context())
			return handle(srv, s)
		}),
	)
	accountsv1.RegisterAccountsServiceServer(server, f)
	accountsv1.RegisterRevenueServiceServer(server, f)
	entitlementsv1.RegisterEntitlementsServiceServer(server, f)
	entitlementsv1.RegisterScheduleServiceServer(server, f)
	return listen(t, server)
}

func (f *fake) nextFailure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.failures) == 0 {
		return nil
	}
	err := f.failures[0]
	f.failures = f.failures[1:]
	return err
}

func (f *fake) ImportRevenue(call accountsv1.RevenueService_ImportRevenueServer) error {
	first, err := call.Recv()
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.starts = append(f.starts, first.GetStart())
	f.mu.Unlock()
	failure := f.nextFailure()
	if failure != nil && f.early {
		return failure
	}
	counts := &accountsv1.ImportCounts{}
	for {
		request, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := f.take(call, request.GetRows().GetRows(), counts); err != nil {
			return err
		}
		if failure != nil {
			if f.lost != nil {
				f.lost()
			}
			return failure
		}
	}
	f.mu.Lock()
	f.ended = counts
	f.mu.Unlock()
	counts.Totals = []*money.Money{{CurrencyCode: "USD", Units: counts.GetWritten() + counts.GetAlreadyThere()}}
	return call.Send(&accountsv1.ImportRevenueResponse{Step: &accountsv1.ImportRevenueResponse_Result{Result: &accountsv1.ImportResult{
		Import:           &accountsv1.Import{Name: "imports/one", Counts: counts},
		ConsistencyToken: "token-1",
	}}})
}

func (f *fake) take(call accountsv1.RevenueService_ImportRevenueServer, rows []*accountsv1.RevenueRow, counts *accountsv1.ImportCounts) error {
	for _, row := range rows {
		counts.Read++
		key := fmt.Sprint(row.GetLine(), row.GetAccount(), row.GetDate(), row.GetAmount(), row.GetExternalId())
		f.mu.Lock()
		known := f.ledger[key]
		f.mu.Unlock()
		refused := &accountsv1.RefusedRow{Line: row.GetLine(), Reason: row.GetFault()}
		if row.GetAmount() == "bad" {
			refused.Field, refused.Reason = "amount", `"bad" is not an amount`
		}
		switch {
		case refused.GetReason() != "":
			counts.Refused++
			if err := call.Send(&accountsv1.ImportRevenueResponse{Step: &accountsv1.ImportRevenueResponse_Refused{Refused: refused}}); err != nil {
				return err
			}
		case known:
			counts.AlreadyThere++
		default:
			counts.Written++
			f.mu.Lock()
			f.ledger[key] = true
			f.mu.Unlock()
		}
	}
	return call.Send(&accountsv1.ImportRevenueResponse{Step: &accountsv1.ImportRevenueResponse_Progress{
		Progress: &accountsv1.ImportProgress{Counts: counts},
	}})
}

func (f *fake) ImportAccounts(call accountsv1.AccountsService_ImportAccountsServer) error {
	counts := &accountsv1.ImportCounts{}
	for {
		request, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		f.mu.Lock()
		f.rows = append(f.rows, request.GetRows().GetRows()...)
		f.mu.Unlock()
		counts.Read += int64(len(request.GetRows().GetRows()))
		counts.Written = counts.GetRead()
	}
	return call.Send(&accountsv1.ImportAccountsResponse{Step: &accountsv1.ImportAccountsResponse_Result{Result: &accountsv1.ImportResult{
		Import: &accountsv1.Import{Name: "imports/two", Counts: counts},
	}}})
}

func (f *fake) GetSpendSummary(_ context.Context, r *entitlementsv1.GetSpendSummaryRequest) (*entitlementsv1.SpendSummary, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waited = append(f.waited, r.GetConsistencyToken())
	if len(f.applied) > 0 {
		err := f.applied[0]
		f.applied = f.applied[1:]
		if err != nil {
			return nil, err
		}
	}
	return &entitlementsv1.SpendSummary{}, nil
}

func (f *fake) ListAccounts(_ context.Context, r *accountsv1.ListAccountsRequest) (*accountsv1.ListAccountsResponse, error) {
	answer := &accountsv1.ListAccountsResponse{}
	for _, a := range f.accounts {
		if r.GetFilter() == "" || r.GetFilter() == fmt.Sprintf("external_id = %q", a.GetExternalId()) {
			answer.Accounts = append(answer.Accounts, a)
		}
	}
	return answer, nil
}

func (f *fake) CheckEntitlement(_ context.Context, r *entitlementsv1.CheckEntitlementRequest) (*entitlementsv1.CheckEntitlementResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.accounts {
		if a.GetName() == r.GetAccount() {
			f.checked = append(f.checked, r)
			return f.check, nil
		}
	}
	return nil, withDetails(codes.NotFound, "There is no "+r.GetAccount()+".",
		&errdetails.ErrorInfo{Reason: "NOT_FOUND", Domain: "evenhand"},
		&errdetails.ResourceInfo{ResourceType: "evenhand/Account", ResourceName: r.GetAccount()})
}

func (f *fake) CountHolders(context.Context, *entitlementsv1.CountHoldersRequest) (*entitlementsv1.CountHoldersResponse, error) {
	return &entitlementsv1.CountHoldersResponse{Count: 1454}, nil
}

func (f *fake) PublishSchedule(_ context.Context, r *entitlementsv1.PublishScheduleRequest) (*entitlementsv1.PublishScheduleResponse, error) {
	if f.publish != nil {
		return nil, f.publish
	}
	return &entitlementsv1.PublishScheduleResponse{Version: &entitlementsv1.ScheduleVersion{Name: "schedule/versions/1", SourceYaml: r.GetYaml()}}, nil
}

func withDetails(code codes.Code, message string, details ...interface {
	ProtoMessage()
	Reset()
	String() string
},
) error {
	s := status.New(code, message)
	for _, detail := range details {
		var err error
		if s, err = s.WithDetails(detail); err != nil {
			return err
		}
	}
	return s.Err()
}

// result is what a command printed and how it ended.
type result struct {
	stdout, stderr string
	code           int
}

// execute runs a command line against a server, as a user does.
func execute(t *testing.T, address, stdin string, args ...string) result {
	t.Helper()
	return executeIn(t.Context(), t, address, stdin, args...)
}

func executeIn(ctx context.Context, t *testing.T, address, stdin string, args ...string) result {
	t.Helper()
	return executeAt(ctx, t, time.Now, address, stdin, args...)
}

// executeAt does that by a clock.
func executeAt(ctx context.Context, t *testing.T, now func() time.Time, address, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &Env{
		Context: ctx, Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr, Now: now, Version: "test",
		Getenv: func(string) string { return "" },
	}
	token := filepath.Join(t.TempDir(), tokenFileName)
	require.NoError(t, os.WriteFile(token, []byte("secret-token\n"), 0o600))
	if address != "" {
		args = append(args, "--server", address, "--token-file", token)
	}
	code := Run(env, &Client{}, args)
	return result{stdout.String(), stderr.String(), code}
}

// file writes a file and returns its path.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// squeeze makes runs of spaces one.
func squeeze(text string) string { return spaces.ReplaceAllString(text, " ") }

var spaces = regexp.MustCompile(` +`)

// listen serves on a port of its own until the test ends, and returns its address.
func listen(t *testing.T, server *grpc.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		// A test that made no call may stop the server before it began to serve.
		if err := <-served; !errors.Is(err, grpc.ErrServerStopped) {
			require.NoError(t, err)
		}
	})
	return listener.Addr().String()
}
