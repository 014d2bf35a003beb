package board

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/charter"
)

// Members who come into conflict, or leave, after they were seated are found, and found
// gone again; they keep their seats.
func TestR37ConflictsThatAriseLaterAreFindings(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		board := f.ready(t)
		ctx := t.Context()
		f.rotate(t, board, "2026-03-10", "abc")
		f.clock.set("2026-04-01T12:00:00Z")
		members, err := f.Terms.Members(ctx, board, day(t, "2026-04-01"))
		require.NoError(t, err)
		standing := func() map[charter.FindingKind][]string {
			t.Helper()
			found := map[charter.FindingKind][]string{}
			list, err := f.Findings.Standing(ctx, board)
			require.NoError(t, err)
			for _, s := range list {
				found[s.State.Kind] = append(found[s.State.Kind], s.State.Accounts...)
			}
			return found
		}
		require.Empty(t, standing())

		one, other := members[0].Account, members[1].Account
		before, err := f.Accounts.Get(ctx, one)
		require.NoError(t, err)
		rival := before
		rival.Competitors = []string{other}
		require.NoError(t, f.Accounts.apply(ctx, Batch{Accounts: []AccountChange{{one, rival}}, Position: 2}))
		require.ElementsMatch(t, []string{one, other}, standing()[charter.FoundConflict])
		gone := rival
		gone.State, gone.Closed = AccountClosed, day(t, "2026-03-20")
		require.NoError(t, f.Accounts.apply(ctx, Batch{Accounts: []AccountChange{{one, gone}}, Position: 3}))
		require.Equal(t, []string{one}, standing()[charter.FoundNoCustomer])
		require.ElementsMatch(t, []string{one, other}, standing()[charter.FoundConflict])
		after, err := f.Terms.Members(ctx, board, day(t, "2026-04-01"))
		require.NoError(t, err)
		require.Equal(t, members, after, "nobody loses a seat by a finding")

		f.clock.set("2026-04-02T12:00:00Z")
		require.NoError(t, f.Accounts.apply(ctx, Batch{Accounts: []AccountChange{{one, before}}, Position: 4}))
		require.Empty(t, standing())
		list, err := f.Findings.List(ctx, board, 10, nil, nil)
		require.NoError(t, err)
		require.Len(t, list.Items, 2, "what is gone is kept")
		first := list.Items[0]
		require.Equal(t, f.clock.now(), first.State.Resolved)
		require.NoError(t, f.Accounts.apply(ctx, Batch{Accounts: []AccountChange{{one, gone}}, Position: 5}))
		again, err := f.Findings.Get(ctx, board, first.ID[len("a/findings/"):])
		require.NoError(t, err)
		require.True(t, again.State.Resolved.IsZero(), "the same finding came again")
	})
}

// Seats kept for nomination are filled by nominees who are held to the same rules, and
// stay apart in what is told of the board.
func TestR30NominatedSeats(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
	require.NoError(t, err)
	f.pool(t, "a", 20)
	rules := six()
	rules.Nominated = 1
	_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: rules, Reason: "First"}, false)
	require.NoError(t, err)
	_, err = f.Rotations.LayOut(t.Context(), someone, "a", day(t, "2032-01-01"), false)
	require.NoError(t, err)
	ctx := t.Context()
	_, err = f.Rotations.Open(ctx, someone, "a", "2026-03-10", "")
	require.NoError(t, err)
	_, err = f.Rotations.Freeze(ctx, someone, "a", "2026-03-10", "", []string{"c01", "c02"})
	require.ErrorIs(t, err, ErrNotEligible, "one seat is kept for nomination")
	_, err = f.Rotations.Freeze(ctx, someone, "a", "2026-03-10", "", []string{"c01"})
	require.NoError(t, err)
	_, err = f.Rotations.Commit(ctx, someone, "a", "2026-03-10", "", f.byRound())
	require.NoError(t, err)
	f.clock.pass(time.Minute)
	s, err := f.Rotations.DrawPanel(ctx, someone, "a", "2026-03-10", "", "abc")
	require.NoError(t, err)
	kinds := map[charter.Kind]int{}
	for _, open := range s.State.Seats {
		kinds[open.Kind]++
		require.Equal(t, open.Account == "c01", open.Kind == charter.Nominated)
	}
	require.Equal(t, map[charter.Kind]int{charter.Nominated: 1, charter.Drawn: 5}, kinds)
	_, err = f.Rotations.Invite(ctx, someone, "a", "2026-03-10", "")
	require.NoError(t, err)
	s, err = f.Rotations.Answer(ctx, someone, "a", "2026-03-10", "c01", false, "", "")
	require.NoError(t, err)
	require.Len(t, s.State.Invitations, 6, "nominated seats have no alternates")
	f.acceptAll(ctx, t, "a", "2026-03-10")
	closed, err := f.Rotations.Close(ctx, someone, "a", "2026-03-10", "")
	require.NoError(t, err)
	require.Equal(t, 1, closed.State.Shortfall)
}

// Quotas that nobody meets are refused with what would do, and change nothing.
func TestInfeasibleQuotasAreRefusedWithTheSmallestRelaxation(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
	require.NoError(t, err)
	f.pool(t, "a", 2) // one of each sector
	_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: six(), Reason: "First"}, false)
	require.NoError(t, err)
	_, err = f.Rotations.LayOut(t.Context(), someone, "a", day(t, "2036-01-01"), false)
	require.NoError(t, err)
	_, err = f.Rotations.Open(t.Context(), someone, "a", "2026-03-10", "")
	require.NoError(t, err)
	_, err = f.Rotations.Freeze(t.Context(), someone, "a", "2026-03-10", "", nil)
	require.NoError(t, err, "who is in the pool can be seen")
	_, err = f.Rotations.Commit(t.Context(), someone, "a", "2026-03-10", "", f.byRound())
	require.ErrorIs(t, err, ErrInfeasible)
	s, err := f.Rotations.Open(t.Context(), someone, "a", "2026-03-10", "")
	require.NoError(t, err)
	require.Equal(t, Opened, s.State.State)
}
