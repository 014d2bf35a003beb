package mongodb

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

var claimSpec = docstore.Spec{Name: "things", Indexes: []docstore.Index{
	{Name: "pair", Fields: []string{"a", "b.c"}, Unique: true, Partial: true},
	{Name: "many", Fields: []string{"keys"}, Unique: true, Multikey: true},
	{Name: "plain", Fields: []string{"p"}},
}}

func claimRecord(t *testing.T, a, c any) docstore.Record {
	return docstore.Record{Body: marshal(t, bson.M{"a": a, "b": bson.M{"c": c}, "p": "same", "keys": bson.A{"same"}})}
}

func TestOneValueIsClaimedByOneAtATime(t *testing.T) {
	c := claims{held: map[string]chan struct{}{}}
	inside := map[string]bool{}
	var mu sync.Mutex
	var writers sync.WaitGroup
	for i := range 64 {
		writers.Go(func() {
			// Two of three values each, so that they meet in every order.
			names := []string{"x", "y", "z"}[i%3:]
			names = append(names, "x", "y")[:2]
			records := []docstore.Record{claimRecord(t, names[0], int64(1)), claimRecord(t, names[1], int64(1))}
			release := c.claim(t.Context(), claimSpec, records, time.Minute)
			defer release()
			mu.Lock()
			for _, name := range names {
				if inside[name] {
					t.Errorf("two hold %s", name)
				}
				inside[name] = true
			}
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			for _, name := range names {
				inside[name] = false
			}
			mu.Unlock()
		})
	}
	writers.Wait()
	require.Empty(t, c.held)
}

func TestOnlyWhatUniqueIndexesHoldIsClaimed(t *testing.T) {
	require.Len(t, claimed(claimSpec, []docstore.Record{claimRecord(t, "a", "1"), claimRecord(t, "a", "1"), claimRecord(t, "a", "2")}), 2)
	require.Empty(t, claimed(claimSpec, []docstore.Record{claimRecord(t, nil, "1"), {Dead: true}}), "null is no value, a tombstone has none")
}

// Who waits too long, or is no longer wanted, goes on without.
func TestAClaimIsNotWaitedForForever(t *testing.T) {
	c := claims{held: map[string]chan struct{}{}}
	records := []docstore.Record{claimRecord(t, "a", "1")}
	release := c.claim(t.Context(), claimSpec, records, time.Minute)
	c.claim(t.Context(), claimSpec, records, time.Nanosecond)()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.claim(ctx, claimSpec, records, time.Minute)()
	require.Len(t, c.held, 1, "the first still holds it")
	release()
	require.Empty(t, c.held)
}
