package board

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/meetings"
)

// Meetings of a board that rotates: who are members, by which charter, who is in conflict,
// and what members are told.
func TestR37MeetingsOfABoardThatRotates(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		board := f.ready(t)
		first, err := f.Rotations.List(ctx, board)
		require.NoError(t, err)
		m := meetingBoards{f.Service}
		_, err = m.Board(ctx, "nowhere")
		require.ErrorContains(t, err, "boards/nowhere")
		none, err := m.Members(ctx, board, f.clock.now())
		require.NoError(t, err)
		require.Empty(t, none)

		r := f.rotate(t, board, last(first[0].ID), "4711")
		b, err := f.Boards.Get(ctx, board)
		require.NoError(t, err)
		day := b.State.zone().Start(r.Day)
		members, err := m.Members(ctx, board, day.Add(time.Hour))
		require.NoError(t, err)
		require.Len(t, members, 6)
		require.Equal(t, "ann", members[0].Contact)
		before, err := m.Members(ctx, board, day.Add(-time.Hour))
		require.NoError(t, err)
		require.Empty(t, before)

		// A later version is in force at the next rotation, not in between.
		rules := six()
		rules.Quorum = charter.Quorum{Percent: 100}
		_, err = f.Charters.Publish(ctx, someone, board, NewCharter{Rules: rules, Reason: "Stricter", Publisher: "ines"}, false)
		require.NoError(t, err)
		inForce, err := m.Charter(ctx, board, day.Add(48*time.Hour))
		require.NoError(t, err)
		require.Equal(t, 1, inForce.Version)
		require.Equal(t, 50, inForce.Rules.Quorum.Percent)

		f.clock.set(day.AddDate(0, 0, 1).UTC().Format(time.RFC3339))

		// Two members become competitors, and one becomes one of an account that is no member.
		a, c := members[0].Account, members[1].Account
		account, err := f.Accounts.Get(ctx, a)
		require.NoError(t, err)
		account.Competitors = []string{c, "outsider"}
		f.keep(t, map[string]Account{a: account, "outsider": customer(nil)})
		require.NoError(t, f.Findings.look(ctx, board))
		conflicts, err := m.Conflicts(ctx, board, day.Add(time.Hour), []string{a, c}, []string{c, "outsider"})
		require.NoError(t, err)
		require.Len(t, conflicts, 2)
		require.Equal(t, a, conflicts[0].Member)
		require.NotEmpty(t, conflicts[0].Finding, "the finding that stands")
		require.Equal(t, meetings.Conflict{Member: a, With: "outsider", Reason: conflicts[0].Reason}, conflicts[1])

		there, err := m.HasFinding(ctx, board, conflicts[0].Finding)
		require.NoError(t, err)
		require.True(t, there)
		there, err = m.HasFinding(ctx, board, "nope")
		require.NoError(t, err)
		require.False(t, there)

		meeting, err := f.Meetings.Create(ctx, someone, board, "first", meetings.Meeting{Start: day.AddDate(0, 0, 20), Duration: time.Hour}, false)
		require.NoError(t, err)
		_, err = f.Meetings.InviteMembers(ctx, someone, meeting.ID, "", false)
		require.NoError(t, err)
		letters, err := f.Outbox.About(ctx, "boards/a/meetings/first")
		require.NoError(t, err)
		require.Len(t, letters, 6)
		require.Equal(t, "meeting-invitation", letters[0].Kind)
		require.Equal(t, "ann", letters[0].Contact)
	})
}

// last is the last id of a document's id.
func last(id string) string { return id[len("a/rotations/"):] }
