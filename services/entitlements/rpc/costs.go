package rpc

import (
	"context"

	"google.golang.org/genproto/googleapis/type/date"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/paging"
	"github.com/evenhand/evenhand/internal/platform/wire"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/cost"
)

// costsHandler serves CostsService.
type costsHandler struct {
	entitlementsv1.UnimplementedCostsServiceServer
	service *cost.Service
}

// costSpan is a request about a span of days.
type costSpan interface {
	GetFromDate() *date.Date
	GetToDate() *date.Date
}

// daysIn reads the first and the last day; civil.Never for one that is not given.
func daysIn(r costSpan) (first, last civil.Day, err error) {
	if first, err = dayIn("from_date", r.GetFromDate()); err != nil {
		return first, last, err
	}
	last, err = dayIn("to_date", r.GetToDate())
	return first, last, err
}

// GetAccountCost implements CostsService.
func (h *costsHandler) GetAccountCost(ctx context.Context, r *entitlementsv1.GetAccountCostRequest) (*entitlementsv1.AccountCost, error) {
	first, last, err := daysIn(r)
	if err != nil {
		return nil, err
	}
	c, err := h.service.Account(ctx, accountIn(r.GetName()), first, last)
	if err != nil {
		return nil, err
	}
	w := costWriter{c.Currency}
	c.Total.Key = accountPrefix + c.Total.Key
	return &entitlementsv1.AccountCost{
		Name: r.GetName(), FromDate: wire.Date(int32(c.From)), ToDate: wire.Date(int32(c.To - 1)), Total: w.row(&c.Total),
		Benefits: w.rows(c.Benefits), Rules: w.rows(c.Rules), Origins: w.rows(c.Origins),
	}, nil
}

var costGroupings = map[entitlementsv1.CostGrouping]cost.By{
	entitlementsv1.CostGrouping_COST_GROUPING_UNSPECIFIED: cost.Account,
	entitlementsv1.CostGrouping_COST_GROUPING_ACCOUNT:     cost.Account,
	entitlementsv1.CostGrouping_COST_GROUPING_BENEFIT:     cost.Benefit,
	entitlementsv1.CostGrouping_COST_GROUPING_RULE:        cost.Rule,
	entitlementsv1.CostGrouping_COST_GROUPING_ORIGIN:      cost.Origin,
	entitlementsv1.CostGrouping_COST_GROUPING_COMPANY:     cost.All,
}

var costOrders = map[string]cost.Order{"": cost.ByCost, "cost": cost.ByCost, "share": cost.ByShare, "unknown_units": cost.ByUnknown, "key": cost.ByKey}

// SummarizeCosts implements CostsService.
func (h *costsHandler) SummarizeCosts(ctx context.Context, r *entitlementsv1.SummarizeCostsRequest) (*entitlementsv1.SummarizeCostsResponse, error) {
	page, err := paging.Read[cost.Row](r)
	if err != nil {
		return nil, err
	}
	first, last, err := daysIn(r)
	if err != nil {
		return nil, err
	}
	by := costGroupings[r.GetGroupBy()]
	s, err := h.service.Summarize(ctx, cost.SummaryQuery{By: by, First: first, Last: last, Order: costOrders[r.GetOrderBy()], Size: page.Size, After: page.After})
	if err != nil {
		return nil, err
	}
	w := costWriter{s.Currency}
	out := &entitlementsv1.SummarizeCostsResponse{
		FromDate: wire.Date(int32(s.From)), ToDate: wire.Date(int32(s.To - 1)), Total: w.row(&s.Total),
		Accounts: int32(s.Accounts), AccountsWithoutRevenue: int32(s.WithoutRevenue),
	}
	for _, a := range s.Above {
		out.Above = append(out.Above, &entitlementsv1.SummarizeCostsResponse_Above{CostLimit: cost.LimitName(a.Limit), Rows: int32(a.Rows)})
	}
	if s.Next != nil {
		if out.NextPageToken, err = page.Next(*s.Next); err != nil {
			return nil, err
		}
	}
	out.Rows = w.rowsBy(by, s.Rows)
	return out, nil
}

// GetCostTrend implements CostsService.
func (h *costsHandler) GetCostTrend(ctx context.Context, r *entitlementsv1.GetCostTrendRequest) (*entitlementsv1.CostTrend, error) {
	q := cost.TrendQuery{Benefit: r.GetBenefit(), Rule: r.GetRule()}
	if r.GetAccount() != "" {
		q.Account = accountIn(r.GetAccount())
	}
	t, err := h.service.Trend(ctx, q)
	if err != nil {
		return nil, err
	}
	w, out := costWriter{t.Currency}, &entitlementsv1.CostTrend{}
	for i := range t.Quarters {
		out.Quarters = append(out.Quarters, w.quarter(&t.Quarters[i]))
	}
	return out, nil
}
