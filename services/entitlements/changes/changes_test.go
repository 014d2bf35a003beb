package changes

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/feed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type note struct {
	Text           string `bson:"text"`
	resource.Times `bson:",inline"`
}

var noteKind = resource.Kind[note]{
	Type: "evenhand/Note", Name: func(id string) string { return "notes/" + id },
	Spec: docstore.Spec{Name: "notes"}, Tell: func(n note) any { return n },
}

// What a kind of resource tells comes out as it was, and other collections' changes come
// without a state.
func TestStatesOfResources(t *testing.T) {
	ctx := t.Context()
	store, err := docstore.OpenStore(ctx, teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	requests, err := resource.OpenRequests(ctx, store, func() time.Time { return time.Date(2026, 3, 6, 9, 0, 0, 0, time.UTC) })
	require.NoError(t, err)
	notes, err := resource.OpenTable[note, *note](ctx, requests, noteKind)
	require.NoError(t, err)
	relaying, stop := context.WithCancel(ctx)
	relayed := make(chan error, 1)
	go func() { relayed <- store.RunRelay(relaying) }()
	t.Cleanup(func() { stop(); <-relayed; require.NoError(t, store.Close()) })

	call := resource.Call{Principal: "principals/anna", Method: "CreateNote"}
	made, err := notes.Create(ctx, call, "first", note{Text: "hello"}, "note.created")
	require.NoError(t, err)
	require.NoError(t, notes.Delete(ctx, call, "first", nil, "note.deleted"))

	var seen []*resource.Stored[note]
	follow := open(store, map[string]reader{
		"notes": stored(noteKind, func(_ *Told, s *resource.Stored[note]) { seen = append(seen, s) }),
	})
	done := errors.New("seen all")
	var types, names []string
	err = follow.Watch(ctx, "", nil, func(b feed.Batch[Told]) error {
		for _, c := range b.Changes {
			types, names = append(types, c.Type), append(names, c.State.Name)
			require.Equal(t, "principals/anna", c.Principal)
		}
		if len(types) == 2 {
			return done
		}
		return nil
	})
	require.ErrorIs(t, err, done)
	require.Equal(t, []string{"note.created", "note.deleted"}, types)
	require.Equal(t, []string{"notes/first", "notes/first"}, names)
	require.Len(t, seen, 1, "what was deleted has no state")
	require.Equal(t, made, *seen[0])
}
