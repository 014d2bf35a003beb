package entitlements

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Known returns ErrNotFound for an account that this service has not heard of.
func (s *Service) Known(ctx context.Context, id string) error {
	found, err := s.current.Load().view(ctx, id, func(*account) {})
	if err == nil && !found {
		return missingAccount(id)
	}
	return err
}

// CountActive counts the accounts that are active customers now. It fails while this copy is
// empty or far behind, of which any number of breaches would be a large share.
func (s *Service) CountActive(ctx context.Context) (int, error) {
	if err := s.Following(); err != nil {
		return 0, fmt.Errorf("the accounts are not all known yet: %w", err)
	}
	var count atomic.Int64
	err := s.current.Load().walk(ctx, nil, func(_ int, members []member) error {
		n := 0
		for i := range members {
			if members[i].state == Active {
				n++
			}
		}
		count.Add(int64(n))
		return nil
	})
	return int(count.Load()), err
}

// Waived says whether an account is entitled now to a benefit that waives a house rule.
// ErrNotFound for the account, or a benefit that no version names; ErrNoSchedule.
func (s *Service) Waived(ctx context.Context, account, benefit, houseRule string) (bool, error) {
	d, err := s.AsOf(time.Time{})
	if err != nil {
		return false, err
	}
	decided, err := d.Check(ctx, account, benefit)
	if err != nil {
		return false, err
	}
	return decided.Entitled() && waives(decided.Benefit, houseRule), nil
}

// Waives says whether a benefit waives a house rule in the version of the schedule that is
// in force now, or in one that will be.
func (s *Service) Waives(benefit, houseRule string) bool {
	now := s.now()
	versions := s.Versions()
	for i, v := range versions {
		if i+1 < len(versions) && !versions[i+1].InForce.After(now) {
			continue // another took its place
		}
		for j := range v.Schedule.Benefits {
			if b := &v.Schedule.Benefits[j]; b.ID == benefit && waives(b, houseRule) {
				return true
			}
		}
	}
	return false
}

func waives(b *schedule.Benefit, houseRule string) bool {
	return b != nil && b.Kind == schedule.Waiver && b.HouseRule == houseRule
}
