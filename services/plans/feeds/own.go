package feeds

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
)

// WorkReader says what relationship work an event of a collection of this service tells of:
// none, one piece, or one for each of several accounts.
type WorkReader func(docstore.FeedEvent) ([]Work, error)

// OneWork reads events that tell of one piece of work at most; nil is none.
func OneWork(read func(docstore.FeedEvent) (*Work, error)) WorkReader {
	return func(e docstore.FeedEvent) ([]Work, error) {
		w, err := read(e)
		if w == nil || err != nil {
			return nil, err
		}
		return []Work{*w}, nil
	}
}

// OwnSource is the feed of this very service, from which it learns what work was completed
// and which plans changed. It implements Source.
type OwnSource struct {
	store   *docstore.Store
	readers map[string]WorkReader
	plans   string
}

var _ Source = (*OwnSource)(nil)

// NewOwnSource returns a source on the feed of the store, which must be relayed for it to
// advance. The readers are those of each collection that work is told in, by its name; plans
// is the name of the collection of relationship plans, whose ids are those of accounts.
func NewOwnSource(store *docstore.Store, readers map[string]WorkReader, plans string) *OwnSource {
	return &OwnSource{store: store, readers: maps.Clone(readers), plans: plans}
}

// Watch implements Source. A resume token is a position in decimal digits.
func (s *OwnSource) Watch(ctx context.Context, resume string, apply func(Batch) error) error {
	after := int64(0)
	if resume != "" {
		var err error
		if after, err = strconv.ParseInt(resume, 10, 64); err != nil || after < 0 {
			return fmt.Errorf("%s: resume token %q is no position", Own, resume)
		}
	}
	err := s.store.Feed().Follow(ctx, after, func(events []docstore.FeedEvent) error {
		batch, err := s.batch(events)
		if err != nil {
			return err
		}
		return apply(batch)
	})
	if errors.Is(err, docstore.ErrOutOfRange) {
		return fmt.Errorf("%s: %w: %w", Own, ErrTrimmed, err)
	}
	return err
}

func (s *OwnSource) batch(events []docstore.FeedEvent) (Batch, error) {
	batch := Batch{}
	for i := range events {
		e := &events[i]
		batch.Position, batch.Recorded, batch.Resume = e.Position, e.Recorded, strconv.FormatInt(e.Position, 10)
		collection, id, _ := strings.Cut(e.Source, "/")
		if collection == s.plans {
			batch.Changes = append(batch.Changes, Change{Service: Own, Position: e.Position, Type: e.Type, At: e.At, Recorded: e.Recorded,
				Principal: e.Who, Plan: id})
		}
		read, told := s.readers[collection]
		if !told {
			continue
		}
		works, err := read(*e)
		if err != nil {
			return batch, fmt.Errorf("event %d of the feed, %s of %s: %w", e.Position, e.Type, e.Source, err)
		}
		for j := range works {
			batch.Changes = append(batch.Changes, Change{Service: Own, Position: e.Position, Type: e.Type, Name: works[j].Name,
				At: e.At, Recorded: e.Recorded, Principal: e.Who, Work: &works[j]})
		}
	}
	return batch, nil
}

// Head implements Source.
func (s *OwnSource) Head(ctx context.Context) (int64, error) {
	if err := s.store.Flush(ctx); err != nil {
		return 0, err
	}
	return s.store.Feed().Head(ctx)
}
