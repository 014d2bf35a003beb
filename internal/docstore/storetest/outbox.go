package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

var outboxTests = []test{
	{"Pending", testPending},
	{"Relayed", testRelayed},
	{"Tombstones", testTombstones},
}

func recordIDs(rs []docstore.Record) []string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = r.ID
	}
	return out
}

func numbers(r docstore.Record) []int64 {
	var out []int64
	for _, e := range r.Out {
		out = append(out, e.N)
	}
	return out
}

func testPending(t *testing.T, db Database) {
	b := db.Open(t)
	c := openThings(t, openStore(t, b, docstore.Options{}))
	for i := range 25 {
		var events []docstore.NewEvent
		for range i % 3 {
			events = append(events, docstore.NewEvent{Type: "x", Data: thing{Name: fmt.Sprint(i)}})
		}
		_, err := c.Insert(t.Context(), fmt.Sprintf("%02d", i), full(fmt.Sprint(i)), events...)
		require.NoError(t, err)
	}
	require.NoError(t, c.Delete(t.Context(), "03", 0, event("gone")))
	var got []string
	for after := ""; ; {
		page, err := b.Pending(t.Context(), things.Name, after, 4)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		require.LessOrEqual(t, len(page), 4)
		for _, r := range page {
			require.NotEmpty(t, r.Out)
			require.Empty(t, r.Body)
			require.Equal(t, r.Version, r.Out[len(r.Out)-1].N)
			require.Equal(t, r.ID == "03", r.Dead)
			got = append(got, r.ID)
		}
		after = page[len(page)-1].ID
	}
	var want []string
	for i := range 25 {
		if i%3 != 0 || i == 3 {
			want = append(want, fmt.Sprintf("%02d", i))
		}
	}
	require.Equal(t, want, got)
}

func testRelayed(t *testing.T, db Database) {
	b := db.Open(t)
	c := openThings(t, openStore(t, b, docstore.Options{}))
	ctx := t.Context()
	_, err := c.Insert(ctx, "a", full("a"), event("1"), event("2"), event("3"))
	require.NoError(t, err)
	_, err = c.Insert(ctx, "b", thing{}, event("1"))
	require.NoError(t, err)
	require.NoError(t, b.Relayed(ctx, things.Name, map[string]int64{"a": 2, "b": 1, "nobody": 5}))
	_, err = c.Update(ctx, "a", func(d *docstore.Doc[thing]) error { d.Emit("4", nil); return nil })
	require.NoError(t, err)

	pending, err := b.Pending(ctx, things.Name, "", 10)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, recordIDs(pending))
	require.Equal(t, []int64{3, 4}, numbers(pending[0]))
	require.NoError(t, b.Relayed(ctx, things.Name, map[string]int64{"a": 4}))
	require.NoError(t, b.Relayed(ctx, things.Name, map[string]int64{"a": 4}), "again is no harm")
	require.NoError(t, b.Relayed(ctx, things.Name, nil))
	pending, err = b.Pending(ctx, things.Name, "", 10)
	require.NoError(t, err)
	require.Empty(t, pending)
	a, err := c.Get(ctx, "a")
	require.NoError(t, err)
	require.EqualValues(t, 4, a.Version, "relaying does not change the document")
	require.Equal(t, "a", a.Body.Name)
}

func testTombstones(t *testing.T, db Database) {
	b := db.Open(t)
	c := openThings(t, openStore(t, b, docstore.Options{}))
	ctx := t.Context()
	stones := func() []string {
		rs, err := b.Tombstones(ctx, things.Name, "", 10)
		require.NoError(t, err)
		for _, r := range rs {
			require.True(t, r.Dead)
		}
		return recordIDs(rs)
	}
	for _, id := range []string{"c", "a", "b", "live"} {
		_, err := c.Insert(ctx, id, full(id), event("born"))
		require.NoError(t, err)
	}
	for _, id := range []string{"a", "b", "c"} {
		require.NoError(t, c.Delete(ctx, id, 0))
	}
	require.Empty(t, stones(), "they have something to tell yet")
	require.NoError(t, b.Purge(ctx, things.Name, "a", 2))
	require.NoError(t, b.Relayed(ctx, things.Name, map[string]int64{"a": 2, "b": 2, "c": 1, "live": 1}))
	require.Equal(t, []string{"a", "b"}, stones())
	rs, err := b.Tombstones(ctx, things.Name, "a", 10)
	require.NoError(t, err)
	require.Equal(t, []string{"b"}, recordIDs(rs))
	require.NoError(t, b.Purge(ctx, things.Name, "a", 1), "another version: nothing happens")
	require.NoError(t, b.Purge(ctx, things.Name, "live", 1), "not a tombstone: nothing happens")
	require.Equal(t, []string{"a", "b"}, stones())

	got, err := b.Get(ctx, things.Name, []string{"a", "live"})
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.True(t, got[0].Dead)
	require.Empty(t, got[0].Body)
	err = b.Insert(ctx, things.Name, []docstore.Record{{ID: "a", Version: 1, Body: got[1].Body}})
	require.ErrorIs(t, err, docstore.ErrTombstone)
	require.NoError(t, b.Purge(ctx, things.Name, "a", 2))
	require.Equal(t, []string{"b"}, stones())
	d, err := c.Insert(ctx, "a", thing{})
	require.NoError(t, err)
	require.EqualValues(t, 1, d.Version)
}
