package entitlements

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// storePeriod is how often it is stored how far a feed was followed while it tells nothing
// that rules read: a start reads again what came since.
const storePeriod = time.Minute

// follow applies the feed as it comes, until ctx ends or it fails.
func (f *follower[C, K, P]) follow(ctx context.Context) error {
	stored := f.now()
	err := f.watch(ctx, f.copy.Load().Resume, func(b FeedBatch[C]) error {
		due := f.now().Sub(stored) >= storePeriod
		wrote, err := f.apply(ctx, b, due)
		if wrote {
			stored = f.now()
		}
		if err == nil {
			f.trouble.Store(nil)
		}
		return err
	})
	if ctx.Err() == nil {
		f.trouble.Store(&err)
	}
	return err
}

// apply takes a batch in: into the store first, so that what was answered once is answered
// after a restart too. It leaves out what says nothing new, unless storing how far the feed
// was followed is due.
func (f *follower[C, K, P]) apply(ctx context.Context, b FeedBatch[C], due bool) (wrote bool, err error) {
	f.taking.Lock()
	defer f.taking.Unlock()
	have := f.copy.Load()
	if !have.news(b) && (have.Whole || !b.CaughtUp) && (!due || b.Position <= have.Position) {
		return false, nil
	}
	l, err := f.store(ctx, b)
	if err != nil {
		return false, fmt.Errorf("store %s: %w", f.what, err)
	}
	f.take(l)
	return true, nil
}

// take makes decisions read a copy from now on. The caller holds the follower's lock.
func (f *follower[C, K, P]) take(l *learnt[C, K, P]) {
	f.copy.Store(l)
	f.took()
}

// reload takes in the copy that another process has stored.
func (f *follower[C, K, P]) reload(ctx context.Context) error {
	f.taking.Lock()
	defer f.taking.Unlock()
	l, err := f.read(ctx)
	if err != nil {
		return fmt.Errorf("read %s: %w", f.what, err)
	}
	f.take(l)
	return nil
}

// rebuild makes the copy again from the beginning of the feed, beside the old one, by which
// answers are given until then.
func (f *follower[C, K, P]) rebuild(ctx context.Context) error {
	if f.watch == nil {
		return nil
	}
	anew := &learnt[C, K, P]{}
	err := f.watch(ctx, "", func(b FeedBatch[C]) error {
		anew.apply(b, f.zone())
		if !anew.Whole {
			return nil
		}
		f.taking.Lock()
		defer f.taking.Unlock()
		l, err := f.replace(ctx, anew)
		if err != nil {
			return err
		}
		if l.Position > anew.Position { // what it lacks comes next
			return nil
		}
		f.take(l)
		return errCaughtUp
	})
	if err == nil || errors.Is(err, errCaughtUp) {
		return nil
	}
	return fmt.Errorf("rebuild %s: %w", f.what, err)
}

// complete says why not all is known of the feed: nil once all was read, and where it is
// not followed. Later on its service may be away: what it has told counts.
func (f *follower[C, K, P]) complete() error {
	if f.watch == nil || f.copy.Load().Whole {
		return nil
	}
	err := fmt.Errorf("%s are still being read", f.what)
	if trouble := f.trouble.Load(); trouble != nil {
		return fmt.Errorf("%w: %w", err, *trouble)
	}
	return err
}

// followBoard follows the board service, and followPlans the plans service, where there are
// such.
func (s *Service) followBoard(ctx context.Context) error {
	return keepFollowing(ctx, s, s.terms, s.book.Load().terms, "--board-addr")
}

func (s *Service) followPlans(ctx context.Context) error {
	return keepFollowing(ctx, s, s.projects, s.book.Load().projects, "--plans-addr")
}

// keepFollowing follows a feed until ctx ends, where there is one; read says that rules read
// what it tells.
func keepFollowing[C told, K any, P known[C, K]](ctx context.Context, s *Service, f *follower[C, K, P], read bool, flag string) error {
	if f.watch == nil {
		if read {
			s.log.WarnContext(ctx, fmt.Sprintf("rules read %s, but %s is not followed: only what was learnt of it earlier counts. Name its service with %s",
				f.what, f.feed, flag))
		}
		return nil
	}
	return s.retry(ctx, "following "+f.feed, f.follow)
}

// tookIn makes decisions read what was learnt of the feeds of other services.
func (s *Service) tookIn() {
	s.bookLock.Lock()
	defer s.bookLock.Unlock()
	if b := s.book.Load(); b.terms || b.projects {
		next := *b // another book, so that no timeline computed from the last is taken for right
		s.fill(&next)
		s.book.Store(&next)
	}
}

// fill puts what rules read of the feeds of other services into a book.
func (s *Service) fill(b *book) {
	if b.terms {
		b.members = s.terms.copy.Load().Known.members()
	}
	if b.projects {
		b.completions = s.projects.copy.Load().Known.completions()
	}
}

// KnowsTerms says why terms served on advisory boards are not counted: nil once they were
// all read, or where no rule is about them or no board service is followed.
func (s *Service) KnowsTerms() error {
	if !s.book.Load().terms {
		return nil
	}
	return s.terms.complete()
}

// KnowsProjects says the same of innovation projects that customers confirmed.
func (s *Service) KnowsProjects() error {
	if !s.book.Load().projects {
		return nil
	}
	return s.projects.complete()
}
