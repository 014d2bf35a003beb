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
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// costsFake answers every call, and keeps what it was asked last.
type costsFake struct {
	entitlementsv1.UnimplementedCostsServiceServer
	accountsv1.UnimplementedAccountsServiceServer

	mu    sync.Mutex
	asked proto.Message
}

func someDollars(units int64) *money.Money { return &money.Money{CurrencyCode: "USD", Units: units} }

var (
	someCost = &entitlementsv1.CostRow{Key: "hours", Cost: someDollars(360), Units: 3, UnknownUnits: 1, Revenue: someDollars(7200), Share: proto.Float64(0.05)}
	freeCost = &entitlementsv1.CostRow{Key: "accounts/acme", Cost: someDollars(0), Revenue: someDollars(0)}
	// someCostLimit is the answer of every call on one limit, someCostFinding of one on a finding.
	someCostLimit = &entitlementsv1.CostLimit{Name: "costLimits/five", Grouping: entitlementsv1.CostGrouping_COST_GROUPING_BENEFIT, Subject: "hours",
		Bound: &entitlementsv1.CostLimit_Share{Share: 550}, Declarer: "principals/ines", Etag: "7"}
	someCostFinding = &entitlementsv1.CostFinding{Name: "costFindings/five.benefit.hours.2026-q1", CostLimit: "costLimits/five", Bound: someCostLimit,
		Measured: someCost, FromDate: &date.Date{Year: 2025, Month: 3, Day: 7}, ToDate: &date.Date{Year: 2026, Month: 3, Day: 6},
		State: entitlementsv1.CostFinding_STATE_OPEN, OpenTime: timestamppb.New(time.Date(2026, 3, 6, 16, 30, 0, 0, time.UTC))}
)

func (f *costsFake) answer(_ context.Context, request any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	if _, ok := request.(*accountsv1.GetCompanyRequest); ok {
		return &accountsv1.Company{Name: "company", CurrencyCode: "USD"}, nil
	}
	f.mu.Lock()
	f.asked = proto.Clone(request.(proto.Message))
	if id := f.asked.ProtoReflect().Descriptor().Fields().ByName("request_id"); id != nil { // another each time
		f.asked.ProtoReflect().Clear(id)
	}
	f.mu.Unlock()
	switch request.(type) {
	case *entitlementsv1.GetAccountCostRequest:
		return &entitlementsv1.AccountCost{Name: "accounts/acme/cost", Total: freeCost, Benefits: []*entitlementsv1.CostRow{someCost}}, nil
	case *entitlementsv1.SummarizeCostsRequest:
		return &entitlementsv1.SummarizeCostsResponse{Rows: []*entitlementsv1.CostRow{someCost}}, nil
	case *entitlementsv1.GetCostTrendRequest:
		return &entitlementsv1.CostTrend{Quarters: []*entitlementsv1.CostTrend_Quarter{{FromDate: &date.Date{Year: 2026, Month: 1, Day: 1},
			ToDate: &date.Date{Year: 2026, Month: 3, Day: 31}, Cost: someDollars(360), Units: 3, Change: proto.Float64(0.5), YearChange: proto.Float64(-0.25), Complete: true}}}, nil
	case *entitlementsv1.ListCostLimitsRequest:
		return &entitlementsv1.ListCostLimitsResponse{CostLimits: []*entitlementsv1.CostLimit{someCostLimit}}, nil
	case *entitlementsv1.ListCostFindingsRequest:
		return &entitlementsv1.ListCostFindingsResponse{CostFindings: []*entitlementsv1.CostFinding{someCostFinding}}, nil
	case *entitlementsv1.GetCostFindingRequest, *entitlementsv1.AcknowledgeCostFindingRequest:
		return someCostFinding, nil
	case *entitlementsv1.DeleteCostLimitRequest:
		return &emptypb.Empty{}, nil
	}
	return someCostLimit, nil
}

func TestCostsOnTheCommandLine(t *testing.T) {
	f := &costsFake{}
	server := grpc.NewServer(grpc.UnaryInterceptor(f.answer))
	entitlementsv1.RegisterCostsServiceServer(server, f)
	accountsv1.RegisterAccountsServiceServer(server, f)
	address := listen(t, server)
	const (
		row     = "USD 360.00 3 1 USD 7200.00 5.00 %"
		limit   = "benefit hours Above 5.5 % of revenue in twelve months"
		finding = "Measured 2025-03-07 to 2026-03-06 Cost USD 360.00 Revenue USD 7200.00 Share 5.00 % State open Open since 2026-03-06T16:30:00Z"
	)
	march := &date.Date{Year: 2026, Month: 3, Day: 31}
	for _, c := range []struct {
		line  []string
		asked proto.Message
		told  string
	}{
		{[]string{"account", "acme", "--to", "2026-03-31"}, &entitlementsv1.GetAccountCostRequest{Name: "accounts/acme/cost", ToDate: march},
			"all accounts/acme USD 0.00 0 0 USD 0.00 benefit hours " + row},
		{[]string{"summary", "--by", "benefit", "--from", "2026-03-31", "--order", "unknown-units", "--limit", "10"}, &entitlementsv1.SummarizeCostsRequest{
			GroupBy: entitlementsv1.CostGrouping_COST_GROUPING_BENEFIT, FromDate: march, OrderBy: "unknown_units", PageSize: 10}, "BENEFIT COST UNITS UNKNOWN UNITS REVENUE SHARE hours " + row},
		{[]string{"trend", "acme", "--benefit", "hours"}, &entitlementsv1.GetCostTrendRequest{Account: "accounts/acme", Benefit: "hours"},
			"2026-01-01 2026-03-31 USD 360.00 3 0 +50.00 % -25.00 % yes"},
		{[]string{"trend", "--rule", "partner"}, &entitlementsv1.GetCostTrendRequest{Rule: "partner"}, "+50.00 %"},
		{[]string{"limits", "list"}, &entitlementsv1.ListCostLimitsRequest{PageSize: 1000}, "costLimits/five benefit hours 5.5 % of revenue in twelve months principals/ines"},
		{[]string{"limits", "get", "five"}, &entitlementsv1.GetCostLimitRequest{Name: "costLimits/five"}, limit},
		{[]string{"limits", "create", "five", "--percent", "5.5", "--reason", "The margin."}, &entitlementsv1.CreateCostLimitRequest{CostLimitId: "five",
			CostLimit: &entitlementsv1.CostLimit{Grouping: entitlementsv1.CostGrouping_COST_GROUPING_ACCOUNT, Bound: &entitlementsv1.CostLimit_Share{Share: 550}, Reason: "The margin."}}, limit},
		{[]string{"limits", "create", "five", "--on", "benefit", "--subject", "hours", "--amount", "20000", "--validate-only"}, &entitlementsv1.CreateCostLimitRequest{CostLimitId: "five",
			ValidateOnly: true, CostLimit: &entitlementsv1.CostLimit{Grouping: entitlementsv1.CostGrouping_COST_GROUPING_BENEFIT, Subject: "hours",
				Bound: &entitlementsv1.CostLimit_Amount{Amount: someDollars(20000)}}}, limit},
		{[]string{"limits", "create", "five", "--on", "company", "--growth", "25", "--from-amount", "1000"}, &entitlementsv1.CreateCostLimitRequest{CostLimitId: "five",
			CostLimit: &entitlementsv1.CostLimit{Grouping: entitlementsv1.CostGrouping_COST_GROUPING_COMPANY, Bound: &entitlementsv1.CostLimit_Growth{Growth: 2500},
				FromAmount: someDollars(1000)}}, limit},
		{[]string{"limits", "update", "costLimits/five", "--percent", "6", "--reason", "Freight."}, &entitlementsv1.UpdateCostLimitRequest{
			CostLimit:  &entitlementsv1.CostLimit{Name: "costLimits/five", Bound: &entitlementsv1.CostLimit_Share{Share: 600}, Reason: "Freight.", Etag: "7"},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"share", "reason"}}}, limit},
		{[]string{"limits", "update", "five", "--from-amount", "5", "--etag", "8"}, &entitlementsv1.UpdateCostLimitRequest{
			CostLimit:  &entitlementsv1.CostLimit{Name: "costLimits/five", FromAmount: someDollars(5), Etag: "8"},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"from_amount"}}}, limit},
		{[]string{"limits", "delete", "five"}, &entitlementsv1.DeleteCostLimitRequest{Name: "costLimits/five"}, ""},
		{[]string{"findings", "list", "--filter", "state = OPEN"}, &entitlementsv1.ListCostFindingsRequest{PageSize: 1000, Filter: "state = OPEN"},
			"costFindings/five.benefit.hours.2026-q1 hours 5.5 % of revenue in twelve months USD 360.00 5.00 % open 2026-03-06T16:30:00Z"},
		{[]string{"findings", "get", "five.benefit.hours.2026-q1"}, &entitlementsv1.GetCostFindingRequest{Name: someCostFinding.GetName()}, finding},
		{[]string{"findings", "acknowledge", someCostFinding.GetName(), "--note", "Known."},
			&entitlementsv1.AcknowledgeCostFindingRequest{Name: someCostFinding.GetName(), Note: "Known."}, finding},
	} {
		got := execute(t, address, "", append([]string{"costs"}, c.line...)...)
		require.Zero(t, got.code, "%s: %s", c.line, got.stderr)
		require.Contains(t, strings.Join(strings.Fields(got.stdout), " "), c.told, c.line)
		require.Empty(t, cmp.Diff(c.asked, f.asked, protocmp.Transform()), c.line)
	}
	for _, wrong := range [][]string{{"limits", "create", "five", "--amount", "x"}, {"limits", "create", "five", "--amount", "1", "--percent", "1"},
		{"limits", "update", "five"}, {"findings", "acknowledge", "five"}, {"summary", "--by", "volume"}} {
		require.Equal(t, ExitUsage, execute(t, address, "", append([]string{"costs"}, wrong...)...).code, wrong)
	}
	require.Equal(t, "by,of,cost,units,unknown_units,revenue,share\nall,accounts/acme,USD 0.00,0,0,USD 0.00,\nbenefit,hours,USD 360.00,3,1,USD 7200.00,5.00 %\n",
		execute(t, address, "", "costs", "account", "acme", "--output", "csv").stdout)
	for _, command := range []string{"account acme", "trend", "summary", "limits list", "findings list"} {
		got := execute(t, address, "", append(append([]string{"costs"}, strings.Fields(command)...), "--output", "json")...)
		require.True(t, strings.HasPrefix(got.stdout, "{\n"), command)
		require.NotContains(t, got.stdout, "USD 360.00")
	}
}
