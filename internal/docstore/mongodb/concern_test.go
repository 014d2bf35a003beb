package mongodb

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"github.com/evenhand/evenhand/internal/docstore"
)

// commands collects what a client sends.
type commands struct {
	mu   sync.Mutex
	sent []bson.Raw
	name []string
}

func (c *commands) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sent, c.name = append(c.sent, e.Command), append(c.name, e.CommandName)
	}}
}

func marshal(t testing.TB, v any) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(v)
	require.NoError(t, err)
	return raw
}

// record is a document with one event, for tests.
func record(t testing.TB, id string, version int64, body any) docstore.Record {
	at := time.UnixMilli(1_700_000_000_000).UTC()
	return docstore.Record{ID: id, Version: version, Body: marshal(t, body), Out: []docstore.Event{
		{N: version, Type: "thing.changed", At: at, Who: "principals/test", Data: marshal(t, bson.M{"by": id})},
	}}
}

// everyOperation does with a backend all that reads or writes, in ways that succeed
// and in ways that are refused.
func everyOperation(t *testing.T, b *backend) {
	ctx := t.Context()
	spec := docstore.Spec{Name: "things", Indexes: []docstore.Index{
		{Name: "name", Fields: []string{"name"}, Unique: true},
		{Name: "kind", Fields: []string{"kind", "rank"}},
	}}
	body := func(name string) bson.M { return bson.M{"name": name, "kind": "k", "rank": int64(1)} }
	require.NoError(t, b.Declare(ctx, spec))
	require.NoError(t, b.Ping(ctx))
	require.NoError(t, b.Insert(ctx, "things", []docstore.Record{record(t, "a", 1, body("a")), record(t, "b", 1, body("b"))}))
	require.Error(t, b.Insert(ctx, "things", []docstore.Record{record(t, "a", 1, body("a")), record(t, "c", 1, body("b"))}))
	require.NoError(t, b.Replace(ctx, "things", 1, record(t, "a", 2, body("aa"))))
	require.ErrorIs(t, b.Replace(ctx, "things", 1, record(t, "a", 2, body("aa"))), docstore.ErrConflict)
	_, err := b.Get(ctx, "things", []string{"a", "b"})
	require.NoError(t, err)
	_, err = b.Find(ctx, "things", docstore.Query{Index: "kind", After: []any{"k", int64(0), "a"}, Limit: 10})
	require.NoError(t, err)
	_, err = b.Lookup(ctx, "things", "name", []any{"b"})
	require.NoError(t, err)
	taken, err := b.taken(ctx, "things", spec.Indexes[0], record(t, "z", 1, body("b")))
	require.NoError(t, err)
	require.True(t, taken)

	require.NoError(t, b.Replace(ctx, "things", 1, docstore.Record{ID: "b", Version: 2, Dead: true}))
	_, err = b.Pending(ctx, "things", "", 10)
	require.NoError(t, err)
	require.NoError(t, b.Relayed(ctx, "things", map[string]int64{"a": 1, "b": 1}))
	stones, err := b.Tombstones(ctx, "things", "", 10)
	require.NoError(t, err)
	require.Len(t, stones, 1)
	require.NoError(t, b.Purge(ctx, "things", "b", 2))

	events := make([]docstore.FeedEvent, 150) // more than a server returns in one batch unasked
	for i := range events {
		events[i] = docstore.FeedEvent{Position: int64(i + 1), Source: "things/a", Event: docstore.Event{N: int64(i + 1)}}
	}
	n, err := b.AppendFeed(ctx, events)
	require.NoError(t, err)
	require.Equal(t, len(events), n)
	_, err = b.AppendFeed(ctx, events)
	require.ErrorIs(t, err, docstore.ErrFenced)
	read, err := b.ReadFeed(ctx, 0, 1000)
	require.NoError(t, err)
	require.Len(t, read, len(events))
	position, err := b.LocateFeed(ctx, "things/a", 7)
	require.NoError(t, err)
	require.EqualValues(t, 7, position)
	require.NoError(t, b.TrimFeed(ctx, 10))
	_, _, _, err = b.FeedBounds(ctx)
	require.NoError(t, err)
}

// TestEveryCommandIsDurable looks at every command that a backend sends: a write has
// to wait for a majority and the journal, a read to be of what a majority has.
func TestEveryCommandIsDurable(t *testing.T) {
	var seen commands
	b := openTest(t, Options{monitor: seen.monitor()})
	everyOperation(t, b)

	seen.mu.Lock()
	defer seen.mu.Unlock()
	kinds := map[string]int{}
	for i, name := range seen.name {
		command := seen.sent[i]
		switch name {
		case "insert", "update", "delete", "createIndexes":
			require.Equal(t, `{"w": "majority","j": true}`, command.Lookup("writeConcern").String(), "%s", command)
		case "find", "aggregate":
			require.Equal(t, `"majority"`, command.Lookup("readConcern", "level").String(), "%s", command)
		case "ping", "getMore", "endSessions":
		default:
			t.Fatalf("a command that is not expected: %s", command)
		}
		if mode, err := command.LookupErr("$readPreference", "mode"); err == nil {
			require.Contains(t, []string{"primary", "primaryPreferred"}, mode.StringValue(), "%s", command)
		}
		require.Zero(t, command.Lookup("startTransaction"), "%s", command)
		kinds[name]++
	}
	for _, name := range []string{"insert", "update", "delete", "createIndexes", "find", "aggregate"} {
		require.Positive(t, kinds[name], name)
	}
}

func TestTraceSeesEachCommandAndItsEnd(t *testing.T) {
	type span struct {
		command, collection string
		ended               bool
		err                 error
	}
	var mu sync.Mutex
	var spans []*span
	b := openTest(t, Options{Trace: func(_ context.Context, command, collection string) func(error) {
		s := &span{command: command, collection: collection}
		mu.Lock()
		defer mu.Unlock()
		spans = append(spans, s)
		return func(err error) {
			mu.Lock()
			defer mu.Unlock()
			s.ended, s.err = true, err
		}
	}})
	everyOperation(t, b)
	require.Error(t, b.Declare(t.Context(), docstore.Spec{Name: "things", Indexes: []docstore.Index{{Name: "name", Fields: []string{"other"}}}}))

	mu.Lock()
	defer mu.Unlock()
	seen := map[string]bool{}
	for _, s := range spans {
		require.True(t, s.ended, s.command)
		require.Contains(t, []string{"things", "feed"}, s.collection)
		seen[s.command] = true
	}
	for _, command := range []string{"insert", "update", "delete", "find", "createIndexes"} {
		require.True(t, seen[command], command)
	}
	require.Error(t, spans[len(spans)-1].err)
}
