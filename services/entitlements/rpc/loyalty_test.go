package rpc_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

// newcomerAlone is a world in which only "fresh", who joined three days ago, spends enough for the
// partner's benefits, and has the one place of a programme, for which "rich" waits.
func newcomerAlone(t *testing.T) *served {
	s, _ := published(t, 1)
	today := int32(time.Now().Unix() / 86_400)
	token := s.accounts.add(account("fresh", ""), revenue("fresh", today-3, 60_000))
	r := check("fresh", "thanks", token)
	r.AsOfDate = nil
	got, err := s.CheckEntitlement(t.Context(), r) // waits until it is known
	require.NoError(t, err)
	require.True(t, got.GetEntitled())
	for _, id := range []string{"fresh", "rich"} {
		_, err := s.places.ApplyToProgramme(t.Context(), apply(id))
		require.NoError(t, err)
	}
	return s
}

func TestR26TheLoyaltyCheckOfAServer(t *testing.T) {
	s := newcomerAlone(t)
	got, err := s.as(auth.Auditor).loyalty.GetLoyaltyCheck(t.Context(), &entitlementsv1.GetLoyaltyCheckRequest{})
	require.NoError(t, err)
	require.Equal(t, []any{"P1Y", int64(1), int64(2), int32(3)}, []any{got.GetWithin(), got.GetNewcomers(), got.GetExisting(), got.GetFindings()},
		"the account that never paid is no customer")
	offers := map[string]*entitlementsv1.LoyaltyOffer{}
	for _, o := range got.GetOffers() {
		offers[o.GetBenefit()+o.GetProgramme()] = o
	}
	require.Len(t, offers, 4)
	thanks := offers["thanks"]
	require.Equal(t, entitlementsv1.LoyaltyOffer_REASON_CONDITIONS_UNMET, thanks.GetReason())
	require.Equal(t, []any{int64(1), int64(0), "A note of thanks."}, []any{thanks.GetNewcomers(), thanks.GetExisting(), thanks.GetTitle()})
	require.Equal(t, "spend-500", thanks.GetRules()[0].GetRule())
	require.Equal(t, "schedule/versions/1", thanks.GetRules()[0].GetScheduleVersion())
	require.Contains(t, thanks.GetNext().GetTakes(), "$500.00 more")
	require.Equal(t, int64(10), offers["hours"].GetLimit())
	beta := offers["programmes/beta"]
	require.Equal(t, entitlementsv1.LoyaltyOffer_REASON_NO_PLACE, beta.GetReason())
	require.Equal(t, int64(1), beta.GetAble(), "rich, and not poor")
	require.Equal(t, "accounts/rich", beta.GetNext().GetAccount())
	require.Equal(t, int32(1), beta.GetNext().GetPosition())
	require.Contains(t, beta.GetWords(), "No place is left")
	require.Equal(t, entitlementsv1.LoyaltyOffer_REASON_UNSPECIFIED, offers["no-fee"].GetReason(), "those who stayed ten years have it")
	require.Equal(t, int64(2), offers["no-fee"].GetExisting())

	// A day long, nobody is new.
	got, err = s.loyalty.GetLoyaltyCheck(t.Context(), &entitlementsv1.GetLoyaltyCheckRequest{Within: "P1D"})
	require.NoError(t, err)
	require.Equal(t, []any{int64(0), int64(3), int32(0)}, []any{got.GetNewcomers(), got.GetExisting(), got.GetFindings()})

	// In a stream the same, with progress.
	stream, err := s.loyalty.RunLoyaltyCheck(t.Context(), &entitlementsv1.RunLoyaltyCheckRequest{Within: "P6M"})
	require.NoError(t, err)
	var last *entitlementsv1.RunLoyaltyCheckResponse
	steps := 0
	for {
		step, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		require.LessOrEqual(t, step.GetDone(), step.GetTotal())
		last, steps = step, steps+1
	}
	require.Equal(t, int32(3), last.GetLoyaltyCheck().GetFindings())
	require.Greater(t, steps, 100, "64 times in each of two walks")
}

func TestR26WhatTheLoyaltyCheckRefuses(t *testing.T) {
	s, _ := world(t)
	for _, within := range []string{"a year", "P0D", "PT1H"} {
		_, err := s.loyalty.GetLoyaltyCheck(t.Context(), &entitlementsv1.GetLoyaltyCheckRequest{Within: within})
		require.Equal(t, []string{"within"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	}
	_, err := serve(t, entitlements.Options{}).loyalty.GetLoyaltyCheck(t.Context(), &entitlementsv1.GetLoyaltyCheckRequest{})
	wantStatus(t, err, codes.FailedPrecondition, "NO_SCHEDULE_IN_FORCE")
}

// R3: what it says tells what customers spend.
func TestR3ServiceAgentsCannotAskForTheLoyaltyCheck(t *testing.T) {
	s, _ := world(t)
	agent := s.as(auth.ServiceAgent)
	_, err := agent.loyalty.GetLoyaltyCheck(t.Context(), &entitlementsv1.GetLoyaltyCheckRequest{})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	stream, err := agent.loyalty.RunLoyaltyCheck(t.Context(), &entitlementsv1.RunLoyaltyCheckRequest{})
	require.NoError(t, err)
	_, err = stream.Recv()
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}
