package board

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
)

// vacancies returns the texts of the standing findings about vacant seats.
func (f *fixture) vacancies(t *testing.T, board string) (texts []string) {
	t.Helper()
	standing, err := f.Findings.Standing(t.Context(), board)
	require.NoError(t, err)
	for _, s := range standing {
		if s.State.Kind == FoundVacancy {
			texts = append(texts, s.State.Text)
		}
	}
	return texts
}

// Seats that a rotation left empty are vacant, and are filled for the same terms.
func TestSeatsThatStayedEmptyCanBeFilled(t *testing.T) {
	f, board, s := invited(t)
	for _, in := range s.Invitations[1:] {
		_, err := f.Rotations.Answer(t.Context(), someone, board, firstRotation, in.Account, true, "", "")
		require.NoError(t, err)
	}
	_, err := f.Rotations.table.Update(t.Context(), someone, rotationID(board, firstRotation), nil, "rotation.answered", func(s *Rotation) error {
		s.Invitations = slices.Clone(s.Invitations)
		s.Invitations[0].State = Lapsed // and no alternate was left
		return nil
	})
	require.NoError(t, err)
	closed, err := f.Rotations.Close(t.Context(), someone, board, firstRotation, "")
	require.NoError(t, err)
	require.Equal(t, 1, closed.State.Shortfall)
	empty := closed.State.Seats[0]

	f.clock.set("2026-06-15T12:00:00Z")
	require.NoError(t, f.Due(t.Context()))
	require.Len(t, f.vacancies(t, board), 1)
	_, err = f.Rotations.PlanVacancy(t.Context(), someone, board, day(t, "2026-07-01"), "One seat stayed empty.")
	require.NoError(t, err)
	filled := f.rotate(t, board, "vacancy-2026-07-01", "def")
	require.Len(t, filled.Seats, 1)
	require.Equal(t, empty.Number, filled.Seats[0].Number)
	require.Equal(t, empty.End, filled.Seats[0].End)
	f.clock.set("2026-07-01T12:00:00Z")
	require.NoError(t, f.Due(t.Context()))
	require.Empty(t, f.vacancies(t, board))
}

func TestVacanciesStandWhenTheLastMemberHasLeft(t *testing.T) {
	f := onSQLite(t)
	board := f.ready(t)
	f.rotate(t, board, firstRotation, "abc")
	members, err := f.Terms.Members(t.Context(), board, day(t, firstRotation))
	require.NoError(t, err)
	for _, m := range members {
		_, err := f.Terms.End(t.Context(), someone, board, m.ID, "", Resigned, day(t, "2026-06-01"), "All left.")
		require.NoError(t, err)
	}
	f.clock.set("2026-06-02T12:00:00Z")
	require.NoError(t, f.Due(t.Context()))
	require.Len(t, f.vacancies(t, board), 6)
}

func TestAClosedBoardHasNoMembers(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		board := f.ready(t)
		f.draw(t, board, firstRotation, "abc")
		_, err := f.Boards.Close(t.Context(), someone, board, "", "Merged.")
		require.ErrorIs(t, err, ErrRotationState, "a rotation is under way")
		_, err = f.Rotations.Invite(t.Context(), someone, board, firstRotation, "")
		require.NoError(t, err)
		f.acceptAll(t.Context(), t, board, firstRotation)
		_, err = f.Rotations.Close(t.Context(), someone, board, firstRotation, "")
		require.NoError(t, err)

		// The process dies after the board is closed.
		dissolve := f.Boards.dissolve
		f.Boards.dissolve = func(context.Context, resource.Stored[Board]) error { return errDied }
		f.clock.set("2026-06-15T12:00:00Z")
		_, err = f.Boards.Close(t.Context(), someone, board, "", "Merged.")
		require.ErrorIs(t, err, errDied)
		f.Boards.dissolve = dissolve
		f.clock.set("2026-06-20T12:00:00Z")
		for range 2 {
			require.NoError(t, f.Due(t.Context()))
			terms, err := f.Terms.Terms(t.Context(), board)
			require.NoError(t, err)
			require.Len(t, terms, 6)
			for _, term := range terms {
				require.Equal(t, Dissolved, term.How)
				require.Equal(t, "Merged.", term.EndReason)
				require.Equal(t, day(t, "2026-06-15"), term.Over(), "the day on which it was closed")
				require.EqualValues(t, 2, term.Revision)
			}
		}
		_, err = f.Rotations.Cancel(t.Context(), someone, board, "2027-03-09", "", "No more.")
		require.ErrorIs(t, err, ErrBoardState)
		_, err = f.Terms.End(t.Context(), someone, board, TermID(firstRotation, 1), "", Resigned, day(t, "2026-06-01"), "Again.")
		require.ErrorIs(t, err, ErrBoardState)
	})
}

// A seat that stayed empty comes free with the rotation that its term would have ended
// with, wherever that is by then.
func TestR12WhatIsLeftOfATermGoesAlongWithItsRotation(t *testing.T) {
	f, board, s := invited(t)
	ctx, last := t.Context(), len(s.Invitations)-1
	for _, in := range s.Invitations[:last] {
		_, err := f.Rotations.Answer(ctx, someone, board, firstRotation, in.Account, true, "", "")
		require.NoError(t, err)
	}
	_, err := f.Rotations.table.Update(ctx, someone, rotationID(board, firstRotation), nil, "rotation.answered", func(s *Rotation) error {
		s.Invitations = slices.Clone(s.Invitations)
		s.Invitations[last].State = Lapsed // and no alternate was left
		return nil
	})
	require.NoError(t, err)
	closed, err := f.Rotations.Close(ctx, someone, board, firstRotation, "")
	require.NoError(t, err)
	empty := closed.State.Seats[last]
	require.Equal(t, day(t, "2027-03-09"), empty.End)

	f.clock.set("2026-06-15T12:00:00Z")
	stands := func(until string) {
		t.Helper()
		require.NoError(t, f.Due(ctx))
		require.Equal(t, []string{fmt.Sprintf("seat %d is vacant since 2026-03-10, until %s", empty.Number, until)}, f.vacancies(t, board))
	}
	stands("2027-03-09")
	_, effect, err := f.Rotations.Move(ctx, someone, board, "2027-03-09", "", day(t, "2027-03-16"), "Fair.", false)
	require.NoError(t, err)
	require.Len(t, effect.Ends, 1, "nobody sits on the other seat")
	stands("2027-03-16")
	_, effect, err = f.Rotations.Skip(ctx, someone, board, "2027-03-09", "", "Nobody has time.", false)
	require.NoError(t, err)
	require.Equal(t, "terms would not end evenly: 4 on 2028-03-14, 2 on 2029-03-13, 0 on 2030-03-12", effect.Tolerated[0].Text)
	stands("2028-03-14")
	f.clock.set("2027-04-15T12:00:00Z") // there would have been a rotation by now
	stands("2028-03-14")
	_, err = f.Rotations.PlanVacancy(ctx, someone, board, day(t, "2027-05-01"), "One seat stayed empty.")
	require.NoError(t, err)
	filled := f.rotate(t, board, "vacancy-2027-05-01", "def")
	require.Len(t, filled.Seats, 1)
	require.Equal(t, empty.Number, filled.Seats[0].Number)
	require.Equal(t, day(t, "2028-03-14"), filled.Seats[0].End)
}

// A rotation that fills vacancies and was called off is planned again on request, and a
// retry finds what its first call planned.
func TestACancelledRotationForVacanciesIsPlannedAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		board, ctx := f.seated(t), t.Context()
		_, err := f.Terms.End(ctx, someone, board, byEnd(t, f.Service, board, "2027-03-09").ID, "", Resigned, day(t, "2026-03-25"), "Moves.")
		require.NoError(t, err)
		plan := func(call resource.Call) (resource.Stored[Rotation], error) {
			return f.Rotations.PlanVacancy(ctx, call, board, day(t, "2026-05-01"), "One seat.")
		}
		first := request("3f1b9a52-5d0c-4c52-8a3c-0d4b7f1f2a11", "plan")
		planned, err := plan(first)
		require.NoError(t, err)
		_, err = plan(someone)
		require.True(t, isExists(err), "%v", err)
		_, err = f.Rotations.Open(ctx, someone, board, "vacancy-2026-05-01", "")
		require.NoError(t, err)
		_, err = f.Rotations.Freeze(ctx, someone, board, "vacancy-2026-05-01", "", nil)
		require.NoError(t, err)
		_, err = f.Rotations.Cancel(ctx, someone, board, "vacancy-2026-05-01", "", "A mistake.")
		require.NoError(t, err)
		late, err := plan(first)
		require.NoError(t, err)
		require.Equal(t, Cancelled, late.State.State, "what this call planned was called off")

		second := request("3f1b9a52-5d0c-4c52-8a3c-0d4b7f1f2a12", "plan")
		again, err := plan(second)
		require.NoError(t, err)
		require.Equal(t, planned.ID, again.ID)
		require.Equal(t, Scheduled, again.State.State)
		require.Nil(t, again.State.Pool)
		repeated, err := plan(second)
		require.NoError(t, err)
		require.Equal(t, again, repeated)
		require.Len(t, f.rotate(t, board, "vacancy-2026-05-01", "def").Seats, 1)
	})
}

func TestASeatThatTheCharterHasNoMoreIsNotVacant(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	members, err := f.Terms.Members(ctx, board, day(t, "2026-03-20"))
	require.NoError(t, err)
	_, err = f.Terms.End(ctx, someone, board, members[5].ID, "", Resigned, day(t, "2026-03-20"), "Moves.")
	require.NoError(t, err)
	require.Len(t, f.vacancies(t, board), 1)
	fewer, effective := six(), day(t, "2026-03-20")
	fewer.Seats, fewer.Categories = 5, nil
	_, err = f.Charters.Publish(ctx, someone, board, NewCharter{Rules: fewer, Effective: &effective, Reason: "Five"}, false)
	require.NoError(t, err)
	require.NoError(t, f.Due(ctx))
	require.Empty(t, f.vacancies(t, board))
}
