package command

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// usageFake answers every call, and keeps what it was asked.
type usageFake struct {
	entitlementsv1.UnimplementedUsageServiceServer

	mu   sync.Mutex
	last proto.Message
}

var (
	someBalance = &entitlementsv1.Balance{Name: "accounts/acme/balances/hours", Held: true, Left: 7, Used: 3, Limit: 10, Unit: "hour", Period: "P1Y",
		Resets: entitlementsv1.Benefit_RESETS_ANNIVERSARY, Rule: "partner", ScheduleVersion: "schedule/versions/1", Explanation: []string{"Because."}}
	someEntry = &entitlementsv1.UsageEntry{Name: "accounts/acme/usageEntries/e1", Benefit: "hours", Type: entitlementsv1.UsageEntry_TYPE_USED, Units: 3,
		Origin: entitlementsv1.UsageOrigin_USAGE_ORIGIN_ASKED_FOR, Rule: "partner", ScheduleVersion: "schedule/versions/1", Note: "Workshop"}
	someReservation = &entitlementsv1.Reservation{Name: "accounts/acme/reservations/r1", Benefit: "hours", Units: 2,
		ExpireTime: timestamppb.New(time.Date(2026, 3, 6, 16, 45, 0, 0, time.UTC))}
)

func (f *usageFake) answer(_ context.Context, request any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = proto.Clone(request.(proto.Message))
	if id := f.last.ProtoReflect().Descriptor().Fields().ByName("request_id"); id != nil { // another each time
		f.last.ProtoReflect().Clear(id)
	}
	switch request.(type) {
	case *entitlementsv1.ConsumeBenefitRequest:
		return &entitlementsv1.ConsumeBenefitResponse{Entry: someEntry, Balance: someBalance}, nil
	case *entitlementsv1.ReserveBenefitRequest:
		return &entitlementsv1.ReserveBenefitResponse{Reservation: someReservation, Balance: someBalance}, nil
	case *entitlementsv1.CommitReservationRequest:
		return &entitlementsv1.CommitReservationResponse{Entry: someEntry, Balance: someBalance}, nil
	case *entitlementsv1.CancelReservationRequest:
		return &entitlementsv1.CancelReservationResponse{Entry: someEntry}, nil
	case *entitlementsv1.ReleaseUsageRequest:
		return &entitlementsv1.ReleaseUsageResponse{Entry: someEntry}, nil
	case *entitlementsv1.ListBalancesRequest:
		return &entitlementsv1.ListBalancesResponse{Balances: []*entitlementsv1.Balance{someBalance}}, nil
	case *entitlementsv1.ListReservationsRequest:
		return &entitlementsv1.ListReservationsResponse{Reservations: []*entitlementsv1.Reservation{someReservation}}, nil
	case *entitlementsv1.ListUsageEntriesRequest:
		return &entitlementsv1.ListUsageEntriesResponse{UsageEntries: []*entitlementsv1.UsageEntry{someEntry}}, nil
	case *entitlementsv1.ListUsageNoticesRequest:
		return &entitlementsv1.ListUsageNoticesResponse{UsageNotices: []*entitlementsv1.UsageNotice{{Balance: someBalance.GetName(), Percent: 80, Used: 8, Allowance: 10}}}, nil
	}
	return someBalance, nil
}

func TestUsageOnTheCommandLine(t *testing.T) {
	f := &usageFake{}
	server := grpc.NewServer(grpc.UnaryInterceptor(f.answer))
	entitlementsv1.RegisterUsageServiceServer(server, f)
	address := listen(t, server)
	const hours = "accounts/acme/balances/hours"
	offered := entitlementsv1.UsageOrigin_USAGE_ORIGIN_OFFERED
	for _, c := range []struct {
		line  []string
		asked proto.Message
		told  string
	}{
		{[]string{"consume", "acme", "hours", "3", "--origin", "asked-for", "--note", "Workshop"}, &entitlementsv1.ConsumeBenefitRequest{Name: hours, Units: 3,
			Origin: entitlementsv1.UsageOrigin_USAGE_ORIGIN_ASKED_FOR, Note: "Workshop"}, "Origin asked-for Rule partner Schedule version schedule/versions/1 Note Workshop Left 7"},
		{[]string{"consume", "acme", "hours", "--origin", "offered", "--validate-only"},
			&entitlementsv1.ConsumeBenefitRequest{Name: hours, Units: 1, Origin: offered, ValidateOnly: true}, "Left 7"},
		{[]string{"reserve", "accounts/acme", "hours", "2", "--origin", "offered", "--for", "2h"}, &entitlementsv1.ReserveBenefitRequest{Name: hours, Units: 2, Origin: offered,
			Duration: durationpb.New(2 * time.Hour)}, "Expires 2026-03-06T16:45:00Z"},
		{[]string{"commit", "acme/r1", "1"}, &entitlementsv1.CommitReservationRequest{Name: "accounts/acme/reservations/r1", Units: 1}, "accounts/acme/usageEntries/e1"},
		{[]string{"cancel", "accounts/acme/reservations/r1"}, &entitlementsv1.CancelReservationRequest{Name: "accounts/acme/reservations/r1"}, "Entry"},
		{[]string{"release", "acme/e1", "--reason", "Ended early"}, &entitlementsv1.ReleaseUsageRequest{Name: "accounts/acme/usageEntries/e1", Reason: "Ended early"}, "Entry"},
		{[]string{"balance", "acme", "hours", "--as-of", "2026-03-06"}, &entitlementsv1.GetBalanceRequest{Name: hours, AsOfDate: &date.Date{Year: 2026, Month: 3, Day: 6}}, "Explanation Because."},
		{[]string{"balance", "acme"}, &entitlementsv1.ListBalancesRequest{Parent: "accounts/acme"}, "hours yes 7 3 0 10 0 hour partner"},
		{[]string{"reservations", "acme"}, &entitlementsv1.ListReservationsRequest{Parent: "accounts/acme"}, "accounts/acme/reservations/r1 hours 2"},
		{[]string{"history", "acme", "--filter", "units > 2"}, &entitlementsv1.ListUsageEntriesRequest{Parent: "accounts/acme", Filter: "units > 2", PageSize: 1000}, "used 3 asked-for partner"},
		{[]string{"notices"}, &entitlementsv1.ListUsageNoticesRequest{Parent: "accounts/-", PageSize: 1000}, "accounts/acme/balances/hours 80 8 10"},
		{[]string{"notices", "acme"}, &entitlementsv1.ListUsageNoticesRequest{Parent: "accounts/acme", PageSize: 1000}, "80 8 10"},
	} {
		got := execute(t, address, "", append([]string{"usage"}, c.line...)...)
		require.Zero(t, got.code, "%s: %s", c.line, got.stderr)
		require.Contains(t, strings.Join(strings.Fields(got.stdout), " "), c.told, c.line)
		require.Empty(t, cmp.Diff(c.asked, f.last, protocmp.Transform()), c.line)
	}
	for _, wrong := range [][]string{{"consume", "acme", "hours"}, {"consume", "acme", "hours", "--origin", "mine"}, {"commit", "r1"}, {"release", "acme/e1"}} {
		got := execute(t, address, "", append([]string{"usage"}, wrong...)...)
		require.Equal(t, ExitUsage, got.code, wrong)
	}
	got := execute(t, address, "", "usage", "balance", "acme", "hours", "--output", "csv")
	require.Contains(t, got.stdout, "balance,held,left,used")
}
