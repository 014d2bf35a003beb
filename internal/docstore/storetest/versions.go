package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

var versionTests = []test{
	{"CountEvents", testCountEvents},
	{"UpdateIf", testUpdateIf},
	{"Revive", testRevive},
	{"Replace", testReplace},
}

func testCountEvents(t *testing.T, db Database) {
	now := newClock()
	s := openStore(t, db.Open(t), docstore.Options{Now: now.Now})
	c := openThings(t, s)
	ctx := docstore.WithPrincipal(t.Context(), "ann")
	for _, step := range []struct {
		events int
		want   int64
	}{{0, 2}, {1, 3}, {3, 6}, {0, 7}} {
		if step.want == 2 {
			d, err := c.Insert(ctx, "x", thing{}, event("first"))
			require.NoError(t, err)
			require.EqualValues(t, 1, d.Version)
		}
		d, err := c.Update(ctx, "x", func(d *docstore.Doc[thing]) error {
			d.Body.Rank++
			for range step.events {
				d.Emit("more", map[string]any{"rank": d.Body.Rank})
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, step.want, d.Version)
		got, err := c.Get(ctx, "x")
		require.NoError(t, err)
		require.Equal(t, step.want, got.Version)
	}
	three, err := c.Insert(ctx, "three", thing{}, event("a"), event("b"), event("c"))
	require.NoError(t, err)
	require.EqualValues(t, 3, three.Version)

	relay(t, s)
	require.NoError(t, s.Flush(ctx))
	events, err := s.Feed().Read(ctx, 0, 100)
	require.NoError(t, err)
	ns := map[string][]int64{}
	for _, e := range events {
		ns[e.Source] = append(ns[e.Source], e.N)
		require.Equal(t, "ann", e.Who)
		require.Equal(t, now.Now(), e.At)
	}
	require.Equal(t, map[string][]int64{"things/x": {1, 3, 4, 5, 6}, "things/three": {1, 2, 3}}, ns)
}

func testUpdateIf(t *testing.T, db Database) {
	_, c := collection(t, db)
	d, err := c.Insert(t.Context(), "x", thing{}, event("born"))
	require.NoError(t, err)
	raise := func(d *docstore.Doc[thing]) error { d.Body.Rank++; return nil }
	_, err = c.UpdateIf(t.Context(), "x", d.Version+1, raise)
	require.ErrorIs(t, err, docstore.ErrConflict)
	d2, err := c.UpdateIf(t.Context(), "x", d.Version, raise)
	require.NoError(t, err)
	require.EqualValues(t, 2, d2.Version)
	_, err = c.UpdateIf(t.Context(), "x", d.Version, raise)
	require.ErrorIs(t, err, docstore.ErrConflict)
	_, err = c.UpdateIf(t.Context(), "none", 1, raise)
	require.ErrorIs(t, err, docstore.ErrNotFound)
	// Somebody is faster between the reading and the writing.
	_, err = c.UpdateIf(t.Context(), "x", 2, func(d *docstore.Doc[thing]) error {
		_, err := c.Update(t.Context(), "x", raise)
		require.NoError(t, err)
		return raise(d)
	})
	require.ErrorIs(t, err, docstore.ErrConflict)
	got, err := c.Get(t.Context(), "x")
	require.NoError(t, err)
	require.EqualValues(t, 2, got.Body.Rank)
}

func testRevive(t *testing.T, db Database) {
	s, c := collection(t, db)
	relay(t, s)
	for want := int64(1); want < 12; want += 2 {
		d, err := c.Insert(t.Context(), "x", full("x"), event("born"))
		require.NoError(t, err)
		require.Equal(t, want, d.Version)
		require.NoError(t, c.Delete(t.Context(), "x", 0))
		if want%4 == 1 {
			require.NoError(t, s.Flush(t.Context()))
		}
	}
	err := c.InsertMany(t.Context(), []docstore.New[thing]{{ID: "x", Events: []docstore.NewEvent{event("born")}}, {ID: "y"}})
	require.NoError(t, err)
	d, err := c.Get(t.Context(), "x")
	require.NoError(t, err)
	require.EqualValues(t, 13, d.Version)
	require.NoError(t, s.Flush(t.Context()))
	checkFeed(t, s, map[string][]int64{"things/x": {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}})
}

// What Replace owes to the typed layer.
func testReplace(t *testing.T, db Database) {
	b := db.Open(t)
	openStore(t, b, docstore.Options{})
	ctx := t.Context()
	require.NoError(t, b.Declare(ctx, docstore.Spec{Name: "raw"}))
	at := time.Date(2024, 2, 29, 1, 2, 3, 4e6, time.UTC)
	body := func(n int) bson.Raw {
		raw, err := bson.Marshal(bson.D{{Key: "n", Value: n}})
		require.NoError(t, err)
		return raw
	}
	out := func(n int64) []docstore.Event {
		return []docstore.Event{{N: n, Type: "t", At: at, Who: "w", Data: body(int(n))}}
	}
	require.ErrorIs(t, b.Replace(ctx, "raw", 1, docstore.Record{ID: "x", Version: 2, Body: body(1)}), docstore.ErrNotFound)
	require.NoError(t, b.Insert(ctx, "raw", []docstore.Record{{ID: "x", Version: 1, Body: body(1), Out: out(1)}}))
	require.ErrorIs(t, b.Replace(ctx, "raw", 2, docstore.Record{ID: "x", Version: 3, Body: body(2)}), docstore.ErrConflict)
	require.NoError(t, b.Replace(ctx, "raw", 1, docstore.Record{ID: "x", Version: 2, Body: body(2), Out: out(2)}))
	require.NoError(t, b.Replace(ctx, "raw", 2, docstore.Record{ID: "x", Version: 3, Body: body(3)}))

	pending, err := b.Pending(ctx, "raw", "", 10)
	require.NoError(t, err)
	require.Len(t, pending, 1)
	require.EqualValues(t, 3, pending[0].Version)
	require.Equal(t, append(out(1), out(2)...), pending[0].Out)
	got, err := b.Get(ctx, "raw", []string{"x"})
	require.NoError(t, err)
	require.Equal(t, body(3), got[0].Body)
}
