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
	// Terms are those that a change of a roster began, moved or ended.
	Terms []Term
}

// Feed is the changes of this service.
type Feed = feed.Feed[Told]

// told are the collections whose changes are in the feed.
var told = []string{"boards", "charters", "candidates", "rosters", "rotations", "findings"}

func openFeed(store *docstore.Store) *Feed { return feed.Open(store, told, tell) }

// tell reads the states that events lead to.
func tell(_ context.Context, events []docstore.FeedEvent) ([]Told, error) {
	states := make([]Told, len(events))
	for i, e := range events {
		if len(e.Data) == 0 {
			continue
		}
		var err error
		switch collection, _, _ := strings.Cut(e.Source, "/"); collection {
		case "boards":
			states[i].Board = &Board{}
			err = bson.Unmarshal(e.Data, states[i].Board)
		case "rosters":
			var told termsTold
			err = bson.Unmarshal(e.Data, &told)
			states[i].Terms = told.Terms
		}
		if err != nil {
			return nil, fmt.Errorf("event %d of the feed, %s of %s: %w", e.Position, e.Type, e.Source, err)
		}
	}
	return states, nil
}
