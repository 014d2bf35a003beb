package rpc_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/rpc"
	"github.com/evenhand/evenhand/services/plans/sessions"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

// inviting is sessions that invite by real touchpoints, on 1 July 2026. Only acme has a plan.
type inviting struct {
	sessions    *sessions.Service
	touchpoints *touchpoints.Service
}

var organiser = resource.Call{Principal: "principals/sam", Method: "sessions.test"}

func openInviting(t *testing.T) *inviting {
	t.Helper()
	ctx := t.Context()
	store, err := docstore.OpenStore(ctx, teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	requests, err := resource.OpenRequests(ctx, store, func() time.Time { return noon })
	require.NoError(t, err)
	table, err := resource.OpenTable[plans.Plan](ctx, requests, plans.Kind)
	require.NoError(t, err)
	_, err = table.Create(ctx, organiser, "acme", plans.Plan{Owner: "anna", State: plans.Active}, "plan.created")
	require.NoError(t, err)
	w := &inviting{}
	w.touchpoints, err = touchpoints.Open(ctx, store, requests, touchpoints.Options{Plans: table, People: customers{}, Calendars: customers{}})
	require.NoError(t, err)
	others := &asking{}
	conn := connect(t, func(r grpc.ServiceRegistrar) {
		accountsv1.RegisterAccountsServiceServer(r, others)
		accountsv1.RegisterAccessServiceServer(r, others)
		boardv1.RegisterSolicitationsServiceServer(r, others)
		boardv1.RegisterIdeasServiceServer(r, others)
	})
	w.sessions, err = sessions.New(ctx, store, requests, sessions.Options{Directory: rpc.NewAccountsSource(conn), Board: rpc.NewBoardQuestions(conn),
		Touchpoints: rpc.InvitingTouchpoints{Touchpoints: w.touchpoints}})
	require.NoError(t, err)
	return w
}

// open makes a session that is open, and returns by what acme is invited to it.
func (w *inviting) open(t *testing.T, id string) sessions.Invitation {
	t.Helper()
	_, err := w.sessions.Create(t.Context(), organiser, id, sessions.Definition{
		Title: "Our own vans", Question: "Should we deliver with our own vans?", Leaning: "Yes.", Why: "Carriers are late.", Facts: "It costs 4% more.",
		Owner: "anna", Invited: []sessions.Invited{{Account: "acme"}, {Account: "planless"}}, Starts: noon.AddDate(0, 0, 7), Channel: plans.Visit,
		Closes: civil.Date(2026, time.July, 20), Decides: civil.Date(2026, time.July, 31),
	}, false)
	require.NoError(t, err)
	n, err := w.sessions.Open(t.Context(), organiser, id, "", false)
	require.NoError(t, err)
	require.Equal(t, "plans/planless does not exist.", n.State.Invitations[1].Problem)
	return n.State.Invitations[0]
}

// state is what became of a touchpoint.
func (w *inviting) state(t *testing.T, i sessions.Invitation) touchpoints.State {
	t.Helper()
	require.Empty(t, i.Problem)
	found, err := w.touchpoints.Get(t.Context(), touchpoints.ID("acme", i.Touchpoint[len("plans/acme/touchpoints/"):]))
	require.NoError(t, err)
	return found.State.State
}

// A session that is moved, or to which others are to come, invites anew each time, whatever
// it and others are called.
func TestAMovedSessionInvitesByAnotherTouchpoint(t *testing.T) {
	w := openInviting(t)
	seen := map[string]bool{}
	planned := func(i sessions.Invitation) {
		t.Helper()
		require.Equal(t, touchpoints.Planned, w.state(t, i))
		require.False(t, seen[i.Touchpoint], i.Touchpoint)
		seen[i.Touchpoint] = true
	}
	long := strings.Repeat("long", 15)
	for _, id := range []string{"vans", "vans-1", "vans-2", "1-vans", "2-vans", "session2-vans", long, long + "-2"} {
		last := w.open(t, id)
		planned(last)
		for _, change := range []func(*sessions.Definition){
			func(d *sessions.Definition) { d.Starts = d.Starts.AddDate(0, 0, 1) },
			func(d *sessions.Definition) {
				d.Invited = slices.Clone(d.Invited)
				d.Invited[0].Contacts = []string{"ines"}
			},
		} {
			n, err := w.sessions.Update(t.Context(), organiser, id, "", "", func(d *sessions.Definition) error {
				change(d)
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, touchpoints.Skipped, w.state(t, last))
			last = n.State.Invitations[0]
			planned(last)
		}
	}
	for name, want := range map[string]touchpoints.State{"session-vans": touchpoints.Skipped, "session2-vans": touchpoints.Skipped, "session3-vans": touchpoints.Planned} {
		found, err := w.touchpoints.Get(t.Context(), touchpoints.ID("acme", name))
		require.NoError(t, err)
		require.Equal(t, want, found.State.State)
	}
	n, err := w.sessions.Cancel(t.Context(), organiser, "vans", "", "Nobody can come.")
	require.NoError(t, err)
	require.Equal(t, touchpoints.Skipped, w.state(t, n.State.Invitations[0]))
}

// What is not there to be skipped is told: sessions go on to look for it.
func TestAnInvitationThatWasNotPlannedIsNotFound(t *testing.T) {
	w := openInviting(t)
	made := w.open(t, "vans")
	by := rpc.InvitingTouchpoints{Touchpoints: w.touchpoints}
	require.Equal(t, made.Touchpoint, by.Name(sessions.Touchpoint{Account: "acme", Session: sessions.Name("vans")}))
	other := by.Name(sessions.Touchpoint{Account: "acme", Session: sessions.Name("vans"), Number: 1})
	require.ErrorIs(t, by.Skip(t.Context(), organiser, other, "It was cancelled."), resource.ErrNotFound)
	for range 2 {
		require.NoError(t, by.Skip(t.Context(), organiser, made.Touchpoint, "It was cancelled."), "also where it has ended")
	}
}
