package rpc

import (
	"context"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// slot holds all the messages of one result, so that a batch is a few allocations and
// not several for each of 10,000 pairs.
type slot struct {
	result      entitlementsv1.EntitlementResult
	entitlement entitlementsv1.EntitlementResult_Entitlement
	decided     entitlementsv1.Entitlement
	validUntil  timestamppb.Timestamp
}

// BatchCheckEntitlements implements EntitlementsService.
func (h *entitlementsHandler) BatchCheckEntitlements(ctx context.Context, r *entitlementsv1.BatchCheckEntitlementsRequest) (*entitlementsv1.BatchCheckEntitlementsResponse, error) {
	d, err := decider(ctx, h.service, r)
	if err != nil {
		return nil, err
	}
	a := answer{decider: &d, blind: auth.FromContext(ctx).SpendBlind(), explains: r.GetView() == entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_FULL}
	queries := r.GetQueries()
	slots := make([]slot, len(queries))
	results := make([]*entitlementsv1.EntitlementResult, len(queries))
	for i, q := range queries {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		results[i] = &slots[i].result
		if err := a.decide(ctx, q); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			told := asFault(err)
			if told == nil {
				return nil, err // no fault of the pair: the store's, as good as the call's
			}
			slots[i].result.Result = &entitlementsv1.EntitlementResult_Error{Error: rpcstatus.Of(told).Proto()}
			continue
		}
		slots[i].fill(&a)
	}
	return &entitlementsv1.BatchCheckEntitlementsResponse{Results: results, AsOf: timestamppb.New(d.At), Age: age(&d)}, nil
}

// decide decides about one pair.
func (a *answer) decide(ctx context.Context, q *entitlementsv1.EntitlementQuery) (err error) {
	account, ok := strings.CutPrefix(q.GetAccount(), accountPrefix)
	if !ok || !names.IsID(account) {
		return fault.Invalid("account", "%q is not accounts/{account}", q.GetAccount())
	}
	if !names.IsID(q.GetBenefit()) {
		return fault.Invalid("benefit", "%q is not a benefit's id: lower-case letters, digits and dashes, at most 63", q.GetBenefit())
	}
	a.decided.BenefitID = q.GetBenefit()
	if a.explains && !a.blind {
		a.decided, err = a.decider.Explain(ctx, account, q.GetBenefit())
	} else {
		a.decided.Decision, err = a.decider.Check(ctx, account, q.GetBenefit())
	}
	return err
}

// fill writes a decision into its messages.
func (s *slot) fill(a *answer) {
	s.result.Result = &s.entitlement
	s.entitlement.Entitlement = &s.decided
	a.entitlement(&s.decided)
	if until := a.decided.ValidUntil; !until.IsZero() && !a.blind {
		s.validUntil.Seconds, s.validUntil.Nanos = until.Unix(), int32(until.Nanosecond())
		s.decided.ValidUntil = &s.validUntil
	}
}
