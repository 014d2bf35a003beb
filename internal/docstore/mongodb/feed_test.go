package mongodb

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

// A long feed is trimmed in commands that each end in time.
func TestTrimFeedInSteps(t *testing.T) {
	sent := &commands{}
	b := openTest(t, Options{monitor: sent.monitor()})
	at := time.UnixMilli(1_700_000_000_000).UTC()
	var events []docstore.FeedEvent
	for p := int64(1); p <= 2*trimStep+100; p++ {
		events = append(events, docstore.FeedEvent{Position: p, Source: "things/a", Recorded: at, Event: docstore.Event{N: p, Type: "t", At: at}})
	}
	_, err := b.AppendFeed(t.Context(), events)
	require.NoError(t, err)
	require.NoError(t, b.TrimFeed(t.Context(), 2*trimStep+50))
	first, last, _, err := b.FeedBounds(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{2*trimStep + 51, 2*trimStep + 100}, []int64{first, last})
	others := func(name string) bool { return name != "delete" }
	require.Len(t, slices.DeleteFunc(sent.name, others), 3)
}
