package resource

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/evenhand/evenhand/internal/platform/lifecycle"
)

const (
	// requestLife is how long a request is known at least after it came. What a request
	// created, and the entries it recorded, carry its id for ever.
	requestLife = 7 * 24 * time.Hour
	// sweepSize is how many requests of each kind are forgotten at a time.
	sweepSize = 500
	// sweepEvery is how often those are looked for whose time is over, and sweepPause the
	// pause where there are more than were taken at a time.
	sweepEvery = time.Minute
	sweepPause = time.Second
)

// Run forgets the requests whose time is over, until ctx ends. Any number of processes
// may run it; one at a time does the work, under a lease.
func (r *Requests) Run(ctx context.Context) error {
	return r.store.WithLease(ctx, "requests", r.run)
}

// run sweeps until ctx ends.
func (r *Requests) run(ctx context.Context) error {
	for {
		more, err := r.sweep(ctx)
		wait := sweepEvery
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			slog.WarnContext(ctx, "old requests were not forgotten", "error", err)
		case more:
			wait = sweepPause
		}
		if err := lifecycle.Pause(ctx, wait); err != nil {
			return err
		}
	}
}

// sweep forgets some of the requests whose time is over, and says whether there are
// more.
func (r *Requests) sweep(ctx context.Context) (more bool, err error) {
	before := r.now().Add(-requestLife)
	claims, err := r.claims.Expire(ctx, claimsByTime, before, sweepSize)
	if err != nil {
		return false, fmt.Errorf("forget requests: %w", err)
	}
	effects, err := r.effects.Expire(ctx, before, sweepSize)
	if err != nil {
		return false, fmt.Errorf("forget effects of requests: %w", err)
	}
	return claims || effects, nil
}
