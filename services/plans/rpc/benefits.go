package rpc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/plans/engagements"
)

// Benefits uses metered benefits at the entitlements service. It implements
// engagements.Benefits: what a call is recognised by when it comes again follows from its
// key alone.
type Benefits struct {
	usage entitlementsv1.UsageServiceClient
}

var _ engagements.Benefits = (*Benefits)(nil)

// NewBenefits returns benefits on a connection to the entitlements service, whose calls
// carry a token that may use benefits of all accounts, always of the same principal: one
// with the role service.
func NewBenefits(conn grpc.ClientConnInterface) *Benefits {
	return &Benefits{usage: entitlementsv1.NewUsageServiceClient(conn)}
}

var usageOrigins = map[engagements.Origin]entitlementsv1.UsageOrigin{
	engagements.AskedFor:  entitlementsv1.UsageOrigin_USAGE_ORIGIN_ASKED_FOR,
	engagements.Offered:   entitlementsv1.UsageOrigin_USAGE_ORIGIN_OFFERED,
	engagements.Automatic: entitlementsv1.UsageOrigin_USAGE_ORIGIN_AUTOMATIC,
}

// Consume implements engagements.Benefits.
func (b *Benefits) Consume(ctx context.Context, key string, use engagements.Use) (string, error) {
	answer, err := b.usage.ConsumeBenefit(ctx, &entitlementsv1.ConsumeBenefitRequest{
		Name: names.Join("accounts", use.Account, "balances", use.Benefit), Units: use.Units, Origin: usageOrigins[use.Origin],
		Note: use.Note, RequestId: requestIDOf(key),
	})
	if err != nil {
		return "", refusal(err)
	}
	return answer.GetEntry().GetName(), nil
}

// Release implements engagements.Benefits.
func (b *Benefits) Release(ctx context.Context, key, usage string, units int64, reason string) error {
	_, err := b.usage.ReleaseUsage(ctx, &entitlementsv1.ReleaseUsageRequest{
		Name: usage, Units: units, Reason: reason, RequestId: requestIDOf(key)})
	if err != nil {
		return refusal(err)
	}
	return nil
}

// requestIDOf is a UUID (RFC 9562, version 8) that follows from a key.
func requestIDOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// refusal makes a fault of what the entitlements service refuses for good, and passes on
// other errors.
func refusal(err error) error {
	s := status.Convert(err)
	switch s.Code() {
	case codes.FailedPrecondition, codes.NotFound, codes.InvalidArgument:
	default:
		return err
	}
	reason := fault.ReasonInternal
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			reason = info.GetReason()
		}
	}
	return fault.New(fault.Kind(s.Code()), reason, "%s", s.Message()).Because(err)
}
