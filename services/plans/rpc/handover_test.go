package rpc_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/evenhand/evenhand/internal/platform/auth"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/rpc"
)

func TestAHandoverSaysWhatIsDueTheMostUrgentFirst(t *testing.T) {
	at := func(hour int) time.Time {
		return time.Date(2027, 3, 9, 0, 0, 0, 0, time.UTC).Add(time.Duration(hour) * time.Hour)
	}
	var many chores
	for i := range 120 {
		many = append(many, rpc.Due{Resource: fmt.Sprint("plans/acme/touchpoints/t", i), Description: "Call", At: at(2*i + 1), Overdue: i < 10})
	}
	manager := servePlans(t, many, chores{{Resource: "plans/acme", Description: "Measure", At: at(2)}}).as(t, auth.AccountManager)
	ctx := t.Context()
	p := begin(t, manager, "acme")
	r := &plansv1.HandOverPlanRequest{Name: "plans/acme", Owner: "principals/ben", Reason: "Leave.", Etag: p.GetEtag(), ValidateOnly: true}
	seen, err := manager.HandOverPlan(ctx, r)
	require.NoError(t, err)
	require.Equal(t, "principals/ben", seen.GetPlan().GetOwner())
	require.Len(t, seen.GetDue(), 100)
	require.Equal(t, []string{"plans/acme/touchpoints/t0", "plans/acme", "plans/acme/touchpoints/t1"},
		[]string{seen.GetDue()[0].GetResource(), seen.GetDue()[1].GetResource(), seen.GetDue()[2].GetResource()})
	require.True(t, seen.GetDue()[0].GetOverdue())

	r.ValidateOnly = false
	handed, err := manager.HandOverPlan(ctx, r)
	require.NoError(t, err, "the check wrote nothing")
	require.Empty(t, cmp.Diff(seen.GetDue(), handed.GetDue(), protocmp.Transform()))
	turn := handed.GetPlan().GetHistory()[1]
	require.Equal(t, []string{"principals/account-manager", "principals/ben", "Leave."}, []string{turn.GetOldOwner(), turn.GetNewOwner(), turn.GetReason()})
	r.Owner, r.Etag = "principals/admin", ""
	_, err = manager.HandOverPlan(ctx, r)
	wantStatus(t, err, codes.FailedPrecondition, "PLAN_OWNER")
	require.Equal(t, []string{"accounts/acme"}, unmet(err))
}

func TestAHandoverSaysWhichGoalsAreDue(t *testing.T) {
	call := rpc.Due{Resource: "plans/acme/touchpoints/call", Description: "Call", At: time.Date(2027, 3, 12, 9, 0, 0, 0, time.UTC)}
	manager := servePlans(t, chores{call}).as(t, auth.AccountManager)
	ctx := t.Context()
	p := wholePlan("acme")
	p.Goals = nil
	for _, g := range []struct {
		id  string
		day int32
	}{{"this-week", 14}, {"next-week", 15}, {"late", 9}, {"today", 10}, {"missed", 8}} {
		p.Goals = append(p.Goals, &plansv1.Goal{Id: g.id, Statement: "The one of " + g.id, Measure: "orders on the day", Unit: "%",
			Baseline: 80, BaselineDate: on(2027, 3, 1), Target: 95, TargetDate: on(2027, 3, g.day)})
	}
	_, err := manager.CreatePlan(ctx, &plansv1.CreatePlanRequest{Plan: p})
	require.NoError(t, err)
	preview := &plansv1.HandOverPlanRequest{Name: "plans/acme", Owner: "principals/ben", Reason: "Leave.", ValidateOnly: true}
	draft, err := manager.HandOverPlan(ctx, preview)
	require.NoError(t, err)
	require.Len(t, draft.GetDue(), 1, "a draft's goals are agreed with nobody yet")
	_, err = manager.ActivatePlan(ctx, &plansv1.ActivatePlanRequest{Name: "plans/acme"})
	require.NoError(t, err)
	_, err = manager.EndGoal(ctx, &plansv1.EndGoalRequest{Name: "plans/acme", Goal: "missed", Outcome: plansv1.Goal_STATE_MISSED, Reason: "They say so."})
	require.NoError(t, err)

	for _, check := range []bool{true, false} {
		preview.ValidateOnly = check
		answer, err := manager.HandOverPlan(ctx, preview)
		require.NoError(t, err)
		var told []string
		for _, d := range answer.GetDue() {
			told = append(told, fmt.Sprint(d.GetDueTime().AsTime().Format("02 15:04 "), d.GetResource(), " ", d.GetDescription(), " ", d.GetOverdue()))
		}
		require.Equal(t, []string{
			"09 09:00 plans/acme Goal: The one of late true",
			"10 09:00 plans/acme Goal: The one of today false",
			"12 09:00 plans/acme/touchpoints/call Call false",
			"14 09:00 plans/acme Goal: The one of this-week false",
		}, told)
	}
}
