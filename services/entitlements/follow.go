package entitlements

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
)

// agePeriod is how often the head of the feed is asked for.
const agePeriod = time.Second

// follow applies the accounts feed as it comes.
func (s *Service) follow(ctx context.Context) error {
	return s.retry(ctx, "following the accounts feed", func(ctx context.Context) error {
		at, _ := s.current.Load().at()
		err := s.source.Watch(ctx, at.resume, func(b Batch) error {
			s.applying.Lock()
			defer s.applying.Unlock()
			if err := s.current.Load().apply(ctx, b); err != nil {
				return err
			}
			s.trouble.Store(nil)
			return nil
		})
		if errors.Is(err, ErrFeedTrimmed) {
			err = fmt.Errorf("%w (position %d): rebuild from a full copy is needed", err, at.position)
		}
		if ctx.Err() == nil {
			s.trouble.Store(&err)
		}
		return err
	})
}

// measureAge finds out, again and again, how far the feed is, waits until this copy is
// there, and then knows: what was acknowledged before it asked is applied. That counts
// no time of transport in this copy's favour, as an age reported along a stream would.
func (s *Service) measureAge(ctx context.Context) error {
	return s.retry(ctx, "asking for the head of the accounts feed", func(ctx context.Context) error {
		for {
			asked := s.now()
			head, err := s.source.Head(ctx)
			if err != nil {
				s.headTrouble.Store(&err)
				return err
			}
			s.headTrouble.Store(nil)
			s.head.Store(head + 1)
			if err := s.applied(ctx, head); err != nil {
				return err
			}
			s.fresh.Store(s.fresh.Load().then(asked, s.now()))
			if err := lifecycle.Pause(ctx, agePeriod); err != nil {
				return err
			}
		}
	})
}

// applied waits until the feed was applied up to a position.
func (s *Service) applied(ctx context.Context, position int64) error {
	for {
		at, moved := s.current.Load().at()
		if at.position >= position {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Age says how old answers may be: everything acknowledged at accounts longer ago is
// counted. It is negative while that is not known, right after the start.
func (s *Service) Age() time.Duration { return s.ageAt(s.now()) }

func (s *Service) ageAt(now time.Time) time.Duration {
	fresh := s.fresh.Load()
	if fresh == nil {
		return -1
	}
	return max(0, now.Sub(fresh.asked))
}

const (
	// defaultWait bounds the wait for a write where the caller has no deadline.
	defaultWait = 10 * time.Second
	// locateFirst and locateLast bound the wait before a write that is not in the feed
	// yet is looked for again; it doubles each time.
	locateFirst = 5 * time.Millisecond
	locateLast  = 200 * time.Millisecond
)

// WaitFor waits until the write that a consistency token names is applied: until the
// caller's deadline, or 10 s where there is none. The empty token names nothing.
func (s *Service) WaitFor(ctx context.Context, token string) error {
	if token == "" {
		return nil
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultWait)
		defer cancel()
	}
	position, err := s.locate(ctx, token)
	if err == nil {
		err = s.applied(ctx, position)
	}
	if errors.Is(err, context.DeadlineExceeded) || ctx.Err() == context.DeadlineExceeded {
		return fault.New(fault.DeadlineExceeded, fault.ReasonDeadline,
			"The write named by consistency_token was not applied before the deadline; the answer would not count it. Try again, or ask without it.").Because(err)
	}
	return err
}

// locate returns the position of a write, once it is in the feed.
func (s *Service) locate(ctx context.Context, token string) (int64, error) {
	for wait := locateFirst; ; wait = min(2*wait, locateLast) {
		position, err := s.source.Locate(ctx, token)
		if !errors.Is(err, ErrNotYet) {
			return position, err
		}
		if err := lifecycle.Pause(ctx, wait); err != nil {
			return 0, err
		}
	}
}
