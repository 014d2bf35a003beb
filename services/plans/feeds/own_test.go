package feeds

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

// errSeen ends a watch that has seen what it wants.
var errSeen = errors.New("seen")

// tellAll returns what a source tells from a resume token on, up to a position.
func tellAll(t *testing.T, from Source, resume string, until int64) (changes []Change, last Batch) {
	t.Helper()
	err := from.Watch(t.Context(), resume, func(b Batch) error {
		changes = append(changes, b.Changes...)
		if last = b; b.Position >= until {
			return errSeen
		}
		return nil
	})
	require.ErrorIs(t, err, errSeen)
	return changes, last
}

// What this service tells of work comes back to it, once for each event, from any position
// on; and a feed that was cut says so.
func TestR31WhatThisServiceTellsItself(t *testing.T) {
	onEveryStore(t, thisServiceTellsItself)
}

func thisServiceTellsItself(t *testing.T, store *docstore.Store) {
	ctx := t.Context()
	relaying, stop := context.WithCancel(ctx)
	relayed := make(chan error, 1)
	go func() { relayed <- store.RunRelay(relaying) }()
	t.Cleanup(func() { stop(); <-relayed })
	type note struct {
		Account string `bson:"account"`
	}
	write := func(collection, id, account string) {
		docs, err := docstore.OpenCollection[note](ctx, store, docstore.Spec{Name: collection})
		require.NoError(t, err)
		_, err = docs.Insert(docstore.WithPrincipal(ctx, "principals/anna"), id, note{account}, docstore.NewEvent{Type: collection + ".done", Data: note{account}})
		require.NoError(t, err)
	}
	readers := map[string]WorkReader{"touchpoints": OneWork(func(e docstore.FeedEvent) (*Work, error) {
		var n note
		if err := bson.Unmarshal(e.Data, &n); err != nil {
			return nil, err
		}
		if n.Account == "" {
			return nil, nil // nothing was completed
		}
		return &Work{Name: e.Source, Kind: "touchpoint", Account: n.Account, Completed: e.At}, nil
	})}
	source := NewOwnSource(store, readers, "plans")
	write("touchpoints", "t1", "acme")
	write("plans", "acme", "acme")
	write("touchpoints", "t2", "")
	write("touchpoints", "t3", "brook")
	head, err := source.Head(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 4, head)

	changes, last := tellAll(t, source, "", 4)
	require.EqualValues(t, 4, last.Position)
	var told []string
	for _, c := range changes {
		require.Equal(t, Own, c.Service)
		require.Equal(t, "principals/anna", c.Principal)
		if c.Work == nil {
			told = append(told, "plan of "+c.Plan)
			continue
		}
		told = append(told, c.Name+" of "+c.Work.Account)
	}
	require.ElementsMatch(t, []string{"touchpoints/t1 of acme", "plan of acme", "touchpoints/t3 of brook"}, told)
	again, _ := tellAll(t, source, "", 4)
	require.Equal(t, changes, again)
	rest, _ := tellAll(t, source, "0", 4)
	require.Equal(t, changes, rest)
	write("touchpoints", "t4", "cole")
	rest, last = tellAll(t, source, last.Resume, 5)
	require.Len(t, rest, 1)
	require.Equal(t, "5", last.Resume)

	require.ErrorIs(t, source.Watch(ctx, "99", func(Batch) error { return nil }), ErrTrimmed)
	require.ErrorContains(t, source.Watch(ctx, "nonsense", func(Batch) error { return nil }), "is no position")
}
