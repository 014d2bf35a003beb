package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

var uniqueTests = []test{
	{"Partial", testUniquePartial},
	{"Multikey", testUniqueMultikey},
	{"Update", testUniqueUpdate},
	{"Compound", testUniqueCompound},
	{"Race", testUniqueRace},
	{"MissingField", testMissingField},
	{"SharedWrite", testUniqueSharedWrite},
}

func requireDuplicate(t testing.TB, err error, index string) {
	t.Helper()
	var duplicate *docstore.DuplicateError
	require.ErrorAs(t, err, &duplicate)
	require.Equal(t, index, duplicate.Index)
}

func text(s string) *string { return &s }

func testUniquePartial(t *testing.T, db Database) {
	_, c := collection(t, db)
	for _, id := range []string{"a", "b"} { // null is not a value
		_, err := c.Insert(t.Context(), id, thing{})
		require.NoError(t, err)
	}
	_, err := c.Insert(t.Context(), "c", thing{Email: text("")})
	require.NoError(t, err)
	_, err = c.Insert(t.Context(), "d", thing{Email: text("")})
	requireDuplicate(t, err, "email")
	_, err = c.Get(t.Context(), "d")
	require.ErrorIs(t, err, docstore.ErrNotFound)
	_, err = c.Insert(t.Context(), "d", thing{Email: text("D")})
	require.NoError(t, err)
	_, err = c.Insert(t.Context(), "e", thing{Email: text("d")})
	require.NoError(t, err, "letters differ by case")
	docs, err := c.Lookup(t.Context(), "email", "d", "D", "nobody")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"d", "e"}, ids(docs))
}

func keys(ks ...string) []part {
	parts := make([]part, len(ks))
	for i, k := range ks {
		parts[i] = part{Key: fmt.Appendf(nil, "%-16s", k)}
	}
	return parts
}

func testUniqueMultikey(t *testing.T, db Database) {
	_, c := collection(t, db)
	insert := func(id string, ks ...string) error {
		_, err := c.Insert(t.Context(), id, thing{Entries: keys(ks...)})
		return err
	}
	require.NoError(t, insert("none"))
	require.NoError(t, insert("none either"), "an empty array holds no value")
	requireDuplicate(t, insert("a", "1", "2", "1"), "entry_key")
	require.NoError(t, insert("a", "1", "2"))
	requireDuplicate(t, insert("b", "9", "8", "2"), "entry_key")
	require.NoError(t, insert("b", "8", "9"), "a refused document leaves nothing in the index")

	docs, err := c.Lookup(t.Context(), "entry_key", keys("2")[0].Key, keys("1")[0].Key, keys("9")[0].Key, keys("77")[0].Key)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"a", "b"}, ids(docs), "each once")

	var many []string
	var values []any
	for i := range 700 {
		many = append(many, fmt.Sprintf("m%d", i))
		values = append(values, keys(many[i])[0].Key)
	}
	require.NoError(t, insert("many", many...))
	docs, err = c.Lookup(t.Context(), "entry_key", values...)
	require.NoError(t, err)
	require.Equal(t, []string{"many"}, ids(docs))
	requireDuplicate(t, insert("again", "q", "m699"), "entry_key")
}

func testUniqueUpdate(t *testing.T, db Database) {
	_, c := collection(t, db)
	_, err := c.Insert(t.Context(), "a", thing{Email: text("a"), Entries: keys("1", "2")})
	require.NoError(t, err)
	_, err = c.Insert(t.Context(), "b", thing{Email: text("b"), Entries: keys("3")})
	require.NoError(t, err)
	_, err = c.Update(t.Context(), "b", func(d *docstore.Doc[thing]) error { d.Body.Email = text("a"); return nil })
	requireDuplicate(t, err, "email")
	_, err = c.Update(t.Context(), "b", func(d *docstore.Doc[thing]) error {
		d.Body.Rank, d.Body.Entries = 9, keys("4", "2")
		d.Emit("never", nil)
		return nil
	})
	requireDuplicate(t, err, "entry_key")
	b, err := c.Get(t.Context(), "b")
	require.NoError(t, err)
	require.EqualValues(t, 1, b.Version)
	require.EqualValues(t, 0, b.Body.Rank)
	docs, err := c.Lookup(t.Context(), "entry_key", keys("4")[0].Key)
	require.NoError(t, err)
	require.Empty(t, docs)

	_, err = c.Update(t.Context(), "a", func(d *docstore.Doc[thing]) error { d.Body.Entries = keys("1"); return nil })
	require.NoError(t, err)
	_, err = c.Update(t.Context(), "b", func(d *docstore.Doc[thing]) error { d.Body.Entries = keys("2"); return nil })
	require.NoError(t, err, "what one gives up, another may have")
}

func testUniqueCompound(t *testing.T, db Database) {
	s := openStore(t, db.Open(t), docstore.Options{})
	c, err := docstore.OpenCollection[thing](t.Context(), s, docstore.Spec{Name: "pairs", Indexes: []docstore.Index{
		{Name: "pair", Fields: []string{"group", "name"}, Unique: true},
	}})
	require.NoError(t, err)
	for i, pair := range [][2]string{{"a", "b"}, {"a", "c"}, {"b", "b"}, {"", "ab"}, {"ab", ""}} {
		_, err := c.Insert(t.Context(), fmt.Sprint(i), thing{Group: pair[0], Name: pair[1]})
		require.NoError(t, err)
	}
	_, err = c.Insert(t.Context(), "z", thing{Group: "a", Name: "c"})
	requireDuplicate(t, err, "pair")
	page, err := c.Find(t.Context(), docstore.Query{Index: "pair", Equal: []any{"a"}, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"0"}, ids(page.Docs))
	page, err = c.Find(t.Context(), docstore.Query{Index: "pair", Equal: []any{"a"}, After: page.Next})
	require.NoError(t, err)
	require.Equal(t, []string{"1"}, ids(page.Docs))
}

func testUniqueRace(t *testing.T, db Database) {
	_, c := collection(t, db)
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			_, err := c.Insert(t.Context(), fmt.Sprint(i), thing{Email: text("same")})
			if err == nil {
				won.Add(1)
				return
			}
			var duplicate *docstore.DuplicateError
			if !errors.As(err, &duplicate) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, won.Load())
}

func testMissingField(t *testing.T, db Database) {
	s := openStore(t, db.Open(t), docstore.Options{})
	spec := docstore.Spec{Name: "strict", Indexes: []docstore.Index{{Name: "by_mail", Fields: []string{"email"}}}}
	c, err := docstore.OpenCollection[thing](t.Context(), s, spec)
	require.NoError(t, err)
	_, err = c.Insert(t.Context(), "x", thing{})
	require.ErrorContains(t, err, `field "email" is missing`)
}

// Callers who share a write do not suffer from one among them who cannot be.
func testUniqueSharedWrite(t *testing.T, db Database) {
	_, c := collection(t, db)
	_, err := c.Insert(t.Context(), "other", thing{Email: text("taken")})
	require.NoError(t, err)
	_, err = c.Insert(t.Context(), "x", thing{})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			_, err := c.Update(t.Context(), "x", func(d *docstore.Doc[thing]) error {
				d.Body.Rank++
				if i%6 == 0 {
					d.Body.Email = text("taken")
				}
				return nil
			})
			var duplicate *docstore.DuplicateError
			if bad := errors.As(err, &duplicate); bad != (i%6 == 0) || err != nil && !bad {
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	d, err := c.Get(t.Context(), "x")
	require.NoError(t, err)
	require.EqualValues(t, 20, d.Body.Rank)
}
