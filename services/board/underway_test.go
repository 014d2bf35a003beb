package board

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
)

// byEnd returns a term of a board that ends on a day as planned.
func byEnd(t *testing.T, s *Service, board, end string) Term {
	t.Helper()
	terms, err := s.Terms.Terms(t.Context(), board)
	require.NoError(t, err)
	i := slices.IndexFunc(terms, func(term Term) bool { return term.End == day(t, end) })
	require.GreaterOrEqual(t, i, 0, "no term ends on %s", end)
	return terms[i]
}

// Two members exchange their ends before any one read or write of a freeze: it takes a pool
// in which those stay who stay, or none.
func TestR12TermsExchangedDuringAFreeze(t *testing.T) {
	settled := reopen(t, crashTemplate(t))
	settled.live(t, &mortal{left: -1})
	settled.clock.set("2026-03-20T12:00:00Z")
	s := settled.on(t, &interposed{Backend: settled.backend, at: -1})
	_, err := s.Rotations.Open(t.Context(), someone, "a", "2027-03-09", "")
	require.NoError(t, err)
	first, last := byEnd(t, s, "a", "2027-03-09").ID, byEnd(t, s, "a", "2029-03-13").ID
	require.NoError(t, settled.backend.Close())
	swap := func(ctx context.Context, s *Service) error {
		_, _, err := s.Rotations.Swap(ctx, someone, "a", first, last, "They agreed.", false)
		return err
	}
	stale := 0
	for at, more := 0, true; more; at += 3 {
		l := reopen(t, settled.path)
		l.clock.set("2026-03-20T12:00:00Z")
		b := &interposed{Backend: l.backend, at: -1}
		s := l.on(t, b)
		more = false
		b.calls, b.at, b.do = 0, at, func() {
			more = true
			if err := swap(t.Context(), l.on(t, &interposed{Backend: l.backend, at: -1})); err != nil {
				require.ErrorIs(t, err, ErrRotationState)
			}
		}
		err := changing["freeze"](t.Context(), s)
		b.at = -1
		if err != nil {
			require.True(t, isStale(err), "%v", err)
			stale++
			require.NoError(t, changing["freeze"](t.Context(), s), "its retry")
		}
		frozen, err := s.Rotations.Get(t.Context(), "a", "2027-03-09")
		require.NoError(t, err)
		taken, err := s.Rotations.pool(t.Context(), frozen.State)
		require.NoError(t, err)
		roster, err := s.Terms.get(t.Context(), "a")
		require.NoError(t, err)
		stay := map[int]string{}
		for _, term := range roster.running(day(t, "2027-03-09")) {
			stay[term.Seat] = term.Account
		}
		continuing := map[int]string{}
		for _, term := range taken.Preparation.Continuing {
			continuing[term.Seat] = term.Account
		}
		require.Equal(t, stay, continuing, fmt.Sprintf("before call %d", at))
	}
	require.Positive(t, stale, "they met")
}

// Whoever takes a pool back, and is slow, leaves it to those who took it again since.
func TestAPoolTakenAgainIsUnderWay(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	opened, err := f.Rotations.Open(ctx, someone, board, "2027-03-09", "")
	require.NoError(t, err)
	freeze := func() {
		t.Helper()
		_, err := f.Rotations.Freeze(ctx, someone, board, "2027-03-09", "", nil)
		require.NoError(t, err)
	}
	underWay := func(after string) {
		t.Helper()
		roster, err := f.Terms.get(ctx, board)
		require.NoError(t, err)
		require.Equal(t, "2027-03-09", roster.UnderWay, after)
		_, err = f.Boards.Close(ctx, someone, board, "", "Over.")
		require.ErrorIs(t, err, ErrRotationState, after)
	}
	freeze()
	back, err := f.Rotations.step(ctx, someone, opened.ID, nil, "rotation.opened", []RotationState{Frozen}, func(s *Rotation) error {
		s.State, s.Pool, s.Charter = Opened, nil, 0
		return nil
	})
	require.NoError(t, err)
	freeze()
	require.NoError(t, f.Rotations.release(ctx, someone, board, back))
	underWay("the second write of a taking back comes late")

	call := request("3f1b9a52-5d0c-4c52-8a3c-0d4b7f1f2a10", "open")
	_, err = f.Rotations.Open(ctx, call, board, "2027-03-09", "")
	require.NoError(t, err)
	freeze()
	again, err := f.Rotations.Open(ctx, call, board, "2027-03-09", "")
	require.NoError(t, err)
	require.Equal(t, Frozen, again.State.State, "as it is now")
	underWay("a taking back is repeated")
}

// A freeze that comes about between the two steps by which the note of another is settled
// keeps its own, and of two rotations only one has its pool taken.
func TestANoteOfAPoolIsSettledWhileItIsTaken(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	opened, err := f.Rotations.Open(ctx, someone, board, "2027-03-09", "")
	require.NoError(t, err)
	_, err = f.Terms.update(ctx, someone, board, rotationTaken, func(s *Roster) error { // and then the process died
		s.UnderWay, s.Takings = "2027-03-09", 1
		return nil
	})
	require.NoError(t, err)
	w, err := f.Rotations.world(ctx, board)
	require.NoError(t, err)
	require.NoError(t, f.Rotations.vacate(ctx, opened.ID))
	_, err = f.Rotations.step(ctx, someone, opened.ID, resource.IfVersion[Rotation](opened.Version), "rotation.frozen",
		[]RotationState{Opened}, func(s *Rotation) error { s.State = Frozen; return nil })
	require.True(t, isStale(err), "the one that was noted looks again: %v", err)
	_, err = f.Rotations.Freeze(ctx, someone, board, "2027-03-09", "", nil)
	require.NoError(t, err)
	require.NoError(t, f.Rotations.strike(ctx, someone, board, "2027-03-09", 1))
	roster, err := f.Terms.get(ctx, board)
	require.NoError(t, err)
	require.Equal(t, "2027-03-09", roster.UnderWay)
	_, err = f.Rotations.seize(ctx, someone, w, "2028-03-14")
	require.ErrorIs(t, err, ErrRotationState)
}
