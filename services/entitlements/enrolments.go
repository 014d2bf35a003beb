package entitlements

import (
	"context"
	"fmt"
	"time"

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
func (s *Service) fed(ctx context.Context) (schedule.Fed, error) {
	fed := schedule.Fed{Board: s.board != nil}
	if s.programmes == nil {
		return fed, nil
	}
	var err error
	if fed.Programmes, err = s.programmes.Published(ctx); err != nil {
		return fed, fmt.Errorf("read the programmes: %w", err)
	}
	return fed, nil
}

// Judge judges a condition about an account now, as the conditions of rules are judged.
// ErrNotFound for the account; ErrNoSchedule, since the schedule says in which currency
// and zone it is read.
func (s *Service) Judge(ctx context.Context, account string, when *schedule.Condition) (decision.Judgement, error) {
	d, _, err := s.reading()
	if err != nil {
		return decision.Judgement{}, err
	}
	var j decision.Judgement
	err = d.with(ctx, account, func(_ facts, known decision.Account) error {
		j = d.book.rules.Judge(known, d.At, when)
		return nil
	})
	return j, err
}

// Reading returns by what conditions are read now. ErrNoSchedule.
func (s *Service) Reading() (decision.Reading, error) {
	d, inForce, err := s.reading()
	if err != nil {
		return decision.Reading{}, err
	}
	return decision.Reading{Today: d.Day(), Currency: d.Currency(), Notice: inForce.Notice.Minimum}, nil
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
