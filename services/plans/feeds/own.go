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
// nil where it tells of none.
type WorkReader func(docstore.FeedEvent) (*Work, error)

// OwnSource is the feed of this very service, from which it learns what work was
// completed. It implements Source.
type OwnSource struct {
	store   *docstore.Store
	readers map[string]WorkReader
}

var _ Source = (*OwnSource)(nil)

// NewOwnSource returns a source on the feed of the store, which must be relayed for it to
// advance. The readers are those of each collection that work is told in, by its name.
func NewOwnSource(store *docstore.Store, readers map[string]WorkReader) *OwnSource {
	return &OwnSource{store: store, readers: maps.Clone(readers)}
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
		collection, _, _ := strings.Cut(e.Source, "/")
		read, told := s.readers[collection]
		if !told {
			continue
		}
		work, err := read(*e)
		if err != nil {
			return batch, fmt.Errorf("event %d of the feed, %s of %s: %w", e.Position, e.Type, e.Source, err)
		}
		if work == nil {
			continue
		}
		batch.Changes = append(batch.Changes, Change{Service: Own, Position: e.Position, Type: e.Type, Name: work.Name,
			At: e.At, Recorded: e.Recorded, Principal: e.Who, Work: work})
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
