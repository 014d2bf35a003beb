package board

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
)

func TestATermServedToItsEndIsNotCutShort(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	served := byEnd(t, f.Service, board, "2027-03-09").ID
	f.clock.set("2027-03-08T12:00:00Z")
	other := byEnd(t, f.Service, board, "2028-03-14").ID
	_, err := f.Terms.End(ctx, someone, board, other, "", Left, day(t, "2027-02-01"), "Told late.")
	require.NoError(t, err, "of one that runs it can be told afterwards")
	f.clock.set("2027-03-09T12:00:00Z")
	_, err = f.Terms.End(ctx, someone, board, served, "", Left, day(t, "2026-04-01"), "Later.")
	require.ErrorIs(t, err, ErrTermState)
	require.ErrorContains(t, err, "is over since 2027-03-09")
	term, err := f.Terms.Term(ctx, board, served)
	require.NoError(t, err)
	require.Nil(t, term.Ended)
}

// Whoever was to leave a board later leaves with the others when it is closed.
func TestR12AClosedBoardKeepsNobodyWhoWasToLeaveLater(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	soon, past := byEnd(t, f.Service, board, "2027-03-09").ID, byEnd(t, f.Service, board, "2028-03-14").ID
	for id, on := range map[string]string{soon: "2026-12-01", past: "2026-03-15"} {
		_, err := f.Terms.End(ctx, someone, board, id, "", Resigned, day(t, on), "Moves.")
		require.NoError(t, err)
	}
	_, err := f.Boards.Close(ctx, someone, board, "", "Over.")
	require.NoError(t, err)
	members, err := f.Terms.Members(ctx, board, day(t, "2026-03-20"))
	require.NoError(t, err)
	require.Empty(t, members)
	term, err := f.Terms.Term(ctx, board, soon)
	require.NoError(t, err)
	require.Equal(t, Dissolved, term.How)
	term, err = f.Terms.Term(ctx, board, past)
	require.NoError(t, err)
	require.Equal(t, Resigned, term.How)
	require.NoError(t, f.Due(ctx))
	again, err := f.Terms.Term(ctx, board, past)
	require.NoError(t, err)
	require.Equal(t, term, again)
}

// reads is a backend that knows which collections were read.
type reads struct {
	docstore.Backend
	mu   sync.Mutex
	from map[string]bool
}

func (b *reads) note(collection string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.from[collection] = true
}

func (b *reads) Get(ctx context.Context, collection string, ids []string) ([]docstore.Record, error) {
	b.note(collection)
	return b.Backend.Get(ctx, collection, ids)
}

func (b *reads) Find(ctx context.Context, collection string, q docstore.Query) ([]docstore.Record, error) {
	b.note(collection)
	return b.Backend.Find(ctx, collection, q)
}

// What falls due of a closed board is nothing: its candidates, accounts and rotations are
// not read again and again.
func TestAClosedBoardCostsNoLookAtItsMembers(t *testing.T) {
	b := &reads{Backend: teststore.SQLite(t), from: map[string]bool{}}
	f := start(t, b)
	board, ctx := f.seated(t), t.Context()
	_, err := f.Terms.End(ctx, someone, board, byEnd(t, f.Service, board, "2027-03-09").ID, "", Resigned, day(t, "2026-03-15"), "Moves.")
	require.NoError(t, err)
	require.Len(t, f.vacancies(t, board), 1)
	_, err = f.Boards.Close(ctx, someone, board, "", "Over.")
	require.NoError(t, err)
	require.Empty(t, f.vacancies(t, board))
	b.mu.Lock()
	clear(b.from)
	b.mu.Unlock()
	require.NoError(t, f.Due(ctx))
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, collection := range []string{"candidates", "accounts", "rotations", "charters"} {
		require.False(t, b.from[collection], "%s was read", collection)
	}
	require.True(t, b.from["boards"])
}
