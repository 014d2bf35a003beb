package board

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/feed"
	"github.com/evenhand/evenhand/services/board/advice"
	"github.com/evenhand/evenhand/services/board/meetings"
)

// Told is what followers learn of a change besides its type: at most one of the states,
// where the type has one.
type Told struct {
	// Name is the name of the resource; of the board for its terms.
	Name string
	// Description says what happened where the type does not say it all.
	Description string

	Board     *resource.Stored[Board]
	Charter   *resource.Stored[CharterVersion]
	Candidate *resource.Stored[Candidate]
	Rotation  *resource.Stored[Rotation]
	Finding   *resource.Stored[Finding]
	Lottery   *resource.Stored[Lottery]
	// Meeting and Idea have only what followers may see of them.
	Meeting      *resource.Stored[meetings.Meeting]
	Solicitation *resource.Stored[advice.Solicitation]
	Idea         *resource.Stored[advice.Idea]
	// Terms are those that a change of a roster began, moved or ended.
	Terms []Term
}

// Feed is the changes of this service.
type Feed = feed.Feed[Told]

// told are the collections whose changes are in the feed, each with the first part of the
// names of its resources.
var told = map[string]string{
	"boards": "boards", "charters": "boards", "candidates": "boards", "rosters": "boards", "rotations": "boards", "findings": "boards", "lotteries": "lotteries",
	"meetings": "boards", "solicitations": "solicitations", "ideas": "ideas", "idea_comments": "ideas", "calendar_feeds": "calendarFeeds",
}

func openFeed(store *docstore.Store) *Feed {
	return feed.Open(store, slices.Collect(maps.Keys(told)), tell)
}

// tell reads the states that events lead to.
func tell(_ context.Context, events []docstore.FeedEvent) ([]Told, error) {
	states := make([]Told, len(events))
	for i := range events {
		if err := states[i].read(&events[i]); err != nil {
			e := &events[i]
			return nil, fmt.Errorf("event %d of the feed, %s of %s: %w", e.Position, e.Type, e.Source, err)
		}
	}
	return states, nil
}

func (t *Told) read(e *docstore.FeedEvent) (err error) {
	collection, id, _ := strings.Cut(e.Source, "/")
	t.Name = names.Join(told[collection], id)
	if len(e.Data) == 0 {
		return nil
	}
	switch collection {
	case "boards":
		t.Board, err = stateIn[Board](e, id)
	case "charters":
		t.Charter, err = stateIn[CharterVersion](e, id)
	case "candidates":
		t.Candidate, err = stateIn[Candidate](e, id)
	case "rotations":
		t.Rotation, err = stateIn[Rotation](e, id)
	case "findings":
		t.Finding, err = stateIn[Finding](e, id)
	case "lotteries":
		t.Lottery, err = stateIn[Lottery](e, id)
	case "solicitations":
		t.Solicitation, err = stateIn[advice.Solicitation](e, id)
	case "meetings":
		t.Meeting = &resource.Stored[meetings.Meeting]{ID: id, Version: e.N}
		t.Meeting.State, err = meetings.ReadTold(e.Data)
		t.Meeting.Created = t.Meeting.State.Created
	case "ideas":
		t.Idea = &resource.Stored[advice.Idea]{ID: id, Version: e.N}
		t.Idea.State, err = advice.ReadTold(e.Data)
		t.Idea.Created, t.Description = t.Idea.State.Created, t.Idea.State.Last
	case "rosters":
		var terms termsTold
		err = bson.Unmarshal(e.Data, &terms)
		t.Terms = terms.Terms
	}
	return err
}

// stateIn reads the state of the aggregate of an id right after an event.
func stateIn[T any, P resource.Aggregate[T]](e *docstore.FeedEvent, id string) (*resource.Stored[T], error) {
	s := &resource.Stored[T]{ID: id, Aggregate: e.Source, Version: e.N}
	err := bson.Unmarshal(e.Data, &s.State)
	s.Created = resource.CreatedOf[T, P](&s.State)
	return s, err
}
