package rpc

import (
	"context"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/cost"
)

// costLimitAnswer makes the answer of a call that returns a limit.
func costLimitAnswer(l resource.Stored[cost.Limit], err error) (*entitlementsv1.CostLimit, error) {
	if err != nil {
		return nil, err
	}
	return costLimitOut(l), nil
}

// GetCostLimit implements CostsService.
func (h *costsHandler) GetCostLimit(ctx context.Context, r *entitlementsv1.GetCostLimitRequest) (*entitlementsv1.CostLimit, error) {
	return costLimitAnswer(h.service.GetLimit(ctx, names.Last(r.GetName())))
}

// ListCostLimits implements CostsService.
func (h *costsHandler) ListCostLimits(ctx context.Context, r *entitlementsv1.ListCostLimitsRequest) (*entitlementsv1.ListCostLimitsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	page, err := h.service.Limits(ctx, p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListCostLimitsResponse{}
	for _, s := range page.Items {
		out.CostLimits = append(out.CostLimits, costLimitOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// CreateCostLimit implements CostsService.
func (h *costsHandler) CreateCostLimit(ctx context.Context, r *entitlementsv1.CreateCostLimitRequest) (*entitlementsv1.CostLimit, error) {
	l, err := costLimitIn(r.GetCostLimit())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return costLimitAnswer(h.service.CreateLimit(ctx, c, r.GetCostLimitId(), l, r.GetValidateOnly()))
}

// costLimitIn reads a limit.
func costLimitIn(in *entitlementsv1.CostLimit) (cost.Limit, error) {
	l := cost.Limit{Subject: in.GetSubject(), Share: in.GetShare(), Growth: in.GetGrowth(), Reason: in.GetReason()}
	if in.GetGrouping() != entitlementsv1.CostGrouping_COST_GROUPING_UNSPECIFIED {
		l.Of = costGroupings[in.GetGrouping()]
	}
	var err error
	if in.GetAmount() != nil {
		if l.Amount, l.Currency, err = amountIn("cost_limit.amount", in.GetAmount()); err != nil {
			return l, err
		}
	}
	if in.GetFromAmount() != nil {
		l.From, l.Currency, err = amountIn("cost_limit.from_amount", in.GetFromAmount())
	}
	return l, err
}

// amountIn reads an amount above 0.
func amountIn(field string, m *money.Money) (int64, string, error) {
	minor, currency, err := wire.Minor(field, m)
	if err == nil && minor <= 0 {
		err = fault.Invalid(field, "must be above 0")
	}
	return minor, currency, err
}

// UpdateCostLimit implements CostsService.
func (h *costsHandler) UpdateCostLimit(ctx context.Context, r *entitlementsv1.UpdateCostLimitRequest) (*entitlementsv1.CostLimit, error) {
	in := r.GetCostLimit()
	mask, err := fieldmask.Read("cost_limit", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	ids, err := request.Name("cost_limit.name", in.GetName(), "costLimits")
	if err != nil {
		return nil, err
	}
	for _, amount := range []string{"amount", "from_amount"} {
		if mask.Touches(amount) && !mask.Has(amount) {
			return nil, fault.Invalid("update_mask", "`%s` is changed as a whole: name it, and send all of it", amount)
		}
	}
	given, err := costLimitIn(in)
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return costLimitAnswer(h.service.UpdateLimit(ctx, c, ids[0], in.GetEtag(), func(l *cost.Limit) { patchCostLimit(l, &given, mask) }, r.GetValidateOnly()))
}

// patchCostLimit changes what the mask names. The bounds are one of, so that one that is
// given takes the place of another.
func patchCostLimit(l, given *cost.Limit, mask fieldmask.Mask) {
	if mask.Has("grouping") {
		l.Of = given.Of
	}
	if mask.Has("subject") {
		l.Subject = given.Subject
	}
	if mask.Has("amount") || mask.Has("share") || mask.Has("growth") {
		l.Amount, l.Share, l.Growth = given.Amount, given.Share, given.Growth
	}
	if mask.Has("from_amount") {
		l.From = given.From
	}
	if mask.Has("amount") || mask.Has("from_amount") {
		l.Currency = given.Currency
	}
	if mask.Has("reason") {
		l.Reason = given.Reason
	}
}

// DeleteCostLimit implements CostsService.
func (h *costsHandler) DeleteCostLimit(ctx context.Context, r *entitlementsv1.DeleteCostLimitRequest) (*emptypb.Empty, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, h.service.DeleteLimit(ctx, c, names.Last(r.GetName()), r.GetEtag())
}
