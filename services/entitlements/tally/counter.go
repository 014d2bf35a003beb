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
	mu      sync.Mutex
	counted bool // whether the window was read
	figures Figures
	seen    map[string]struct{} // the accounts to which it happened
}

// Judge adds an entry of a day, which was written, to what was counted. Where that brings
// the subject to its threshold within the window of the day it opens a review; it returns
// the id of that window's review, empty where there is none. Of entries that come at the
// same time the last to be counted sees all. It may be called any number of times.
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

// count adds an entry and returns the figures: what they are where they reach the
// threshold, and else at least that. The lock is held while the window is read, so that
// an entry which that does not see is added to what it found.
func (k *kept) count(ctx context.Context, s Subject, span Span, account string) (Figures, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.figures.add(account, k.seen)
	if k.counted && !s.Threshold.mayReach(k.figures) {
		return k.figures, nil
	}
	figures, seen, err := s.count(ctx, span)
	if err != nil {
		return Figures{}, err
	}
	k.counted, k.figures, k.seen = true, figures, seen
	return figures, nil
}
