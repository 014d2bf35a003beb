package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

const promise = `
schedule: service-promise
currency: USD
time_zone: America/New_York
calendars:
  office: {hours: "Mon-Fri 09:00-17:30", holidays: [1997-12-25]}
commitments:
  - id: first-reply
    promise: Every customer gets a first reply within 4 working hours.
    clock: {from: opened, to: first_reply, within: 1h30m, calendar: office}
  - {id: courtesy, promise: Every customer is treated with courtesy., attest: [courtesy, fairness]}
benefits:
  - {id: thanks, promise: A note of thanks., kind: feature, unit_cost: 4.50, expected_use_per_year: 12}
  - {id: hours, promise: Ten hours a year., kind: metered, unit: hour, limit: 10, period: P1Y, rollover: 2}
  - {id: no-fee, promise: No late fee., kind: waiver, house_rule: late-fee}
bundles:
  - {id: partner, display_name: Partner, benefits: [thanks, hours]}
rules:
  - id: spend-500
    promise: Who spends $500 within a year is a partner.
    when: {spend: trailing-12-months, at_least: 500.00}
    grants: [partner]
  - id: loyal
    promise: Who spends $900 as a group in a year, or stays ten years, pays no late fee.
    when: {any: [{spend: calendar-year, at_least: 900.00, scope: group}, {tenure: months, at_least: 120}]}
    grants: [no-fee]
    lasts: P12M
    on_refund: keep
notice: {effective: 1997-01-01, reason: First edition, minimum: P90D}
`

// The last day of the year before, when everything here was paid.
const paidOn = 10_226 // 1997-12-31

var paidDate = &date.Date{Year: 1997, Month: 12, Day: 31}

// world is a served schedule and four accounts.
func world(t testing.TB) (*served, string) {
	s := serve(t, entitlements.Options{})
	token := s.fill(t)
	return s, token
}

// fill publishes the promise and adds the accounts; it returns the last change's token.
func (s *served) fill(t testing.TB) string {
	t.Helper()
	_, err := s.schedules.PublishSchedule(context.Background(), &entitlementsv1.PublishScheduleRequest{
		Content: &entitlementsv1.PublishScheduleRequest_Yaml{Yaml: promise},
	})
	require.NoError(t, err)
	return s.accounts.add(account("rich", ""), account("poor", "rich"), account("new", ""),
		revenue("rich", paidOn, 50_000, 40_000), revenue("poor", paidOn, 28_760, 0, -1000))
}

func check(account, benefit, token string) *entitlementsv1.CheckEntitlementRequest {
	return &entitlementsv1.CheckEntitlementRequest{Account: "accounts/" + account, Benefit: benefit, AsOfDate: paidDate, ConsistencyToken: token}
}

// wantStatus fails the test unless err has the code and the reason.
func wantStatus(t *testing.T, err error, code codes.Code, reason string) *status.Status {
	t.Helper()
	s := status.Convert(err)
	require.Equal(t, code, s.Code(), "%v", err)
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			require.Equal(t, reason, info.GetReason(), "%v", err)
			return s
		}
	}
	t.Fatalf("no ErrorInfo in %v", err)
	return nil
}

func fieldsOf(s *status.Status) (fields []string) {
	for _, d := range s.Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				fields = append(fields, v.GetField())
			}
		}
	}
	return fields
}

func TestR18CheckCitesRuleVersionAndReason(t *testing.T) {
	s, token := world(t)
	var got *entitlementsv1.CheckEntitlementResponse
	var err error
	require.Eventually(t, func() bool { // the age is known once the feed was heard out
		got, err = s.CheckEntitlement(t.Context(), check("rich", "hours", token))
		return err != nil || got.GetAge() != nil
	}, 30*time.Second, 10*time.Millisecond)
	require.NoError(t, err)
	require.Contains(t, got.GetReason(), "Who spends $500 within a year is a partner.")
	got.Age, got.Reason = nil, ""
	want := &entitlementsv1.CheckEntitlementResponse{
		Entitled: true, Rule: "spend-500", ScheduleVersion: "schedule/versions/1",
		ValidUntil: timestamppb.New(time.Date(1998, 12, 31, 5, 0, 0, 0, time.UTC)),
		AsOf:       timestamppb.New(time.Date(1998, 1, 1, 4, 59, 59, 999_000_000, time.UTC)),
		Promise:    "Ten hours a year.", Limit: &entitlementsv1.MeteredLimit{Limit: 10, Unit: "hour", Period: "P1Y", Rollover: 2},
	}
	require.Empty(t, cmp.Diff(want, got, protocmp.Transform()))

	r := check("rich", "hours", "")
	r.View = entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_BASIC
	got, err = s.CheckEntitlement(t.Context(), r)
	require.NoError(t, err)
	want.Promise, got.Age = "", nil
	require.Empty(t, cmp.Diff(want, got, protocmp.Transform()))
}

func TestR34CheckTellsTheDistance(t *testing.T) {
	s, token := world(t)
	got, err := s.CheckEntitlement(t.Context(), check("poor", "thanks", token))
	require.NoError(t, err)
	require.False(t, got.GetEntitled())
	usd := func(units int64, nanos int32) *money.Money {
		return &money.Money{CurrencyCode: "USD", Units: units, Nanos: nanos}
	}
	want := []*entitlementsv1.Distance{{Rule: "spend-500", Requirements: []*entitlementsv1.Requirement{{
		Requirement: &entitlementsv1.Requirement_Spend{Spend: &entitlementsv1.SpendRequirement{
			Missing: usd(222, 400_000_000), Have: usd(277, 600_000_000), Need: usd(500, 0),
			ByDate: &date.Date{Year: 1998, Month: 12, Day: 30},
			Window: entitlementsv1.SpendCondition_WINDOW_TRAILING_12_MONTHS, Scope: entitlementsv1.SpendCondition_SCOPE_ACCOUNT,
		}},
	}}}}
	require.Empty(t, cmp.Diff(want, got.GetDistances(), protocmp.Transform()))
	got, err = s.CheckEntitlement(t.Context(), check("new", "no-fee", ""))
	require.NoError(t, err)
	require.Len(t, got.GetDistances(), 2)
	require.EqualValues(t, 120, got.GetDistances()[0].GetRequirements()[0].GetTenure().GetNeedMonths())
}

func TestListHasEveryBenefitByIDAndTheBaseline(t *testing.T) {
	s, token := world(t)
	r := &entitlementsv1.ListEntitlementsRequest{Account: "accounts/poor", AsOfDate: paidDate, ConsistencyToken: token}
	got, err := s.ListEntitlements(t.Context(), r)
	require.NoError(t, err)
	var told []string
	for _, e := range got.GetEntitlements() {
		told = append(told, fmt.Sprint(e.GetBenefit(), " ", e.GetEntitled(), " ", e.GetKind()))
		require.NotEmpty(t, e.GetReason())
		require.Equal(t, e.GetEntitled(), e.GetRule() != "")
		require.Equal(t, e.GetEntitled(), len(e.GetDistances()) == 0)
	}
	require.Equal(t, []string{"hours false KIND_METERED", "no-fee true KIND_WAIVER", "thanks false KIND_FEATURE"}, told)
	require.Equal(t, "schedule/versions/1", got.GetBaseline().GetScheduleVersion())
	require.Equal(t, "1h30m", got.GetBaseline().GetCommitments()[0].GetClock().GetWithin())
	r.HeldOnly = true
	got, err = s.ListEntitlements(t.Context(), r)
	require.NoError(t, err)
	require.Len(t, got.GetEntitlements(), 1)
}

func TestR4BaselineOfAnAccount(t *testing.T) {
	s, token := world(t)
	rich, err := s.GetBaseline(t.Context(), &entitlementsv1.GetBaselineRequest{Account: "accounts/rich", AsOfDate: paidDate, ConsistencyToken: token})
	require.NoError(t, err)
	poor, err := s.GetBaseline(t.Context(), &entitlementsv1.GetBaselineRequest{Account: "accounts/new", AsOfDate: paidDate})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(rich, poor, protocmp.Transform()))
	_, err = s.GetBaseline(t.Context(), &entitlementsv1.GetBaselineRequest{Account: "accounts/rich", AsOfDate: &date.Date{Year: 1997, Month: 12, Day: 30}})
	told := wantStatus(t, err, codes.FailedPrecondition, "ACCOUNT_STATE")
	require.NotContains(t, told.Message(), "12-31", "R3: the day of the first entry is not for everybody who may ask")
}

func TestR3SpendBlindCallersLearnNothingThatTellsSpend(t *testing.T) {
	admin, token := world(t)
	s := admin.as(auth.ServiceAgent)
	for _, view := range []entitlementsv1.EntitlementView{0, 1, 2} {
		for _, account := range []string{"rich", "poor"} {
			r := check(account, "hours", token)
			r.View = view
			got, err := s.CheckEntitlement(t.Context(), r)
			require.NoError(t, err)
			got.Age = nil
			want := &entitlementsv1.CheckEntitlementResponse{Entitled: account == "rich", AsOf: got.GetAsOf(), Promise: "Ten hours a year."}
			if want.Entitled {
				want.Limit = &entitlementsv1.MeteredLimit{Limit: 10, Unit: "hour", Period: "P1Y", Rollover: 2}
			}
			require.Empty(t, cmp.Diff(want, got, protocmp.Transform()))
			batch, err := s.BatchCheckEntitlements(t.Context(), &entitlementsv1.BatchCheckEntitlementsRequest{
				AsOfDate: paidDate, View: view, Queries: []*entitlementsv1.EntitlementQuery{{Account: r.Account, Benefit: "hours"}},
			})
			require.NoError(t, err)
			wantBlind(t, batch.GetResults()[0].GetEntitlement())
		}
	}
	list, err := s.ListEntitlements(t.Context(), &entitlementsv1.ListEntitlementsRequest{Account: "accounts/poor", AsOfDate: paidDate})
	require.NoError(t, err)
	require.Len(t, list.GetEntitlements(), 3)
	for _, e := range list.GetEntitlements() {
		wantBlind(t, e)
	}
	for name, call := range map[string]func() error{
		"the future": func() error {
			r := check("rich", "hours", token)
			r.AsOfDate = &date.Date{Year: 2150, Month: 1, Day: 1}
			_, err := s.CheckEntitlement(t.Context(), r)
			return err
		},
		"the future in a list": func() error {
			_, err := s.ListEntitlements(t.Context(), &entitlementsv1.ListEntitlementsRequest{
				Account: "accounts/rich", AsOf: timestamppb.New(time.Now().AddDate(1, 0, 0))})
			return err
		},
		"holders": func() error {
			_, err := s.ListHolders(t.Context(), &entitlementsv1.ListHoldersRequest{Benefit: "hours"})
			return err
		},
		"count": func() error {
			_, err := s.CountHolders(t.Context(), &entitlementsv1.CountHoldersRequest{Benefit: "hours"})
			return err
		},
		"spend": func() error {
			_, err := s.GetSpend(t.Context(), &entitlementsv1.GetSpendRequest{Account: "accounts/rich"})
			return err
		},
		"summary": func() error {
			_, err := s.GetSpendSummary(t.Context(), &entitlementsv1.GetSpendSummaryRequest{})
			return err
		},
		"schedule": func() error {
			_, err := s.schedules.GetSchedule(t.Context(), &entitlementsv1.GetScheduleRequest{})
			return err
		},
		"version": func() error {
			_, err := s.schedules.GetScheduleVersion(t.Context(), &entitlementsv1.GetScheduleVersionRequest{Name: "schedule/versions/1"})
			return err
		},
	} {
		t.Log(name)
		wantStatus(t, call(), codes.PermissionDenied, "PERMISSION_DENIED")
	}
}

// wantBlind fails the test unless an entitlement says no more than whether, and what.
func wantBlind(t *testing.T, e *entitlementsv1.Entitlement) {
	t.Helper()
	allowed := &entitlementsv1.Entitlement{Benefit: e.GetBenefit(), Entitled: e.GetEntitled(), Promise: e.GetPromise(), Kind: e.GetKind()}
	require.NotEmpty(t, e.GetPromise())
	if e.GetEntitled() {
		allowed.Limit = e.GetLimit()
	}
	require.Empty(t, cmp.Diff(allowed, e, protocmp.Transform()))
}

// A service-agent asks about today, by whichever clock, and about the past.
func TestR3SpendBlindCallersAskAboutTodayAtTheLatest(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	now := time.Date(2020, time.March, 5, 22, 30, 0, 0, zone)
	admin := serve(t, entitlements.Options{Now: func() time.Time { return now }})
	token := admin.fill(t)
	s := admin.as(auth.ServiceAgent)
	on := func(at time.Time) *date.Date {
		return &date.Date{Year: int32(at.Year()), Month: int32(at.Month()), Day: int32(at.Day())}
	}
	ask := func(day *date.Date, at time.Time) (*entitlementsv1.CheckEntitlementResponse, error) {
		r := check("rich", "thanks", token)
		r.AsOfDate = day
		if day == nil {
			r.AsOf = timestamppb.New(at)
		}
		return s.CheckEntitlement(t.Context(), r)
	}
	got, err := ask(on(now), time.Time{})
	require.NoError(t, err)
	require.True(t, now.Equal(got.GetAsOf().AsTime()), "not the end of the day")
	_, err = ask(nil, now.Add(2*time.Second))
	require.NoError(t, err, "a clock that is ahead")
	_, err = ask(on(now.AddDate(0, 0, -1)), time.Time{})
	require.NoError(t, err)
	_, err = ask(on(now.AddDate(0, 0, 1)), time.Time{})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = ask(nil, now.AddDate(0, 0, 1))
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

func TestMomentsThatAreRefused(t *testing.T) {
	s, token := world(t)
	for name, change := range map[string]func(*entitlementsv1.CheckEntitlementRequest){
		"both": func(r *entitlementsv1.CheckEntitlementRequest) { r.AsOf = timestamppb.Now() },
		"no day": func(r *entitlementsv1.CheckEntitlementRequest) {
			r.AsOfDate = &date.Date{Year: 1997, Month: 2, Day: 29}
		},
		"far":      func(r *entitlementsv1.CheckEntitlementRequest) { r.AsOfDate = &date.Date{Year: 2200, Month: 1, Day: 1} },
		"long ago": func(r *entitlementsv1.CheckEntitlementRequest) { r.AsOfDate = &date.Date{Year: 1899, Month: 1, Day: 1} },
		"no instant": func(r *entitlementsv1.CheckEntitlementRequest) {
			r.AsOfDate, r.AsOf = nil, &timestamppb.Timestamp{Nanos: -1}
		},
		"far instant": func(r *entitlementsv1.CheckEntitlementRequest) {
			r.AsOfDate, r.AsOf = nil, &timestamppb.Timestamp{Seconds: 1 << 33}
		},
		"no token": func(r *entitlementsv1.CheckEntitlementRequest) { r.ConsistencyToken = "no token" },
	} {
		r := check("rich", "thanks", token)
		change(r)
		_, err := s.CheckEntitlement(t.Context(), r)
		fields := fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT"))
		require.Len(t, fields, 1, name)
	}
	r := check("rich", "thanks", "")
	r.AsOfDate = &date.Date{Year: 1996, Month: 12, Day: 31}
	_, err := s.CheckEntitlement(t.Context(), r)
	wantStatus(t, err, codes.FailedPrecondition, "NO_SCHEDULE_IN_FORCE")
}

func TestWriteThatDoesNotComeMeetsTheDeadline(t *testing.T) {
	s, _ := world(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.CheckEntitlement(ctx, check("rich", "thanks", "1000000"))
	require.Equal(t, codes.DeadlineExceeded, status.Code(err))
}

func TestRebuildTellsHowFarItIs(t *testing.T) {
	s, token := world(t)
	_, err := s.CheckEntitlement(t.Context(), check("rich", "thanks", token))
	require.NoError(t, err)
	stream, err := s.RebuildProjections(t.Context(), &entitlementsv1.RebuildProjectionsRequest{})
	require.NoError(t, err)
	var last *entitlementsv1.RebuildProjectionsResponse
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		last = answer
	}
	require.True(t, last.GetDone())
	require.Equal(t, last.GetTotal(), last.GetApplied())
	require.EqualValues(t, len(s.accounts.changes), last.GetApplied())
	_, err = s.CheckEntitlement(t.Context(), check("rich", "thanks", ""))
	require.NoError(t, err)

	s.accounts.mu.Lock()
	s.accounts.trimmed = true
	s.accounts.mu.Unlock()
	stream, err = s.RebuildProjections(t.Context(), &entitlementsv1.RebuildProjectionsRequest{})
	require.NoError(t, err)
	_, err = stream.Recv()
	wantStatus(t, err, codes.OutOfRange, "FEED_OUT_OF_RANGE")
}
