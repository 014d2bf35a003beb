package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

var crudTests = []test{
	{"RoundTrip", testRoundTrip},
	{"OddIDs", testOddIDs},
	{"GetMany", testGetMany},
	{"InsertMany", testInsertMany},
	{"InsertManyOdd", testInsertManyOdd},
	{"Delete", testDelete},
	{"Update", testUpdate},
	{"Upsert", testUpsert},
	{"Size", testSize},
	{"Cancelled", testCancelled},
	{"DeclareAgain", testDeclareAgain},
	{"Ping", testPing},
}

func full(name string) thing {
	email := name + "@example.org"
	return thing{
		Name: name, Group: "größe \x00 €", Rank: -1 << 60, On: true,
		At:    time.Date(1969, 7, 20, 20, 17, 40, 123e6, time.UTC),
		Email: &email, Hash: []byte{0, 1, 255}, Tags: []string{"b", "a", "b"},
		Entries: []part{{Key: []byte(name + "-1"), What: "x"}, {Key: []byte(name + "-2")}},
		Place:   place{City: "Ulm"}, Notes: map[string]string{"b": "2", "a": "1", "": "0"},
	}
}

func testRoundTrip(t *testing.T, db Database) {
	_, c := collection(t, db)
	want := full("one")
	inserted, err := c.Insert(t.Context(), "one", want)
	require.NoError(t, err)
	got, err := c.Get(t.Context(), "one")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got.Body))
	require.Equal(t, inserted.Version, got.Version)

	_, err = c.Insert(t.Context(), "one", thing{})
	require.ErrorIs(t, err, docstore.ErrExists)
	_, err = c.Get(t.Context(), "two")
	require.ErrorIs(t, err, docstore.ErrNotFound)
	require.ErrorContains(t, err, "things/two")

	_, err = c.Insert(t.Context(), "empty", thing{})
	require.NoError(t, err)
	got, err = c.Get(t.Context(), "empty")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(thing{}, got.Body, cmpopts.EquateEmpty()))
}

func testOddIDs(t *testing.T, db Database) {
	_, c := collection(t, db)
	odd := []string{"a/b", "a.b", "$set", "ü", "'; DROP TABLE things; --", `"`, "%", " ", strings.Repeat("x", 512)}
	for _, id := range odd {
		_, err := c.Insert(t.Context(), id, thing{Name: id}, event("born"))
		require.NoError(t, err, "%q", id)
		_, err = c.Update(t.Context(), id, func(d *docstore.Doc[thing]) error { d.Body.Rank = 7; d.Emit("x", nil); return nil })
		require.NoError(t, err, "%q", id)
		d, err := c.Get(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, id, d.Body.Name)
		require.EqualValues(t, 7, d.Body.Rank)
	}
	for _, id := range []string{"", strings.Repeat("x", 513), "\xff"} {
		_, err := c.Insert(t.Context(), id, thing{})
		require.ErrorContains(t, err, "document id")
	}
}

func testGetMany(t *testing.T, db Database) {
	_, c := collection(t, db)
	for _, id := range []string{"a", "b", "c", "gone"} {
		_, err := c.Insert(t.Context(), id, thing{Name: id})
		require.NoError(t, err)
	}
	require.NoError(t, c.Delete(t.Context(), "gone", 0))
	docs, err := c.GetMany(t.Context(), []string{"c", "nobody", "a", "gone", "b"})
	require.NoError(t, err)
	require.Equal(t, []string{"c", "a", "b"}, ids(docs))
	docs, err = c.GetMany(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, docs)
}

func testInsertMany(t *testing.T, db Database) {
	_, c := collection(t, db)
	_, err := c.Insert(t.Context(), "there", full("there"))
	require.NoError(t, err)
	same := full("there")
	err = c.InsertMany(t.Context(), []docstore.New[thing]{
		{ID: "a", Body: full("a"), Events: []docstore.NewEvent{event("born")}},
		{ID: "there"},
		{ID: "b", Body: same},
		{ID: "a"},
		{ID: "c", Body: full("c")},
	})
	var batch *docstore.BatchError
	require.ErrorAs(t, err, &batch)
	require.Len(t, batch.Failed, 3)
	require.ErrorIs(t, batch.Failed[1], docstore.ErrExists)
	var duplicate *docstore.DuplicateError
	require.ErrorAs(t, batch.Failed[2], &duplicate)
	require.ErrorIs(t, batch.Failed[3], docstore.ErrExists)

	page, err := c.Find(t.Context(), docstore.Query{})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "c", "there"}, ids(page.Docs))
	require.NoError(t, c.InsertMany(t.Context(), nil))

	var many []docstore.New[thing]
	for i := range 1000 {
		many = append(many, docstore.New[thing]{ID: fmt.Sprintf("m%04d", i)})
	}
	require.NoError(t, c.InsertMany(t.Context(), many))
	page, err = c.Find(t.Context(), docstore.Query{From: "m", To: "n", Limit: 2000})
	require.NoError(t, err)
	require.Equal(t, 1000, len(page.Docs))
}

// What cannot be stored at all is named like what cannot be stored now.
func testInsertManyOdd(t *testing.T, db Database) {
	s, c := collection(t, db)
	_, err := c.Insert(t.Context(), "a", thing{})
	require.NoError(t, err)
	huge := thing{Name: strings.Repeat("x", docstore.MaxBody)}
	twice := thing{Entries: []part{{Key: []byte("k")}, {Key: []byte("k")}}}
	err = c.InsertMany(t.Context(), []docstore.New[thing]{{ID: "huge", Body: huge}, {ID: "d"}, {ID: ""}, {ID: "a"}, {ID: "e"}, {ID: "twice", Body: twice}})
	var batch *docstore.BatchError
	require.ErrorAs(t, err, &batch, "each for itself, whatever is wrong with it")
	require.Len(t, batch.Failed, 4)
	require.ErrorIs(t, batch.Failed[0], docstore.ErrTooLarge)
	require.ErrorContains(t, batch.Failed[2], "document id")
	require.ErrorIs(t, batch.Failed[3], docstore.ErrExists)
	var duplicate *docstore.DuplicateError
	require.ErrorAs(t, batch.Failed[5], &duplicate)
	require.ErrorAs(t, c.InsertMany(t.Context(), []docstore.New[thing]{{ID: "huge", Body: huge}}), &batch, "none is left to write")
	page, err := c.Find(t.Context(), docstore.Query{})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "d", "e"}, ids(page.Docs))

	untyped, err := docstore.OpenCollection[map[string]any](t.Context(), s, docstore.Spec{Name: "untyped",
		Indexes: []docstore.Index{{Name: "by_rank", Fields: []string{"rank"}}}})
	require.NoError(t, err)
	err = untyped.InsertMany(t.Context(), []docstore.New[map[string]any]{
		{ID: "lacking", Body: map[string]any{}}, {ID: "good", Body: map[string]any{"rank": int64(1)}}, {ID: "odd", Body: map[string]any{"rank": make(chan int)}}})
	require.ErrorAs(t, err, &batch)
	require.Len(t, batch.Failed, 2)
	require.ErrorContains(t, batch.Failed[0], `field "rank" is missing`)
	require.ErrorContains(t, batch.Failed[2], "chan int")
	_, err = untyped.Get(t.Context(), "good")
	require.NoError(t, err)
}

func testDelete(t *testing.T, db Database) {
	s, c := collection(t, db)
	d, err := c.Insert(t.Context(), "x", full("x"), event("born"))
	require.NoError(t, err)
	require.ErrorIs(t, c.Delete(t.Context(), "x", d.Version+1), docstore.ErrConflict)
	require.NoError(t, c.Delete(t.Context(), "x", d.Version))
	require.ErrorIs(t, c.Delete(t.Context(), "x", 0), docstore.ErrNotFound)
	require.ErrorIs(t, c.Delete(t.Context(), "never", 0), docstore.ErrNotFound)
	_, err = c.Update(t.Context(), "x", func(*docstore.Doc[thing]) error { return nil })
	require.ErrorIs(t, err, docstore.ErrNotFound)

	// Nothing of it is found, and what it held in unique indexes is free.
	for _, ix := range []docstore.Query{{}, {Index: "by_group"}, {Index: "by_at"}, {Index: "by_hash"}, {Index: "by_tag", Equal: []any{"a"}}} {
		page, err := c.Find(t.Context(), ix)
		require.NoError(t, err)
		require.Empty(t, page.Docs, "index %q", ix.Index)
	}
	docs, err := c.Lookup(t.Context(), "entry_key", []byte("x-1"))
	require.NoError(t, err)
	require.Empty(t, docs)
	_, err = c.Insert(t.Context(), "y", full("x"))
	require.NoError(t, err)

	silent, err := docstore.OpenCollection[thing](t.Context(), s, docstore.Spec{Name: "quiet", Silent: true})
	require.NoError(t, err)
	_, err = silent.Insert(t.Context(), "x", thing{}, event("loud"))
	require.ErrorContains(t, err, "silent")
	_, err = silent.Insert(t.Context(), "x", thing{})
	require.NoError(t, err)
	require.NoError(t, silent.Delete(t.Context(), "x", 0))
	again, err := silent.Insert(t.Context(), "x", thing{})
	require.NoError(t, err)
	require.EqualValues(t, 1, again.Version, "a silent document leaves nothing behind")
}

func testUpdate(t *testing.T, db Database) {
	_, c := collection(t, db)
	_, err := c.Insert(t.Context(), "x", full("x"))
	require.NoError(t, err)

	refusal := errors.New("no")
	_, err = c.Update(t.Context(), "x", func(d *docstore.Doc[thing]) error { d.Body.Rank = 99; return refusal })
	require.ErrorIs(t, err, refusal)
	d, err := c.Update(t.Context(), "x", func(d *docstore.Doc[thing]) error { d.ID = "other"; return nil })
	require.NoError(t, err)
	require.EqualValues(t, 1, d.Version, "a change of nothing is not written")
	require.Equal(t, "x", d.ID)
	d, err = c.Update(t.Context(), "x", func(d *docstore.Doc[thing]) error { d.Emit("noticed", nil); return nil })
	require.NoError(t, err)
	require.EqualValues(t, 2, d.Version, "an event alone is a change")

	// Indexes follow.
	_, err = c.Update(t.Context(), "x", func(d *docstore.Doc[thing]) error {
		d.Body.Tags, d.Body.Email, d.Body.Rank = []string{"a", "new"}, nil, 5
		return nil
	})
	require.NoError(t, err)
	for tag, want := range map[any]int{"a": 1, "b": 0, "new": 1} {
		page, err := c.Find(t.Context(), docstore.Query{Index: "by_tag", Equal: []any{tag, 5}})
		require.NoError(t, err)
		require.Len(t, page.Docs, want, "tag %v", tag)
	}
	docs, err := c.Lookup(t.Context(), "email", "x@example.org")
	require.NoError(t, err)
	require.Empty(t, docs)

	require.PanicsWithValue(t, "boo", func() {
		_, _ = c.Update(t.Context(), "x", func(*docstore.Doc[thing]) error { panic("boo") })
	})
	_, err = c.Update(t.Context(), "x", func(d *docstore.Doc[thing]) error { d.Body.Rank++; return nil })
	require.NoError(t, err, "a panic in one update does not stop the next")
}

func testUpsert(t *testing.T, db Database) {
	_, c := collection(t, db)
	count := func(d *docstore.Doc[thing]) error { d.Body.Rank++; d.Emit("counted", nil); return nil }
	for want := range int64(3) {
		d, err := c.Upsert(t.Context(), "x", count)
		require.NoError(t, err)
		require.Equal(t, want+1, d.Body.Rank)
		require.Equal(t, want+1, d.Version)
	}
	require.NoError(t, c.Delete(t.Context(), "x", 0))
	d, err := c.Upsert(t.Context(), "x", count)
	require.NoError(t, err)
	require.EqualValues(t, 1, d.Body.Rank)
	require.EqualValues(t, 5, d.Version, "it goes on where the deleted one stopped")
}

func testSize(t *testing.T, db Database) {
	_, c := collection(t, db)
	_, err := c.Insert(t.Context(), "big", thing{Hash: bytes.Repeat([]byte{1}, 1000), Notes: map[string]string{"x": strings.Repeat("y", 5<<20)}})
	require.NoError(t, err)
	d, err := c.Get(t.Context(), "big")
	require.NoError(t, err)
	require.Len(t, d.Body.Notes["x"], 5<<20)
	_, err = c.Insert(t.Context(), "bigger", thing{Notes: map[string]string{"x": strings.Repeat("y", docstore.MaxBody)}})
	require.ErrorIs(t, err, docstore.ErrTooLarge)
}

func testCancelled(t *testing.T, db Database) {
	_, c := collection(t, db)
	_, err := c.Insert(t.Context(), "x", thing{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Insert(ctx, "y", thing{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.Get(ctx, "x")
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.Update(ctx, "x", func(d *docstore.Doc[thing]) error { d.Body.Rank = 1; return nil })
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.Find(ctx, docstore.Query{})
	require.ErrorIs(t, err, context.Canceled)
	page, err := c.Find(t.Context(), docstore.Query{})
	require.NoError(t, err)
	require.Equal(t, []string{"x"}, ids(page.Docs))
	require.EqualValues(t, 0, page.Docs[0].Body.Rank)
}

// An index declared later covers the documents that were there before.
func testDeclareAgain(t *testing.T, db Database) {
	s, c := collection(t, db)
	for i := range 250 {
		body := full(fmt.Sprint(i))
		body.Rank = int64(i)
		_, err := c.Insert(t.Context(), fmt.Sprint(i), body)
		require.NoError(t, err)
	}
	require.NoError(t, c.Delete(t.Context(), "17", 0))
	more := docstore.Spec{Name: things.Name, Indexes: append(append([]docstore.Index{}, things.Indexes...),
		docstore.Index{Name: "by_rank", Fields: []string{"rank"}, Unique: true})}
	later, err := docstore.OpenCollection[thing](t.Context(), s, more)
	require.NoError(t, err)
	page, err := later.Find(t.Context(), docstore.Query{Index: "by_rank", From: 15, To: 20})
	require.NoError(t, err)
	require.Equal(t, []string{"15", "16", "18", "19"}, ids(page.Docs))
	same := full("new")
	same.Rank = 200
	_, err = c.Insert(t.Context(), "new", same)
	var duplicate *docstore.DuplicateError
	require.ErrorAs(t, err, &duplicate, "it also holds for those who do not declare it")
	require.Equal(t, "by_rank", duplicate.Index)

	more.Indexes = append(more.Indexes, docstore.Index{Name: "by_all", Fields: []string{"group"}, Unique: true})
	_, err = docstore.OpenCollection[thing](t.Context(), s, more)
	require.Error(t, err, "documents that break a new unique index")

	for _, bad := range []docstore.Spec{
		{Name: "No"}, {Name: ""},
		{Name: "n", Indexes: []docstore.Index{{Name: "a-b", Fields: []string{"x"}}}},
		{Name: "n", Indexes: []docstore.Index{{Name: "a"}}},
	} {
		_, err := docstore.OpenCollection[thing](t.Context(), s, bad)
		require.Error(t, err)
	}
}

func testPing(t *testing.T, db Database) {
	s, _ := collection(t, db)
	require.NoError(t, s.Ping(t.Context()))
}
