package tally

import (
	"context"
	"sync"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// Counter judges entries as they are recorded. It reads a window when it meets its first
// entry, keeps what it counted, and adds later entries to that: the window is read again
// only where its threshold may be reached with them. An entry may be added twice, so that
// what is kept is at least what there is of the entries that the counter is told of.
//
// The zero value is ready, and may be used by several goroutines.
type Counter struct {
	mu      sync.Mutex
	windows map[windowKey]*kept
}

type windowKey struct{ subject, span string }

// kept is what a counter knows of a window that has no review yet.
type kept struct {
	mu      sync.Mutex // never held while the store is asked
	counted bool       // whether the window was read
	reading bool       // whether somebody reads it now
	figures Figures
	seen    map[string]struct{} // the accounts to which it happened
	since   []string            // the accounts of the entries that came while it is read
}

// Judge adds an entry of a day, which was written, to what was counted. Where that brings
// the subject to its threshold within the window of the day it opens a review; it returns
// the id of that window's review, empty where there is none. An entry that comes while
// another goroutine reads the window does not wait for that: it is judged there, so that
// of entries that come at the same time the last to be counted sees all. Where that fails,
// only the one that reads is told: Follow, which has to know, judges one by one. It may be
// called any number of times.
func (c *Counter) Judge(ctx context.Context, call resource.Call, s Subject, on civil.Day, account string) (string, error) {
	span := s.Threshold.Window.Of(on)
	opened, err := s.Reviews.Opened(ctx, s.Name, span)
	if err != nil {
		return "", err
	}
	key := windowKey{s.Name, span.ID}
	if opened != "" {
		c.forget(key)
		return opened, nil
	}
	if s.Retired {
		return "", nil
	}
	figures, err := c.window(key).count(ctx, s, span, account)
	if err != nil || !s.Threshold.Reached(figures) {
		return "", err
	}
	return s.Reviews.OpenOnce(ctx, call, Cause{s.Name, span, s.Threshold, figures}, s.Owner)
}

func (c *Counter) window(key windowKey) *kept {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.windows[key]
	if k == nil {
		if c.windows == nil {
			c.windows = map[windowKey]*kept{}
		}
		k = &kept{seen: map[string]struct{}{}}
		c.windows[key] = k
	}
	return k
}

func (c *Counter) forget(key windowKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.windows, key)
}

// count adds an entry and returns the figures of the window where it was read for that,
// which it is where the threshold may be reached; else none.
func (k *kept) count(ctx context.Context, s Subject, span Span, account string) (Figures, error) {
	if !k.add(s.Threshold, account) {
		return Figures{}, nil
	}
	for {
		figures, seen, err := s.count(ctx, span)
		if err != nil {
			k.unread()
			return Figures{}, err
		}
		if !k.learn(s.Threshold, figures, seen) {
			return figures, nil
		}
	}
}

// add adds an entry, and says whether the caller is to read the window, which nobody else
// does until it has.
func (k *kept) add(t Threshold, account string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.figures.add(account, k.seen)
	if k.reading {
		k.since = append(k.since, account)
		return false
	}
	k.reading = !k.counted || t.mayReach(k.figures)
	return k.reading
}

// learn takes what was read, and adds the entries that came since, which that may not have
// seen. It says whether they make it worth reading again.
func (k *kept) learn(t Threshold, figures Figures, seen map[string]struct{}) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.counted, k.figures, k.seen = true, figures, seen
	for _, account := range k.since {
		k.figures.add(account, k.seen)
	}
	k.reading = len(k.since) > 0 && !t.Reached(figures) && t.mayReach(k.figures)
	k.since = nil
	return k.reading
}

// unread gives up reading. What is kept has the entries that came since already.
func (k *kept) unread() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reading, k.since = false, nil
}
