package meetings

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEverybodyIsToldOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.boards.set(func(b *fakeBoards) { b.members = members("ash", "birch") })
		id := f.called(t).ID
		_, err := f.InviteMembers(ctx, someone, id, "", true)
		require.NoError(t, err)
		require.Empty(t, f.outbox.take(), "a check sends nothing")
		m, err := f.InviteMembers(ctx, call("i", "x"), id, "", false)
		require.NoError(t, err)
		require.False(t, m.State.Unsent)
		require.Equal(t, f.clock.now(), m.State.Invitations[0].Notices[0].Sent)
		require.Equal(t, []string{"invitation ash", "invitation birch"}, f.outbox.take())
		for _, c := range []string{"", "i"} {
			_, err = f.InviteMembers(ctx, call(c, "x"), id, "", false)
			require.NoError(t, err)
			require.Empty(t, f.outbox.take())
		}

		// A new member is invited, and one who is none any more is told.
		f.boards.set(func(b *fakeBoards) { b.members = members("birch", "cedar") })
		m, err = f.InviteMembers(ctx, someone, id, "", false)
		require.NoError(t, err)
		require.Equal(t, []string{"cancellation ash", "invitation cedar"}, f.outbox.take())
		require.True(t, m.State.Invitations[0].Withdrawn)
		_, err = f.RecordAnswer(ctx, someone, id, "", Reply{Account: "ash", Answer: Accepted})
		wantReason(t, err, "INVALID_ARGUMENT", "accounts/ash is not invited")
		f.boards.set(func(b *fakeBoards) { b.members = members("ash", "birch", "cedar") })
		_, err = f.InviteMembers(ctx, someone, id, "", false)
		require.NoError(t, err)
		require.Equal(t, []string{"invitation ash"}, f.outbox.take())

		// A move tells all who are invited and asks again; the rest only tells.
		_, err = f.RecordAnswer(ctx, someone, id, "", Reply{Account: "birch", Answer: Declined, Comment: "Away."})
		require.NoError(t, err)
		m, err = f.Move(ctx, someone, id, "", Move{Start: local("2026-03-13 16:00"), Reason: "The room is taken."}, false)
		require.NoError(t, err)
		require.Equal(t, []string{"change ash", "change birch", "change cedar"}, f.outbox.take())
		require.Equal(t, 1, m.State.Sequence)
		require.Equal(t, Answer(""), m.State.Invitations[1].Answer)
		m, err = f.Update(ctx, someone, id, "", Patch{Place: ptr("Room 5")})
		require.NoError(t, err)
		require.Equal(t, []string{"change ash", "change birch", "change cedar"}, f.outbox.take())
		require.Equal(t, 2, m.State.Sequence)
		_, err = f.Cancel(ctx, someone, id, "", Cancellation{Reason: "Flood."}, false)
		require.NoError(t, err)
		require.Equal(t, []string{"cancellation ash", "cancellation birch", "cancellation cedar"}, f.outbox.take())
		require.NoError(t, f.DeliverPending(ctx))
		require.Empty(t, f.outbox.take())
		require.Zero(t, f.outbox.repeated)
	})
}

func TestWhatCouldNotBeHandedOverIsLater(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.boards.set(func(b *fakeBoards) { b.members = members("ash") })
		id := f.called(t).ID
		f.outbox.breakDown(errors.New("the outbox is full"))
		m, err := f.InviteMembers(ctx, someone, id, "", false)
		require.NoError(t, err, "the members are invited all the same")
		require.True(t, m.State.Unsent)
		require.ErrorContains(t, f.DeliverPending(ctx), "the outbox is full")
		_, err = f.Move(ctx, someone, id, "", Move{Start: local("2026-03-13 16:00"), Reason: "The room is taken."}, false)
		require.NoError(t, err)
		f.outbox.breakDown(nil)
		require.NoError(t, f.DeliverPending(ctx))
		require.Len(t, f.outbox.messages, 1)
		require.Equal(t, "Invitation: Spring meeting, Friday 13 March 2026, 16:00 to 18:00 (America/New_York)", f.outbox.messages[0].Subject,
			"an invitation to the meeting as it is now, and no change besides")
		m, err = f.Get(ctx, id)
		require.NoError(t, err)
		require.False(t, m.State.Unsent)

		// The process dies when the message is in the outbox, before the meeting says so.
		stored, err := f.table.Update(ctx, someone, id, nil, "test", func(m *Meeting) error {
			m.Sequence++
			m.notifyAll(Change)
			return nil
		})
		require.NoError(t, err)
		i := stored.State.Invitations[0]
		board, err := f.boards.Board(ctx, "advisory")
		require.NoError(t, err)
		require.NoError(t, f.outbox.Put(ctx, message(id, stored.State, board, i, nil)))
		require.NoError(t, f.DeliverPending(ctx))
		require.Equal(t, 1, f.outbox.repeated, "the outbox knows its id")
		require.Equal(t, []string{"change ash", "invitation ash"}, f.outbox.take())
	})
}

// What was handed over under an id before a crash is not taken for what came instead.
func TestANoticeThatGaveWayIsNotTakenForTheNext(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.boards.set(func(b *fakeBoards) { b.members = members("ash", "birch") })
	id := f.called(t).ID
	board, err := f.boards.Board(ctx, "advisory")
	require.NoError(t, err)
	// crash puts the pending notices of ash into the outbox, and dies before the meeting says so.
	crash := func() {
		m, err := f.Get(ctx, id)
		require.NoError(t, err)
		require.NoError(t, f.outbox.Put(ctx, message(id, m.State, board, m.State.Invitations[0], nil)))
	}
	invite := func(accounts ...string) {
		_, err := f.table.Update(ctx, someone, id, nil, "test", func(m *Meeting) error {
			m.State = Invited
			m.invite(members(accounts...))
			return nil
		})
		require.NoError(t, err)
	}
	invite("ash", "birch")
	crash()
	invite("birch")
	crash()
	invite("ash", "birch")
	require.NoError(t, f.DeliverPending(ctx))
	require.Equal(t, []string{"cancellation ash", "invitation ash", "invitation ash", "invitation birch"}, f.outbox.take())
	require.Zero(t, f.outbox.repeated)
}

// Nobody is written to about what the message does not show.
func TestOnlyWhatDiffersIsTold(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.boards.set(func(b *fakeBoards) { b.members = members("ash") })
	id := f.called(t).ID
	m, err := f.InviteMembers(ctx, someone, id, "", false)
	require.NoError(t, err)
	f.outbox.take()
	items := slices.Clone(m.State.Agenda)
	items[0].Presenter, items[1].Concerns = "Jo", nil
	m, err = f.Update(ctx, someone, id, "", Patch{Title: ptr("Spring meeting"), Agenda: &items})
	require.NoError(t, err)
	require.Equal(t, "Jo", m.State.Agenda[0].Presenter)
	require.Zero(t, m.State.Sequence)
	require.Empty(t, f.outbox.take())
	items = slices.Clone(items)
	items[0].Title = "Good morning"
	m, err = f.Update(ctx, someone, id, "", Patch{Agenda: &items})
	require.NoError(t, err)
	require.Equal(t, 1, m.State.Sequence)
	require.Equal(t, []string{"change ash"}, f.outbox.take())
}

func TestAMessageSaysWhatAMemberHasToKnow(t *testing.T) {
	f := onSQLite(t)
	f.boards.set(func(b *fakeBoards) { b.members = members("ash") })
	id := f.called(t).ID
	_, err := f.InviteMembers(t.Context(), someone, id, "", false)
	require.NoError(t, err)
	m := f.outbox.messages[0]
	require.Equal(t, "boards/advisory/meetings/march", strings.Split(m.Entry.Event.UID, "@")[0])
	m.Entry = nil
	require.Equal(t, Message{ID: "advisory.march.ash.1", Kind: "meeting-invitation", About: "boards/advisory/meetings/march", Account: "ash", Contact: "jo",
		Subject: "Invitation: Spring meeting, Thursday 12 March 2026, 16:00 to 18:00 (America/New_York)",
		Body: `You are invited to a meeting of the board Customer Advisory Board.

What:    Spring meeting
When:    Thursday 12 March 2026, 16:00 to 18:00 (America/New_York)
Where:   Room 4

Agenda
  1. Welcome (information)
  2. How prices are told (decision)
  3. Plans (discussion)
     Paper: https://papers.example/1
`}, m)
}

func TestInvitingAndAnsweringIsRefused(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	id := f.called(t).ID
	_, err := f.RecordAnswer(ctx, someone, id, "", Reply{Account: "ash", Answer: Accepted})
	wantReason(t, err, ReasonMeetingState, "only while it is invited")
	f.boards.set(func(b *fakeBoards) { b.members = nil })
	_, err = f.InviteMembers(ctx, someone, id, "", false)
	wantReason(t, err, ReasonNoMembers, "no member on 12 March 2026")
	f.boards.set(func(b *fakeBoards) { b.members = members("ash") })
	_, err = f.InviteMembers(ctx, someone, id, "stale", false)
	wantReason(t, err, "STALE_ETAG", "march")
	_, err = f.InviteMembers(ctx, someone, "advisory/meetings/none", "", false)
	wantReason(t, err, "NOT_FOUND", "none")
	_, err = f.InviteMembers(ctx, someone, id, "", false)
	require.NoError(t, err)
	_, err = f.RecordAnswer(ctx, someone, id, "", Reply{Account: "birch", Answer: Accepted})
	wantReason(t, err, "INVALID_ARGUMENT", "not invited")

	_, err = f.RecordAnswer(ctx, someone, id, "", Reply{Account: "ash", Answer: Accepted, Contact: "kim"})
	wantReason(t, err, ReasonSubstitute, "represented by its contact jo")
	m, err := f.RecordAnswer(ctx, someone, id, "", Reply{Account: "ash", Answer: Declined, Contact: "kim"})
	require.NoError(t, err, "anybody there may decline")
	require.Equal(t, "kim", m.State.Invitations[0].By)
	f.boards.set(func(b *fakeBoards) { b.charter.Rules.Meetings.Substitutes = true })
	_, err = f.RecordAnswer(ctx, someone, id, "", Reply{Account: "ash", Answer: Accepted, Contact: "kim"})
	require.NoError(t, err)

	f.clock.set(local("2026-03-12 16:00"))
	_, err = f.InviteMembers(ctx, someone, id, "", false)
	wantReason(t, err, ReasonMeetingState, "move it first")
}

func TestRunDeliversAndEnds(t *testing.T) {
	f := onSQLite(t)
	f.boards.set(func(b *fakeBoards) { b.members = members("ash") })
	id := f.called(t).ID
	f.outbox.breakDown(errors.New("the outbox is full"))
	_, err := f.InviteMembers(t.Context(), someone, id, "", false)
	require.NoError(t, err)
	f.outbox.breakDown(nil)
	ctx, stop := contextUntil(t, func() bool {
		m, err := f.Get(t.Context(), id)
		return err == nil && !m.State.Unsent
	})
	defer stop()
	require.ErrorIs(t, f.Run(ctx), errSeen)
	require.Equal(t, []string{"invitation ash"}, f.outbox.take())
}

var errSeen = errors.New("what was waited for was seen")

// contextUntil returns a context that ends, because of errSeen, when a condition is
// fulfilled.
func contextUntil(t *testing.T, seen func() bool) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil && !seen() {
			time.Sleep(time.Millisecond)
		}
		cancel(errSeen)
	}()
	return ctx, func() { cancel(nil); <-ended }
}
