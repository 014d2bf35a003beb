package rpc

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

var (
	errNoStart   = fault.Invalid("start", "is missing: the first message says how the import begins")
	errSecondOne = fault.Invalid("start", "came twice: after the first message there are rows only")
)

// receive reads messages ahead of whoever takes rows of them. It ends with the stream,
// which ends when the handler returns.
func receive[M, R any](stream interface {
	Recv() (M, error)
	Context() context.Context
}, rowsOf func(M) ([]R, error)) accounts.Rows[R] {
	type part struct {
		rows []R
		err  error
	}
	parts := make(chan part, 2)
	go func() {
		for {
			m, err := stream.Recv()
			p := part{err: err}
			if err == nil {
				p.rows, p.err = rowsOf(m)
			}
			select {
			case parts <- p:
			case <-stream.Context().Done():
				return
			}
			if p.err != nil {
				return
			}
		}
	}()
	return func(ctx context.Context) ([]R, error) {
		select {
		case p := <-parts:
			return p.rows, p.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *revenueServer) ImportRevenue(stream grpc.BidiStreamingServer[accountsv1.ImportRevenueRequest, accountsv1.ImportRevenueResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return orNoStart(err)
	}
	start := first.GetStart()
	if start == nil {
		return errNoStart
	}
	result, err := s.imports.Revenue(stream.Context(), request.Caller(stream.Context()), accounts.RevenueImportStart{
		ImportStart: importStart(start.GetImport()), Currency: start.GetCurrencyCode(),
		CreateAccounts: start.GetCreateAccounts(), HasExternalIDs: start.GetHasExternalIds(),
	}, receive(stream, revenueRows), revenueReport{stream})
	if err != nil {
		return err
	}
	return stream.Send(&accountsv1.ImportRevenueResponse{Step: &accountsv1.ImportRevenueResponse_Result{Result: resultOf(result)}})
}

func orNoStart(err error) error {
	if errors.Is(err, io.EOF) {
		return errNoStart
	}
	return err
}

func revenueRows(m *accountsv1.ImportRevenueRequest) ([]accounts.RevenueRow, error) {
	if m.GetStart() != nil {
		return nil, errSecondOne
	}
	rows := make([]accounts.RevenueRow, len(m.GetRows().GetRows()))
	for i, r := range m.GetRows().GetRows() {
		rows[i] = accounts.RevenueRow{Line: r.GetLine(), Account: r.GetAccount(), Date: r.GetDate(),
			Amount: r.GetAmount(), Currency: r.GetCurrencyCode(), ExternalID: r.GetExternalId(), Fault: r.GetFault()}
	}
	return rows, nil
}

// revenueReport tells a client how its import goes on.
type revenueReport struct {
	stream grpc.ServerStreamingServer[accountsv1.ImportRevenueResponse]
}

func (r revenueReport) Progress(c accounts.Counts) error {
	return r.stream.Send(&accountsv1.ImportRevenueResponse{Step: &accountsv1.ImportRevenueResponse_Progress{
		Progress: &accountsv1.ImportProgress{Counts: countsOf(c)}}})
}

func (r revenueReport) Refused(row accounts.Refused) error {
	return r.stream.Send(&accountsv1.ImportRevenueResponse{Step: &accountsv1.ImportRevenueResponse_Refused{Refused: refusedOf(row)}})
}

// updatesAll is what it needs to change whatever accounts a file names.
var updatesAll = auth.Access{Permission: "accounts.update"}

func (s *accountsServer) ImportAccounts(stream grpc.BidiStreamingServer[accountsv1.ImportAccountsRequest, accountsv1.ImportAccountsResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return orNoStart(err)
	}
	if first.GetStart() == nil {
		return errNoStart
	}
	if first.GetUpdateExisting() {
		if err := updatesAll.Allow(auth.FromContext(stream.Context())); err != nil {
			return err
		}
	}
	result, err := s.domain.Imports.Accounts(stream.Context(), request.Caller(stream.Context()), accounts.AccountImportStart{
		ImportStart: importStart(first.GetStart()), UpdateExisting: first.GetUpdateExisting(),
	}, receive(stream, accountRows), accountsReport{stream})
	if err != nil {
		return err
	}
	return stream.Send(&accountsv1.ImportAccountsResponse{Step: &accountsv1.ImportAccountsResponse_Result{Result: resultOf(result)}})
}

func accountRows(m *accountsv1.ImportAccountsRequest) ([]accounts.AccountRow, error) {
	if m.GetStart() != nil {
		return nil, errSecondOne
	}
	rows := make([]accounts.AccountRow, len(m.GetRows().GetRows()))
	for i, r := range m.GetRows().GetRows() {
		rows[i] = accounts.AccountRow{Line: r.GetLine(), ExternalID: r.GetExternalId(), DisplayName: r.GetDisplayName(), Joined: r.GetJoined(),
			State: r.GetState(), Parent: r.GetParent(), Owner: r.GetOwner(), Attributes: r.GetAttributes(), Fault: r.GetFault()}
	}
	return rows, nil
}

// accountsReport tells a client how its import goes on.
type accountsReport struct {
	stream grpc.ServerStreamingServer[accountsv1.ImportAccountsResponse]
}

func (r accountsReport) Progress(c accounts.Counts) error {
	return r.stream.Send(&accountsv1.ImportAccountsResponse{Step: &accountsv1.ImportAccountsResponse_Progress{
		Progress: &accountsv1.ImportProgress{Counts: countsOf(c)}}})
}

func (r accountsReport) Refused(row accounts.Refused) error {
	return r.stream.Send(&accountsv1.ImportAccountsResponse{Step: &accountsv1.ImportAccountsResponse_Refused{Refused: refusedOf(row)}})
}
