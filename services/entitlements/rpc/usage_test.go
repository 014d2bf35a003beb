package rpc_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

const richHours = "accounts/rich/balances/hours"

// usageWorld is the world on 15 January 1998: rich has hours from the last day of 1997 on.
func usageWorld(t *testing.T) *served {
	s := serve(t, entitlements.Options{Now: func() time.Time { return time.Date(1998, 1, 15, 17, 0, 0, 0, time.UTC) }})
	token := s.fill(t)
	_, err := s.CheckEntitlement(t.Context(), check("rich", "hours", token)) // waits for all of it
	require.NoError(t, err)
	return s
}

func consume(units int64) *entitlementsv1.ConsumeBenefitRequest {
	return &entitlementsv1.ConsumeBenefitRequest{Name: richHours, Units: units, Origin: entitlementsv1.UsageOrigin_USAGE_ORIGIN_OFFERED}
}

func TestR18R20UsageThroughTheAPI(t *testing.T) {
	s := usageWorld(t)
	ctx := t.Context()
	r := consume(3)
	r.Note, r.RequestId = "workshop", "0f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77"
	preview := &entitlementsv1.ConsumeBenefitRequest{Name: richHours, Units: 3, Origin: r.Origin, ValidateOnly: true}
	out, err := s.usage.ConsumeBenefit(ctx, preview)
	require.NoError(t, err)
	require.Empty(t, out.GetEntry().GetName())
	require.EqualValues(t, 7, out.GetBalance().GetLeft())
	out, err = s.usage.ConsumeBenefit(ctx, r)
	require.NoError(t, err)
	at := timestamppb.New(time.Date(1998, 1, 15, 17, 0, 0, 0, time.UTC))
	require.Empty(t, cmp.Diff(&entitlementsv1.UsageEntry{
		Name: out.GetEntry().GetName(), Benefit: "hours", Type: entitlementsv1.UsageEntry_TYPE_USED, Units: 3, Origin: r.Origin, Note: "workshop",
		Principal: "principals/some-admin", RecordTime: at, CountDate: &date.Date{Year: 1998, Month: 1, Day: 15},
		Rule: "spend-500", ScheduleVersion: "schedule/versions/1",
	}, out.GetEntry(), protocmp.Transform()))
	again, err := s.usage.ConsumeBenefit(ctx, r)
	require.NoError(t, err)
	require.Equal(t, out.GetEntry().GetName(), again.GetEntry().GetName())

	balance, err := s.usage.GetBalance(ctx, &entitlementsv1.GetBalanceRequest{Name: richHours})
	require.NoError(t, err)
	require.Len(t, balance.GetExplanation(), 1)
	balance.Explanation = nil
	require.Empty(t, cmp.Diff(&entitlementsv1.Balance{
		Name: richHours, Held: true, Unit: "hour", Promise: "Ten hours a year.", Left: 7, Used: 3, Limit: 10, Period: "P1Y",
		Resets: entitlementsv1.Benefit_RESETS_ANNIVERSARY, PeriodStartDate: &date.Date{Year: 1997, Month: 12, Day: 31},
		PeriodEndDate: &date.Date{Year: 1998, Month: 12, Day: 30}, Rule: "spend-500", ScheduleVersion: "schedule/versions/1",
		ValidUntil: timestamppb.New(time.Date(1998, 12, 31, 5, 0, 0, 0, time.UTC)), AsOf: at, ConsistencyToken: balance.GetConsistencyToken(),
	}, balance, protocmp.Transform()))
	require.NotEmpty(t, balance.GetConsistencyToken())
	before, err := s.usage.GetBalance(ctx, &entitlementsv1.GetBalanceRequest{Name: richHours, AsOf: timestamppb.New(at.AsTime().Add(-time.Hour))})
	require.NoError(t, err)
	require.EqualValues(t, 10, before.GetLeft())
	for day, left := range map[int32]int64{14: 10, 15: 7} {
		list, err := s.usage.ListBalances(ctx, &entitlementsv1.ListBalancesRequest{Parent: "accounts/rich", AsOfDate: &date.Date{Year: 1998, Month: 1, Day: day}})
		require.NoError(t, err)
		require.Len(t, list.GetBalances(), 1)
		require.Equal(t, left, list.GetBalances()[0].GetLeft(), "at the end of the day, or now")
	}
	_, err = s.usage.GetBalance(ctx, &entitlementsv1.GetBalanceRequest{Name: richHours, AsOfDate: &date.Date{Year: 1998, Month: 1, Day: 16}})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")

	_, err = s.usage.ConsumeBenefit(ctx, consume(8))
	wantStatus(t, err, codes.FailedPrecondition, "USAGE_LIMIT")
	_, err = s.usage.ConsumeBenefit(ctx, &entitlementsv1.ConsumeBenefitRequest{Name: "accounts/poor/balances/hours", Units: 1, Origin: r.Origin})
	wantStatus(t, err, codes.FailedPrecondition, "NOT_ENTITLED")
	_, err = s.usage.ConsumeBenefit(ctx, &entitlementsv1.ConsumeBenefitRequest{Name: "accounts/nobody/balances/hours", Units: 1, Origin: r.Origin})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	_, err = s.usage.ConsumeBenefit(ctx, &entitlementsv1.ConsumeBenefitRequest{Name: richHours, Units: 1})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	_, err = s.usage.GetBalance(ctx, &entitlementsv1.GetBalanceRequest{Name: "accounts/rich/balances/thanks"})
	wantStatus(t, err, codes.FailedPrecondition, "NOT_METERED")
}

func TestReservationsThroughTheAPI(t *testing.T) {
	s := usageWorld(t)
	ctx := t.Context()
	reserve := func(units int64) *entitlementsv1.Reservation {
		out, err := s.usage.ReserveBenefit(ctx, &entitlementsv1.ReserveBenefitRequest{Name: richHours, Units: units,
			Origin: entitlementsv1.UsageOrigin_USAGE_ORIGIN_ASKED_FOR, Duration: durationpb.New(time.Hour)})
		require.NoError(t, err)
		return out.GetReservation()
	}
	first, second := reserve(4), reserve(5)
	require.Equal(t, time.Date(1998, 1, 15, 18, 0, 0, 0, time.UTC), first.GetExpireTime().AsTime())
	open, err := s.usage.ListReservations(ctx, &entitlementsv1.ListReservationsRequest{Parent: "accounts/rich"})
	require.NoError(t, err)
	require.Len(t, open.GetReservations(), 2)
	committed, err := s.usage.CommitReservation(ctx, &entitlementsv1.CommitReservationRequest{Name: first.GetName(), Units: 3})
	require.NoError(t, err)
	require.Equal(t, first.GetName(), committed.GetEntry().GetAbout())
	require.EqualValues(t, 2, committed.GetBalance().GetLeft())
	cancelled, err := s.usage.CancelReservation(ctx, &entitlementsv1.CancelReservationRequest{Name: second.GetName()})
	require.NoError(t, err)
	require.EqualValues(t, 7, cancelled.GetBalance().GetLeft())
	_, err = s.usage.CancelReservation(ctx, &entitlementsv1.CancelReservationRequest{Name: second.GetName()})
	wantStatus(t, err, codes.FailedPrecondition, "RESERVATION_STATE")
	released, err := s.usage.ReleaseUsage(ctx, &entitlementsv1.ReleaseUsageRequest{Name: committed.GetEntry().GetName(), Reason: "ended early", Units: 1})
	require.NoError(t, err)
	require.Equal(t, committed.GetEntry().GetName(), released.GetEntry().GetAbout())
	_, err = s.usage.ReleaseUsage(ctx, &entitlementsv1.ReleaseUsageRequest{Name: committed.GetEntry().GetName(), Reason: "again", Units: 3})
	wantStatus(t, err, codes.FailedPrecondition, "NOT_RELEASABLE")

	list := func(r *entitlementsv1.ListUsageEntriesRequest) (types []string) {
		r.Parent, r.PageSize = "accounts/rich", 2
		for {
			page, err := s.usage.ListUsageEntries(ctx, r)
			require.NoError(t, err)
			for _, e := range page.GetUsageEntries() {
				types = append(types, e.GetType().String()[len("TYPE_"):])
			}
			if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
				return types
			}
		}
	}
	require.Equal(t, []string{"RELEASED", "CANCELLED", "COMMITTED", "RESERVED", "RESERVED"}, list(&entitlementsv1.ListUsageEntriesRequest{}))
	require.Equal(t, []string{"RESERVED", "RESERVED", "RELEASED"},
		list(&entitlementsv1.ListUsageEntriesRequest{OrderBy: "record_time", Filter: `type = TYPE_RESERVED OR units = 1`}))
	_, err = s.usage.ListUsageEntries(ctx, &entitlementsv1.ListUsageEntriesRequest{Parent: "accounts/nobody"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	got, err := s.usage.GetUsageEntry(ctx, &entitlementsv1.GetUsageEntryRequest{Name: committed.GetEntry().GetName()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(committed.GetEntry(), got, protocmp.Transform()))
}

func TestNoticesThroughTheAPI(t *testing.T) {
	s := usageWorld(t)
	out, err := s.usage.ConsumeBenefit(t.Context(), consume(9))
	require.NoError(t, err)
	want := []*entitlementsv1.UsageNotice{{Balance: richHours, Percent: 80, Used: 9, Allowance: 10,
		ReachTime: out.GetEntry().GetRecordTime(), Entry: out.GetEntry().GetName()}}
	require.Empty(t, cmp.Diff(want, out.GetBalance().GetNotices(), protocmp.Transform()))
	for _, parent := range []string{"accounts/rich", "accounts/-"} {
		list, err := s.usage.ListUsageNotices(t.Context(), &entitlementsv1.ListUsageNoticesRequest{Parent: parent})
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, list.GetUsageNotices(), protocmp.Transform()), parent)
	}
	list, err := s.usage.ListUsageNotices(t.Context(), &entitlementsv1.ListUsageNoticesRequest{Parent: "accounts/poor"})
	require.NoError(t, err)
	require.Empty(t, list.GetUsageNotices())
}

func TestR3ASpendBlindCallerSeesWhatIsLeftAndNotWhy(t *testing.T) {
	s := usageWorld(t)
	agent := s.as(auth.ServiceAgent)
	ctx := t.Context()
	out, err := agent.usage.ConsumeBenefit(ctx, consume(9))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(&entitlementsv1.Balance{
		Name: richHours, Held: true, Unit: "hour", Promise: "Ten hours a year.", Left: 1, Used: 9, Limit: 10, Period: "P1Y",
		Resets: entitlementsv1.Benefit_RESETS_ANNIVERSARY, AsOf: out.GetBalance().GetAsOf(), ConsistencyToken: out.GetBalance().GetConsistencyToken(),
	}, out.GetBalance(), protocmp.Transform()))
	blindEntry := func(e *entitlementsv1.UsageEntry) {
		require.Empty(t, e.GetRule()+e.GetScheduleVersion())
		require.Empty(t, e.GetNotices())
	}
	blindEntry(out.GetEntry())
	list, err := agent.usage.ListUsageEntries(ctx, &entitlementsv1.ListUsageEntriesRequest{Parent: "accounts/rich"})
	require.NoError(t, err)
	blindEntry(list.GetUsageEntries()[0])
	_, err = agent.usage.ListUsageEntries(ctx, &entitlementsv1.ListUsageEntriesRequest{Parent: "accounts/rich", Filter: "rule = spend-500"})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	reserved, err := agent.usage.ReserveBenefit(ctx, &entitlementsv1.ReserveBenefitRequest{Name: richHours, Units: 1, Origin: consume(1).Origin})
	require.NoError(t, err)
	require.Empty(t, reserved.GetReservation().GetRule()+reserved.GetReservation().GetScheduleVersion())
	_, err = agent.usage.ListUsageNotices(ctx, &entitlementsv1.ListUsageNoticesRequest{Parent: "accounts/rich"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	none, err := agent.usage.GetBalance(ctx, &entitlementsv1.GetBalanceRequest{Name: "accounts/poor/balances/hours"})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(&entitlementsv1.Balance{Name: "accounts/poor/balances/hours", AsOf: none.GetAsOf()}, none, protocmp.Transform()))
}

func TestAnAccountManagerUsesBenefitsOfAssignedAccounts(t *testing.T) {
	s := usageWorld(t)
	manager := s.as(auth.AccountManager)
	_, err := manager.usage.ConsumeBenefit(t.Context(), consume(1))
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	s.accounts.mu.Lock()
	s.accounts.owner = "principals/some-account-manager"
	s.accounts.mu.Unlock()
	_, err = manager.usage.ConsumeBenefit(t.Context(), consume(1))
	require.NoError(t, err)
	_, err = s.as(auth.Viewer).usage.ConsumeBenefit(t.Context(), consume(1))
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

func TestUsageIsInTheFeed(t *testing.T) {
	s := usageWorld(t)
	r := consume(10)
	r.Note = "with Jo Brook"
	out, err := s.usage.ConsumeBenefit(t.Context(), r)
	require.NoError(t, err)
	stream, err := s.feed.WatchChanges(t.Context(), &entitlementsv1.WatchChangesRequest{StatesOf: []string{"balances"}})
	require.NoError(t, err)
	var types []string
	for len(types) < 2 {
		answer, err := stream.Recv()
		require.NoError(t, err)
		for _, c := range answer.GetChanges() {
			if c.GetUsageEntry() == nil {
				continue
			}
			types = append(types, c.GetType())
			require.Equal(t, "principals/some-admin", c.GetPrincipal())
			require.Equal(t, richHours, c.GetName())
			require.Equal(t, out.GetEntry().GetName(), c.GetUsageEntry().GetName())
			require.Empty(t, c.GetUsageEntry().GetNote(), "which may name persons")
		}
	}
	require.Equal(t, []string{"usage.used", "usage.threshold_reached"}, types)
}
