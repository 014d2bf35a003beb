package touchpoints

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Invitations to sessions are planned and skipped on behalf of the service itself, and are
// contacts like all others: they go to whoever stands in, and cadences keep their distance.
func TestInvitationsOfSessionsAreSettled(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		inviting := resource.Call{Principal: own.Principal, Method: "strategy_sessions.invite"}
		f.contacts["acme"] = []Contact{{ID: "ines"}}
		f.active(t, "acme", plans.Strategy{GapDays: 3, Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00")}})
		f.settled(t)
		_, err := f.CreateAbsence(ctx, anna, Away{Principal: "anna", StandIn: "bob", First: day("2027-03-01"), Last: day("2027-03-01")}, false)
		require.NoError(t, err)
		f.settled(t)
		require.Equal(t, "2027-03-02", f.due(t, "acme")["weekly-2027-03-02"])

		made, err := f.Plan(ctx, inviting, New{ID: "invitation", Plan: "acme", Origin: OfSession, Purpose: "Invite them", Channel: plans.Email, Due: day("2027-03-01")}, false)
		require.NoError(t, err)
		f.settled(t)
		invitation := f.all(t, "acme")["invitation"].State
		require.Equal(t, "bob", invitation.Owner, "who is away does not invite them")
		require.Equal(t, "2027-03-05", f.due(t, "acme")["weekly-2027-03-02"], "three days are between them")

		_, err = f.Skip(ctx, inviting, made.ID, "", "The session was called off.")
		require.NoError(t, err)
		f.settled(t)
		require.Equal(t, "2027-03-02", f.due(t, "acme")["weekly-2027-03-02"], "nothing is in its way")
	})
}

// What a pass itself does asks for no other.
func TestAPassAsksForNoOther(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.active(t, "acme", plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00")}})
		f.settled(t)
		f.change(t, "acme", func(p *plans.Plan) { p.Strategy.Cadences = nil })
		f.settled(t)
		require.Empty(t, f.due(t, "acme"))
		f.caughtUp(t)
		n, err := f.Pass(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
	})
}
