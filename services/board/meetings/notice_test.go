package meetings

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// A charter with two weeks' notice, on 1 March 2026, 09:00 in New York.
func TestAMeetingIsCalledInTimeOrSaysWhyNot(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.boards.set(func(b *fakeBoards) {
		b.members = members("ash")
		b.charter.Rules.Meetings.NoticeDays = 14
	})
	meeting := func(start, reason string) Meeting {
		return Meeting{Start: local(start), Duration: time.Hour, ShortNotice: reason}
	}

	for _, check := range []bool{true, false} {
		_, err := f.Create(ctx, someone, "advisory", "soon", meeting("2026-03-14 23:59", ""), check)
		wantReason(t, err, ReasonShortNotice, "call it for 2026-03-15 or later")
		var told *fault.Error
		require.ErrorAs(t, err, &told)
		require.Equal(t, "2026-03-15", told.Metadata["earliest_date"])
		require.Equal(t, fault.FailedPrecondition, told.Kind)
		_, err = f.Get(ctx, ID("advisory", "soon"))
		wantReason(t, err, "NOT_FOUND", "soon")
	}
	abroad := meeting("2026-03-14 20:00", "")
	abroad.Zone = "Asia/Tokyo"
	_, err := f.Create(ctx, someone, "advisory", "abroad", abroad, true)
	require.NoError(t, err, "the days are those of the meeting's own zone, where it is the 15th, and the 1st today")

	in := call("11111111-1111-4111-8111-111111111111", "in time")
	first, err := f.Create(ctx, in, "advisory", "in-time", meeting("2026-03-15 00:00", ""), false)
	require.NoError(t, err)
	f.clock.set(local("2026-03-02 09:00"))
	again, err := f.Create(ctx, in, "advisory", "in-time", meeting("2026-03-15 00:00", ""), false)
	require.NoError(t, err, "a retry on the next day is answered as the first call was")
	require.Equal(t, first.Etag(), again.Etag())

	m, err := f.Create(ctx, someone, "advisory", "recall", meeting("2026-03-05 16:00", "The recall is announced on the 6th."), false)
	require.NoError(t, err)
	m, err = f.InviteMembers(ctx, someone, m.ID, "", false)
	require.NoError(t, err)
	require.Equal(t, "The recall is announced on the 6th.", m.State.ShortNotice)
	require.Contains(t, f.outbox.messages[0].Body, "\nCalled at short notice: The recall is announced on the 6th.\n")

	// Calling it in time and moving it forward is no way around.
	to := Move{Start: local("2026-03-10 16:00"), Reason: "Sooner."}
	_, err = f.Create(ctx, someone, "advisory", "far", meeting("2026-05-01 16:00", ""), false)
	require.NoError(t, err)
	_, err = f.Move(ctx, someone, ID("advisory", "far"), "", to, false)
	wantReason(t, err, ReasonCharter, "a meeting on 2026-03-10 would be announced 8 days ahead, and the charter has 14")
	to.DespiteCharter = true
	_, err = f.Move(ctx, someone, ID("advisory", "far"), "", to, false)
	require.NoError(t, err)
	_, err = f.Move(ctx, someone, m.ID, "", Move{Start: local("2026-04-20 16:00"), Reason: "Later.", DespiteCharter: true}, false)
	require.NoError(t, err)
	last := f.outbox.messages[len(f.outbox.messages)-1]
	require.Contains(t, last.Body, "Why:     Later.")
	require.NotContains(t, last.Body, "short notice", "its notice is another since it was moved")
}

func TestNoNoticeIsAskedWhereTheCharterHasNone(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Create(t.Context(), someone, "advisory", "none", Meeting{Start: local("2026-02-27 16:00"), Duration: time.Hour}, false)
	require.NoError(t, err, "one that is over, to be recorded")
	f.boards.set(func(b *fakeBoards) { b.noCharter = true })
	_, err = f.Create(t.Context(), someone, "advisory", "no-charter", Meeting{Start: local("2026-03-01 16:00"), Duration: time.Hour}, false)
	require.NoError(t, err)
}
