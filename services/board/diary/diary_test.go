package diary_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/services/board/diary"
)

// What was told is known to every process of an installation, and to none of another.
func TestADiaryIsOfItsStore(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	open := func(store *docstore.Store) *diary.Diary {
		d, err := diary.Open(t.Context(), store, rand.Reader, func() time.Time { return noon })
		require.NoError(t, err)
		return d
	}
	store := func() *docstore.Store {
		s, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	e := calendar.Event{UID: "boards/b/meetings/1", Start: noon, End: noon.Add(time.Hour), Zone: "UTC", Summary: "Spring", Accounts: []string{"accounts/a"}}
	tell := func(d *diary.Diary) calendar.Told {
		told, err := d.Tell(t.Context(), "b", e)
		require.NoError(t, err)
		require.Len(t, told, 1)
		return told[0]
	}

	here := store()
	first := tell(open(here))
	require.Equal(t, first, tell(open(here)), "another process tells the same")
	e.Summary = "Summer"
	changed := tell(open(here))
	require.Equal(t, first.UID, changed.UID)
	require.Equal(t, first.Sequence+1, changed.Sequence)
	all, err := open(here).Recall(t.Context(), "b")
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, e.UID, all[0].UID, "it is kept without where it is told from")
	none, err := open(here).Recall(t.Context(), "other")
	require.NoError(t, err)
	require.Empty(t, none)

	elsewhere := tell(open(store()))
	require.NotEqual(t, first.UID, elsewhere.UID)
	require.True(t, strings.HasPrefix(elsewhere.UID, e.UID+"@"))
}
