package resource

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

func TestAnAggregateLivesAsItsCallsSay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		made, err := f.notes.Create(ctx, someone, "a", note{Text: "one"}, "note.created")
		require.NoError(t, err)
		require.Equal(t, start.Truncate(time.Millisecond), made.State.Created, "stamped as it can be stored")
		require.Equal(t, "notes/a", made.Aggregate)
		_, err = f.notes.Create(ctx, someone, "a", note{}, "note.created")
		require.ErrorIs(t, err, ErrExists)

		f.clock = f.clock.Add(time.Hour)
		changed, err := f.notes.Update(ctx, someone, "a", IfEtag[note](made.Etag()), "note.updated", retext("two"))
		require.NoError(t, err)
		require.Equal(t, made.State.Created.Add(time.Hour), changed.State.Updated)
		require.NotEqual(t, made.Etag(), changed.Etag())
		_, err = f.notes.Update(ctx, someone, "a", IfEtag[note](made.Etag()), "note.updated", retext("three"))
		wantFault(t, err, ErrStale, "notes/a was changed since it was read: read it again and repeat the change.")
		same, err := f.notes.Update(ctx, someone, "a", IfEtag[note]("*"), "note.updated", retext("two"))
		require.NoError(t, err)
		require.Equal(t, changed, same, "what changes nothing is not written")
		refused := errors.New("not so")
		_, err = f.notes.Update(ctx, someone, "a", nil, "note.updated", func(*note) error { return refused })
		require.ErrorIs(t, err, refused)

		require.NoError(t, f.notes.Touch(ctx, "a", "note.touched"))
		touched, err := f.notes.Get(ctx, "a")
		require.NoError(t, err)
		require.Equal(t, changed.Version+1, touched.Version)
		require.Equal(t, changed.State, touched.State)

		require.ErrorIs(t, f.notes.Delete(ctx, someone, "a", IfVersion[note](changed.Version), "note.deleted"), ErrStale)
		require.NoError(t, f.notes.Delete(ctx, someone, "a", IfEtag[note](touched.Etag()), "note.deleted"))
		_, err = f.notes.Get(ctx, "a")
		wantFault(t, err, ErrNotFound, "notes/a does not exist.")
		require.ErrorIs(t, f.notes.Delete(ctx, someone, "a", nil, "note.deleted"), ErrNotFound)
		_, err = f.notes.Update(ctx, someone, "a", nil, "note.updated", retext("x"))
		require.ErrorIs(t, err, ErrNotFound)
	})
}

// wantFault fails the test unless err says that a note's call failed like another, in
// these words.
func wantFault(t *testing.T, err error, like *fault.Error, message string) {
	t.Helper()
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.ErrorIs(t, told, like)
	require.Equal(t, message, told.Message)
	require.Equal(t, &fault.Resource{Type: "evenhand/Note", Name: "notes/a"}, told.Resource)
}

func TestARetryIsAnsweredAndChangesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for range 2 {
			_, err := f.notes.Create(ctx, request("create", "x"), "a", note{Text: "one", Slug: "s"}, "note.created")
			require.NoError(t, err)
		}
		_, err := f.notes.Create(ctx, request("create", "y"), "b", note{}, "note.created")
		require.ErrorIs(t, err, ErrRequestIDReused)
		_, err = f.notes.Create(ctx, someone, "c", note{Slug: "s"}, "note.created")
		var duplicate *docstore.DuplicateError
		require.ErrorAs(t, err, &duplicate)
		require.Equal(t, "slug", duplicate.Index)
		first, err := f.notes.Update(ctx, request("update", "x"), "a", nil, "note.updated", retext("two"))
		require.NoError(t, err)
		_, err = f.notes.Update(ctx, someone, "a", nil, "note.updated", retext("three"))
		require.NoError(t, err)
		again, err := f.notes.Update(ctx, request("update", "x"), "a", IfVersion[note](first.Version-1), "note.updated", retext("two"))
		require.NoError(t, err)
		require.Equal(t, "three", again.State.Text)
		_, err = f.notes.Update(ctx, request("update", "y"), "a", nil, "note.updated", retext("four"))
		require.ErrorIs(t, err, ErrRequestIDReused)
	})
}

func TestUpsertCreatesAndChanges(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		add := func(n *note) error {
			n.Rank++
			return nil
		}
		_, err := f.notes.Upsert(ctx, someone, "a", IfEtag[note]("stale"), "note.updated", add)
		require.ErrorIs(t, err, ErrStale, "there is none")
		var calls sync.WaitGroup
		for i := range 8 {
			calls.Go(func() {
				for range 2 { // each call is asked for twice
					_, err := f.notes.Upsert(ctx, request(fmt.Sprint(i), ""), "a", nil, "note.updated", add)
					if err != nil && !errors.Is(err, ErrConflict) {
						t.Errorf("call %d: %v", i, err)
					}
				}
			})
		}
		calls.Wait()
		for i := range 8 { // those that met too many others
			_, err := f.notes.Upsert(ctx, request(fmt.Sprint(i), ""), "a", nil, "note.updated", add)
			require.NoError(t, err)
		}
		s, err := f.notes.Get(ctx, "a")
		require.NoError(t, err)
		require.Equal(t, 8, s.State.Rank)
	})
}

func TestManyAreCreatedAndFound(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		var ids []string
		var states []note
		for i := range 250 {
			ids = append(ids, fmt.Sprintf("n%03d", i))
			states = append(states, note{Labels: []string{fmt.Sprint("even ", i%2 == 0), fmt.Sprint(i)}})
		}
		_, err := f.notes.Create(ctx, someone, "n007", note{Text: "here first"}, "note.created")
		require.NoError(t, err)
		failed, err := f.notes.CreateMany(ctx, someone, ids, states, "note.created")
		require.NoError(t, err)
		require.Equal(t, map[int]bool{7: true}, failed)
		found, err := f.notes.GetMany(ctx, []string{"n000", "n007", "none"})
		require.NoError(t, err)
		require.Len(t, found, 2)
		require.Equal(t, "here first", found["n007"].State.Text)
		versions, err := f.notes.Versions(ctx, []string{"n000", "none"})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"n000": found["n000"].Version}, versions)
		var labels []any
		for i := range 250 {
			labels = append(labels, fmt.Sprint(i))
		}
		several, err := f.notes.Lookup(ctx, "labels", labels...)
		require.NoError(t, err)
		require.Len(t, several, 249)
		n := 0
		for s, err := range f.notes.All(ctx, docstore.Query{Limit: 40}) {
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("n%03d", n), s.ID)
			n++
		}
		require.Equal(t, 250, n)
	})
}

// A process that dies between entering its change and making it must neither break the
// rule nor stand in the way for ever.
func TestAGuardedChangeThatWasNeverMadeIsSettled(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		guard, err := f.guards.Open(ctx, "one at most is first", f.notes, "note.updated")
		require.NoError(t, err)
		_, err = f.guards.Open(ctx, "one at most is first", f.notes, "note.updated")
		require.NoError(t, err, "it is there already")
		versions := map[string]int64{}
		for _, id := range []string{"a", "b"} {
			s, err := f.notes.Create(ctx, someone, id, note{}, "note.created")
			require.NoError(t, err)
			versions[id] = s.Version
		}
		nobodyIs := func(_ int64, pending []Intent) error {
			for s, err := range f.notes.All(ctx, docstore.Query{}) {
				if err != nil || s.State.Rank == 1 {
					return errors.Join(err, errors.New("there is one"))
				}
			}
			if len(pending) > 0 {
				return ErrBlocked
			}
			return nil
		}
		beFirst := func(id string, version int64) error {
			_, err := f.notes.Update(ctx, someone, id, IfVersion[note](version), "note.updated", func(n *note) error {
				n.Rank = 1
				return nil
			})
			return err
		}
		died := errors.New("the process died")
		require.ErrorIs(t, guard.Apply(ctx, "a", "first", nobodyIs, func(int64) error { return died }), died)
		require.NoError(t, guard.Apply(ctx, "b", "first", nobodyIs, func(v int64) error { return beFirst("b", v) }))
		require.ErrorIs(t, beFirst("a", versions["a"]), ErrStale, "the dead process wakes up and writes")
		require.ErrorContains(t, guard.Apply(ctx, "a", "first", nobodyIs, func(v int64) error { return beFirst("a", v) }), "there is one")
	})
}

func TestWhatARequestCreatedIsKnown(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, known, err := f.notes.Created(ctx, request("create", "x"), "a")
		require.NoError(t, err)
		require.False(t, known, "there is none")
		_, err = f.notes.Create(ctx, request("create", "x"), "a", note{Text: "first"}, "note.created")
		require.NoError(t, err)
		_, err = f.notes.Update(ctx, someone, "a", nil, "note.updated", retext("second"))
		require.NoError(t, err)
		again, known, err := f.notes.Created(ctx, request("create", "x"), "a")
		require.NoError(t, err)
		require.True(t, known)
		require.Equal(t, "second", again.State.Text)
		_, _, err = f.notes.Created(ctx, request("create", "y"), "a")
		require.ErrorIs(t, err, ErrRequestIDReused)
		for _, call := range []Call{someone, request("another", "x")} {
			_, known, err = f.notes.Created(ctx, call, "a")
			require.NoError(t, err)
			require.False(t, known)
		}
	})
}
