package meetings

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
)

// What members are written can be entered into a calendar: under one UID, with a sequence
// that rises with each change, and cancelled where it is for them.
func TestNoticesCarryTheMeetingAsCalendarsAreToldOfIt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.boards.set(func(b *fakeBoards) { b.members = members("ash", "birch") })
		id := f.called(t).ID
		// entries returns what came since the last time, by account.
		entries := func(err error) map[string]calendar.Invitation {
			require.NoError(t, err)
			got := map[string]calendar.Invitation{}
			for _, m := range f.outbox.messages {
				require.NotNil(t, m.Entry)
				got[m.Account] = *m.Entry
			}
			f.outbox.take()
			return got
		}
		invited := func() map[string]calendar.Invitation {
			_, err := f.InviteMembers(ctx, someone, id, "", false)
			return entries(err)
		}
		first := invited()
		require.Len(t, first, 2)
		uid, sequence := first["ash"].Event.UID, first["ash"].Event.Sequence
		require.Regexp(t, `^boards/advisory/meetings/march@[a-z2-7]{16}\.evenhand$`, uid)
		require.Equal(t, "REQUEST", first["ash"].Method())
		require.Empty(t, first["ash"].Event.Private, "who answered how is none of a member's business")
		require.Equal(t, []string{"accounts/ash"}, first["ash"].Event.Accounts)

		_, err := f.RecordAnswer(ctx, someone, id, "", Reply{Account: "birch", Answer: Accepted})
		require.NoError(t, err)
		_, err = f.Update(ctx, someone, id, "", Patch{Place: ptr("Room 5")})
		placed := entries(err)
		require.Equal(t, "Room 5", placed["ash"].Event.Location)
		require.Greater(t, placed["ash"].Event.Sequence, sequence)
		require.Equal(t, calendar.Accepts, placed["birch"].Answer)
		_, err = f.Move(ctx, someone, id, "", Move{Start: local("2026-03-13 16:00"), Reason: "The room is taken."}, false)
		moved := entries(err)
		require.True(t, local("2026-03-13 16:00").Equal(moved["ash"].Event.Start))
		require.Greater(t, moved["ash"].Event.Sequence, placed["ash"].Event.Sequence)
		require.Empty(t, moved["birch"].Answer, "it is asked again")

		// Birch holds no seat any more, and takes one again.
		f.boards.set(func(b *fakeBoards) { b.members = members("ash", "cedar") })
		changed := invited()
		require.Len(t, changed, 2)
		require.True(t, changed["birch"].Uninvited)
		require.Equal(t, []string{"CANCEL", "REQUEST"}, []string{changed["birch"].Method(), changed["cedar"].Method()})
		require.Greater(t, changed["birch"].Event.Sequence, moved["birch"].Event.Sequence)
		f.boards.set(func(b *fakeBoards) { b.members = members("ash", "birch", "cedar") })
		again := invited()
		require.Equal(t, "REQUEST", again["birch"].Method())
		require.Greater(t, again["birch"].Event.Sequence, changed["birch"].Event.Sequence)

		_, err = f.Cancel(ctx, someone, id, "", Cancellation{Reason: "Flood."}, false)
		gone := entries(err)
		require.Len(t, gone, 3)
		for account, i := range gone {
			require.Equal(t, "CANCEL", i.Method(), account)
			require.False(t, i.Uninvited)
			require.Equal(t, uid, i.Event.UID)
			require.Greater(t, i.Event.Sequence, again["birch"].Event.Sequence)
		}
	})
}
