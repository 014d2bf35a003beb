package board

import (
	"context"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource/feed"
)

// Told is what followers learn of a change besides its type: at most one of these, where
// the type has one.
type Told struct {
	Board *Board
}

// Feed is the changes of this service.
type Feed = feed.Feed[Told]

// told are the collections whose changes are in the feed.
var told = []string{"boards", "charters", "candidates"}

func openFeed(store *docstore.Store) *Feed { return feed.Open(store, told, tell) }

// tell reads the states that events lead to.
func tell(_ context.Context, events []docstore.FeedEvent) ([]Told, error) {
	states := make([]Told, len(events))
	for i, e := range events {
		collection, _, _ := strings.Cut(e.Source, "/")
		if collection != "boards" || len(e.Data) == 0 {
			continue
		}
		states[i].Board = &Board{}
		if err := bson.Unmarshal(e.Data, states[i].Board); err != nil {
			return nil, fmt.Errorf("event %d of the feed, %s of %s: %w", e.Position, e.Type, e.Source, err)
		}
	}
	return states, nil
}
