package board

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/charter"
)

// seated makes a board of six whose terms run from 2026 on: two end in 2027, two in 2028
// and two in 2029.
func (f *fixture) seated(t testing.TB) string {
	t.Helper()
	board := f.ready(t)
	f.rotate(t, board, "2026-03-10", "abc")
	f.clock.set("2026-03-20T12:00:00Z")
	return board
}

// ends counts the planned ends of a board's terms that did not end early, by day.
func (f *fixture) ends(t testing.TB, board string) map[string]int {
	t.Helper()
	terms, err := f.Terms.Terms(t.Context(), board)
	require.NoError(t, err)
	count := map[string]int{}
	for _, term := range terms {
		if term.Ended == nil {
			count[term.End.String()]++
		}
	}
	return count
}

func TestR12MovingARotationMovesTheTermsThatEndWithIt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		board, ctx := f.seated(t), t.Context()
		require.Equal(t, map[string]int{"2027-03-09": 2, "2028-03-14": 2, "2029-03-13": 2}, f.ends(t, board))
		_, effect, err := f.Rotations.Move(ctx, someone, board, "2027-03-09", "", day(t, "2027-03-16"), "The trade fair.", true)
		require.NoError(t, err)
		require.Len(t, effect.Ends, 2)
		require.Equal(t, 2, f.ends(t, board)["2027-03-09"], "only checked")

		before, err := f.Rotations.Get(ctx, board, "2027-03-09")
		require.NoError(t, err)
		call := request("3f1b9a52-5d0c-4c52-8a3c-0d4b7f1f2a01", "move")
		moved, effect, err := f.Rotations.Move(ctx, call, board, "2027-03-09", before.Etag(), day(t, "2027-03-16"), "The trade fair.", false)
		require.NoError(t, err)
		require.Equal(t, day(t, "2027-03-16"), moved.State.Day)
		require.Equal(t, day(t, "2027-03-09"), moved.State.Planned)
		require.Equal(t, "2027-03-16T14:00:00Z", moved.State.Start.Format("2006-01-02T15:04:05Z"), "10:00 in New York")
		require.Equal(t, map[string]int{"2027-03-16": 2, "2028-03-14": 2, "2029-03-13": 2}, f.ends(t, board))
		again, repeated, err := f.Rotations.Move(ctx, call, board, "2027-03-09", before.Etag(), day(t, "2027-03-16"), "The trade fair.", false)
		require.NoError(t, err)
		require.Equal(t, moved, again)
		require.Equal(t, effect, repeated)

		_, _, err = f.Rotations.Move(ctx, someone, board, "2027-03-09", before.Etag(), day(t, "2027-03-17"), "Again.", false)
		require.True(t, isStale(err), "%v", err)
		_, _, err = f.Rotations.Move(ctx, someone, board, "2027-03-09", "", day(t, "2027-02-16"), "Again.", false)
		require.ErrorIs(t, err, ErrCharterBroken, "members would leave before the day they were promised")
		_, _, err = f.Rotations.Move(ctx, someone, board, "2027-03-09", "", day(t, "2028-03-14"), "Again.", false)
		require.ErrorIs(t, err, ErrRotationState)
	})
}

func TestR12ARotationMovesTheTermsToCome(t *testing.T) {
	f := onSQLite(t)
	board := f.ready(t)
	f.rotate(t, board, "2026-03-10", "abc") // its terms begin in four days
	_, effect, err := f.Rotations.Move(t.Context(), someone, board, "2027-03-09", "", day(t, "2027-03-16"), "The trade fair.", false)
	require.NoError(t, err)
	require.Len(t, effect.Ends, 2)
	require.Equal(t, map[string]int{"2027-03-16": 2, "2028-03-14": 2, "2029-03-13": 2}, f.ends(t, board))
	_, effect, err = f.Rotations.Skip(t.Context(), someone, board, "2027-03-09", "", "Nobody has time.", false)
	require.NoError(t, err)
	require.Len(t, effect.Ends, 2)
	require.Equal(t, map[string]int{"2028-03-14": 4, "2029-03-13": 2}, f.ends(t, board))
}

func TestR12SkippingARotationMovesTermsToTheNext(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	skipped, effect, err := f.Rotations.Skip(ctx, someone, board, "2027-03-09", "", "Nobody has time.", false)
	require.NoError(t, err)
	require.Equal(t, Skipped, skipped.State.State)
	require.Len(t, effect.Ends, 2)
	require.Equal(t, charter.RuleStagger, effect.Tolerated[0].Rule)
	require.Equal(t, map[string]int{"2028-03-14": 4, "2029-03-13": 2}, f.ends(t, board))
	_, _, err = f.Rotations.Skip(ctx, someone, board, "2029-03-13", "", "Again.", false)
	require.ErrorIs(t, err, ErrCharterBroken, "terms would be longer than the charter has them")
	require.ErrorContains(t, err, "one term")

	// Four seats come free in 2028, and are spread again.
	f.clock.set("2028-03-01T12:00:00Z")
	next := f.rotate(t, board, "2028-03-14", "def")
	count := map[string]int{}
	for _, open := range next.Seats {
		count[open.End.String()]++
	}
	require.Equal(t, map[string]int{"2031-03-11": 2, "2030-03-12": 2}, count)
}

func TestR12TwoMembersExchangeTheEndsOfTheirTerms(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		board, ctx := f.seated(t), t.Context()
		members, err := f.Terms.Members(ctx, board, day(t, "2026-03-20"))
		require.NoError(t, err)
		var early, late Term
		for _, m := range members {
			if m.End == day(t, "2028-03-14") {
				early = m
			}
			if m.End == day(t, "2029-03-13") {
				late = m
			}
		}
		_, _, err = f.Rotations.Swap(ctx, someone, board, early.ID, "nobody", "They agreed.", false)
		require.ErrorContains(t, err, "terms/nobody")
		_, _, err = f.Rotations.Swap(ctx, someone, board, early.ID, early.ID, "They agreed.", false)
		require.ErrorContains(t, err, "is the first")
		for _, m := range members {
			if m.End == early.End && m.ID != early.ID {
				_, _, err = f.Rotations.Swap(ctx, someone, board, early.ID, m.ID, "They agreed.", false)
				require.ErrorIs(t, err, ErrTermState)
				require.ErrorContains(t, err, "there is nothing to exchange")
			}
		}
		checked, effect, err := f.Rotations.Swap(ctx, someone, board, early.ID, late.ID, "They agreed.", true)
		require.NoError(t, err)
		after, err := f.Terms.Members(ctx, board, day(t, "2026-03-20"))
		require.NoError(t, err)
		require.Equal(t, members, after, "it was checked only")
		require.Len(t, checked, 2)
		require.Equal(t, charter.RuleRunningTerm, effect.Tolerated[0].Rule)
		call := request("3f1b9a52-5d0c-4c52-8a3c-0d4b7f1f2a05", "swap")
		swapped, effect, err := f.Rotations.Swap(ctx, call, board, early.ID, late.ID, "They agreed.", false)
		require.NoError(t, err)
		again, repeated, err := f.Rotations.Swap(ctx, call, board, early.ID, late.ID, "They agreed.", false)
		require.NoError(t, err)
		require.Equal(t, swapped, again)
		require.Equal(t, effect, repeated)
		require.Equal(t, map[string]int{"2027-03-09": 2, "2028-03-14": 2, "2029-03-13": 2}, f.ends(t, board))
		for id, end := range map[string]Term{early.ID: late, late.ID: early} {
			term, err := f.Terms.Term(ctx, board, id)
			require.NoError(t, err)
			require.Equal(t, end.End, term.End)
			require.Equal(t, "They agreed.", term.MoveReason)
		}
	})
}

func TestCancellingARotationToComeMovesTermsAsSkippingDoes(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	_, err := f.Rotations.Cancel(ctx, someone, board, "2029-03-13", "", "No.")
	require.ErrorIs(t, err, ErrCharterBroken)
	_, err = f.Rotations.Open(ctx, someone, board, "2027-03-09", "")
	require.NoError(t, err)
	frozen, err := f.Rotations.Freeze(ctx, someone, board, "2027-03-09", "", nil)
	require.NoError(t, err)
	call := request("3f1b9a52-5d0c-4c52-8a3c-0d4b7f1f2a02", "cancel")
	cancelled, err := f.Rotations.Cancel(ctx, call, board, "2027-03-09", frozen.Etag(), "No.")
	require.NoError(t, err)
	require.Equal(t, Cancelled, cancelled.State.State)
	require.Nil(t, cancelled.State.Pool)
	require.Equal(t, map[string]int{"2028-03-14": 4, "2029-03-13": 2}, f.ends(t, board))
	again, err := f.Rotations.Cancel(ctx, call, board, "2027-03-09", frozen.Etag(), "No.")
	require.NoError(t, err)
	require.Equal(t, cancelled, again)

	f.clock.set("2028-03-20T12:00:00Z") // that of 2028 was forgotten
	_, err = f.Rotations.Cancel(ctx, someone, board, "2028-03-14", "", "Forgotten.")
	require.NoError(t, err, "nobody stays for it any more")
}

func TestRotationsThatFillVacanciesMoveToAFreeDayToCome(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	members, err := f.Terms.Members(ctx, board, day(t, "2026-03-20"))
	require.NoError(t, err)
	_, err = f.Terms.End(ctx, someone, board, members[0].ID, "", Resigned, day(t, "2026-06-01"), "Moved away.")
	require.NoError(t, err)
	_, err = f.Rotations.PlanVacancy(ctx, someone, board, day(t, "2026-03-19"), "Somebody left.")
	require.ErrorContains(t, err, "2026-03-19 is past")
	for _, on := range []string{"2026-07-01", "2026-08-01"} {
		_, err = f.Rotations.PlanVacancy(ctx, someone, board, day(t, on), "Somebody left.")
		require.NoError(t, err)
	}
	move := func(rotation, to string) error {
		_, _, err := f.Rotations.Move(ctx, someone, board, rotation, "", day(t, to), "Busy.", false)
		return err
	}
	require.ErrorIs(t, move("vacancy-2026-07-01", "2026-03-20"), ErrRotationState, "today")
	require.ErrorIs(t, move("vacancy-2026-07-01", "2027-03-09"), ErrRotationState, "the regular one is there")
	require.ErrorIs(t, move("vacancy-2026-07-01", "2026-08-01"), ErrRotationState, "another is there")
	require.ErrorIs(t, move("2027-03-09", "2026-08-01"), ErrRotationState, "the regular one neither")
	require.NoError(t, move("vacancy-2026-07-01", "2026-07-02"))
	_, err = f.Rotations.Cancel(ctx, someone, board, "vacancy-2026-08-01", "", "One is enough.")
	require.NoError(t, err)
	require.NoError(t, move("vacancy-2026-07-01", "2026-08-01"), "a cancelled one is not in the way")
	moved, err := f.Rotations.Get(ctx, board, "vacancy-2026-07-01")
	require.NoError(t, err)
	require.Equal(t, day(t, "2026-08-01"), moved.State.Day)
}

func TestAStaleEtagTouchesNothing(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	opened, err := f.Rotations.Open(ctx, someone, board, "2027-03-09", "")
	require.NoError(t, err)
	_, err = f.Rotations.Freeze(ctx, someone, board, "2027-03-09", "stale", nil)
	require.True(t, isStale(err), "%v", err)
	roster, err := f.Terms.get(ctx, board)
	require.NoError(t, err)
	require.Empty(t, roster.UnderWay)

	// A process died after it noted that this rotation is under way.
	_, err = f.Terms.update(ctx, someone, board, rotationTaken, func(s *Roster) error { s.UnderWay = "2027-03-09"; return nil })
	require.NoError(t, err)
	_, _, err = f.Rotations.Move(ctx, someone, board, "2027-03-09", "stale", day(t, "2027-03-16"), "Busy.", false)
	require.True(t, isStale(err), "%v", err)
	_, _, err = f.Rotations.Move(ctx, someone, board, "2027-03-09", opened.Etag(), day(t, "2027-03-16"), "Busy.", false)
	require.NoError(t, err, "the rotation is as the caller read it")
}

// A process dies at every write of a change of the schedule, before or after it. The retry
// is answered as the call would have been, and terms and rotation agree.
func TestACrashAtAnyWriteOfAMove(t *testing.T) {
	template := crashTemplate(t)
	change := func(s *Service, n int) (Rotation, *charter.Effect, error) {
		call := request(fmt.Sprintf("3f1b9a52-5d0c-4c52-8a3c-0d4b7f1f2b%02d", n), "change")
		if n == 0 {
			r, e, err := s.Rotations.Move(t.Context(), call, "a", "2027-03-09", "", day(t, "2027-03-16"), "Fair.", false)
			return r.State, e, err
		}
		r, e, err := s.Rotations.Skip(t.Context(), call, "a", "2027-03-09", "", "Fair.", false)
		return r.State, e, err
	}
	for n, end := range []string{"2027-03-16", "2028-03-14"} {
		l := reopen(t, template)
		l.live(t, &mortal{left: -1}) // three terms, one of which ends in 2027
		whole := &mortal{left: -1}
		s := l.process(t, whole)
		whole.arm()
		_, want, err := change(s, n)
		require.NoError(t, err)
		require.Len(t, want.Ends, 1)
		require.GreaterOrEqual(t, whole.writes, 3)
		for at := range whole.writes {
			for _, after := range []bool{false, true} {
				l := reopen(t, template)
				l.live(t, &mortal{left: -1})
				dies := &mortal{left: at, after: after}
				s := l.process(t, dies)
				dies.arm()
				_, _, err := change(s, n)
				require.ErrorIs(t, err, errDied)
				next := l.process(t, &mortal{left: -1})
				if after {
					require.NoError(t, next.Due(t.Context())) // finds the note before the retry comes
				}
				got, effect, err := change(next, n)
				require.NoError(t, err)
				require.Len(t, effect.Ends, 1)
				require.Equal(t, day(t, end), effect.Ends[0].To)
				require.Equal(t, n == 1, got.State == Skipped)
				if n == 0 {
					require.Equal(t, day(t, end), got.Day)
				}
				roster, err := next.Terms.get(t.Context(), "a")
				require.NoError(t, err)
				require.Nil(t, roster.Moving)
				var moved int
				for _, term := range roster.Terms {
					if term.End == day(t, "2027-03-09") {
						t.Error("a term still ends on the old day")
					}
					if term.MoveReason == "Fair." {
						moved++
						require.Equal(t, int64(2), term.Revision, "moved once")
					}
				}
				require.Equal(t, 1, moved)
			}
		}
	}
}

// A process that stalls before it writes the rotation comes too late: another has written
// it, and moved it again.
func TestAMoveThatWasSettledIsNotWrittenAgain(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	_, _, err := f.Rotations.Move(ctx, someone, board, "2027-03-09", "", day(t, "2027-03-15"), "First.", false)
	require.NoError(t, err)
	stalled := moving{Number: 1, Rotation: "2027-03-09", Day: day(t, "2027-03-15"), Reason: "First.", Call: someone}
	second, _, err := f.Rotations.Move(ctx, someone, board, "2027-03-09", "", day(t, "2027-03-16"), "Second.", false)
	require.NoError(t, err)
	after, err := f.Rotations.write(ctx, board, stalled)
	require.NoError(t, err)
	require.Equal(t, second.State.Day, after.State.Day)
	require.Equal(t, "Second.", after.State.Reason)
}
