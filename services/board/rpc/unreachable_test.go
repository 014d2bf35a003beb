package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"

	"github.com/evenhand/evenhand/internal/platform/auth"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// All seats go to energy, so that the other half of the pool is on no possible panel: it
// stands apart, with the reason, from the preview on.
func TestWhoCanBeOnNoPanelIsToldWhy(t *testing.T) {
	s := prepared(t)
	ctx := t.Context()
	secretary := s.as(t, auth.BoardSecretary)
	only := rules(3)
	only.Rotation.Start, only.Rotation.OnHoliday, only.NoticeDays = "2020-03-01T10:00", boardv1.Recurrence_HOLIDAY_POLICY_KEEP, 0
	only.Categories[0].Quotas[0].Min = 3
	_, err := secretary.boards.PublishCharter(ctx, &boardv1.PublishCharterRequest{Parent: "boards/a", Charter: &boardv1.Charter{
		Rules: only, EffectiveDate: &date.Date{Year: 2020, Month: 1, Day: 2}, Reason: "Energy only."}})
	require.NoError(t, err)
	told := func(pool []*boardv1.PoolMember) {
		t.Helper()
		require.Len(t, pool, 12)
		for i, m := range pool {
			require.True(t, m.GetEligible())
			require.Equal(t, i%2 == 1, m.GetUnreachable(), "%v", m)
			require.NotNil(t, m.Probability)
			if i%2 == 0 {
				require.Empty(t, m.GetReasons())
				require.NotZero(t, m.GetProbability())
				continue
			}
			require.Len(t, m.GetReasons(), 1)
			require.Contains(t, m.GetReasons()[0], m.GetAccount()[len("accounts/"):]+" is on no possible panel, because with this member seated, ")
			require.Contains(t, m.GetReasons()[0], `sector "energy" needs at least 3`)
		}
	}
	preview, err := secretary.rotations.PreviewRotation(ctx, &boardv1.PreviewRotationRequest{Name: first})
	require.NoError(t, err)
	told(preview.GetPool())

	_, err = secretary.rotations.OpenRotation(ctx, &boardv1.OpenRotationRequest{Name: first})
	require.NoError(t, err)
	_, err = secretary.rotations.FreezeRotation(ctx, &boardv1.FreezeRotationRequest{Name: first})
	require.NoError(t, err)
	_, err = secretary.rotations.CommitRotation(ctx, &boardv1.CommitRotationRequest{Name: first, Panels: 100, SeedPlan: &boardv1.SeedPlan{
		Round: &boardv1.PublicRound{Source: "drand", Number: "4711", KnownTime: at(t, "2099-01-02T00:00:00Z")}}})
	require.NoError(t, err)
	got, err := secretary.rotations.GetRotation(ctx, &boardv1.GetRotationRequest{Name: first})
	require.NoError(t, err)
	require.EqualValues(t, 6, got.GetDraw().GetUnreachable())
	list, err := secretary.rotations.ListPoolMembers(ctx, &boardv1.ListPoolMembersRequest{Parent: first})
	require.NoError(t, err)
	told(list.GetPoolMembers())
	list, err = secretary.rotations.ListPoolMembers(ctx, &boardv1.ListPoolMembersRequest{Parent: first, Filter: "unreachable = true"})
	require.NoError(t, err)
	require.Len(t, list.GetPoolMembers(), 6)
}
