package docstore

import (
	"context"
	"fmt"
	"time"
)

// Scan says how complete the feed is: every event acknowledged longer than Age ago
// stands at or before Position.
type Scan struct {
	Position int64
	// Age is the time since the last complete scan of the outboxes began; monotonic if
	// the clock is.
	Age time.Duration
}

// Scanned returns the last complete scan of the outboxes that this process has made
// or watched, and false before the first one. It wants RunRelay running.
func (s *Store) Scanned() (Scan, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scanStarted.IsZero() {
		return Scan{}, false
	}
	return Scan{Position: s.scanHead, Age: s.opts.Now().Sub(s.scanStarted)}, true
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
	wanted, err := s.pending(ctx, nil)
	for err == nil && len(wanted) > 0 {
		scanned := s.scanned.wait()
		s.written.fire()
		if err = waitFor(ctx, scanned, s.opts.PollInterval); err == nil {
			wanted, err = s.pending(ctx, wanted)
		}
	}
	if err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
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
