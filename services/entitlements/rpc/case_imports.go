package rpc

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/cases/imports"
)

var _ imports.Accounts = (*Source)(nil)

// caseImportsHandler serves CaseImportsService.
type caseImportsHandler struct {
	entitlementsv1.UnimplementedCaseImportsServiceServer
	imports *imports.Imports
}

var (
	errNoStart   = fault.Invalid("start", "is missing: the first message says how the import begins")
	errSecondOne = fault.Invalid("start", "came twice: after the first message there are rows only")
	// createsAccounts is what it needs to make accounts by importing their cases.
	createsAccounts = auth.Access{Permission: "accounts.import"}
)

// ImportCases implements CaseImportsService.
func (h *caseImportsHandler) ImportCases(stream grpc.BidiStreamingServer[entitlementsv1.ImportCasesRequest, entitlementsv1.ImportCasesResponse]) error {
	first, err := stream.Recv()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	start := first.GetStart()
	if start == nil {
		return errNoStart
	}
	if start.GetCreateAccounts() {
		if err := createsAccounts.Allow(auth.FromContext(stream.Context())); err != nil {
			return err
		}
	}
	in := start.GetImport()
	done, err := h.imports.Cases(stream.Context(), request.Caller(stream.Context()), imports.Start{
		Source: in.GetSource(), Batch: in.GetBatch(), Digest: in.GetDigest(), Resume: in.GetResume(), ValidateOnly: in.GetValidateOnly(),
		Account: start.GetAccount(), CreateAccounts: start.GetCreateAccounts(), Unrecorded: cases.Unrecorded{
			Replies: start.GetNoFirstReplies(), Resolutions: start.GetNoResolutions(), Remedies: start.GetNoRemedies(),
			Escalations: start.GetNoEscalations(), Reopenings: start.GetNoReopenings(),
		},
	}, caseRows(stream), caseReport{stream})
	if err != nil {
		return err
	}
	result := &accountsv1.ImportResult{Import: caseImportOut(done)}
	if in.GetValidateOnly() { // it is nowhere kept
		result.Import.State = accountsv1.Import_STATE_UNSPECIFIED
	}
	return stream.Send(&entitlementsv1.ImportCasesResponse{Step: &entitlementsv1.ImportCasesResponse_Result{Result: result}})
}

// caseRows reads the rows of a stream.
func caseRows(stream grpc.BidiStreamingServer[entitlementsv1.ImportCasesRequest, entitlementsv1.ImportCasesResponse]) imports.Rows {
	return func(context.Context) ([]imports.Row, error) {
		m, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		if m.GetStart() != nil {
			return nil, errSecondOne
		}
		rows := make([]imports.Row, len(m.GetRows().GetRows()))
		for i, r := range m.GetRows().GetRows() {
			rows[i] = imports.Row{Line: r.GetLine(), ID: r.GetExternalId(), Account: r.GetAccount(), Issue: r.GetIssue(), Channel: r.GetChannel(),
				Subject: r.GetSubject(), Description: r.GetDescription(), StaffRole: r.GetStaffRole(), Opened: r.GetOpened(),
				FirstReply: r.GetFirstReply(), Resolved: r.GetResolved(), Remedy: r.GetRemedy(), RemedyValue: r.GetRemedyValue(),
				Escalated: r.GetEscalated(), Reopened: r.GetReopened(), Facts: r.GetFacts(), Fault: r.GetFault()}
		}
		return rows, nil
	}
}

// caseReport tells a client how its import goes on.
type caseReport struct {
	stream grpc.BidiStreamingServer[entitlementsv1.ImportCasesRequest, entitlementsv1.ImportCasesResponse]
}

// Progress implements imports.Report.
func (r caseReport) Progress(c imports.Counts) error {
	return r.stream.Send(&entitlementsv1.ImportCasesResponse{Step: &entitlementsv1.ImportCasesResponse_Progress{
		Progress: &accountsv1.ImportProgress{Counts: importCountsOut(c)}}})
}

// Refused implements imports.Report.
func (r caseReport) Refused(row imports.Refused) error {
	return r.stream.Send(&entitlementsv1.ImportCasesResponse{Step: &entitlementsv1.ImportCasesResponse_Refused{
		Refused: &accountsv1.RefusedRow{Line: row.Line, Field: row.Field, Reason: row.Text}}})
}

func importCountsOut(c imports.Counts) *accountsv1.ImportCounts {
	return &accountsv1.ImportCounts{Read: c.Read, Written: c.Written, AlreadyThere: c.AlreadyThere, Refused: c.Refused,
		Accounts: c.Accounts, AccountsCreated: c.AccountsCreated}
}

func caseImportOut(s resource.Stored[imports.Import]) *accountsv1.Import {
	i := &s.State
	out := &accountsv1.Import{Name: imports.Name(s.ID), Kind: "cases", Source: i.Source, Batch: i.Batch, Digest: i.Digest,
		State: accountsv1.Import_STATE_STARTED, Counts: importCountsOut(i.Counts),
		CreateTime: wire.Timestamp(i.Created), FinishTime: wire.Timestamp(i.Finished)}
	if !i.Finished.IsZero() {
		out.State = accountsv1.Import_STATE_FINISHED
	}
	return out
}

// GetCaseImport implements CaseImportsService.
func (h *caseImportsHandler) GetCaseImport(ctx context.Context, r *entitlementsv1.GetCaseImportRequest) (*accountsv1.Import, error) {
	found, err := h.imports.Get(ctx, names.Last(r.GetName()))
	if err != nil {
		return nil, err
	}
	return caseImportOut(found), nil
}

// ListCaseImports implements CaseImportsService.
func (h *caseImportsHandler) ListCaseImports(ctx context.Context, r *entitlementsv1.ListCaseImportsRequest) (*entitlementsv1.ListCaseImportsResponse, error) {
	page, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	list, err := h.imports.List(ctx, page.Size, page.After)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListCaseImportsResponse{}
	for _, s := range list.Items {
		out.CaseImports = append(out.CaseImports, caseImportOut(s))
	}
	out.NextPageToken, err = page.Next(list.Next)
	return out, err
}
