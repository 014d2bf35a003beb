package mongodb

import (
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/docstore"
)

// chunkSpec is the collection of chunks as an import has it: 500 entries to a
// document, under a unique multikey index over their keys.
var chunkSpec = docstore.Spec{Name: "chunks", Indexes: []docstore.Index{
	{Name: "keys", Fields: []string{"entries.key"}, Unique: true, Multikey: true},
}}

// chunk is a document of some 40 KB with 500 random keys and one event.
func chunk(t testing.TB, id string) docstore.Record {
	entries := make(bson.A, 500)
	for i := range entries {
		key := make([]byte, 16)
		_, _ = rand.Read(key)
		entries[i] = bson.D{{Key: "key", Value: key}, {Key: "account", Value: "0000001234"}, {Key: "minor", Value: int64(i)}}
	}
	return record(t, id, 1, bson.D{{Key: "entries", Value: entries}})
}

// BenchmarkChunks compares, in pairs that take turns, inserting chunks through the
// backend, and inserting and relaying them, with the bare InsertMany of the same
// documents under the same indexes and write concern. It reports the medians of the
// pairs' ratios (floor/ours: 1 is as fast as the floor).
func BenchmarkChunks(b *testing.B) {
	const batch = 10
	backend := openTest(b, Options{})
	ctx := b.Context()
	raw := chunkSpec
	raw.Name = "raw"
	require.NoError(b, backend.Declare(ctx, chunkSpec))
	require.NoError(b, backend.Declare(ctx, raw))
	var insert, relay []float64
	var position int64
	size := 0
	for pair := 0; b.Loop(); pair++ {
		ours, floor := make([]docstore.Record, batch), make([]bson.Raw, batch)
		for i := range batch {
			ours[i] = chunk(b, fmt.Sprintf("chunk-%d-%d", pair, i))
			floor[i] = marshal(b, storedOf(chunk(b, ours[i].ID)))
			size = len(floor[i])
		}
		bare := func() time.Duration {
			start := time.Now()
			_, err := backend.db.Collection("raw").InsertMany(ctx, floor, options.InsertMany().SetOrdered(false))
			require.NoError(b, err)
			return time.Since(start)
		}
		var inserted, relayed time.Duration
		through := func() {
			start := time.Now()
			require.NoError(b, backend.Insert(ctx, "chunks", ours))
			inserted = time.Since(start)
			events, upTo := make([]docstore.FeedEvent, batch), map[string]int64{}
			for i, r := range ours {
				position++
				events[i] = docstore.FeedEvent{Position: position, Source: "chunks/" + r.ID, Recorded: r.Out[0].At, Event: r.Out[0]}
				upTo[r.ID] = 1
			}
			_, err := backend.AppendFeed(ctx, events)
			require.NoError(b, err)
			require.NoError(b, backend.Relayed(ctx, "chunks", upTo))
			relayed = time.Since(start)
		}
		var least time.Duration
		if pair%2 == 0 {
			least = bare()
			through()
		} else {
			through()
			least = bare()
		}
		insert = append(insert, least.Seconds()/inserted.Seconds())
		relay = append(relay, least.Seconds()/relayed.Seconds())
	}
	b.ReportMetric(median(insert), "floor/insert")
	b.ReportMetric(median(relay), "floor/insert+relay")
	b.ReportMetric(float64(size), "B/chunk")
	b.ReportMetric(batch, "chunks/op")
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
