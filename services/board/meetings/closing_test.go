package meetings

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
)

// The meetings to come of a closed board are cancelled, and who was invited is told once;
// one that had begun is recorded all the same.
func TestTheMeetingsToComeOfAClosedBoardAreCancelled(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx, closed := t.Context(), local("2026-03-12 16:30")
		for id, start := range map[string]string{"begun": "2026-03-12 16:00", "invited": "2026-04-09 16:00", "planned": "2026-05-14 16:00"} {
			_, err := f.Create(ctx, someone, "advisory", id, Meeting{Start: local(start), Duration: time.Hour, Agenda: []Item{{Title: "Prices"}}}, false)
			require.NoError(t, err)
		}
		begun, invited, planned := ID("advisory", "begun"), ID("advisory", "invited"), ID("advisory", "planned")
		for _, id := range []string{begun, invited} {
			_, err := f.InviteMembers(ctx, someone, id, "", false)
			require.NoError(t, err)
		}
		f.outbox.take()
		f.clock.set(closed)
		f.boards.set(func(b *fakeBoards) { b.closed = true })
		for what, change := range map[string]func() error{
			"move": func() error {
				_, err := f.Move(ctx, someone, invited, "", Move{Start: local("2026-04-16 16:00"), Reason: "The fair.", DespiteCharter: true}, false)
				return err
			},
			"update": func() error {
				_, err := f.Update(ctx, someone, invited, "", Patch{Place: ptr("Room 5")})
				return err
			},
			"invite": func() error {
				_, err := f.InviteMembers(ctx, someone, planned, "", false)
				return err
			},
			"answer": func() error {
				_, err := f.RecordAnswer(ctx, someone, invited, "", Reply{Account: "ash", Answer: Accepted})
				return err
			},
		} {
			err := change()
			require.Error(t, err, what)
			wantReason(t, err, ReasonBoardState, "is closed")
		}
		require.Empty(t, f.outbox.take())

		f.outbox.breakDown(errors.New("full"))
		require.NoError(t, f.Dissolve(ctx, "advisory", closed, "The board was closed. Merged."))
		f.outbox.breakDown(nil)
		require.NoError(t, f.DeliverPending(ctx))
		require.NoError(t, f.Dissolve(ctx, "advisory", closed, "The board was closed. Merged."))
		require.Equal(t, []string{"cancellation ash", "cancellation birch", "cancellation cedar", "cancellation dogwood", "cancellation elm"}, f.outbox.take())
		for _, id := range []string{invited, planned} {
			m, err := f.Get(ctx, id)
			require.NoError(t, err)
			require.Equal(t, Cancelled, m.State.State)
			require.Equal(t, "The board was closed. Merged.", m.State.Reason)
		}
		m, err := f.Hold(ctx, someone, begun, "", local("2026-03-12 16:00"), nil)
		require.NoError(t, err)
		require.Equal(t, Held, m.State.State)
	})
}

// Of two cancellations at one time, each of which the charter allows, only one is made,
// also where the first process stalls right before it writes.
func TestTwoCancellationsAtOnceKeepTheCharter(t *testing.T) {
	b := &interposed{Backend: teststore.SQLite(t)}
	f := start(t, b)
	ctx := t.Context()
	f.boards.set(func(b *fakeBoards) { b.charter.Rules.Meetings.PerYear = 11 })
	_, err := f.Schedule(ctx, someone, "advisory", Plan{Years: 3}, false)
	require.NoError(t, err)
	store, err := docstore.OpenStore(ctx, b.Backend, docstore.Options{})
	require.NoError(t, err)
	another := f.open(t, store)
	var second error
	b.do = func() {
		_, second = another.Cancel(ctx, someone, ID("advisory", "2027-07-08"), "", Cancellation{Reason: "Holidays."}, false)
	}
	_, first := f.Cancel(ctx, someone, ID("advisory", "2027-06-10"), "", Cancellation{Reason: "Holidays."}, false)
	require.NoError(t, second)
	wantReason(t, first, ReasonCharter, "10 times in the twelve months")
	july, err := f.Get(ctx, ID("advisory", "2027-07-08"))
	require.NoError(t, err)
	require.Equal(t, Cancelled, july.State.State)

	_, err = f.Cancel(ctx, someone, ID("advisory", "2027-06-10"), "", Cancellation{Reason: "Holidays.", DespiteCharter: true}, false)
	require.NoError(t, err)
}
