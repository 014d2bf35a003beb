package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore"
)

var modelTests = []test{{"AgainstMemory", testModel}}

// simple is the documents of the model test. Each run has values of its own, so that
// all runs share one collection.
type simple struct {
	Run  int64    `bson:"run"`
	Rank int64    `bson:"rank"`
	Name *string  `bson:"name"`
	Keys []string `bson:"keys"`
	Blob []byte   `bson:"blob"`
}

var simples = docstore.Spec{Name: "simples", Indexes: []docstore.Index{
	{Name: "by_rank", Fields: []string{"run", "rank"}, Carries: "blob"},
	{Name: "name", Fields: []string{"run", "name"}, Unique: true, Partial: true},
	{Name: "keys", Fields: []string{"keys"}, Unique: true, Multikey: true},
}}

// memory is the model: what a store should be.
type memory struct {
	docs     map[string]docstore.Doc[simple]
	versions map[string]int64 // also of what was deleted
	feed     map[string][]int64
}

// duplicate names the unique index that a body under an id would break.
func (m *memory) duplicate(id string, body simple) string {
	if ks := slices.Sorted(slices.Values(body.Keys)); len(slices.Compact(ks)) < len(body.Keys) {
		return "keys"
	}
	for other, d := range m.docs {
		if other == id {
			continue
		}
		if body.Name != nil && d.Body.Name != nil && *body.Name == *d.Body.Name {
			return "name"
		}
		for _, k := range body.Keys {
			if slices.Contains(d.Body.Keys, k) {
				return "keys"
			}
		}
	}
	return ""
}

func (m *memory) put(id string, body simple, events int) int64 {
	for n := range max(1, events) {
		m.versions[id]++
		if n < events {
			m.feed[simples.Name+"/"+id] = append(m.feed[simples.Name+"/"+id], m.versions[id])
		}
	}
	m.docs[id] = docstore.Doc[simple]{ID: id, Version: m.versions[id], Body: body}
	return m.versions[id]
}

func testModel(t *testing.T, db Database) {
	s := openStore(t, db.Open(t), docstore.Options{})
	c, err := docstore.OpenCollection[simple](t.Context(), s, simples)
	require.NoError(t, err)
	relay(t, s)
	run, feed := int64(0), map[string][]int64{}
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &memory{map[string]docstore.Doc[simple]{}, map[string]int64{}, feed}
		x := &modelRun{c: c, m: m, run: run, t: t}
		rt.Repeat(map[string]func(*rapid.T){
			"insert": x.insert, "update": x.update, "updateIf": x.updateIf, "upsert": x.upsert, "delete": x.delete,
			"find": x.find, "lookup": x.lookup, "": x.get,
		})
	})
	require.NoError(t, s.Flush(t.Context()))
	checkFeed(t, s, feed)
}

type modelRun struct {
	c   *docstore.Collection[simple]
	m   *memory
	run int64
	t   *testing.T
}

func (x *modelRun) id(rt *rapid.T) string {
	return fmt.Sprintf("%d-%d", x.run, rapid.IntRange(0, 5).Draw(rt, "id"))
}

func (x *modelRun) body(rt *rapid.T) simple {
	b := simple{Run: x.run, Rank: rapid.Int64Range(-2, 2).Draw(rt, "rank"), Keys: []string{}, Blob: rapid.SliceOfN(rapid.Byte(), 0, 2).Draw(rt, "blob")}
	if rapid.Bool().Draw(rt, "named") {
		b.Name = text(rapid.SampledFrom([]string{"p", "q", "r"}).Draw(rt, "name"))
	}
	for _, k := range rapid.SliceOfN(rapid.IntRange(0, 9), 0, 3).Draw(rt, "keys") {
		b.Keys = append(b.Keys, fmt.Sprintf("%d-%d", x.run, k))
	}
	return b
}

// same says whether an outcome is the one expected: an error, or the name of a
// broken index.
func same(rt *rapid.T, err, want error, duplicate string) bool {
	var broken *docstore.DuplicateError
	switch {
	case want != nil:
		if !errors.Is(err, want) {
			rt.Fatalf("got %v, want %v", err, want)
		}
	case duplicate != "":
		// Which of two broken indexes is named is not defined.
		if !errors.As(err, &broken) {
			rt.Fatalf("got %v, want index %s to refuse", err, duplicate)
		}
	case err != nil:
		rt.Fatal(err)
	default:
		return true
	}
	return false
}

func (x *modelRun) insert(rt *rapid.T) {
	id, body, events := x.id(rt), x.body(rt), rapid.IntRange(0, 2).Draw(rt, "events")
	d, err := x.c.Insert(x.t.Context(), id, body, slices.Repeat([]docstore.NewEvent{event("e")}, events)...)
	var want error
	if _, there := x.m.docs[id]; there && err != nil {
		want = docstore.ErrExists
		var duplicate *docstore.DuplicateError
		if errors.As(err, &duplicate) && x.m.duplicate("", body) != "" {
			want = err // both are true of it
		}
	} else if there {
		rt.Fatal("inserted twice")
	}
	if same(rt, err, want, x.m.duplicate(id, body)) && d.Version != x.m.put(id, body, events) {
		rt.Fatalf("inserted at version %d", d.Version)
	}
}

func (x *modelRun) change(rt *rapid.T, create bool, call func(id string, fn func(*docstore.Doc[simple]) error) (docstore.Doc[simple], error)) {
	id, body, events := x.id(rt), x.body(rt), rapid.IntRange(0, 2).Draw(rt, "events")
	old, there := x.m.docs[id]
	d, err := call(id, func(d *docstore.Doc[simple]) error {
		d.Body = body
		for range events {
			d.Emit("e", nil)
		}
		return nil
	})
	var want error
	if !there && !create {
		want = docstore.ErrNotFound
	}
	if !same(rt, err, want, x.m.duplicate(id, body)) {
		return
	}
	version := old.Version
	if !there || events > 0 || fmt.Sprintf("%+v", flat(old.Body)) != fmt.Sprintf("%+v", flat(body)) {
		version = x.m.put(id, body, events)
	}
	if d.Version != version {
		rt.Fatalf("changed to version %d, want %d", d.Version, version)
	}
}

// flat is a body without pointers.
func flat(b simple) any {
	name := "<none>"
	if b.Name != nil {
		name = *b.Name
	}
	return struct {
		run, rank int64
		name      string
		keys      []string
		blob      string
	}{b.Run, b.Rank, name, b.Keys, string(b.Blob)}
}

func (x *modelRun) update(rt *rapid.T) {
	x.change(rt, false, func(id string, fn func(*docstore.Doc[simple]) error) (docstore.Doc[simple], error) {
		return x.c.Update(x.t.Context(), id, fn)
	})
}

func (x *modelRun) upsert(rt *rapid.T) {
	x.change(rt, true, func(id string, fn func(*docstore.Doc[simple]) error) (docstore.Doc[simple], error) {
		return x.c.Upsert(x.t.Context(), id, fn)
	})
}

func (x *modelRun) updateIf(rt *rapid.T) {
	x.change(rt, false, func(id string, fn func(*docstore.Doc[simple]) error) (docstore.Doc[simple], error) {
		if _, err := x.c.UpdateIf(x.t.Context(), id, x.m.versions[id]+1, fn); err == nil {
			rt.Fatal("a wrong version was accepted")
		}
		return x.c.UpdateIf(x.t.Context(), id, x.m.versions[id], fn)
	})
}

func (x *modelRun) delete(rt *rapid.T) {
	id := x.id(rt)
	_, there := x.m.docs[id]
	err := x.c.Delete(x.t.Context(), id, 0)
	if !there {
		same(rt, err, docstore.ErrNotFound, "")
		return
	}
	if same(rt, err, nil, "") {
		x.m.put(id, simple{}, 1)
		delete(x.m.docs, id)
	}
}

// get compares all documents, after each step.
func (x *modelRun) get(rt *rapid.T) {
	var all []string
	var want []docstore.Doc[simple]
	for i := range 6 {
		id := fmt.Sprintf("%d-%d", x.run, i)
		all = append(all, id)
		if d, there := x.m.docs[id]; there {
			want = append(want, d)
		}
	}
	got, err := x.c.GetMany(x.t.Context(), all)
	if err != nil {
		rt.Fatal(err)
	}
	for i, d := range got {
		if i >= len(want) || d.ID != want[i].ID || d.Version != want[i].Version || fmt.Sprint(flat(d.Body)) != fmt.Sprint(flat(want[i].Body)) {
			rt.Fatalf("got %+v, want %+v", got, want)
		}
	}
	if len(got) != len(want) {
		rt.Fatalf("got %v, want %v", ids(got), ids(want))
	}
}

func (x *modelRun) find(rt *rapid.T) {
	q := docstore.Query{Index: "by_rank", Equal: []any{x.run}, Limit: rapid.IntRange(1, 4).Draw(rt, "limit"), Descending: rapid.Bool().Draw(rt, "descending")}
	from, to := int64(-9), int64(9)
	if rapid.Bool().Draw(rt, "bounded") {
		from, to = rapid.Int64Range(-2, 1).Draw(rt, "from"), rapid.Int64Range(-1, 2).Draw(rt, "to")
		q.From, q.To = from, to
	}
	var want []docstore.Doc[simple]
	for _, d := range x.m.docs {
		if d.Body.Rank >= from && d.Body.Rank < to {
			want = append(want, d)
		}
	}
	slices.SortFunc(want, func(a, b docstore.Doc[simple]) int {
		return cmp.Or(cmp.Compare(a.Body.Rank, b.Body.Rank), cmp.Compare(a.ID, b.ID))
	})
	if q.Descending {
		slices.Reverse(want)
	}
	var got []docstore.Doc[simple]
	for d, err := range x.c.All(x.t.Context(), q) {
		if err != nil {
			rt.Fatal(err)
		}
		got = append(got, d)
	}
	if !slices.Equal(ids(want), ids(got)) {
		rt.Fatalf("%+v: got %v, want %v", q, ids(got), ids(want))
	}
	at := 0
	for e, err := range x.c.Entries(x.t.Context(), q) {
		if err != nil {
			rt.Fatal(err)
		}
		if at == len(want) || e.ID != want[at].ID || string(e.Carried) != string(want[at].Body.Blob) {
			rt.Fatalf("%+v: got entry %+v at %d of %+v", q, e, at, want)
		}
		at++
	}
	if at != len(want) {
		rt.Fatalf("%+v: got %d entries of %d", q, at, len(want))
	}
}

func (x *modelRun) lookup(rt *rapid.T) {
	var values []any
	var want []string
	for _, k := range rapid.SliceOfN(rapid.IntRange(0, 9), 1, 4).Draw(rt, "keys") {
		values = append(values, fmt.Sprintf("%d-%d", x.run, k))
	}
	for id, d := range x.m.docs {
		if slices.ContainsFunc(values, func(v any) bool { return slices.Contains(d.Body.Keys, v.(string)) }) {
			want = append(want, id)
		}
	}
	docs, err := x.c.Lookup(x.t.Context(), "keys", values...)
	if err != nil {
		rt.Fatal(err)
	}
	got := ids(docs)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		rt.Fatalf("%v: got %v, want %v", values, got, want)
	}
}
