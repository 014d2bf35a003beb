package sessions

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// cancel calls the session off, and leaves its invitations to Run.
func (f *fixture) cancel(t testing.TB) {
	t.Helper()
	n, err := f.Cancel(t.Context(), request("cancel"), "vans", "", "Nobody can come.")
	require.NoError(t, err)
	require.Equal(t, Cancelled, n.State.State)
}

// finished runs what was left until nothing is, however long those may take who are at it.
func (f *fixture) finished(t testing.TB) []Invitation {
	t.Helper()
	require.NoError(t, f.settleAll(t.Context()))
	f.clock.later(patience)
	require.NoError(t, f.settleAll(t.Context()))
	n := f.get(t)
	require.False(t, n.State.Pending)
	return n.State.Invitations
}

// allSkipped wants nobody to be invited any more by what was planned, which is so much.
func (p *touchpoints) allSkipped(t testing.TB, planned int) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Len(t, p.planned, planned)
	for name := range p.planned {
		require.Contains(t, p.skipped, name)
	}
	require.Len(t, p.skipped, planned)
}

func TestInvitationsPlannedBeforeAnErrorAreWrittenDown(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.touchpoints.room = 1
		n := f.opened(t)
		require.NotEmpty(t, n.State.Invitations[0].Touchpoint, "who asked is told")
		require.Equal(t, n.State, f.get(t).State)
		require.True(t, n.State.Pending)
		require.Equal(t, Invitation{Account: "brook"}, n.State.Invitations[1])

		f.cancel(t)
		f.finished(t)
		f.touchpoints.allSkipped(t, 1)
	})
}

// Also where the time for it was up.
func TestInvitationsPlannedInTimeAreWrittenDown(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.touchpoints.room = 0
		n := f.opened(t)
		require.Empty(t, n.State.Invitations[0].Touchpoint)
		ctx, cancel := context.WithCancel(t.Context())
		f.touchpoints.room, f.touchpoints.before = 1, cancel
		require.Error(t, f.settleOne(ctx, n))
		require.NotEmpty(t, f.get(t).State.Invitations[0].Touchpoint)
	})
}

// Whatever becomes of whoever plans the invitations to a session, nobody is invited to it
// once it is cancelled.
func TestR11ACancelledSessionInvitesNobodyWhoeverWasAtIt(t *testing.T) {
	for name, tt := range map[string]struct {
		lose   bool // the answer to the first plan
		during bool // the session is cancelled while the first is planned
	}{
		"planned, and not written down":                         {lose: true},
		"planned too late":                                      {during: true},
		"planned too late, by somebody who died before writing": {lose: true, during: true},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, f *fixture) {
				f.touchpoints.lose = tt.lose
				if tt.during {
					f.touchpoints.before = func() { f.cancel(t) }
				}
				f.opened(t)
				planned := 1
				if !tt.lose {
					planned = 2
				}
				if !tt.during {
					f.cancel(t)
				}
				invitations := f.finished(t)
				f.touchpoints.allSkipped(t, planned)
				require.NotEmpty(t, invitations[0].Touchpoint)
				require.Equal(t, planned == 2, invitations[1].Touchpoint != "")
			})
		})
	}
}

// What was planned for a session, and not written down before it took place, is skipped; what
// was written down is left to whoever was to invite.
func TestAHeldSessionLeavesNoInvitationThatItDoesNotKnow(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.touchpoints.lose = true
		f.opened(t)
		_, err := f.Hold(t.Context(), someone, "vans", "", 0, nil, "")
		require.NoError(t, err)
		f.finished(t)
		f.touchpoints.allSkipped(t, 1)
		for _, reason := range f.touchpoints.skipped {
			require.Equal(t, "The strategy session took place on 2026-03-06.", reason)
		}
	})
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.opened(t)
		n, err := f.Hold(t.Context(), someone, "vans", "", 0, nil, "")
		require.NoError(t, err)
		require.False(t, n.State.Pending)
		require.Empty(t, f.touchpoints.skipped)
	})
}

// A name that is somebody else's is neither taken nor given up.
func TestAnInvitationWhoseNameIsTakenSaysSo(t *testing.T) {
	f := onSQLite(t)
	taken := f.touchpoints.Name(Touchpoint{Account: "acme", Session: Name("vans")})
	f.touchpoints.planned[taken] = Touchpoint{Account: "acme"}
	n := f.opened(t)
	require.Equal(t, Invitation{Account: "acme", Problem: taken + " exists already."}, n.State.Invitations[0])
	f.cancel(t)
	f.finished(t)
	require.NotContains(t, f.touchpoints.skipped, taken)
}
