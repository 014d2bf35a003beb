// Package lifecycle runs the parts of a process: all at once, and stops them one
// after the other, the last first, so that nothing loses what it stands on.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Part is something that runs until its context ends and returns only when it has
// ended itself, with nil for an orderly end.
type Part struct {
	// Name is named in errors.
	Name string
	Run  func(context.Context) error
}

// Run runs the parts until ctx ends or one of them does, which is an error unless ctx
// has ended. Then it stops them from the last to the first, waiting for each, and
// returns what went wrong.
func Run(ctx context.Context, parts ...Part) error {
	type running struct {
		stop context.CancelFunc
		done chan error
	}
	ended := make(chan struct{}, len(parts))
	list := make([]running, len(parts))
	for i, p := range parts {
		// Parts outlive ctx: they end in order, not all at once.
		own, stop := context.WithCancel(context.WithoutCancel(ctx))
		list[i] = running{stop: stop, done: make(chan error, 1)}
		go func() {
			list[i].done <- p.Run(own)
			ended <- struct{}{}
		}()
	}
	select {
	case <-ctx.Done():
	case <-ended:
	}
	tooEarly := ctx.Err() == nil
	var errs []error
	for i := len(list) - 1; i >= 0; i-- {
		finished := len(list[i].done) > 0
		list[i].stop()
		err := <-list[i].done
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", parts[i].Name, err))
		case finished && tooEarly:
			errs = append(errs, fmt.Errorf("%s ended by itself", parts[i].Name))
		}
	}
	return errors.Join(errs...)
}

// Pause waits, or returns the context's error where that ends first.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
