package entitlements

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
)

// FeedBatch is a run of changes of another service's feed: those that rules may read.
type FeedBatch[C any] struct {
	Changes []C
	// Position is that of the last change, of whatever kind; 0 where nothing changed.
	Position int64
	// Resume goes on behind these changes.
	Resume string
	// CaughtUp says that nothing else was in the feed.
	CaughtUp bool
}

// told is a change that a feed tells.
type told interface {
	// at is where in the feed it is, and when the feed recorded it.
	at() (position int64, recorded time.Time)
}

// known is what has been learnt of a feed, which takes in what each change says, as told on
// a day.
type known[C told, K any] interface {
	*K
	set(c C, on civil.Day)
}

// learnt is this service's copy of what another service's feed tells and rules may read,
// which is little enough for one document, with how far it has followed that feed.
type learnt[C told, K any, P known[C, K]] struct {
	Position int64  `bson:"position"`
	Resume   string `bson:"resume"`
	// Whole says that it was once as far as the feed.
	Whole bool `bson:"whole"`
	Known K    `bson:",inline"`
}

// apply takes a batch in; days are those of the zone. What the copy had before changes
// nothing, so that a batch may come again, whole or in part, also after others.
func (l *learnt[C, K, P]) apply(b FeedBatch[C], zone civil.Zone) {
	for _, c := range b.Changes {
		if position, recorded := c.at(); position > l.Position {
			P(&l.Known).set(c, zone.DayOf(recorded))
		}
	}
	if b.Position >= l.Position {
		l.Position, l.Resume = b.Position, b.Resume
	}
	l.Whole = l.Whole || b.CaughtUp
}

// news says that a batch has changes that the copy has not seen.
func (l *learnt[C, K, P]) news(b FeedBatch[C]) bool {
	return slices.ContainsFunc(b.Changes, func(c C) bool {
		position, _ := c.at()
		return position > l.Position
	})
}

// follower keeps a copy of what the feed of another service tells.
type follower[C told, K any, P known[C, K]] struct {
	// feed names the feed, and what says what is learnt of it, in messages.
	feed, what string
	// watch follows the feed, as BoardSource does; nil where it is not followed.
	watch func(ctx context.Context, resume string, apply func(FeedBatch[C]) error) error
	docs  *docstore.Collection[learnt[C, K, P]]
	// id is that of the document.
	id   string
	now  func() time.Time
	zone func() civil.Zone
	// took makes decisions read the copy.
	took func()

	// copy is what decisions read; taking is held while it is exchanged.
	copy   atomic.Pointer[learnt[C, K, P]]
	taking sync.Mutex
	// trouble is why the feed cannot be followed; nil while it can.
	trouble atomic.Pointer[error]
}

// read returns the stored copy, an empty one where there is none yet.
func (f *follower[C, K, P]) read(ctx context.Context) (*learnt[C, K, P], error) {
	d, err := f.docs.Get(ctx, f.id)
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return nil, err
	}
	return &d.Body, nil
}

// store takes a batch into the stored copy, which another process may have brought
// further already, and returns it.
func (f *follower[C, K, P]) store(ctx context.Context, b FeedBatch[C]) (*learnt[C, K, P], error) {
	d, err := f.docs.Upsert(ctx, f.id, func(d *docstore.Doc[learnt[C, K, P]]) error {
		d.Body.apply(b, f.zone())
		return nil
	})
	return &d.Body, err
}

// replace stores a copy that was made anew, unless the stored one is further, and returns
// the stored one.
func (f *follower[C, K, P]) replace(ctx context.Context, anew *learnt[C, K, P]) (*learnt[C, K, P], error) {
	d, err := f.docs.Upsert(ctx, f.id, func(d *docstore.Doc[learnt[C, K, P]]) error {
		if anew.Position >= d.Body.Position {
			d.Body = *anew
		}
		return nil
	})
	return &d.Body, err
}

// openFollowers opens the copies of what the feeds of other services tell, as they were
// stored.
func (s *Service) openFollowers(ctx context.Context) error {
	zone := func() civil.Zone { return s.book.Load().zone }
	s.terms = &follower[TermChange, roll, *roll]{feed: "the board's feed", what: "the terms served on advisory boards",
		id: "board", now: s.now, zone: zone, took: s.tookIn}
	if s.opts.Board != nil {
		s.terms.watch = s.opts.Board.WatchTerms
	}
	s.projects = &follower[ProjectChange, confirmed, *confirmed]{feed: "the plans' feed", what: "the innovation projects that customers confirmed",
		id: "plans", now: s.now, zone: zone, took: s.tookIn}
	if s.opts.Plans != nil {
		s.projects.watch = s.opts.Plans.WatchProjects
	}
	if err := s.terms.open(ctx, s.store); err != nil {
		return err
	}
	return s.projects.open(ctx, s.store)
}

// open opens the stored copy.
func (f *follower[C, K, P]) open(ctx context.Context, store *docstore.Store) error {
	var err error
	if f.docs, err = docstore.OpenCollection[learnt[C, K, P]](ctx, store, docstore.Spec{Name: "rolls", Silent: true}); err != nil {
		return err
	}
	l, err := f.read(ctx)
	if err != nil {
		return fmt.Errorf("read %s: %w", f.what, err)
	}
	f.copy.Store(l)
	return nil
}
