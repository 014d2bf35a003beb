package docstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// pace is how old the last complete scan may be for bulk writes to go on.
	pace = 2 * time.Second
	// longestPace is how long a bulk write waits at most.
	longestPace = 10 * time.Second
)

var errPaced = errors.New("waited long enough for the relay")

// Scan says how complete the feed is: every event acknowledged longer than Age ago
// stands at or before Position.
type Scan struct {
	Position int64
	// Age is the time since the last complete scan of the outboxes began; monotonic if
	// the clock is.
	Age time.Duration
}

// Scanned returns the last complete scan of the outboxes that this process has made
// or watched, and false before the first one, and where RunRelay does not run.
func (s *Store) Scanned() (Scan, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scanStarted.IsZero() {
		return Scan{}, false
	}
	return Scan{Position: s.scanHead, Age: s.opts.Now().Sub(s.scanStarted)}, true
}

// forget is for a process that neither relays nor watches any more.
func (s *Store) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scanStarted = time.Time{}
}

// complete notes the end of a complete scan.
func (s *Store) complete(head int64, started time.Time) {
	s.mu.Lock()
	s.scanHead, s.scanStarted = head, started
	s.mu.Unlock()
	s.scanned.fire()
}

// watch makes complete scans known while another process relays.
func (s *Store) watch(ctx context.Context) {
	for sleep(ctx, s.opts.PollInterval) == nil {
		if s.relaying.Load() {
			continue
		}
		started := s.opts.Now()
		err := s.Flush(ctx)
		var head int64
		if err == nil {
			_, head, _, err = s.backend.FeedBounds(ctx)
		}
		switch {
		case err == nil:
			s.watched(head, started)
		case ctx.Err() == nil:
			s.opts.Log.WarnContext(ctx, "watching the relay failed", "error", err)
			_ = sleep(ctx, relayRetry) // ended contexts end the loop
		}
	}
}

// watched notes a scan by another process, unless this one has begun to relay.
func (s *Store) watched(head int64, started time.Time) {
	if !s.relaying.Load() {
		s.complete(head, started)
		s.appended.fire() // followers of the feed here learn of it sooner than by polling
	}
}

// Flush waits until everything acknowledged before the call is in the feed. A relay
// must be running, in this process or another.
func (s *Store) Flush(ctx context.Context) error {
	some, err := s.anyPending(ctx)
	if err == nil && some {
		some, err = s.awaitScan(ctx)
	}
	if err == nil && some {
		err = s.awaitRelayed(ctx)
	}
	if err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

// awaitScan waits until the relay of this process has ended a scan that it began
// after the call. It says whether there may be more to wait for, since this process
// relays no longer.
func (s *Store) awaitScan(ctx context.Context) (more bool, err error) {
	wanted := s.begun.Load() + 1
	for s.relaying.Load() {
		scanned := s.scanned.wait()
		if s.ended.Load() >= wanted {
			return false, nil
		}
		s.written.fire()
		if err := waitFor(ctx, scanned, s.opts.PollInterval); err != nil {
			return false, err
		}
	}
	return true, nil
}

// awaitRelayed waits until the outboxes no longer hold what they hold now.
func (s *Store) awaitRelayed(ctx context.Context) error {
	wanted, err := s.pending(ctx, nil)
	for err == nil && len(wanted) > 0 {
		scanned := s.scanned.wait()
		s.written.fire()
		if err = waitFor(ctx, scanned, s.opts.PollInterval); err == nil {
			wanted, err = s.pending(ctx, wanted)
		}
	}
	return err
}

// keepPace makes who writes much wait while the last complete scan of the outboxes is
// too old, so that the relay, and who follows the feed, do not fall behind without end.
// A relay in trouble slows writers down but does not stop them.
func (s *Store) keepPace(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, longestPace, errPaced)
	defer cancel()
	for {
		scanned := s.scanned.wait()
		if scan, ok := s.Scanned(); !ok || scan.Age <= pace {
			return nil
		}
		s.written.fire() // it may only be that nothing was to be done
		select {
		case <-scanned:
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errPaced) {
				return nil
			}
			return ctx.Err()
		}
	}
}

// anyPending says whether any outbox holds an event.
func (s *Store) anyPending(ctx context.Context) (bool, error) {
	for _, collection := range s.eventful() {
		page, err := s.backend.Pending(ctx, collection, "", 1)
		if err != nil {
			return false, fmt.Errorf("read outboxes of %s: %w", collection, err)
		}
		if len(page) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// pending returns the sources with events in their outboxes, and the n of the last.
// Given the result of an earlier call, it returns what is still there of that.
func (s *Store) pending(ctx context.Context, earlier map[string]int64) (map[string]int64, error) {
	found := map[string]int64{}
	for _, collection := range s.eventful() {
		for after := ""; ; {
			page, err := s.backend.Pending(ctx, collection, after, relayPage)
			if err != nil {
				return nil, fmt.Errorf("read outboxes of %s: %w", collection, err)
			}
			for _, d := range page {
				source := collection + "/" + d.ID
				last := d.Out[len(d.Out)-1].N
				if earlier != nil {
					last = earlier[source] // 0 where it was not asked for
				}
				if d.Out[0].N <= last {
					found[source] = last
				}
			}
			if len(page) < relayPage {
				break
			}
			after = page[len(page)-1].ID
		}
	}
	return found, nil
}

// waitFor waits for a signal, but no longer than the limit.
func waitFor(ctx context.Context, signal <-chan struct{}, limit time.Duration) error {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-signal:
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
