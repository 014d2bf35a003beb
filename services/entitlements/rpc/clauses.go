package rpc

import (
	"cmp"
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/clauses"
)

// clausesHandler serves ClausesService.
type clausesHandler struct {
	entitlementsv1.UnimplementedClausesServiceServer
	domain *clauses.Service
}

var clauseStates = map[clauses.State]entitlementsv1.Clause_State{
	clauses.Active:  entitlementsv1.Clause_STATE_ACTIVE,
	clauses.Retired: entitlementsv1.Clause_STATE_RETIRED,
}

func clauseOut(s resource.Stored[clauses.Clause]) *entitlementsv1.Clause {
	c := s.State
	return &entitlementsv1.Clause{
		Name: clauses.Name(s.ID), Title: c.Title, Text: c.Text, Owner: nameIn("principals", c.Owner), ReviewCitations: int32(c.Citations),
		State: clauseStates[c.State], RetirementReason: c.Retirement,
		Etag: s.Etag(), CreateTime: wire.Timestamp(c.Created), UpdateTime: wire.Timestamp(c.Updated),
	}
}

// clauseAnswer makes the answer of a call that returns a clause.
func clauseAnswer(c resource.Stored[clauses.Clause], err error) (*entitlementsv1.Clause, error) {
	if err != nil {
		return nil, err
	}
	return clauseOut(c), nil
}

// GetClause implements ClausesService.
func (h *clausesHandler) GetClause(ctx context.Context, r *entitlementsv1.GetClauseRequest) (*entitlementsv1.Clause, error) {
	return clauseAnswer(h.domain.Get(ctx, names.Last(r.GetName())))
}

var clauseFields = []filter.Field{
	{Name: "owner"}, {Name: "title"}, {Name: "state", Kind: filter.Enum, Values: []string{"ACTIVE", "RETIRED"}},
}

// ListClauses implements ClausesService.
func (h *clausesHandler) ListClauses(ctx context.Context, r *entitlementsv1.ListClausesRequest) (*entitlementsv1.ListClausesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), clauseFields)
	if err != nil {
		return nil, err
	}
	page, err := h.domain.List(ctx, clauses.Query{Owner: wantedIn(f, "owner", "principals"), Size: p.Size, After: p.After,
		Keep: func(s resource.Stored[clauses.Clause]) bool {
			return f.Match(func(field string) any {
				switch field {
				case "owner":
					return nameIn("principals", s.State.Owner)
				case "title":
					return s.State.Title
				}
				return strings.ToUpper(string(s.State.State))
			})
		}})
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListClausesResponse{}
	for _, s := range page.Items {
		out.Clauses = append(out.Clauses, clauseOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// CreateClause implements ClausesService.
func (h *clausesHandler) CreateClause(ctx context.Context, r *entitlementsv1.CreateClauseRequest) (*entitlementsv1.Clause, error) {
	in := r.GetClause()
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return clauseAnswer(h.domain.Create(ctx, c, r.GetClauseId(), clauses.Clause{
		Title: in.GetTitle(), Text: in.GetText(), Owner: cmp.Or(names.First(in.GetOwner(), "principals"), callerID(ctx)),
		Citations: int(in.GetReviewCitations()),
	}, r.GetValidateOnly()))
}

// UpdateClause implements ClausesService.
func (h *clausesHandler) UpdateClause(ctx context.Context, r *entitlementsv1.UpdateClauseRequest) (*entitlementsv1.Clause, error) {
	in := r.GetClause()
	mask, err := fieldmask.Read("clause", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	ids, err := request.Name("clause.name", in.GetName(), "clauses")
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return clauseAnswer(h.domain.Update(ctx, c, ids[0], in.GetEtag(), clauses.Patch{
		Title: fieldmask.Given(mask, "title", in.GetTitle()), Text: fieldmask.Given(mask, "text", in.GetText()),
		Owner:     fieldmask.Given(mask, "owner", names.First(in.GetOwner(), "principals")),
		Citations: fieldmask.Given(mask, "review_citations", cmp.Or(int(in.GetReviewCitations()), clauses.DefaultCitations)),
	}))
}

// RetireClause implements ClausesService.
func (h *clausesHandler) RetireClause(ctx context.Context, r *entitlementsv1.RetireClauseRequest) (*entitlementsv1.Clause, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return clauseAnswer(h.domain.Retire(ctx, c, names.Last(r.GetName()), r.GetEtag(), r.GetReason()))
}
