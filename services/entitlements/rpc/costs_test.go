package rpc_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// usd is an amount in cents.
func usd(cents int64) *money.Money {
	return &money.Money{CurrencyCode: "USD", Units: cents / 100, Nanos: int32(cents % 100 * 10_000_000)}
}

// costWorld is the world of usage, in which rich used three notes of thanks at 4.50 each,
// of which one was given back, and two hours of unknown cost; it paid 900.00.
func costWorld(t *testing.T) *served {
	t.Helper()
	s := usageWorld(t)
	_, err := s.usage.ConsumeBenefit(t.Context(), consume(2))
	require.NoError(t, err)
	thanks, err := s.usage.ConsumeBenefit(t.Context(), &entitlementsv1.ConsumeBenefitRequest{
		Name: "accounts/rich/balances/thanks", Units: 3, Origin: entitlementsv1.UsageOrigin_USAGE_ORIGIN_AUTOMATIC})
	require.NoError(t, err)
	_, err = s.usage.ReleaseUsage(t.Context(), &entitlementsv1.ReleaseUsageRequest{Name: thanks.GetEntry().GetName(), Units: 1, Reason: "sent twice"})
	require.NoError(t, err)
	return s
}

func costRow(key string, cents, units, unknown, revenue int64) *entitlementsv1.CostRow {
	r := &entitlementsv1.CostRow{Key: key, Cost: usd(cents), Units: units, UnknownUnits: unknown, Revenue: usd(revenue)}
	if revenue > 0 {
		r.Share = proto.Float64(float64(cents) / float64(revenue))
	}
	return r
}

func TestR19CostsThroughTheAPI(t *testing.T) {
	s := costWorld(t)
	ctx := t.Context()
	account, err := s.costs.GetAccountCost(ctx, &entitlementsv1.GetAccountCostRequest{Name: "accounts/rich/cost"})
	require.NoError(t, err)
	const rich, all = 900_00, 900_00 + 287_60 - 10_00
	require.Empty(t, cmp.Diff(&entitlementsv1.AccountCost{
		Name: "accounts/rich/cost", FromDate: &date.Date{Year: 1997, Month: 1, Day: 16}, ToDate: &date.Date{Year: 1998, Month: 1, Day: 15},
		Total:    costRow("accounts/rich", 9_00, 2, 2, rich),
		Benefits: []*entitlementsv1.CostRow{costRow("thanks", 9_00, 2, 0, rich), costRow("hours", 0, 0, 2, rich)},
		Rules:    []*entitlementsv1.CostRow{costRow("spend-500", 9_00, 2, 2, rich)},
		Origins:  []*entitlementsv1.CostRow{costRow("automatic", 9_00, 2, 0, rich), costRow("offered", 0, 0, 2, rich)},
	}, account, protocmp.Transform()))
	yesterday := &date.Date{Year: 1998, Month: 1, Day: 14}
	before, err := s.costs.GetAccountCost(ctx, &entitlementsv1.GetAccountCostRequest{Name: "accounts/rich/cost", FromDate: yesterday, ToDate: yesterday})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(costRow("accounts/rich", 0, 0, 0, 0), before.GetTotal(), protocmp.Transform()), "no revenue, no share")
	_, err = s.costs.GetAccountCost(ctx, &entitlementsv1.GetAccountCostRequest{Name: "accounts/rich/cost", ToDate: yesterday, FromDate: paidDate})
	require.NoError(t, err)
	_, err = s.costs.GetAccountCost(ctx, &entitlementsv1.GetAccountCostRequest{Name: "accounts/rich/cost", ToDate: paidDate, FromDate: yesterday})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	_, err = s.costs.GetAccountCost(ctx, &entitlementsv1.GetAccountCostRequest{Name: "accounts/nowhere/cost"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")

	request := &entitlementsv1.SummarizeCostsRequest{GroupBy: entitlementsv1.CostGrouping_COST_GROUPING_BENEFIT, OrderBy: "unknown_units", PageSize: 1}
	first, err := s.costs.SummarizeCosts(ctx, request)
	require.NoError(t, err)
	require.NotEmpty(t, first.GetNextPageToken())
	request.PageToken, first.NextPageToken = first.GetNextPageToken(), ""
	require.Empty(t, cmp.Diff(&entitlementsv1.SummarizeCostsResponse{
		FromDate: &date.Date{Year: 1997, Month: 1, Day: 16}, ToDate: &date.Date{Year: 1998, Month: 1, Day: 15},
		Total: costRow("company", 9_00, 2, 2, all), Accounts: 1, Rows: []*entitlementsv1.CostRow{costRow("hours", 0, 0, 2, all)},
	}, first, protocmp.Transform()))
	second, err := s.costs.SummarizeCosts(ctx, request)
	require.NoError(t, err)
	require.Empty(t, second.GetNextPageToken())
	require.Empty(t, cmp.Diff([]*entitlementsv1.CostRow{costRow("thanks", 9_00, 2, 0, all)}, second.GetRows(), protocmp.Transform()))
	byAccount, err := s.costs.SummarizeCosts(ctx, &entitlementsv1.SummarizeCostsRequest{})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]*entitlementsv1.CostRow{costRow("accounts/rich", 9_00, 2, 2, rich)}, byAccount.GetRows(), protocmp.Transform()))

	trend, err := s.costs.GetCostTrend(ctx, &entitlementsv1.GetCostTrendRequest{Account: "accounts/rich", Rule: "spend-500"})
	require.NoError(t, err)
	require.Len(t, trend.GetQuarters(), 8)
	require.Empty(t, cmp.Diff([]*entitlementsv1.CostTrend_Quarter{
		{FromDate: &date.Date{Year: 1997, Month: 10, Day: 1}, ToDate: paidDate, Cost: usd(0), Revenue: usd(rich), Share: proto.Float64(0), Complete: true},
		{FromDate: &date.Date{Year: 1998, Month: 1, Day: 1}, ToDate: &date.Date{Year: 1998, Month: 3, Day: 31}, Cost: usd(9_00), Units: 2, UnknownUnits: 2, Revenue: usd(0)},
	}, trend.GetQuarters()[6:], protocmp.Transform()))
}

func TestR19LimitsOpenFindingsThroughTheAPI(t *testing.T) {
	s := costWorld(t)
	ctx := t.Context()
	create := &entitlementsv1.CreateCostLimitRequest{CostLimitId: "one-percent", RequestId: "0f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77",
		CostLimit: &entitlementsv1.CostLimit{Grouping: entitlementsv1.CostGrouping_COST_GROUPING_ACCOUNT, Bound: &entitlementsv1.CostLimit_Share{Share: 99}, Reason: "The margin."}}
	limit, err := s.costs.CreateCostLimit(ctx, create)
	require.NoError(t, err)
	again, err := s.costs.CreateCostLimit(ctx, create)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(limit, again, protocmp.Transform()))
	require.Empty(t, cmp.Diff(&entitlementsv1.CostLimit{Name: "costLimits/one-percent", Grouping: entitlementsv1.CostGrouping_COST_GROUPING_ACCOUNT,
		Bound: &entitlementsv1.CostLimit_Share{Share: 99}, Reason: "The margin.", Declarer: "principals/some-admin", Etag: limit.GetEtag(),
		CreateTime: limit.GetCreateTime(), UpdateTime: limit.GetUpdateTime()}, limit, protocmp.Transform()))

	var finding *entitlementsv1.CostFinding
	require.Eventually(t, func() bool {
		list, err := s.costs.ListCostFindings(ctx, &entitlementsv1.ListCostFindingsRequest{
			Filter: `state = STATE_OPEN AND cost_limit = "costLimits/one-percent" AND key = "accounts/rich"`})
		require.NoError(t, err)
		if len(list.GetCostFindings()) == 0 {
			return false
		}
		finding = list.GetCostFindings()[0]
		return true
	}, time.Minute, 10*time.Millisecond)
	require.Empty(t, cmp.Diff(&entitlementsv1.CostFinding{
		Name: "costFindings/one-percent.account.rich.1998-q1", CostLimit: limit.GetName(),
		Bound: &entitlementsv1.CostLimit{Name: limit.GetName(), Grouping: limit.GetGrouping(), Bound: limit.GetBound(), Reason: "The margin.",
			Declarer: "principals/some-admin"},
		Measured: costRow("accounts/rich", 9_00, 2, 2, 900_00), FromDate: &date.Date{Year: 1997, Month: 1, Day: 16},
		ToDate: &date.Date{Year: 1998, Month: 1, Day: 15}, State: entitlementsv1.CostFinding_STATE_OPEN, OpenTime: finding.GetOpenTime(), Etag: finding.GetEtag(),
	}, finding, protocmp.Transform()))
	summary, err := s.costs.SummarizeCosts(ctx, &entitlementsv1.SummarizeCostsRequest{})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]*entitlementsv1.SummarizeCostsResponse_Above{{CostLimit: limit.GetName(), Rows: 1}}, summary.GetAbove(), protocmp.Transform()))

	acknowledged, err := s.costs.AcknowledgeCostFinding(ctx, &entitlementsv1.AcknowledgeCostFindingRequest{Name: finding.GetName(), Note: "Known to Jo Brook.", Etag: finding.GetEtag()})
	require.NoError(t, err)
	require.Equal(t, "principals/some-admin", acknowledged.GetAcknowledger())
	got, err := s.costs.GetCostFinding(ctx, &entitlementsv1.GetCostFindingRequest{Name: finding.GetName()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(acknowledged, got, protocmp.Transform()))
	_, err = s.costs.AcknowledgeCostFinding(ctx, &entitlementsv1.AcknowledgeCostFindingRequest{Name: finding.GetName(), Note: "Again."})
	wantStatus(t, err, codes.FailedPrecondition, "COST_FINDING_STATE")

	update := &entitlementsv1.UpdateCostLimitRequest{CostLimit: &entitlementsv1.CostLimit{Name: limit.GetName(),
		Bound: &entitlementsv1.CostLimit_Share{Share: 100}, Etag: limit.GetEtag()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"share"}}}
	raised, err := s.costs.UpdateCostLimit(ctx, update)
	require.NoError(t, err)
	require.EqualValues(t, 100, raised.GetShare())
	require.Equal(t, "The margin.", raised.GetReason())
	require.Eventually(t, func() bool {
		got, err := s.costs.GetCostFinding(ctx, &entitlementsv1.GetCostFindingRequest{Name: finding.GetName()})
		require.NoError(t, err)
		return got.GetState() == entitlementsv1.CostFinding_STATE_CLOSED
	}, time.Minute, 10*time.Millisecond, "a share of exactly the limit is not above it")
	_, err = s.costs.UpdateCostLimit(ctx, update)
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	update.CostLimit.Etag, update.UpdateMask.Paths = "", []string{"growth"}
	update.CostLimit.Bound = &entitlementsv1.CostLimit_Growth{Growth: 1}
	_, err = s.costs.UpdateCostLimit(ctx, update)
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	_, err = s.costs.DeleteCostLimit(ctx, &entitlementsv1.DeleteCostLimitRequest{Name: limit.GetName()})
	require.NoError(t, err)
	list, err := s.costs.ListCostLimits(ctx, &entitlementsv1.ListCostLimitsRequest{})
	require.NoError(t, err)
	require.Empty(t, list.GetCostLimits())

	stream, err := s.feed.WatchChanges(ctx, &entitlementsv1.WatchChangesRequest{StatesOf: []string{"cost_limits", "cost_findings"}})
	require.NoError(t, err)
	told := map[string]string{}
	for len(told) < 6 {
		answer, err := stream.Recv()
		require.NoError(t, err)
		for _, c := range answer.GetChanges() {
			if c.GetCostLimit() != nil || c.GetCostFinding() != nil || c.GetType() == "cost_limit.deleted" {
				told[c.GetType()] = c.GetPrincipal() + " " + c.GetName()
				require.Empty(t, c.GetCostFinding().GetNote(), "which may name persons")
			}
		}
	}
	const ours, theirs = "principals/entitlements-service " + "costFindings/one-percent.account.rich.1998-q1", "principals/some-admin "
	require.Equal(t, map[string]string{
		"cost_limit.created": theirs + limit.GetName(), "cost_limit.updated": theirs + limit.GetName(), "cost_limit.deleted": theirs + limit.GetName(),
		"cost_finding.opened": ours, "cost_finding.acknowledged": theirs + finding.GetName(), "cost_finding.closed": ours,
	}, told)
}

func TestLimitsOfCostThatAreRefused(t *testing.T) {
	s := usageWorld(t)
	for name, limit := range map[string]*entitlementsv1.CostLimit{
		"nothing":        {},
		"no bound":       {Grouping: entitlementsv1.CostGrouping_COST_GROUPING_ACCOUNT},
		"on origins":     {Grouping: entitlementsv1.CostGrouping_COST_GROUPING_ORIGIN, Bound: &entitlementsv1.CostLimit_Share{Share: 1}},
		"no share":       {Grouping: entitlementsv1.CostGrouping_COST_GROUPING_ACCOUNT, Bound: &entitlementsv1.CostLimit_Share{}},
		"nothing to pay": {Grouping: entitlementsv1.CostGrouping_COST_GROUPING_ACCOUNT, Bound: &entitlementsv1.CostLimit_Amount{Amount: usd(0)}},
		"another currency": {Grouping: entitlementsv1.CostGrouping_COST_GROUPING_ACCOUNT,
			Bound: &entitlementsv1.CostLimit_Amount{Amount: &money.Money{CurrencyCode: "EUR", Units: 1}}},
		"one account": {Grouping: entitlementsv1.CostGrouping_COST_GROUPING_ACCOUNT, Subject: "rich", Bound: &entitlementsv1.CostLimit_Share{Share: 1}},
	} {
		_, err := s.costs.CreateCostLimit(t.Context(), &entitlementsv1.CreateCostLimitRequest{CostLimitId: "limit", CostLimit: limit})
		require.Error(t, err, name)
		wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	}
	checked, err := s.costs.CreateCostLimit(t.Context(), &entitlementsv1.CreateCostLimitRequest{CostLimitId: "limit", ValidateOnly: true,
		CostLimit: &entitlementsv1.CostLimit{Grouping: entitlementsv1.CostGrouping_COST_GROUPING_RULE, Subject: "spend-500",
			Bound: &entitlementsv1.CostLimit_Growth{Growth: 2500}, FromAmount: usd(100_00)}})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(usd(100_00), checked.GetFromAmount(), protocmp.Transform()))
	_, err = s.costs.GetCostLimit(t.Context(), &entitlementsv1.GetCostLimitRequest{Name: "costLimits/limit"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

func TestR3CostsAreNotForServiceAgents(t *testing.T) {
	s := costWorld(t)
	agent := s.as(auth.ServiceAgent)
	_, err := agent.costs.GetAccountCost(t.Context(), &entitlementsv1.GetAccountCostRequest{Name: "accounts/rich/cost"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	viewer := s.as(auth.Viewer)
	_, err = viewer.costs.GetAccountCost(t.Context(), &entitlementsv1.GetAccountCostRequest{Name: "accounts/rich/cost"})
	require.NoError(t, err)
	_, err = viewer.costs.DeleteCostLimit(t.Context(), &entitlementsv1.DeleteCostLimitRequest{Name: "costLimits/limit"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}
