package mongodb

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// writeAttempts is how often a write is made that the server undoes because it
	// stands in another's way.
	writeAttempts = 24
	// longestPause bounds the random pause before a write is made again.
	longestPause = 100 * time.Millisecond
)

// again makes one write again after the server undid it because it stood in another's
// way. The writes of one process that were undone are made again one at a time: all at
// once, they would stand in each other's way once more, and the DocumentDB extension
// undoes only one of them each time it looks for deadlocks, which is once a second.
type again struct {
	b     *backend
	holds bool
	made  int
}

// may waits for the turn, and then a random time, longer after each attempt, for the
// sake of other processes. It says whether the write may be made again.
func (a *again) may(ctx context.Context) bool {
	if a.made++; a.made >= writeAttempts {
		return false
	}
	if !a.holds {
		select {
		case a.b.turn <- struct{}{}:
			a.holds = true
		case <-ctx.Done():
			return false
		}
	}
	t := time.NewTimer(rand.N(min(time.Duration(a.made)*5*time.Millisecond, longestPause)))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// done gives the turn to the next.
func (a *again) done() {
	if a.holds {
		<-a.b.turn
	}
}
