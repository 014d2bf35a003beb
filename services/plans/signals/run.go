package signals

import (
	"context"
	"time"
)

// lookEvery is how often is looked for accounts to look at while nothing is observed, and
// lookPause the pause after a look, in which what comes in quick succession gathers.
const (
	lookEvery = time.Minute
	lookPause = 2 * time.Second
)

// Run looks at accounts as days pass and things are observed, until ctx ends. Any number of
// processes may run it; one at a time does the work, under a lease.
func (s *Service) Run(ctx context.Context) error {
	return s.store.WithLease(ctx, "signals", func(ctx context.Context) error {
		for {
			day, err := s.Today(ctx)
			if err == nil {
				err = s.Tick(ctx, day)
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				s.opts.Log.WarnContext(ctx, "not all accounts were looked at for signals", "error", err)
			}
			if err := s.pause(ctx, err == nil); err != nil {
				return err
			}
		}
	})
}

// pause waits until there may be something to look at; after a failure it lets a minute
// pass.
func (s *Service) pause(ctx context.Context, wake bool) error {
	told := s.told
	if !wake {
		told = nil
	}
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	case <-told:
	}
	timer.Reset(lookPause)
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
