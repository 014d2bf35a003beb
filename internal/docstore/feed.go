package docstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// followBatch is the most events that Follow hands over at once.
const followBatch = 500

// Feed reads a store's feed.
type Feed struct{ store *Store }

// Feed returns the store's feed.
func (s *Store) Feed() Feed { return Feed{s} }

// Head returns the position of the last event, or 0 where there never was one.
func (f Feed) Head(ctx context.Context) (int64, error) {
	_, last, _, err := f.store.backend.FeedBounds(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the head of the feed: %w", err)
	}
	return last, nil
}

// Read returns up to limit events behind a position, in order; none where there are
// none yet. ErrOutOfRange says that events behind the position were trimmed, or that
// the feed never got so far: take the head, list everything, and go on from there.
func (f Feed) Read(ctx context.Context, after int64, limit int) ([]FeedEvent, error) {
	events, err := f.store.backend.ReadFeed(ctx, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read the feed: %w", err)
	}
	if len(events) > 0 {
		if events[0].Position != after+1 {
			return nil, fmt.Errorf("read the feed: %w: asked for what follows %d, the first kept is %d",
				ErrOutOfRange, after, events[0].Position)
		}
		return events, nil
	}
	head, err := f.Head(ctx)
	if err != nil {
		return nil, err
	}
	if after > head {
		return nil, fmt.Errorf("read the feed: %w: asked for what follows %d, the last is %d", ErrOutOfRange, after, head)
	}
	return nil, nil
}

// Follow calls fn with the events behind a position and then with every new one, in
// order, until ctx ends or fn fails, whose error it returns. Events relayed by this
// process come at once, others within the store's PollInterval.
func (f Feed) Follow(ctx context.Context, after int64, fn func([]FeedEvent) error) error {
	for {
		appended := f.store.appended.wait()
		events, err := f.Read(ctx, after, followBatch)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			if err := waitFor(ctx, appended, f.store.opts.PollInterval); err != nil {
				return err
			}
			continue
		}
		if err := fn(events); err != nil {
			return err
		}
		after = events[len(events)-1].Position
	}
}

// Locate returns the position of an event, or 0 where the feed has it not: not yet,
// or not any more.
func (f Feed) Locate(ctx context.Context, source string, n int64) (int64, error) {
	p, err := f.store.backend.LocateFeed(ctx, source, n)
	if err != nil {
		return 0, fmt.Errorf("locate event %d of %s: %w", n, source, err)
	}
	return p, nil
}

// Trim deletes events recorded before an instant, though never the last one, and then
// the tombstones of which the feed speaks no more. A relay must be running, since
// an event may go only when it is out of its outbox: otherwise it would come again.
func (f Feed) Trim(ctx context.Context, before time.Time) error {
	upTo, err := f.lastBefore(ctx, before)
	if err == nil && upTo > 0 {
		if err = f.store.Flush(ctx); err == nil {
			err = f.store.backend.TrimFeed(ctx, upTo)
		}
	}
	if err == nil {
		err = f.store.purge(ctx)
	}
	if err != nil {
		return fmt.Errorf("trim the feed: %w", err)
	}
	return nil
}

// lastBefore returns the last position recorded before an instant, or 0. Recorded
// never goes backwards, so it can search by halves.
func (f Feed) lastBefore(ctx context.Context, instant time.Time) (int64, error) {
	first, last, _, err := f.store.backend.FeedBounds(ctx)
	if err != nil || last == 0 {
		return 0, err
	}
	low, high := first-1, last // recorded(low) is before the instant, or low is none
	for low < high {
		middle := low + (high-low+1)/2
		events, err := f.store.backend.ReadFeed(ctx, middle-1, 1)
		if err != nil {
			return 0, err
		}
		if len(events) == 0 {
			return 0, errors.New("the feed ended while it was read")
		}
		if events[0].Recorded.Before(instant) {
			low = middle
		} else {
			high = middle - 1
		}
	}
	if low < first {
		return 0, nil
	}
	return low, nil
}

// purge deletes the tombstones whose ids may be used as new. A document that is
// created anew counts its events from 1, and the relay takes an event whose (source,
// n) the feed knows for a repetition; so a tombstone stays until the feed has none
// of its events. The last of them is the deletion, whose n is the tombstone's
// version, and an earlier one is never kept longer: to ask for that one is enough.
func (s *Store) purge(ctx context.Context) error {
	s.mu.Lock()
	specs := append([]Spec{}, s.collections...)
	s.mu.Unlock()
	for _, spec := range specs {
		if err := s.purgeCollection(ctx, spec); err != nil {
			return err
		}
	}
	return nil
}

// purgeCollection does so in one collection. In a silent one it finds what a process
// left that died between the two writes of a deletion, of which no feed ever speaks.
func (s *Store) purgeCollection(ctx context.Context, spec Spec) error {
	for after := ""; ; {
		page, err := s.backend.Tombstones(ctx, spec.Name, after, relayPage)
		if err != nil {
			return fmt.Errorf("read tombstones of %s: %w", spec.Name, err)
		}
		for _, stone := range page {
			var position int64
			if !spec.Silent {
				position, err = s.backend.LocateFeed(ctx, spec.Name+"/"+stone.ID, stone.Version)
			}
			if err == nil && position == 0 {
				err = s.backend.Purge(ctx, spec.Name, stone.ID, stone.Version)
			}
			if err != nil {
				return fmt.Errorf("purge %s/%s: %w", spec.Name, stone.ID, err)
			}
		}
		if len(page) < relayPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}
