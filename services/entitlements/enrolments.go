package entitlements

import (
	"context"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// enrolled returns the book with the places in programmes as they are now.
func (s *Service) enrolled() *book {
	b := s.book.Load()
	if !b.programmes || s.programmes == nil || b.enrolments == s.programmes.Enrolments() {
		return b
	}
	s.bookLock.Lock()
	defer s.bookLock.Unlock()
	b = s.book.Load()
	if known := s.programmes.Enrolments(); b.programmes && b.enrolments != known {
		next := *b // another book, so that no timeline computed from the last is taken for right
		next.enrolments = known
		s.book.Store(&next)
		b = &next
	}
	return b
}

// fed says what rules can read here.
func (s *Service) fed() schedule.Fed {
	fed := schedule.Fed{Board: s.terms.watch != nil, Innovation: s.projects.watch != nil}
	if s.programmes != nil {
		fed.Programmes = s.programmes.Published()
	}
	return fed
}

// Judge judges a condition about an account now, as the conditions of rules are judged,
// whether a rule reads what it reads or not. ErrNotFound for the account; ErrNoSchedule,
// since the schedule says in which currency and zone it is read; UNAVAILABLE while what
// was acknowledged is not counted in time, since who is refused for that is not asked
// again.
func (s *Service) Judge(ctx context.Context, account string, when *schedule.Condition) (decision.Judgement, error) {
	d, _, err := s.reading()
	if err != nil {
		return decision.Judgement{}, err
	}
	if err := s.upToDate(when); err != nil {
		return decision.Judgement{}, fault.New(fault.Unavailable, fault.ReasonUnavailable,
			"What is known of customers is not up to date, so that nobody can be judged by it now: %v. Try again.", err).WithRetry(judgeAgain)
	}
	onBoard, onProjects := when.Reads(isBoard), when.Reads(isInnovation)
	if when.Reads(isGroupSpend) && !d.book.groups {
		grouped := *d.book
		grouped.groups = true
		d.book = &grouped
	}
	var j decision.Judgement
	err = d.with(ctx, account, func(_ facts, known decision.Account) error {
		if onBoard {
			known.Terms = s.terms.copy.Load().Known.of(account)
		}
		if onProjects {
			known.Completions = s.projects.copy.Load().Known.of(account)
		}
		j = d.book.rules.Judge(known, d.At, when)
		return nil
	})
	return j, err
}

// judgeAgain is how soon callers should try again whose account could not be judged.
const judgeAgain = time.Second

// upToDate says why a condition cannot be judged by all that was acknowledged.
func (s *Service) upToDate(when *schedule.Condition) error {
	if err := s.NeedsRebuild(); err != nil {
		return err
	}
	if err := s.Following(); err != nil {
		return err
	}
	if when.Reads(isGroupSpend) {
		if err := s.groupsRead(); err != nil {
			return err
		}
	}
	if when.Reads(isBoard) {
		if err := s.terms.complete(); err != nil {
			return err
		}
	}
	if when.Reads(isInnovation) {
		return s.projects.complete()
	}
	return nil
}

func isBoard(c schedule.Condition) bool { return c.Subject == schedule.Board }

func isInnovation(c schedule.Condition) bool { return c.Subject == schedule.Innovation }

func isGroupSpend(c schedule.Condition) bool {
	return c.Subject == schedule.Spend && c.Scope == schedule.GroupScope
}

// Reading returns by what conditions are read now. ErrNoSchedule.
func (s *Service) Reading() (decision.Reading, error) {
	d, inForce, err := s.reading()
	if err != nil {
		return decision.Reading{}, err
	}
	return decision.Reading{Today: d.Day(), Currency: d.Currency(), Notice: inForce.Notice.Minimum,
		Board: s.terms.watch != nil, Innovation: s.projects.watch != nil}, nil
}

// reading returns a decider for now, and the schedule in force. ErrNoSchedule.
func (s *Service) reading() (Decider, *schedule.Schedule, error) {
	d, err := s.AsOf(time.Time{})
	if err != nil {
		return d, nil, err
	}
	_, inForce, err := d.book.rules.InForce(d.At)
	if err != nil {
		err = d.told(err, "")
		return d, nil, err
	}
	return d, inForce, nil
}
