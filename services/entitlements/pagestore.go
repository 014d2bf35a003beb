package entitlements

import (
	"context"
	"errors"
	"fmt"

	"github.com/evenhand/evenhand/internal/docstore"
)

// pageStore keeps pages and the checkpoint. Nothing in it is ever overwritten by
// something older: what is newer follows from (epoch, position), where the epoch
// counts the rebuilds.
type pageStore struct {
	pages *docstore.Collection[pageDoc]
	marks *docstore.Collection[checkpoint]
}

// pageDoc is a page at rest.
type pageDoc struct {
	Epoch    int64 `bson:"epoch"`
	Position int64 `bson:"position"`
	// Data is empty where the page has no account.
	Data []byte `bson:"data"`
}

// checkpoint says that every stored page of its epoch has all up to a position.
type checkpoint struct {
	Epoch    int64    `bson:"epoch"`
	Position int64    `bson:"position"`
	Resume   string   `bson:"resume"`
	Company  Settings `bson:"company"`
}

const checkpointID = "accounts"

// errSuperseded says that another process has rebuilt the projection: this one's is
// to be read anew.
var errSuperseded = errors.New("the projection was rebuilt by another process")

func openPageStore(ctx context.Context, store *docstore.Store) (*pageStore, error) {
	pages, err := docstore.OpenCollection[pageDoc](ctx, store, docstore.Spec{Name: "pages", Silent: true})
	if err != nil {
		return nil, err
	}
	marks, err := docstore.OpenCollection[checkpoint](ctx, store, docstore.Spec{Name: "progress", Silent: true})
	if err != nil {
		return nil, err
	}
	return &pageStore{pages: pages, marks: marks}, nil
}

func pageID(number int) string { return fmt.Sprintf("%04d", number) }

func pageNumber(id string) (int, error) {
	var number int
	if _, err := fmt.Sscanf(id, "%04d", &number); err != nil || number < 0 || number >= pageCount {
		return 0, fmt.Errorf("%w: page id %q", errDamaged, id)
	}
	return number, nil
}

// loadCheckpoint returns the checkpoint, a zero one where there is none yet.
func (s *pageStore) loadCheckpoint(ctx context.Context) (checkpoint, error) {
	d, err := s.marks.Get(ctx, checkpointID)
	if errors.Is(err, docstore.ErrNotFound) {
		return checkpoint{}, nil
	}
	return d.Body, err
}

// saveCheckpoint moves the checkpoint forward.
func (s *pageStore) saveCheckpoint(ctx context.Context, c checkpoint) error {
	_, err := s.marks.Upsert(ctx, checkpointID, func(d *docstore.Doc[checkpoint]) error {
		switch {
		case d.Body.Epoch > c.Epoch:
			return errSuperseded
		case d.Body.Epoch < c.Epoch || d.Body.Position < c.Position:
			d.Body = c
		}
		return nil
	})
	return err
}

// errNoPage says that there is neither a page to be written nor one to be written over.
var errNoPage = errors.New("no page")

// save writes a page, unless the stored one is as new, or newer.
func (s *pageStore) save(ctx context.Context, number int, page pageDoc) error {
	_, err := s.pages.Upsert(ctx, pageID(number), func(d *docstore.Doc[pageDoc]) error {
		switch {
		case d.Version == 0 && len(page.Data) == 0:
			return errNoPage
		case d.Body.Epoch > page.Epoch:
			return errSuperseded
		case d.Version == 0 || d.Body.Epoch < page.Epoch || d.Body.Position < page.Position:
			d.Body = page
		}
		return nil
	})
	if errors.Is(err, errNoPage) {
		return nil
	}
	return err
}

// load returns the pages with these numbers; those never written are not in the map.
func (s *pageStore) load(ctx context.Context, numbers []int) (map[int]pageDoc, error) {
	ids := make([]string, len(numbers))
	for i, number := range numbers {
		ids[i] = pageID(number)
	}
	docs, err := s.pages.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[int]pageDoc, len(docs))
	for _, d := range docs {
		number, err := pageNumber(d.ID)
		if err != nil {
			return nil, err
		}
		found[number] = d.Body
	}
	return found, nil
}

// each calls visit with every page that was ever written.
func (s *pageStore) each(ctx context.Context, visit func(number int, doc pageDoc) error) error {
	for d, err := range s.pages.All(ctx, docstore.Query{Limit: loadTogether}) {
		if err != nil {
			return err
		}
		number, err := pageNumber(d.ID)
		if err != nil {
			return err
		}
		if err := visit(number, d.Body); err != nil {
			return err
		}
	}
	return nil
}

// empty says that no page was ever written.
func (s *pageStore) empty(ctx context.Context) (bool, error) {
	found, err := s.pages.Find(ctx, docstore.Query{Limit: 1})
	return len(found.Docs) == 0, err
}
