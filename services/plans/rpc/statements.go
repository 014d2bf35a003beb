package rpc

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/paging"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/statements"
)

// RegisterStatements has value statements served.
func RegisterStatements(r grpc.ServiceRegistrar, domain *statements.Service) {
	plansv1.RegisterStatementsServiceServer(r, &statementsHandler{domain: domain})
}

// statementsHandler serves StatementsService.
type statementsHandler struct {
	plansv1.UnimplementedStatementsServiceServer
	domain *statements.Service
}

var statementViews = map[plansv1.ValueStatementView]statements.View{
	plansv1.ValueStatementView_VALUE_STATEMENT_VIEW_UNSPECIFIED: statements.Default,
	plansv1.ValueStatementView_VALUE_STATEMENT_VIEW_ISSUED:      statements.Issued,
	plansv1.ValueStatementView_VALUE_STATEMENT_VIEW_CURRENT:     statements.Current,
}

// wantedStatement is a request for one statement.
type wantedStatement interface {
	GetName() string
	GetView() plansv1.ValueStatementView
}

func (h *statementsHandler) get(ctx context.Context, r wantedStatement, known time.Time, err error) (statements.Answer, error) {
	if err != nil {
		return statements.Answer{}, err
	}
	quarter, err := statements.ParseQuarter("name", names.Last(r.GetName()))
	if err != nil {
		return statements.Answer{}, err
	}
	return h.domain.Get(ctx, names.First(r.GetName(), "accounts"), quarter, statementViews[r.GetView()], known)
}

// GetValueStatement implements StatementsService.
func (h *statementsHandler) GetValueStatement(ctx context.Context, r *plansv1.GetValueStatementRequest) (*plansv1.ValueStatement, error) {
	known, err := wire.Time("known_time", r.GetKnownTime())
	a, err := h.get(ctx, r, known, err)
	if err != nil {
		return nil, err
	}
	return statementOut(&a, true), nil
}

// RenderValueStatement implements StatementsService.
func (h *statementsHandler) RenderValueStatement(ctx context.Context, r *plansv1.RenderValueStatementRequest) (*plansv1.RenderValueStatementResponse, error) {
	known, err := wire.Time("known_time", r.GetKnownTime())
	a, err := h.get(ctx, r, known, err)
	if err != nil {
		return nil, err
	}
	out := &plansv1.RenderValueStatementResponse{}
	if r.GetFormat() == plansv1.RenderValueStatementRequest_FORMAT_MARKDOWN {
		out.ContentType = "text/markdown; charset=utf-8"
		out.Content, err = a.Markdown()
	} else {
		out.ContentType = "text/html; charset=utf-8"
		out.Content, err = a.HTML()
	}
	return out, err
}

// ListValueStatementEntries implements StatementsService.
func (h *statementsHandler) ListValueStatementEntries(
	ctx context.Context, r *plansv1.ListValueStatementEntriesRequest,
) (*plansv1.ListValueStatementEntriesResponse, error) {
	p, err := paging.Read[statements.EntryPlace](r)
	if err != nil {
		return nil, err
	}
	known, err := wire.Time("known_time", r.GetKnownTime())
	if err != nil {
		return nil, err
	}
	quarter, err := statements.ParseQuarter("parent", names.Last(r.GetParent()))
	if err != nil {
		return nil, err
	}
	list, err := h.domain.Entries(ctx, statements.EntryQuery{Account: names.First(r.GetParent(), "accounts"), Quarter: quarter,
		View: statementViews[r.GetView()], Known: known, Figure: r.GetFigure(), Size: p.Size, After: p.After})
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListValueStatementEntriesResponse{TotalSize: int32(list.Total),
		Entries: statementWriter{currency: list.Currency}.list(r.GetFigure(), list.Page, len(list.Page))}
	if list.Next != nil {
		out.NextPageToken, err = p.Next(*list.Next)
	}
	return out, err
}

// ListValueStatements implements StatementsService.
func (h *statementsHandler) ListValueStatements(ctx context.Context, r *plansv1.ListValueStatementsRequest) (*plansv1.ListValueStatementsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	account := names.First(r.GetParent(), "accounts")
	switch {
	case account == "-" && r.GetQuarter() == "":
		return nil, fault.Invalid("quarter", "is missing: say of which quarter the statements of all accounts are wanted, as 2026-q3")
	case account != "-" && r.GetQuarter() != "":
		return nil, fault.Invalid("quarter", "is only for all accounts, accounts/-: get %s/valueStatements/%s", r.GetParent(), r.GetQuarter())
	}
	var page []statements.Answer
	var next resource.Place
	if account == "-" {
		page, next, err = h.listQuarter(ctx, r.GetQuarter(), p)
	} else {
		page, next, err = h.listAccount(ctx, account, p)
	}
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListValueStatementsResponse{}
	for i := range page {
		out.ValueStatements = append(out.ValueStatements, statementOut(&page[i], false))
	}
	out.NextPageToken, err = p.Next(next)
	return out, err
}

func (h *statementsHandler) listQuarter(ctx context.Context, quarter string, p request.Page) ([]statements.Answer, resource.Place, error) {
	q, err := statements.ParseQuarter("quarter", quarter)
	if err != nil {
		return nil, nil, err
	}
	behind := ""
	if len(p.After) == 1 {
		behind, _ = p.After[0].(string)
	}
	page, next, err := h.domain.ListQuarter(ctx, q, p.Size, behind)
	if next == "" {
		return page, nil, err
	}
	return page, resource.Place{next}, err
}

func (h *statementsHandler) listAccount(ctx context.Context, account string, p request.Page) ([]statements.Answer, resource.Place, error) {
	before := int64(0)
	if len(p.After) == 1 {
		before, _ = p.After[0].(int64)
	}
	page, next, err := h.domain.ListAccount(ctx, account, p.Size, statements.Quarter(before))
	if next == 0 {
		return page, nil, err
	}
	return page, resource.Place{int64(next)}, err
}

// SumValueStatements implements StatementsService.
func (h *statementsHandler) SumValueStatements(ctx context.Context, r *plansv1.SumValueStatementsRequest) (*plansv1.SumValueStatementsResponse, error) {
	q, err := statements.ParseQuarter("quarter", r.GetQuarter())
	if err != nil {
		return nil, err
	}
	sum, err := h.domain.Sum(ctx, q)
	if err != nil {
		return nil, err
	}
	return sumOut(&sum), nil
}

// IssueValueStatements implements StatementsService.
func (h *statementsHandler) IssueValueStatements(r *plansv1.IssueValueStatementsRequest, stream grpc.ServerStreamingServer[plansv1.IssueValueStatementsResponse]) error {
	tell := func(p statements.Progress) error {
		return stream.Send(&plansv1.IssueValueStatementsResponse{Done: int32(p.Done), Total: int32(p.Total), Issued: int32(p.Issued),
			AlreadyIssued: int32(p.There), NotCustomers: int32(p.None)})
	}
	done, err := h.issue(stream.Context(), r, tell)
	if err != nil {
		return err
	}
	return tell(done)
}

// BatchIssueValueStatements implements StatementsService.
func (h *statementsHandler) BatchIssueValueStatements(ctx context.Context, r *plansv1.BatchIssueValueStatementsRequest) (*plansv1.BatchIssueValueStatementsResponse, error) {
	done, err := h.issue(ctx, r, func(statements.Progress) error { return nil })
	if err != nil {
		return nil, err
	}
	return &plansv1.BatchIssueValueStatementsResponse{Issued: int32(done.Issued), AlreadyIssued: int32(done.There), NotCustomers: int32(done.None)}, nil
}

// issueRequest is a request to issue statements.
type issueRequest interface {
	request.Mutation
	GetQuarter() string
	GetAccounts() []string
	GetValidateOnly() bool
}

func (h *statementsHandler) issue(ctx context.Context, r issueRequest, tell func(statements.Progress) error) (statements.Progress, error) {
	q, err := statements.ParseQuarter("quarter", r.GetQuarter())
	if err != nil {
		return statements.Progress{}, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return statements.Progress{}, err
	}
	return h.domain.Issue(ctx, call, statements.Wanted{Quarter: q, Accounts: idsIn("accounts", r.GetAccounts()), Check: r.GetValidateOnly()}, tell)
}
