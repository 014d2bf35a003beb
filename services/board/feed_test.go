package board

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource/feed"
)

func TestTheFeedTellsWhichTermsChanged(t *testing.T) {
	f := onSQLite(t)
	board := f.ready(t)
	f.rotate(t, board, "2026-03-10", "abc")
	members, err := f.Terms.Members(t.Context(), board, day(t, "2026-03-10"))
	require.NoError(t, err)
	_, err = f.Terms.End(t.Context(), someone, board, members[0].ID, "", Resigned, day(t, "2026-05-01"), "Moved away.")
	require.NoError(t, err)
	_, resume, err := f.Feed.Head(t.Context())
	require.NoError(t, err)
	done := errors.New("seen all")
	latest, told := map[string]Term{}, 0
	err = f.Feed.Watch(t.Context(), "", nil, func(b feed.Batch[Told]) error {
		for _, c := range b.Changes {
			for _, term := range c.State.Terms {
				told++
				latest[term.ID] = term
			}
		}
		if b.Resume == resume {
			return done
		}
		return nil
	})
	require.ErrorIs(t, err, done)
	require.Len(t, latest, 6)
	require.Equal(t, 7, told, "each once when it began, and one when it ended")
	require.Equal(t, Resigned, latest[members[0].ID].How)
}
