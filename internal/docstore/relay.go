package docstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// relayPage is how many documents the relay takes at a time.
const relayPage = 1000

// relayRetry is how long the relay waits after the database failed it.
const relayRetry = time.Second

// RunRelay moves events from the outboxes into the feed until ctx ends. Any number of
// processes may run it; one at a time does the work, under a lease, and the others
// watch it, so that each knows how complete the feed is (Scanned).
//
// What keeps the feed right is not the lease. A relay learns the head before it reads
// an outbox, and a position can be written once: if another relay has appended
// anything in between, the append is refused, and the outbox is read again.
func (s *Store) RunRelay(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		s.watch(ctx)
	}()
	err := s.WithLease(ctx, "relay", func(ctx context.Context) error {
		s.relaying.Store(true)
		defer s.relaying.Store(false)
		return s.relay(ctx)
	})
	cancel()
	<-watched
	s.forget()
	return err
}

// relay scans whenever something was written here, and every PollInterval for what
// other processes wrote.
func (s *Store) relay(ctx context.Context) error {
	r := relayer{s: s}
	poll := time.NewTicker(s.opts.PollInterval)
	defer poll.Stop()
	for {
		written, started, number := s.written.wait(), s.opts.Now(), s.begun.Add(1)
		err := r.scan(ctx)
		switch {
		case err == nil:
			s.ended.Store(number)
			s.complete(r.head, started)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		default:
			s.opts.Log.WarnContext(ctx, "relaying events failed", "error", err)
			if err := sleep(ctx, relayRetry); err != nil {
				return err
			}
			continue
		}
		select {
		case <-written:
		case <-poll.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// relayer moves events; it knows the head of the feed as it wrote or read it last.
type relayer struct {
	s        *Store
	known    bool
	head     int64
	recorded time.Time
}

// scan relays once what is in the outboxes, and learns the head after it: should
// another relay be at work, what it moved is then counted too.
func (r *relayer) scan(ctx context.Context) error {
	if err := r.learn(ctx); err != nil {
		return err
	}
	if err := r.moveAll(ctx); err != nil {
		return err
	}
	r.known = false
	return r.learn(ctx)
}

func (r *relayer) moveAll(ctx context.Context) error {
	for _, collection := range r.s.eventful() {
		for after := ""; ; {
			page, err := r.s.backend.Pending(ctx, collection, after, relayPage)
			if err != nil {
				return fmt.Errorf("read outboxes of %s: %w", collection, err)
			}
			err = r.move(ctx, collection, page)
			if errors.Is(err, ErrFenced) { // the page is out of date: read it again
				if err := r.learn(ctx); err != nil {
					return err
				}
				continue
			}
			if err != nil {
				return err
			}
			if len(page) < relayPage {
				break
			}
			after = page[len(page)-1].ID
		}
	}
	return nil
}

// learn reads the head where it is not known.
func (r *relayer) learn(ctx context.Context) error {
	if r.known {
		return nil
	}
	_, head, recorded, err := r.s.backend.FeedBounds(ctx)
	if err != nil {
		return fmt.Errorf("read the head of the feed: %w", err)
	}
	r.known, r.head, r.recorded = true, head, recorded
	return nil
}

// move appends the events of some documents and takes them out of their outboxes.
func (r *relayer) move(ctx context.Context, collection string, page []Record) error {
	upTo := make(map[string]int64, len(page))
	var events []FeedEvent
	for _, d := range page {
		for _, e := range d.Out {
			events = append(events, FeedEvent{Source: collection + "/" + d.ID, Event: e})
			upTo[d.ID] = e.N
		}
	}
	if len(events) == 0 {
		return nil
	}
	if err := r.append(ctx, events); err != nil {
		return fmt.Errorf("append to the feed: %w", err)
	}
	if err := r.s.backend.Relayed(ctx, collection, upTo); err != nil {
		return fmt.Errorf("clear outboxes of %s: %w", collection, err)
	}
	return nil
}

// append writes events behind the head. Those already in the feed, where an earlier
// relay could not clear the outbox any more, are left out.
func (r *relayer) append(ctx context.Context, events []FeedEvent) error {
	for len(events) > 0 {
		recorded := r.s.now()
		if recorded.Before(r.recorded) {
			recorded = r.recorded
		}
		for i := range events {
			events[i].Position, events[i].Recorded = r.head+1+int64(i), recorded
		}
		n, err := r.s.backend.AppendFeed(ctx, events)
		if n > 0 {
			r.head, r.recorded = r.head+int64(n), recorded
			r.s.appended.fire()
		}
		events = events[n:]
		switch {
		case err == nil:
		case errors.Is(err, ErrRepeated):
			if events, err = r.afterRepeated(ctx, events[1:]); err != nil {
				return err
			}
		default: // fenced, or nobody knows what was written
			r.known = false
			return err
		}
	}
	return nil
}

// afterRepeated leaves out the events at the beginning that are in the feed already. To
// look is far cheaper than to have the rest of a page refused once for each.
func (r *relayer) afterRepeated(ctx context.Context, events []FeedEvent) ([]FeedEvent, error) {
	for len(events) > 0 {
		position, err := r.s.backend.LocateFeed(ctx, events[0].Source, events[0].N)
		if err != nil {
			return nil, err
		}
		if position == 0 {
			break
		}
		events = events[1:]
	}
	return events, nil
}
