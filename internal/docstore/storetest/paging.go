package storetest

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

var pagingTests = []test{
	{"Order", testOrder},
	{"Ranges", testRanges},
	{"Cursors", testCursors},
	{"UnderWrites", testPagingUnderWrites},
	{"EntriesEnd", testEntriesEnd},
	{"BadQueries", testBadQueries},
}

// sample inserts documents with few different values, so that ties abound.
func sample(t testing.TB, c *docstore.Collection[thing]) []docstore.Doc[thing] {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	day := time.Date(1996, 2, 28, 0, 0, 0, 0, time.UTC)
	var news []docstore.New[thing]
	var docs []docstore.Doc[thing]
	for i := range 120 {
		body := thing{
			Name: fmt.Sprint("n", random.IntN(4)), Group: string(rune('a' + random.IntN(3))), Rank: int64(random.IntN(9) - 4),
			On: random.IntN(2) == 0, At: day.AddDate(0, 0, random.IntN(5)-2), Place: place{City: []string{"Bonn", "bonn", "Ä", ""}[random.IntN(4)]},
			Tags: []string{"t", fmt.Sprint("t", random.IntN(3))},
		}
		if random.IntN(2) == 0 {
			body.Hash = []byte{byte(random.IntN(256)), 0}
		}
		id := fmt.Sprintf("%c%03d", 'A'+rune(random.IntN(50)), i)
		news = append(news, docstore.New[thing]{ID: id, Body: body})
		docs = append(docs, docstore.Doc[thing]{ID: id, Body: body})
	}
	require.NoError(t, c.InsertMany(t.Context(), news))
	return docs
}

// expect sorts those documents that a query should return.
func expect(docs []docstore.Doc[thing], descending bool, keep func(thing) bool, compare func(a, b thing) int) []string {
	var kept []docstore.Doc[thing]
	for _, d := range docs {
		if keep(d.Body) {
			kept = append(kept, d)
		}
	}
	slices.SortFunc(kept, func(a, b docstore.Doc[thing]) int {
		return cmp.Or(compare(a.Body, b.Body), strings.Compare(a.ID, b.ID))
	})
	if descending {
		slices.Reverse(kept)
	}
	return ids(kept)
}

func read(t testing.TB, c *docstore.Collection[thing], q docstore.Query) []string {
	t.Helper()
	var got []string
	for d, err := range c.All(t.Context(), q) {
		require.NoError(t, err)
		got = append(got, d.ID)
	}
	return got
}

var always = func(thing) bool { return true }

func testOrder(t *testing.T, db Database) {
	_, c := collection(t, db)
	docs := sample(t, c)
	one := docs[0].Body
	truth := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	for _, tt := range []struct {
		index   string
		equal   []any
		keep    func(thing) bool
		compare func(a, b thing) int
	}{
		{"", nil, always, func(a, b thing) int { return 0 }},
		{"by_group", nil, always, func(a, b thing) int {
			return cmp.Or(strings.Compare(a.Group, b.Group), cmp.Compare(a.Rank, b.Rank))
		}},
		{"by_group", []any{"b"}, func(x thing) bool { return x.Group == "b" }, func(a, b thing) int { return cmp.Compare(a.Rank, b.Rank) }},
		{"by_group", []any{one.Group, one.Rank}, func(x thing) bool { return x.Group == one.Group && x.Rank == one.Rank }, func(a, b thing) int { return 0 }},
		{"by_at", nil, always, func(a, b thing) int { return a.At.Compare(b.At) }},
		{"by_on", nil, always, func(a, b thing) int {
			return cmp.Or(cmp.Compare(truth(a.On), truth(b.On)), strings.Compare(a.Name, b.Name))
		}},
		{"by_on", []any{true}, func(x thing) bool { return x.On }, func(a, b thing) int { return strings.Compare(a.Name, b.Name) }},
		{"by_hash", nil, func(x thing) bool { return x.Hash != nil }, func(a, b thing) int { return slices.Compare(a.Hash, b.Hash) }},
		{"by_city", nil, always, func(a, b thing) int { return strings.Compare(a.Place.City, b.Place.City) }},
		{"by_tag", []any{"t1"}, func(x thing) bool { return slices.Contains(x.Tags, "t1") }, func(a, b thing) int { return cmp.Compare(a.Rank, b.Rank) }},
	} {
		for _, descending := range []bool{false, true} {
			want := expect(docs, descending, tt.keep, tt.compare)
			require.NotEmpty(t, want)
			for _, limit := range []int{1, 7, 500} {
				got := read(t, c, docstore.Query{Index: tt.index, Equal: tt.equal, Descending: descending, Limit: limit})
				require.Equal(t, want, got, "index %q equal %v descending %v pages of %d", tt.index, tt.equal, descending, limit)
			}
		}
	}
}

func testRanges(t *testing.T, db Database) {
	_, c := collection(t, db)
	docs := sample(t, c)
	day := time.Date(1996, 2, 28, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		q       docstore.Query
		keep    func(thing) bool
		compare func(a, b thing) int
	}{
		{docstore.Query{Index: "by_group", Equal: []any{"a"}, From: -1, To: 3}, func(x thing) bool { return x.Group == "a" && x.Rank >= -1 && x.Rank < 3 },
			func(a, b thing) int { return cmp.Compare(a.Rank, b.Rank) }},
		{docstore.Query{Index: "by_group", From: "b"}, func(x thing) bool { return x.Group >= "b" },
			func(a, b thing) int { return cmp.Or(strings.Compare(a.Group, b.Group), cmp.Compare(a.Rank, b.Rank)) }},
		{docstore.Query{Index: "by_at", From: day, To: day.AddDate(0, 0, 2)}, func(x thing) bool { return !x.At.Before(day) && x.At.Before(day.AddDate(0, 0, 2)) },
			func(a, b thing) int { return a.At.Compare(b.At) }},
		{docstore.Query{Index: "by_hash", To: []byte{128, 0}}, func(x thing) bool { return len(x.Hash) > 0 && x.Hash[0] < 128 },
			func(a, b thing) int { return slices.Compare(a.Hash, b.Hash) }},
		{docstore.Query{Index: "by_at", From: day, To: day}, func(x thing) bool { return false }, func(a, b thing) int { return 0 }},
	} {
		for _, descending := range []bool{false, true} {
			want := expect(docs, descending, tt.keep, tt.compare)
			for _, limit := range []int{3, 500} {
				tt.q.Descending, tt.q.Limit = descending, limit
				got := read(t, c, tt.q)
				require.ElementsMatch(t, want, got)
				require.True(t, slices.Equal(want, got), "%+v", tt.q)
			}
		}
	}
	byID := read(t, c, docstore.Query{From: "C", To: "F", Limit: 2})
	for _, id := range byID {
		require.True(t, id >= "C" && id < "F")
	}
	require.NotEmpty(t, byID)
}

func testCursors(t *testing.T, db Database) {
	_, c := collection(t, db)
	sample(t, c)
	for _, q := range []docstore.Query{{}, {Index: "by_group"}, {Index: "by_at"}, {Index: "by_on"}, {Index: "by_hash"}} {
		q.Limit = 11
		whole := read(t, c, q)
		var got []string
		for {
			page, err := c.Find(t.Context(), q)
			require.NoError(t, err)
			got = append(got, ids(page.Docs)...)
			if page.Next == nil {
				break
			}
			require.Len(t, page.Docs, q.Limit)
			token, err := docstore.MarshalCursor(page.Next)
			require.NoError(t, err)
			q.After, err = docstore.UnmarshalCursor(token)
			require.NoError(t, err)
			require.Equal(t, page.Next, q.After)
		}
		require.Equal(t, whole, got, "index %q", q.Index)
	}
	exact, err := c.Find(t.Context(), docstore.Query{Limit: 120})
	require.NoError(t, err)
	require.Nil(t, exact.Next, "a last page that is full is the last page")
	_, err = docstore.UnmarshalCursor([]byte("nonsense"))
	require.Error(t, err)
}

// A reader that pages while others write sees everything that stays once and in
// order.
func testPagingUnderWrites(t *testing.T, db Database) {
	_, c := collection(t, db)
	for i := range 100 {
		_, err := c.Insert(t.Context(), fmt.Sprintf("stay%03d", i), thing{Group: "g", Rank: int64(i)})
		require.NoError(t, err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("w%d-%d", w, i)
				if _, err := c.Insert(t.Context(), id, thing{Group: "g", Rank: int64(i * 7 % 100)}, event("born")); err != nil {
					t.Error(err)
					return
				}
				if i%2 == 0 {
					if err := c.Delete(t.Context(), id, 0); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for range 5 {
		last, stayed := docstore.Doc[thing]{}, 0
		for d, err := range c.All(t.Context(), docstore.Query{Index: "by_group", Equal: []any{"g"}, Limit: 9}) {
			require.NoError(t, err)
			if last.ID != "" {
				order := cmp.Or(cmp.Compare(last.Body.Rank, d.Body.Rank), strings.Compare(last.ID, d.ID))
				require.Negative(t, order, "%s after %s", d.ID, last.ID)
			}
			if strings.HasPrefix(d.ID, "stay") {
				stayed++
			}
			last = d
		}
		require.Equal(t, 100, stayed)
	}
	close(stop)
	wg.Wait()
}

// A walk over entries ends when it is left, and says so when its context ends.
func testEntriesEnd(t *testing.T, db Database) {
	s := openStore(t, db.Open(t), docstore.Options{})
	c, err := docstore.OpenCollection[simple](t.Context(), s, simples)
	require.NoError(t, err)
	for i := range 20 {
		_, err := c.Insert(t.Context(), fmt.Sprint(i), simple{Run: 1, Rank: int64(i), Keys: []string{}, Blob: []byte{byte(i)}})
		require.NoError(t, err)
	}
	q := docstore.Query{Index: "by_rank", Equal: []any{1}, Limit: 3}
	whole := 0
	for e, err := range c.Entries(t.Context(), docstore.Query{Index: "by_rank", Limit: 3}) {
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(whole), e.ID)
		whole++
	}
	require.Equal(t, 20, whole)
	for e, err := range c.Entries(t.Context(), q) {
		require.NoError(t, err)
		require.Equal(t, docstore.Entry{ID: "0", Carried: []byte{0}}, e)
		break
	}
	ctx, stop := context.WithCancel(t.Context())
	seen := 0
	for _, err = range c.Entries(ctx, q) {
		stop()
		seen++
	}
	stop()
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, seen, 20)
}

func testBadQueries(t *testing.T, db Database) {
	_, c := collection(t, db)
	for want, q := range map[string]docstore.Query{
		"declares no index":   {Index: "nope"},
		"negative":            {Limit: -1},
		"3 values for the 2":  {Index: "by_group", Equal: []any{1, 2, 3}},
		"must fix its first":  {Index: "by_tag"},
		"has 3 values, not 1": {Index: "by_group", After: []any{"x"}},
		"all fields of index": {Index: "by_group", Equal: []any{"a", 1}, From: 2},
		"type float64 cannot": {Index: "by_group", Equal: []any{1.5}},
	} {
		_, err := c.Find(t.Context(), q)
		require.ErrorContains(t, err, want)
	}
	for _, err := range c.Entries(t.Context(), docstore.Query{Index: "by_group"}) {
		require.ErrorContains(t, err, "carries nothing")
	}
	_, err := c.Lookup(t.Context(), "by_group", "a")
	require.ErrorContains(t, err, "has 2 fields")
	none, err := c.Lookup(t.Context(), "email")
	require.NoError(t, err)
	require.Empty(t, none)
}
