package accounts

import (
	"context"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource/feed"
)

// Told is what followers learn of a change besides its type: at most one of these, the
// state right after the change, where the type has one that followers may see.
type Told struct {
	Company *CompanyState
	Account *Account
	Revenue *Revenue
}

// Feed is the changes of this service.
type Feed = feed.Feed[Told]

// Change is something that happened to an aggregate of this service.
type Change = feed.Change[Told]

// Changes is a part of the feed.
type Changes = feed.Batch[Told]

// mostChunks bounds the chunks of revenue told at once, so that a message stays below
// 4 MiB. An account is a few hundred kilobytes at most.
const mostChunks = 40

// told are the collections whose changes are in the feed.
var told = []string{"company", "rates", "attribute_keys", "accounts", "contacts", "reach", "revenue", "imports", "principals", "tokens"}

func openFeed(store *docstore.Store, ledger *Ledger) *Feed {
	return feed.Open(store, told, ledger.tell)
}

// tell reads the states that events lead to, with the entries of chunks, up to as many of
// these as one message holds.
func (l *Ledger) tell(ctx context.Context, events []docstore.FeedEvent) ([]Told, error) {
	var chunks []string
	for i := range events {
		if id, ok := chunkOf(&events[i]); ok {
			if len(chunks) == mostChunks {
				events = events[:i]
				break
			}
			chunks = append(chunks, id)
		}
	}
	docs, err := l.columns.GetMany(ctx, chunks)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*columns, len(docs))
	for i := range docs {
		byID[docs[i].ID] = &docs[i].Body
	}
	states := make([]Told, len(events))
	for i := range events {
		if err := states[i].fill(&events[i], byID); err != nil {
			return nil, fmt.Errorf("event %d of the feed, %s of %s: %w", events[i].Position, events[i].Type, events[i].Source, err)
		}
	}
	return states, nil
}

func chunkOf(e *docstore.FeedEvent) (id string, ok bool) {
	if e.Type != revenueRecorded {
		return "", false
	}
	return strings.CutPrefix(e.Source, chunkSpec.Name+"/")
}

func (t *Told) fill(e *docstore.FeedEvent, chunks map[string]*columns) error {
	if id, ok := chunkOf(e); ok {
		columns := chunks[id]
		if columns == nil {
			return errChunk
		}
		revenue, err := columns.revenue()
		t.Revenue = &revenue
		return err
	}
	collection, _, _ := strings.Cut(e.Source, "/")
	switch collection {
	case "company":
		t.Company = &CompanyState{}
		return bson.Unmarshal(e.Data, t.Company)
	case accountsSpec.Name:
		t.Account = &Account{}
		return bson.Unmarshal(e.Data, t.Account)
	}
	return nil
}
