package rpc

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/clauses"
)

func citationOut(s resource.Stored[clauses.Citation]) *entitlementsv1.Citation {
	c := s.State
	return &entitlementsv1.Citation{
		Name: clauses.CitationName(s.ID), Account: nameIn("accounts", c.Account), Case: c.Case, CitationDate: dayOut(c.Day), Note: c.Note,
		Recorder: c.By, RecorderRoles: c.Roles, Etag: s.Etag(), CreateTime: wire.Timestamp(c.Created),
	}
}

// citedTo returns the id of the account that a citation was made to: that of its case,
// where it has one.
func citedTo(in *entitlementsv1.Citation) (string, error) {
	account, of := names.First(in.GetAccount(), "accounts"), names.First(in.GetCase(), "accounts")
	switch {
	case of == "" || of == account:
		return account, nil
	case account == "":
		return of, nil
	}
	return "", fault.Invalid("citation.case", "%s is no case of %s", in.GetCase(), in.GetAccount())
}

// RecordCitation implements ClausesService.
func (h *clausesHandler) RecordCitation(ctx context.Context, r *entitlementsv1.RecordCitationRequest) (*entitlementsv1.Citation, error) {
	in := r.GetCitation()
	account, err := citedTo(in)
	if err != nil {
		return nil, err
	}
	on, err := dayGiven("citation.citation_date", in.GetCitationDate())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	s, review, err := h.domain.Cite(ctx, c, clauses.Citation{
		Clause: names.Last(r.GetParent()), Account: account, Case: in.GetCase(), Day: on, Note: in.GetNote(), Roles: callerRoles(ctx),
	}, r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	out := citationOut(s)
	out.Review = nameIn("reviews", review)
	return out, nil
}

// GetCitation implements ClausesService.
func (h *clausesHandler) GetCitation(ctx context.Context, r *entitlementsv1.GetCitationRequest) (*entitlementsv1.Citation, error) {
	s, err := h.domain.Citation(ctx, names.First(r.GetName(), "clauses"), names.Last(r.GetName()))
	if err != nil {
		return nil, err
	}
	return citationOut(s), nil
}

var citationFields = []filter.Field{{Name: "account"}, {Name: "case"}, {Name: "recorder"}, {Name: "citation_date", Kind: filter.Day}}

// ListCitations implements ClausesService.
func (h *clausesHandler) ListCitations(ctx context.Context, r *entitlementsv1.ListCitationsRequest) (*entitlementsv1.ListCitationsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), citationFields)
	if err != nil {
		return nil, err
	}
	query := clauses.CitationQuery{Account: wantedIn(f, "account", "accounts"), Size: p.Size, After: p.After,
		Keep: func(s resource.Stored[clauses.Citation]) bool {
			return f.Match(func(field string) any { return citationField(&s.State, field) })
		}}
	if clause := names.Last(r.GetParent()); clause != "-" {
		query.Clause = clause
	}
	page, err := h.domain.Citations(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListCitationsResponse{}
	for _, s := range page.Items {
		out.Citations = append(out.Citations, citationOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// citationField is a field's value as filters see it; days compare as they are written.
func citationField(c *clauses.Citation, field string) any {
	switch field {
	case "account":
		return nameIn("accounts", c.Account)
	case "case":
		return c.Case
	case "recorder":
		return c.By
	}
	return c.Day.String()
}

// ReportCitations implements ClausesService.
func (h *clausesHandler) ReportCitations(
	ctx context.Context, r *entitlementsv1.ReportCitationsRequest,
) (*entitlementsv1.ReportCitationsResponse, error) {
	on, err := dayGiven("date", r.GetDate())
	if err != nil {
		return nil, err
	}
	if on == 0 {
		if on, err = h.domain.Today(ctx); err != nil {
			return nil, err
		}
	}
	report, err := h.domain.Report(ctx, on)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ReportCitationsResponse{
		Quarter: report.Quarter.ID, FromDate: dayOut(report.Quarter.From), ToDate: dayOut(report.Quarter.To)}
	for _, c := range report.Clauses {
		out.Rows = append(out.Rows, &entitlementsv1.ReportCitationsResponse_Row{
			Clause: clauses.Name(c.Clause.ID), Title: c.Clause.State.Title, Count: int32(c.Count), Accounts: int32(c.Accounts),
			CountBefore: int32(c.Before), ReviewCitations: int32(c.Clause.State.Citations), Review: nameIn("reviews", c.Review)})
	}
	return out, nil
}
