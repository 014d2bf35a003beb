package meetings

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
)

// dates are the local beginnings of all meetings of the board, with their states.
func (f *fixture) dates(t *testing.T) []string {
	t.Helper()
	var list []string
	var after resource.Place
	for {
		page, err := f.List(t.Context(), Query{Board: "advisory", Size: 5, After: after})
		require.NoError(t, err)
		for _, m := range page.Items {
			list = append(list, m.State.Start.In(m.State.zone().Location()).Format("2006-01-02 15:04 ")+string(m.State.State))
		}
		if after = page.Next; after == nil {
			return list
		}
	}
}

func TestSchedulingIsIdempotentAndKeepsWhatPeopleDid(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		tried, err := f.Schedule(ctx, someone, "advisory", Plan{Years: 1}, true)
		require.NoError(t, err)
		require.Len(t, tried.Created, 12)
		require.Empty(t, f.dates(t), "a check writes nothing")
		done, err := f.Schedule(ctx, someone, "advisory", Plan{Years: 1, Place: "Room 4"}, false)
		require.NoError(t, err)
		require.Len(t, done.Created, 12)
		require.Equal(t, "advisory/meetings/2026-03-12", done.Created[0].ID)
		require.Equal(t, "Room 4", done.Created[0].State.Place)
		all := f.dates(t)
		require.Equal(t, "2026-03-12 16:00 planned", all[0], "in summer time")
		require.Equal(t, "2026-11-12 16:00 planned", all[8], "and after it: the same local time")
		require.Equal(t, 35*24*time.Hour+time.Hour, done.Created[8].State.Start.Sub(done.Created[7].State.Start), "clocks go back in between")

		_, err = f.Move(ctx, someone, "advisory/meetings/2026-04-09", "", Move{Start: local("2026-05-20 10:00"), Reason: "Fair."}, false)
		require.NoError(t, err)
		_, err = f.Cancel(ctx, someone, "advisory/meetings/2026-06-11", "", Cancellation{Reason: "Holidays."}, false)
		require.NoError(t, err)
		want := f.dates(t)
		for range 2 {
			done, err = f.Schedule(ctx, someone, "advisory", Plan{Years: 1, CancelObsolete: true}, false)
			require.NoError(t, err)
			require.Equal(t, Scheduled{Existing: 12}, done)
			require.Equal(t, want, f.dates(t))
		}
		done, err = f.Schedule(ctx, someone, "advisory", Plan{Years: 2}, false)
		require.NoError(t, err)
		require.Len(t, done.Created, 12)
	})
}

func TestSchedulingUnderAnotherRecurrence(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	_, err := f.Schedule(ctx, someone, "advisory", Plan{Years: 1}, false)
	require.NoError(t, err)
	_, err = f.InviteMembers(ctx, someone, "advisory/meetings/2026-03-12", "", false)
	require.NoError(t, err)
	_, err = f.Move(ctx, someone, "advisory/meetings/2026-05-14", "", Move{Start: local("2026-05-15 09:00"), Reason: "Fair."}, false)
	require.NoError(t, err)

	// The same days at another hour: what nobody touched goes along.
	f.boards.set(func(b *fakeBoards) { b.charter.Rules.Meetings.When = monthly("17:30", time.Hour) })
	tried, err := f.Schedule(ctx, someone, "advisory", Plan{Years: 1}, true)
	require.NoError(t, err)
	done, err := f.Schedule(ctx, someone, "advisory", Plan{Years: 1}, false)
	require.NoError(t, err)
	require.Len(t, done.Retimed, 10)
	require.Len(t, tried.Retimed, 10)
	require.Equal(t, []string{"advisory/meetings/2026-03-12"}, done.Outdated, "it was invited to")
	require.Equal(t, 1, done.Retimed[0].State.Sequence)
	dates := f.dates(t)
	require.Equal(t, []string{"2026-03-12 16:00 invited", "2026-04-09 17:30 planned", "2026-05-15 09:00 planned"}, dates[:3])

	// Other days: the old ones are named, and cancelled where that is asked for.
	f.boards.set(func(b *fakeBoards) {
		b.charter.Rules.Meetings.When = recurrence("FREQ=MONTHLY;BYMONTHDAY=-1", "16:00", 0)
	})
	done, err = f.Schedule(ctx, someone, "advisory", Plan{Years: 1}, false)
	require.NoError(t, err)
	require.Len(t, done.Created, 12)
	require.Equal(t, 2*time.Hour, done.Created[0].State.Duration, "the recurrence does not say, nor does the call")
	require.Len(t, done.Obsolete, 10, "neither the one invited to nor the one moved")
	require.Len(t, f.dates(t), 24)
	done, err = f.Schedule(ctx, someone, "advisory", Plan{Years: 1, CancelObsolete: true, Duration: time.Hour}, false)
	require.NoError(t, err)
	require.Equal(t, 12, done.Existing)
	require.Empty(t, done.Retimed)
	for _, id := range done.Obsolete {
		m, err := f.Get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, Cancelled, m.State.State)
		require.Contains(t, m.State.Reason, "does not foresee")
	}
	cancelled := done.Obsolete
	done, err = f.Schedule(ctx, someone, "advisory", Plan{Years: 1, CancelObsolete: true}, false)
	require.NoError(t, err)
	require.Empty(t, done.Obsolete)

	// The days that were before: what scheduling cancelled is back, and what a person did not.
	byHand := done.Existing
	_, err = f.Cancel(ctx, someone, "advisory/meetings/2026-05-14", "", Cancellation{Reason: "Fair."}, false)
	require.NoError(t, err)
	f.boards.set(func(b *fakeBoards) { b.charter.Rules.Meetings.When = monthly("18:00", time.Hour) })
	tried, err = f.Schedule(ctx, someone, "advisory", Plan{Years: 1}, true)
	require.NoError(t, err)
	require.Len(t, tried.Restored, len(cancelled))
	done, err = f.Schedule(ctx, someone, "advisory", Plan{Years: 1, CancelObsolete: true}, false)
	require.NoError(t, err)
	require.Equal(t, byHand, done.Existing)
	require.Len(t, done.Restored, len(cancelled))
	first, err := f.Get(ctx, cancelled[0])
	require.NoError(t, err)
	require.Equal(t, first, done.Restored[0])
	require.Equal(t, Planned, first.State.State)
	require.Equal(t, 3, first.State.Sequence, "it was retimed, cancelled and restored")
	require.Empty(t, first.State.Reason)
	require.True(t, local("2026-04-09 18:00").Equal(first.State.Start))
	hand, err := f.Get(ctx, "advisory/meetings/2026-05-14")
	require.NoError(t, err)
	require.Equal(t, Cancelled, hand.State.State)
	done, err = f.Schedule(ctx, someone, "advisory", Plan{Years: 1}, false)
	require.NoError(t, err)
	require.Empty(t, done.Restored)
}

func TestSchedulingIsRefused(t *testing.T) {
	f := onSQLite(t)
	for _, c := range []struct {
		board  string
		plan   Plan
		set    func(*fakeBoards)
		reason string
		text   string
	}{
		{"nowhere", Plan{Years: 1}, nil, "NOT_FOUND", "boards/nowhere"},
		{"closed", Plan{Years: 1}, nil, ReasonBoardState, "boards/closed is closed"},
		{"advisory", Plan{}, nil, "INVALID_ARGUMENT", "from 1 to 20"},
		{"advisory", Plan{Years: 21}, nil, "INVALID_ARGUMENT", "from 1 to 20"},
		{"advisory", Plan{Years: 1, Link: "javascript:alert(1)"}, nil, "INVALID_ARGUMENT", "http or https"},
		{"advisory", Plan{Years: 1, Duration: time.Second}, nil, "INVALID_ARGUMENT", "whole minutes"},
		{"advisory", Plan{Years: 20}, func(b *fakeBoards) { b.charter.Rules.Meetings.When = recurrence("FREQ=DAILY", "09:00", time.Hour) }, "INVALID_ARGUMENT", "at most 1000"},
		{"advisory", Plan{Years: 1}, func(b *fakeBoards) { b.charter.Rules.Meetings.When = nil }, ReasonNoCharter, "no meeting recurrence"},
		{"advisory", Plan{Years: 1}, func(b *fakeBoards) { b.noCharter = true }, ReasonNoCharter, "no charter"},
	} {
		if c.set != nil {
			f.boards.set(c.set)
		}
		_, err := f.Schedule(t.Context(), someone, c.board, c.plan, false)
		wantReason(t, err, c.reason, c.text)
	}
	require.Empty(t, f.dates(t))
}

func TestTwoScheduleAtOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		created := make(chan int, 4)
		for range cap(created) {
			go func() {
				done, err := f.Schedule(t.Context(), someone, "advisory", Plan{Years: 1}, false)
				if err != nil {
					t.Error(err)
				}
				created <- len(done.Created)
			}()
		}
		sum := 0
		for range cap(created) {
			sum += <-created
		}
		require.Equal(t, 12, sum)
		require.Len(t, f.dates(t), 12)
	})
}

func TestTheCharterIsAskedBeforeAMeetingIsMovedOrCancelled(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.boards.set(func(b *fakeBoards) { b.charter.Rules.Meetings.PerYear, b.charter.Rules.Meetings.NoticeDays = 12, 14 })
	_, err := f.Schedule(ctx, someone, "advisory", Plan{Years: 3}, false)
	require.NoError(t, err)
	march, june := "advisory/meetings/2026-03-12", "advisory/meetings/2027-06-10"

	_, err = f.Move(ctx, someone, march, "", Move{Start: local("2026-03-20 16:00"), Reason: "Ill."}, true)
	wantReason(t, err, ReasonCharter, "the charter has 14 days")
	_, err = f.Cancel(ctx, someone, june, "", Cancellation{Reason: "Fair."}, false)
	wantReason(t, err, ReasonCharter, "at least 12 meetings a year")
	_, err = f.Move(ctx, someone, june, "", Move{Start: local("2027-06-17 16:00"), Reason: "Fair."}, true)
	require.NoError(t, err, "a week later breaks nothing")
	m, err := f.Get(ctx, june)
	require.NoError(t, err)
	require.Equal(t, Planned, m.State.State, "nothing was written so far")
	require.False(t, m.State.Moved)

	m, err = f.Cancel(ctx, someone, june, "", Cancellation{Reason: "Flood.", DespiteCharter: true}, false)
	require.NoError(t, err)
	require.Equal(t, Cancelled, m.State.State)
	_, err = f.Move(ctx, someone, "advisory/meetings/2027-10-14", "", Move{Start: local("2027-10-15 16:00"), Reason: "Snow."}, false)
	require.NoError(t, err, "what is broken already is not held against another change")
	f.boards.set(func(b *fakeBoards) { b.noCharter = true })
	_, err = f.Cancel(ctx, someone, march, "", Cancellation{Reason: "No charter."}, false)
	require.NoError(t, err)
}
