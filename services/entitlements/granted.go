package entitlements

import (
	"context"
	"errors"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// Granted returns when an account has a benefit, by which rules, as far as is known now:
// what is past and what will be by itself. ErrNotFound for the account, or a benefit that
// no version names; ErrNoSchedule where none was ever published.
func (s *Service) Granted(ctx context.Context, account, benefit string) ([]decision.Holding, error) {
	d, err := s.AsOf(time.Time{})
	if err != nil {
		return nil, err
	}
	if len(d.book.versions) == 0 {
		return nil, noSchedule(d.At)
	}
	m, _, err := d.timeline(ctx, account)
	if err != nil {
		return nil, err
	}
	held, err := m.timeline.Holdings(benefit)
	if errors.Is(err, decision.ErrUnknownBenefit) {
		return nil, missingBenefit(benefit)
	}
	return held, err
}

// Benefits returns the ids of all benefits that any version names.
func (s *Service) Benefits() []string { return s.book.Load().rules.Benefits() }

// Zone is the company's, in which days are counted; UTC while it has none.
func (s *Service) Zone() civil.Zone { return s.book.Load().zone }

// Exists is ErrNotFound where there is no such account.
func (s *Service) Exists(ctx context.Context, id string) error {
	d, err := s.AsOf(time.Time{})
	if err != nil {
		return err
	}
	found, err := d.projection.view(ctx, id, func(*account) {})
	if err == nil && !found {
		err = missingAccount(id)
	}
	return err
}
