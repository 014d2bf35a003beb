package demo

import (
	"sync/atomic"
	"time"
)

// Clock is a clock that the demo turns back while it loads what happened long ago, and
// that shows the real time before and ever after.
type Clock struct {
	now    func() time.Time
	behind atomic.Int64 // nanoseconds
}

// NewClock makes a clock that shows the time of another.
func NewClock(now func() time.Time) *Clock { return &Clock{now: now} }

// Now is the time.
func (c *Clock) Now() time.Time { return c.now().Add(-time.Duration(c.behind.Load())) }

// turn lets the clock go on from a time; it never goes ahead of the real one.
func (c *Clock) turn(to time.Time) { c.behind.Store(max(0, int64(c.now().Sub(to)))) }

// restore lets it show the real time.
func (c *Clock) restore() { c.behind.Store(0) }
