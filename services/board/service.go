package board

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// Options are what the service takes from outside. The zero value serves.
type Options struct {
	// Now is the clock; time.Now by default.
	Now func() time.Time
	// Random is the source of ids and salts; crypto/rand by default.
	Random io.Reader
}

// Service is the board service.
type Service struct {
	Boards *Boards
	Feed   *Feed

	requests *resource.Requests
	store    *docstore.Store
}

// wiring is what the use cases are made of.
type wiring struct {
	store    *docstore.Store
	requests *resource.Requests
	now      func() time.Time
	random   io.Reader
}

// New opens the collections of the service in its store, which must be relayed
// (docstore's relay) for the feed to advance.
func New(ctx context.Context, store *docstore.Store, opts Options) (*Service, error) {
	s, err := open(ctx, store, opts)
	if err != nil {
		return nil, fmt.Errorf("open the board service: %w", err)
	}
	return s, nil
}

func open(ctx context.Context, store *docstore.Store, opts Options) (*Service, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Random == nil {
		opts.Random = rand.Reader
	}
	w := wiring{store: store, random: opts.Random,
		now: func() time.Time { return opts.Now().UTC().Truncate(time.Millisecond) }}
	var err error
	if w.requests, err = resource.OpenRequests(ctx, store, w.now); err != nil {
		return nil, err
	}
	s := &Service{requests: w.requests, store: store}
	if s.Boards, err = openBoards(ctx, w); err != nil {
		return nil, err
	}
	s.Feed = openFeed(store)
	return s, nil
}
