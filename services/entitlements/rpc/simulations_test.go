package rpc_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// simulate returns the last step of a simulation, and how many came before it.
func (s *served) simulate(t testing.TB, r *entitlementsv1.SimulateScheduleRequest) (*entitlementsv1.Simulation, int, error) {
	t.Helper()
	stream, err := s.schedules.SimulateSchedule(t.Context(), r)
	require.NoError(t, err)
	for steps := 0; ; steps++ {
		step, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			t.Fatal("the stream ended without a simulation")
		}
		if err != nil {
			return nil, 0, err
		}
		if step.GetSimulation() != nil {
			return step.GetSimulation(), steps, nil
		}
		require.LessOrEqual(t, step.GetDone(), step.GetTotal())
	}
}

func TestR16SimulationShowsLoadAndCostOfEveryBenefit(t *testing.T) {
	s, token := world(t)
	_, err := s.CheckEntitlement(t.Context(), check("rich", "thanks", token)) // waits for all of it
	require.NoError(t, err)
	lower := strings.Replace(promise, "at_least: 500.00", "at_least: 250.00", 1)
	lower = strings.Replace(lower, "effective: 1997-01-01, ", "", 1)
	lower = strings.Replace(lower, "expected_use_per_year: 12", "expected_use_per_year: 12, capacity_per_year: 23", 1)
	got, steps, err := s.simulate(t, &entitlementsv1.SimulateScheduleRequest{
		Content: &entitlementsv1.SimulateScheduleRequest_Yaml{Yaml: lower}, AsOfDate: paidDate})
	require.NoError(t, err)
	require.Equal(t, 64, steps)
	require.EqualValues(t, 3, got.GetAccounts())
	usd := func(units int64) *money.Money { return &money.Money{CurrencyCode: "USD", Units: units} }
	use, capacity := int64(24), int64(23)
	want := &entitlementsv1.SimulatedBenefit{
		Benefit: "thanks", HoldersNow: 1, HoldersThen: 2, Gaining: 1, GainingAccounts: []string{"accounts/poor"},
		ExpectedUsePerYear: &use, CostNow: usd(54), CostThen: usd(108), CapacityPerYear: &capacity, OverCapacity: true,
	}
	require.Empty(t, cmp.Diff(want, got.GetBenefits()[0], protocmp.Transform()))
	require.Equal(t, []string{"hours", "no-fee"}, got.GetUnstatedBenefits())
	require.Equal(t, "spend-500", got.GetRules()[0].GetRule())
	require.True(t, got.GetRules()[0].GetChanged())
	require.Nil(t, got.GetRules()[0].GetCost(), "what hours cost is not stated")
	require.InDelta(t, 108/1177.6, got.GetShareThen(), 1e-9)
	require.EqualValues(t, 1, len(mustVersions(t, s)), "nothing was published")

	none, _, err := s.simulate(t, &entitlementsv1.SimulateScheduleRequest{
		Content: &entitlementsv1.SimulateScheduleRequest_Schedule{Schedule: mustVersions(t, s)[0].GetSchedule()}, AsOfDate: paidDate, SampleSize: -1})
	require.NoError(t, err)
	require.Empty(t, none.GetBenefits()[0].GetGainingAccounts())
	_, _, err = s.simulate(t, &entitlementsv1.SimulateScheduleRequest{Content: &entitlementsv1.SimulateScheduleRequest_Yaml{Yaml: "schedule: x"}})
	wantStatus(t, err, codes.InvalidArgument, "SCHEDULE_INVALID")
}

func mustVersions(t testing.TB, s *served) []*entitlementsv1.ScheduleVersion {
	t.Helper()
	list, err := s.schedules.ListScheduleVersions(t.Context(), &entitlementsv1.ListScheduleVersionsRequest{})
	require.NoError(t, err)
	return list.GetScheduleVersions()
}

func TestR3SimulationIsNotForServiceAgents(t *testing.T) {
	s, _ := world(t)
	_, _, err := s.as(auth.ServiceAgent).simulate(t, &entitlementsv1.SimulateScheduleRequest{Content: &entitlementsv1.SimulateScheduleRequest_Yaml{Yaml: promise}})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}
