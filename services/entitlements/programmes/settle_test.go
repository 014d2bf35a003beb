package programmes

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
)

// counting counts the reads of programmes.
type counting struct {
	docstore.Backend
	reads atomic.Int64
}

func (c *counting) Get(ctx context.Context, collection string, ids []string) ([]docstore.Record, error) {
	if collection == Collection {
		c.reads.Add(1)
	}
	return c.Backend.Get(ctx, collection, ids)
}

func (c *counting) Find(ctx context.Context, collection string, q docstore.Query) ([]docstore.Record, error) {
	if collection == Collection {
		c.reads.Add(1)
	}
	return c.Backend.Find(ctx, collection, q)
}

func TestWhatIsSettledIsNotReadAgain(t *testing.T) {
	backend := &counting{Backend: teststore.SQLite(t)}
	f := start(t, backend)
	f.published(t, beta(2))
	f.applied(t, "ash", "birch", "cedar")
	read := backend.reads.Load()
	require.NoError(t, f.settle(t.Context(), true))
	require.Equal(t, read, backend.reads.Load())

	other := f.open(t) // another process, which has not heard yet that a place is free
	f.customers.set(func(c *fakeCustomers) { c.poor["cedar"] = true })
	_, err := f.Withdraw(t.Context(), someone, "beta", "ash")
	require.NoError(t, err)
	f.customers.set(func(c *fakeCustomers) { c.poor["cedar"] = false })
	require.NoError(t, other.settle(t.Context(), false))
	require.Equal(t, []string{"ash left", "birch enrolled", "cedar waiting"}, f.standings(t))
	require.NoError(t, other.reload(t.Context())) // now it has
	require.NoError(t, other.settle(t.Context(), false))
	require.Equal(t, []string{"ash left", "birch enrolled", "cedar enrolled"}, f.standings(t))
}

func TestALotteryIsOfAllWhoAppliedWhateverAProcessKnows(t *testing.T) {
	f := onSQLite(t)
	lots := newFakeLotteries()
	f.DrawBy(lots)
	f.published(t, raffle())
	f.applied(t, "ash", "birch")
	other := f.open(t)
	other.DrawBy(lots)
	f.applied(t, "cedar") // of which the other has not heard yet
	f.on(march + 2)
	require.NoError(t, other.settle(t.Context(), false))
	require.Equal(t, []string{"ash", "birch", "cedar"}, lots.drafts["programme-beta"].Entrants)
}
