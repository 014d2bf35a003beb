package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"
)

// Clock is a clock that the demo turns back while it loads what happened long ago, and
// that shows the real time before and ever after.
type Clock struct {
	now    func() time.Time
	path   string
	behind atomic.Int64 // nanoseconds
}

// NewClock makes a clock that shows the time of another. The file at path is there while
// history is being loaded: where a process was killed in the midst of that, the next one
// begins in the past too, and nothing falls due that is about to be told. Without a path
// the clock shows the real time only.
func NewClock(now func() time.Time, path string) (*Clock, error) {
	c := &Clock{now: now, path: path}
	if path == "" {
		return c, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the clock of the demo: %w", err)
	}
	began, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return nil, fmt.Errorf("the clock of the demo: %s: %w", path, err)
	}
	c.turn(began)
	return c, nil
}

// Now is the time.
func (c *Clock) Now() time.Time { return c.now().Add(-time.Duration(c.behind.Load())) }

// begin goes back to where history begins.
func (c *Clock) begin(history time.Time) error {
	c.turn(history)
	if c.path == "" {
		return nil
	}
	// Renamed once it is whole: where the process is killed here, the next one reads all
	// of it or does not find it.
	written := c.path + ".new"
	err := os.WriteFile(written, []byte(history.UTC().Format(time.RFC3339)), 0o600)
	if err == nil {
		err = os.Rename(written, c.path)
	}
	if err != nil {
		return fmt.Errorf("the clock of the demo: %w", err)
	}
	return nil
}

// turn lets the clock go on from a time; it never goes ahead of the real one.
func (c *Clock) turn(to time.Time) { c.behind.Store(max(0, int64(c.now().Sub(to)))) }

// end shows the real time, from now on for good.
func (c *Clock) end() error {
	if c.path != "" {
		if err := os.Remove(c.path); err != nil {
			return fmt.Errorf("the clock of the demo: %w", err)
		}
	}
	c.behind.Store(0)
	return nil
}
