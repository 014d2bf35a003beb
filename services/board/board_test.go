package board

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/feed"
)

var advisory = Board{DisplayName: "Advisory board", Zone: "America/New_York", Secretaries: []string{"ines"}, Managers: []string{"sam"}}

func TestBoardsAreKept(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		created, err := f.Boards.Create(t.Context(), request("1", "a"), "", advisory)
		require.NoError(t, err)
		require.Equal(t, "advisory-board", created.ID)
		require.Equal(t, Active, created.State.State)
		again, err := f.Boards.Create(t.Context(), request("1", "a"), "", advisory)
		require.NoError(t, err)
		require.Equal(t, created.Version, again.Version, "a retry creates nothing")
		_, err = f.Boards.Create(t.Context(), someone, "advisory-board", advisory)
		require.ErrorIs(t, err, resource.ErrExists)

		f.clock.set("2026-03-07T00:00:00Z")
		changed, err := f.Boards.Update(t.Context(), someone, created.ID, created.Etag(), Patch{Purpose: ptr("To advise."), Managers: ptr([]string{"kim"})})
		require.NoError(t, err)
		require.Equal(t, []string{"kim"}, changed.State.Managers)
		require.True(t, changed.State.AssignedTo("kim"))
		require.False(t, changed.State.AssignedTo("sam"))
		require.False(t, changed.State.AssignedTo(""))
		require.Equal(t, f.clock.now(), changed.State.Updated)
		_, err = f.Boards.Update(t.Context(), someone, created.ID, created.Etag(), Patch{Purpose: ptr("Late.")})
		require.ErrorIs(t, err, resource.ErrStale)

		_, err = f.Boards.Close(t.Context(), someone, created.ID, "", "Merged.")
		require.NoError(t, err)
		_, err = f.Boards.Update(t.Context(), someone, created.ID, "", Patch{Purpose: ptr("Back.")})
		require.ErrorIs(t, err, ErrBoardState)
		_, err = f.Boards.Close(t.Context(), someone, created.ID, "", "Again.")
		require.ErrorIs(t, err, ErrBoardState)
		got, err := f.Boards.Get(t.Context(), created.ID)
		require.NoError(t, err)
		require.Equal(t, "Merged.", got.State.CloseReason)
		_, err = f.Boards.Get(t.Context(), "other")
		require.ErrorIs(t, err, resource.ErrNotFound)
	})
}

func TestBoardsAreChecked(t *testing.T) {
	f := onSQLite(t)
	for field, board := range map[string]Board{
		"board.time_zone":    {DisplayName: "A", Zone: "Mars/Olympus"},
		"board.display_name": {Zone: "UTC"},
		"board_id":           {DisplayName: "???", Zone: "UTC"},
	} {
		id := "a"
		if field == "board_id" {
			id = ""
		}
		_, err := f.Boards.Create(t.Context(), someone, id, board)
		var told *fault.Error
		require.ErrorAs(t, err, &told)
		require.Equal(t, field, told.Fields[0].Path)
	}
}

func TestTheFeedTellsWhoChangedWhat(t *testing.T) {
	f := onSQLite(t)
	b, err := f.Boards.Create(t.Context(), someone, "a", advisory)
	require.NoError(t, err)
	_, err = f.Boards.Close(t.Context(), someone, "a", "", "Merged.")
	require.NoError(t, err)
	position, resume, err := f.Feed.Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, position, "its roster knew first that it would be closed")

	var changes []feed.Change[Told]
	done := errors.New("seen all")
	read := func(from string) {
		changes = nil
		err := f.Feed.Watch(t.Context(), from, nil, func(b feed.Batch[Told]) error {
			changes = append(changes, b.Changes...)
			if b.Resume == resume {
				return done
			}
			return nil
		})
		require.ErrorIs(t, err, done)
	}
	read("")
	require.Len(t, changes, 3)
	var own []feed.Change[Told]
	var at []int // their positions
	for i, c := range changes {
		require.Equal(t, "principals/anna", c.Principal)
		if c.Source == b.Aggregate {
			own, at = append(own, c), append(at, i+1)
		}
	}
	require.Equal(t, "board.created", own[0].Type)
	require.Equal(t, Closed, own[1].State.Board.State.State)
	read(resume)
	require.Empty(t, changes)

	located, err := f.Feed.Locate(t.Context(), b.Aggregate, b.Version)
	require.NoError(t, err)
	require.EqualValues(t, at[0], located)
	_, err = f.Feed.Locate(t.Context(), "accounts/acme", 1)
	require.ErrorContains(t, err, "another service")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, f.Feed.Watch(ctx, "", nil, func(feed.Batch[Told]) error { return nil }), context.Canceled)
	require.ErrorContains(t, f.Feed.Watch(t.Context(), "nonsense", nil, nil), "resume_token")
}
