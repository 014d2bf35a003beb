package statements

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Edition is what a version of the schedule says that statements need.
type Edition struct {
	// Benefits are by their ids.
	Benefits map[string]Benefit `bson:"benefits,omitempty"`
}

// Benefit is what a version of the schedule says of a benefit.
type Benefit struct {
	Promise string `bson:"promise"`
	// Unit is what is counted, as hour; empty for uses.
	Unit string `bson:"unit,omitempty"`
	// Minor is what a unit costs the company in minor units of its currency, where Stated
	// says that the version states it.
	Minor  int64 `bson:"minor"`
	Stated bool  `bson:"stated"`
}

// Published reads the versions of the schedule at the service that publishes them.
type Published interface {
	// Edition returns what a version says, by its number. A version never changes.
	Edition(ctx context.Context, version string) (Edition, error)
}

// editions keeps the versions of the schedule that usage cites: read once, for good.
type editions struct {
	docs      *docstore.Collection[Edition]
	published Published

	mu    sync.Mutex
	known map[string]Edition
}

func openEditions(ctx context.Context, store *docstore.Store, published Published) (*editions, error) {
	docs, err := docstore.OpenCollection[Edition](ctx, store, docstore.Spec{Name: "statement_editions", Silent: true})
	if err != nil {
		return nil, fmt.Errorf("open the versions of the schedule: %w", err)
	}
	return &editions{docs: docs, published: published, known: map[string]Edition{}}, nil
}

// Take implements feeds.Taker: it reads each version as soon as something was used by it, so
// that statements do not need the other service.
func (e *editions) Take(ctx context.Context, changes []feeds.Change) error {
	for i := range changes {
		if u := changes[i].Usage; u != nil && u.Version != "" {
			if _, err := e.get(ctx, u.Version); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *editions) get(ctx context.Context, version string) (Edition, error) {
	e.mu.Lock()
	edition, known := e.known[version]
	e.mu.Unlock()
	if known {
		return edition, nil
	}
	doc, err := e.docs.Get(ctx, version)
	if errors.Is(err, docstore.ErrNotFound) {
		if edition, err = e.published.Edition(ctx, version); err != nil {
			return Edition{}, fmt.Errorf("read version %s of the schedule: %w", version, err)
		}
		doc, err = e.docs.Upsert(ctx, version, func(d *docstore.Doc[Edition]) error {
			d.Body = edition
			return nil
		})
	}
	if err != nil {
		return Edition{}, fmt.Errorf("keep version %s of the schedule: %w", version, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.known[version] = doc.Body
	return doc.Body, nil
}

// benefit returns what a version says of a benefit; the zero Benefit where it has none of
// that id, as for usage that cites no version.
func (e *editions) benefit(ctx context.Context, version, id string) (Benefit, error) {
	if version == "" {
		return Benefit{}, nil
	}
	edition, err := e.get(ctx, version)
	return edition.Benefits[id], err
}
