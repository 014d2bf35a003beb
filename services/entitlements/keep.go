package entitlements

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/platform/lifecycle"
)

const (
	// flushShare bounds flushing to a tenth of the time.
	flushShare = 10
	// flushLatest bounds what has to be replayed after a crash.
	flushLatest = 30 * time.Second
	// finalFlush bounds the flush at the end.
	finalFlush = 10 * time.Second
	// flushCheck is how often it is seen whether a flush is due.
	flushCheck = 250 * time.Millisecond
)

// keepFlushed writes changes to the store, in one process at a time.
func (s *Service) keepFlushed(ctx context.Context) error {
	return s.retry(ctx, "writing the projection", func(ctx context.Context) error {
		return s.store.WithLease(ctx, "projection", s.flushLoop)
	})
}

// flushLoop flushes whenever it is due, and once more at the end.
func (s *Service) flushLoop(ctx context.Context) error {
	interval := s.opts.FlushInterval
	last := s.now()
	for {
		p := s.current.Load()
		if err := s.flushDue(ctx, p, last.Add(interval)); err != nil {
			return s.lastFlush(ctx)
		}
		began := s.now()
		switch err := p.flush(ctx); {
		case err == nil:
		case ctx.Err() != nil:
			return s.lastFlush(ctx)
		case s.current.Load() != p: // it was exchanged meanwhile, and what it wrote refused
		case errors.Is(err, errSuperseded):
			if err := s.reload(ctx); err != nil {
				return err
			}
		default:
			return err
		}
		last = s.now()
		interval = max(s.opts.FlushInterval, min(flushShare*last.Sub(began), flushLatest))
	}
}

// flushDue waits until there is something to flush and it is time for it, or too much
// of it, or another projection to be flushed instead.
func (s *Service) flushDue(ctx context.Context, p *projection, at time.Time) error {
	tick := time.NewTicker(min(flushCheck, s.opts.FlushInterval))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if s.current.Load() != p || p.unsaved() && !s.now().Before(at) {
				return nil
			}
		case <-p.crowded:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lastFlush saves what would otherwise have to be replayed at the next start.
func (s *Service) lastFlush(ctx context.Context) error {
	cause := context.Cause(ctx)
	flushing, cancel := context.WithTimeout(context.WithoutCancel(ctx), finalFlush)
	defer cancel()
	if err := s.current.Load().flush(flushing); err != nil {
		s.log.WarnContext(ctx, "the last flush failed; the next start replays more", "error", err)
	}
	return cause
}

// watchCheckpoint learns what other processes have written: their checkpoint makes
// pages here evictable, and a new epoch makes this projection outdated.
func (s *Service) watchCheckpoint(ctx context.Context) error {
	return s.retry(ctx, "reading the checkpoint", func(ctx context.Context) error {
		for {
			if err := lifecycle.Pause(ctx, s.opts.FlushInterval); err != nil {
				return err
			}
			mark, err := s.pages.loadCheckpoint(ctx)
			if err != nil {
				return err
			}
			switch p := s.current.Load(); {
			case mark.Epoch > p.epoch:
				if err := s.reload(ctx); err != nil {
					return err
				}
			case mark.Epoch == p.epoch:
				p.storedUpTo(mark.Position)
			}
		}
	})
}

// warmUp brings pages into memory, as far as there is room, and learns all groups.
func (s *Service) warmUp(ctx context.Context) error {
	var warm *projection
	return s.retry(ctx, "warming up", func(ctx context.Context) error {
		for {
			if p := s.current.Load(); p != warm {
				if err := p.warmUp(ctx); err != nil {
					return err
				}
				warm = p
			}
			if err := lifecycle.Pause(ctx, agePeriod); err != nil {
				return err
			}
		}
	})
}

// reload exchanges the projection for what another process has rebuilt.
func (s *Service) reload(ctx context.Context) error {
	s.rebuilding.Lock()
	defer s.rebuilding.Unlock()
	if err := s.terms.reload(ctx); err != nil {
		return err
	}
	if err := s.projects.reload(ctx); err != nil {
		return err
	}
	p, err := s.restore(ctx)
	if err != nil {
		return err
	}
	if old := s.current.Load(); p.epoch < old.epoch {
		return fmt.Errorf("reload: the stored projection is of rebuild %d, this one of %d", p.epoch, old.epoch)
	}
	return s.replace(ctx, p, func(int64) error { return nil })
}

// Rebuild throws the copies of the terms on boards, of innovation projects and of the
// accounts away and reads them again from the beginning of the feeds, beside the old ones, which answer until
// then; it returns when the new ones answer and are stored. It tells how many changes of
// how many of the accounts are applied. One rebuild runs at a time. ErrFeedTrimmed where
// the beginning is gone.
func (s *Service) Rebuild(ctx context.Context, tell func(applied, total int64) error) error {
	s.rebuilding.Lock()
	defer s.rebuilding.Unlock()
	if err := s.terms.rebuild(ctx); err != nil {
		return err
	}
	if err := s.projects.rebuild(ctx); err != nil {
		return err
	}
	head, err := s.source.Head(ctx)
	if err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	next := newProjection(s.pages, checkpoint{Epoch: s.current.Load().epoch + 1}, int64(s.opts.CacheAccounts), withRefuse)
	err = s.replace(ctx, next, func(applied int64) error { return tell(applied, max(head, applied)) })
	if err == nil {
		err = next.flush(ctx)
	}
	if err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	return nil
}

// errCaughtUp ends a watch whose projection has taken over.
var errCaughtUp = errors.New("caught up")

// replace applies the feed to a projection until that is as far as the current one,
// and then lets it take over.
func (s *Service) replace(ctx context.Context, next *projection, tell func(applied int64) error) error {
	at, _ := next.at()
	err := s.source.Watch(ctx, at.resume, func(b Batch) error {
		if err := next.apply(ctx, b); err != nil {
			return err
		}
		at, _ := next.at()
		if err := tell(at.position); err != nil {
			return err
		}
		if s.takeOver(next) {
			return errCaughtUp
		}
		return nil
	})
	if errors.Is(err, errCaughtUp) {
		return nil
	}
	return err
}

// takeOver makes a projection the current one, if it is as far.
func (s *Service) takeOver(next *projection) bool {
	s.applying.Lock()
	defer s.applying.Unlock()
	current := s.current.Load()
	old, _ := current.at()
	at, _ := next.at()
	if at.position < old.position {
		return false
	}
	s.install(next)
	current.advance(old) // who waits for it is to look at the next one
	return true
}

// install makes a projection the current one.
func (s *Service) install(p *projection) {
	p.onSettings = s.settingsChanged
	at, _ := p.at()
	s.current.Store(p)
	s.settingsChanged(at.company)
}
