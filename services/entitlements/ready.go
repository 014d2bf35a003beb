package entitlements

import (
	"errors"
	"fmt"
	"time"
)

const (
	// maxBehind is how long ago this copy may have been as far as the accounts feed: a
	// restart of accounts takes less, and so does what a busy import has the feed wait.
	maxBehind = 15 * time.Second
	// caughtUp is within what time of asking for it the head of the feed is reached by a
	// copy that follows. It is far below maxBehind, so that one which is always about as
	// far behind as that is not ready and unready by turns.
	caughtUp = 5 * time.Second
)

// freshness is what was learnt when this copy was last as far as the feed.
type freshness struct {
	// asked is when the head was asked for: all that was acknowledged before is applied.
	asked time.Time
	// reached is when it was applied.
	reached time.Time
	// behind says that it has not caught up since the start, or since it fell behind.
	behind bool
}

// then is what is known when a head that was asked for is reached; f is what was known
// before, nil for nothing.
func (f *freshness) then(asked, reached time.Time) *freshness {
	slow := reached.Sub(asked) > caughtUp
	return &freshness{asked: asked, reached: reached, behind: slow && !f.upToDate(reached)}
}

func (f *freshness) upToDate(now time.Time) bool {
	return f != nil && !f.behind && now.Sub(f.reached) <= maxBehind
}

// Following says why what was acknowledged at accounts is not counted in time; nil where
// it is. A start, or a copy that fell behind, follows once it has applied within 5 s of
// asking all that was acknowledged before it asked; from then on it may be behind for
// 15 s at a time, through a restart of accounts or in the midst of an import, so that
// answers then are at most half a minute old. Checks are answered in any case, with
// their Age.
func (s *Service) Following() error {
	fresh := s.fresh.Load()
	now := s.now()
	if fresh.upToDate(now) {
		return nil
	}
	at, _ := s.current.Load().at()
	head := s.head.Load() - 1
	why := fmt.Sprintf("the accounts feed is applied up to %d of %d", at.position, head)
	switch {
	case head < 0:
		why = "the accounts service was not reached yet"
	case fresh != nil:
		why += fmt.Sprintf(", and answers are %s old", s.ageAt(now).Round(time.Second))
	}
	for _, trouble := range []*error{s.trouble.Load(), s.headTrouble.Load()} {
		if trouble != nil {
			return fmt.Errorf("%s: %w", why, *trouble)
		}
	}
	return errors.New(why)
}

// NeedsRebuild returns ErrFeedTrimmed where this copy cannot be brought up to date by
// a feed, since that does not reach back to where it stands; else nil.
func (s *Service) NeedsRebuild() error {
	for _, trouble := range []*error{s.trouble.Load(), s.terms.trouble.Load(), s.projects.trouble.Load()} {
		if trouble != nil && errors.Is(*trouble, ErrFeedTrimmed) {
			return *trouble
		}
	}
	return nil
}

// KnowsGroups says why accounts cannot be asked about as groups: nil once all groups are
// read after a start, or where no rule is about them.
func (s *Service) KnowsGroups() error {
	if !s.book.Load().groups {
		return nil
	}
	return s.groupsRead()
}

func (s *Service) groupsRead() error {
	if !isClosed(s.current.Load().scanned) {
		return errors.New("the groups of accounts are still being read")
	}
	return nil
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
