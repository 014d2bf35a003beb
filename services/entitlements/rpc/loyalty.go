package rpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/wire"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/loyalty"
	"github.com/evenhand/evenhand/services/entitlements/programmes"
)

// LoyaltyProgrammes are the programmes, as loyalty checks see them. It implements
// loyalty.Programmes.
type LoyaltyProgrammes struct{ *programmes.Service }

var _ loyalty.Programmes = LoyaltyProgrammes{}

// Offered implements loyalty.Programmes.
func (p LoyaltyProgrammes) Offered(ctx context.Context, day civil.Day) ([]loyalty.Programme, error) {
	var list []loyalty.Programme
	err := p.Service.Offered(ctx, day, func(o programmes.Offering) { list = append(list, loyalty.Programme(o)) })
	return list, err
}

// loyaltyHandler serves LoyaltyService.
type loyaltyHandler struct {
	entitlementsv1.UnimplementedLoyaltyServiceServer
	loyalty *loyalty.Loyalty
}

// GetLoyaltyCheck implements LoyaltyService.
func (h *loyaltyHandler) GetLoyaltyCheck(ctx context.Context, r *entitlementsv1.GetLoyaltyCheckRequest) (*entitlementsv1.LoyaltyCheck, error) {
	return h.check(ctx, r.GetWithin(), nil)
}

// RunLoyaltyCheck implements LoyaltyService.
func (h *loyaltyHandler) RunLoyaltyCheck(r *entitlementsv1.RunLoyaltyCheckRequest, stream grpc.ServerStreamingServer[entitlementsv1.RunLoyaltyCheckResponse]) error {
	found, err := h.check(stream.Context(), r.GetWithin(), func(done, total int) error {
		return stream.Send(&entitlementsv1.RunLoyaltyCheckResponse{Done: int32(done), Total: int32(total)})
	})
	if err != nil {
		return err
	}
	return stream.Send(&entitlementsv1.RunLoyaltyCheckResponse{Done: 1, Total: 1, LoyaltyCheck: found})
}

func (h *loyaltyHandler) check(ctx context.Context, within string, tell func(done, total int) error) (*entitlementsv1.LoyaltyCheck, error) {
	q := loyalty.Query{Within: loyalty.Usual, Tell: tell}
	if within != "" {
		var err error
		if q.Within, err = civil.ParsePeriod(within); err != nil {
			return nil, fault.Invalid("within", "%s", err)
		}
	}
	found, err := h.loyalty.Check(ctx, q)
	if err != nil {
		return nil, err
	}
	m := &entitlementsv1.LoyaltyCheck{
		AsOf: wire.Timestamp(found.At), Within: found.Within.String(), JoinedFrom: dateOut(found.From),
		Newcomers: found.Newcomers, Existing: found.Existing, Findings: int32(found.Findings()),
	}
	for i := range found.Offers {
		m.Offers = append(m.Offers, loyaltyOfferOut(&found.Offers[i]))
	}
	return m, nil
}

func loyaltyOfferOut(o *loyalty.Offer) *entitlementsv1.LoyaltyOffer {
	m := &entitlementsv1.LoyaltyOffer{
		Benefit: o.Benefit, Limit: o.Limit, Title: o.Title, Newcomers: o.Newcomers, Existing: o.Existing, Able: o.Able, Words: o.Words,
		Reason: loyaltyReason(o.Reason),
	}
	if o.Programme != "" {
		m.Programme = programmes.Name(o.Programme)
	}
	for _, r := range o.Rules {
		m.Rules = append(m.Rules, &entitlementsv1.LoyaltyRule{Rule: r.ID, ScheduleVersion: entitlements.VersionName(r.Version)})
	}
	if o.Next != nil {
		m.Next = &entitlementsv1.LoyaltyNext{Account: accountPrefix + o.Next.Account, Position: int32(o.Next.Position), Takes: o.Next.Takes}
	}
	return m
}

// loyaltyReason is REASON_NO_PLACE for "no-place".
func loyaltyReason(r loyalty.Reason) entitlementsv1.LoyaltyOffer_Reason {
	name := "REASON_" + strings.ToUpper(strings.ReplaceAll(string(r), "-", "_"))
	return entitlementsv1.LoyaltyOffer_Reason(entitlementsv1.LoyaltyOffer_Reason_value[name])
}
