package usage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
)

const (
	// sweepEvery is how often reservations that expired are told of; they stop counting at
	// their instant.
	sweepEvery = 10 * time.Second
	sweepLease = "usage-sweep"
	sweepSize  = 500
)

// Run tells of reservations that expire, until ctx ends; one process of those that share
// the store does.
func (u *Usage) Run(ctx context.Context) error {
	return u.store.WithLease(ctx, sweepLease, func(ctx context.Context) error {
		for {
			if err := u.Sweep(ctx); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "expired reservations were not told of", "error", err)
			}
			if err := lifecycle.Pause(ctx, sweepEvery); err != nil {
				return err
			}
		}
	})
}

// Sweep records the reservations whose time is over as expired. One that cannot be
// recorded does not keep the others from it.
func (u *Usage) Sweep(ctx context.Context) error {
	var failed []error
	now, ctx := u.now(), docstore.WithPrincipal(ctx, "principals/entitlements-service")
	for d, err := range u.balances.All(ctx, docstore.Query{Index: byExpiry, To: now.Add(time.Millisecond), Limit: sweepSize}) {
		if err != nil {
			return fmt.Errorf("find expired reservations: %w", err)
		}
		_, err := u.balances.Update(ctx, d.ID, func(d *docstore.Doc[balance]) error {
			at := now
			if at.Before(d.Body.Count.Last) {
				at = d.Body.Count.Last.UTC()
			}
			return expire(d, at)
		})
		if err != nil && !errors.Is(err, docstore.ErrNotFound) {
			failed = append(failed, fmt.Errorf("record expired reservations of %s: %w", d.ID, err))
		}
	}
	return errors.Join(failed...)
}
