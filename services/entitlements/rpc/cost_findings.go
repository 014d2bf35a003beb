package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/cost"
)

// costFindingAnswer makes the answer of a call that returns a finding.
func costFindingAnswer(f resource.Stored[cost.Finding], err error) (*entitlementsv1.CostFinding, error) {
	if err != nil {
		return nil, err
	}
	return costFindingOut(f), nil
}

// GetCostFinding implements CostsService.
func (h *costsHandler) GetCostFinding(ctx context.Context, r *entitlementsv1.GetCostFindingRequest) (*entitlementsv1.CostFinding, error) {
	return costFindingAnswer(h.service.Finding(ctx, names.Last(r.GetName())))
}

var costFindingFields = []filter.Field{
	{Name: "cost_limit"}, {Name: "key"}, {Name: "state", Kind: filter.Enum, Values: []string{"OPEN", "ACKNOWLEDGED", "CLOSED"}},
}

// ListCostFindings implements CostsService.
func (h *costsHandler) ListCostFindings(ctx context.Context, r *entitlementsv1.ListCostFindingsRequest) (*entitlementsv1.ListCostFindingsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), costFindingFields)
	if err != nil {
		return nil, err
	}
	query := cost.FindingQuery{Size: p.Size, After: p.After, Keep: func(s resource.Stored[cost.Finding]) bool {
		return f.Match(func(field string) any {
			switch field {
			case "cost_limit":
				return cost.LimitName(s.State.Limit)
			case "key":
				return costKey(s.State.Bound.Of, s.State.Subject)
			}
			return strings.ToUpper(string(s.State.State))
		})
	}}
	if state := wanted(f, "state"); state != nil {
		query.State = cost.State(strings.ToLower(*state))
	}
	page, err := h.service.Findings(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListCostFindingsResponse{}
	for _, s := range page.Items {
		out.CostFindings = append(out.CostFindings, costFindingOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// AcknowledgeCostFinding implements CostsService.
func (h *costsHandler) AcknowledgeCostFinding(ctx context.Context, r *entitlementsv1.AcknowledgeCostFindingRequest) (*entitlementsv1.CostFinding, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return costFindingAnswer(h.service.Acknowledge(ctx, c, names.Last(r.GetName()), r.GetEtag(), r.GetNote()))
}
