package entitlements

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// rollPeriod is how often it is stored how far the board's feed was followed while it
// tells of no terms: a start reads again what came since.
const rollPeriod = time.Minute

// followBoard applies the board's feed as it comes, where there is a board service.
func (s *Service) followBoard(ctx context.Context) error {
	if s.board == nil {
		if s.book.Load().terms {
			s.log.WarnContext(ctx, "rules read terms served on advisory boards, but no board service is followed: "+
				"only what was learnt of it earlier counts. Name it with --board-addr")
		}
		return nil
	}
	return s.retry(ctx, "following the board's feed", func(ctx context.Context) error {
		stored := s.now()
		err := s.board.WatchTerms(ctx, s.roll.Load().Resume, func(b TermBatch) error {
			due := s.now().Sub(stored) >= rollPeriod
			wrote, err := s.applyTerms(ctx, b, due)
			if wrote {
				stored = s.now()
			}
			if err == nil {
				s.boardTrouble.Store(nil)
			}
			return err
		})
		if ctx.Err() == nil {
			s.boardTrouble.Store(&err)
		}
		return err
	})
}

// applyTerms takes a batch in: into the store first, so that what was answered once is
// answered after a restart too. It leaves out what says nothing new, unless storing how
// far the feed was followed is due.
func (s *Service) applyTerms(ctx context.Context, b TermBatch, due bool) (wrote bool, err error) {
	s.calling.Lock()
	defer s.calling.Unlock()
	have := s.roll.Load()
	if !have.news(b) && (have.Whole || !b.CaughtUp) && (!due || b.Position <= have.Position) {
		return false, nil
	}
	r, err := s.rolls.apply(ctx, b, s.book.Load().zone)
	if err != nil {
		return false, fmt.Errorf("store the terms on boards: %w", err)
	}
	s.callRoll(r)
	return true, nil
}

// callRoll makes decisions read a roll from now on. The caller holds the roll's lock.
func (s *Service) callRoll(r *roll) {
	s.roll.Store(r)
	s.bookLock.Lock()
	defer s.bookLock.Unlock()
	if b := s.book.Load(); b.terms {
		next := *b // another book, so that no timeline computed from the last is taken for right
		next.members = r.members()
		s.book.Store(&next)
	}
}

// reloadRoll takes in the roll that another process has stored.
func (s *Service) reloadRoll(ctx context.Context) error {
	s.calling.Lock()
	defer s.calling.Unlock()
	r, err := s.rolls.load(ctx)
	if err != nil {
		return fmt.Errorf("read the terms on boards: %w", err)
	}
	s.callRoll(r)
	return nil
}

// rebuildRoll makes the roll again from the beginning of the board's feed, beside the
// old one, by which answers are given until then.
func (s *Service) rebuildRoll(ctx context.Context) error {
	if s.board == nil {
		return nil
	}
	anew := &roll{}
	err := s.board.WatchTerms(ctx, "", func(b TermBatch) error {
		anew.apply(b, s.book.Load().zone)
		if !anew.Whole {
			return nil
		}
		s.calling.Lock()
		defer s.calling.Unlock()
		r, err := s.rolls.replace(ctx, anew)
		if err != nil {
			return err
		}
		if r.Position > anew.Position { // what it lacks comes next
			return nil
		}
		s.callRoll(r)
		return errCaughtUp
	})
	if errors.Is(err, errCaughtUp) {
		return nil
	}
	return err
}

// KnowsTerms says why terms served on advisory boards are not counted: nil once they were
// all read, or where no rule is about them or no board service is followed. Later on the
// board service may be away: what it has told counts.
func (s *Service) KnowsTerms() error {
	if !s.book.Load().terms {
		return nil
	}
	return s.termsRead()
}

func (s *Service) termsRead() error {
	if s.board == nil || s.roll.Load().Whole {
		return nil
	}
	err := errors.New("the terms served on advisory boards are still being read")
	if trouble := s.boardTrouble.Load(); trouble != nil {
		return fmt.Errorf("%w: %w", err, *trouble)
	}
	return err
}
