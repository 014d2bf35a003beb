package signals

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// asked says whether the entitlements service is asked for facts of a kind.
func asked(kind Kind) bool { return kind == Threshold || kind == Usage }

// errAway is why facts are not known for which the entitlements service was not asked.
var errAway = errors.New("the entitlements service is away")

// know gathers what facts of some kinds are derived from. What the entitlements service
// cannot be asked for now is left out of the kinds; asking is why.
func (s *Service) know(ctx context.Context, m docstore.Doc[memory], account feeds.Account, currency string, day civil.Day, kinds []Kind) (k *known, _ []Kind, asking, err error) {
	if !customer(&account, day) { // nothing is so of it, and nothing has to be asked for
		return &known{memory: &m.Body, account: account, currency: currency}, kinds, nil, nil
	}
	if k, err = s.recall(ctx, m, account, currency, kinds); err != nil {
		return nil, nil, nil, err
	}
	kinds, asking = s.inquire(ctx, k, m.ID, day, kinds)
	return k, kinds, asking, nil
}

// recall gathers what this service itself knows, which is the same for each day.
func (s *Service) recall(ctx context.Context, m docstore.Doc[memory], account feeds.Account, currency string, kinds []Kind) (*known, error) {
	k := &known{memory: &m.Body, account: account, currency: currency}
	var err error
	if slices.Contains(kinds, Clause) {
		if k.reviews, err = s.reviewsOf(ctx, &m.Body); err != nil {
			return nil, err
		}
	}
	if slices.Contains(kinds, Goal) {
		if k.goals, err = s.goalsOf(ctx, m.ID); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// inquire asks the entitlements service what is so on a day, and returns the kinds about
// which all is known then. The error is why some are left out.
func (s *Service) inquire(ctx context.Context, k *known, account string, day civil.Day, kinds []Kind) (_ []Kind, asking error) {
	var away []Kind
	var err error
	if slices.Contains(kinds, Threshold) {
		if k.standing.distances, err = s.opts.Entitlements.Distances(ctx, account, day); err != nil {
			asking, away = fmt.Errorf("ask how far it is from benefits: %w", err), append(away, Threshold)
		}
	}
	if slices.Contains(kinds, Usage) {
		if k.standing.balances, err = s.opts.Entitlements.Balances(ctx, account, day); err != nil {
			asking, away = fmt.Errorf("ask what is left of benefits: %w", err), append(away, Usage)
		}
	}
	return slices.DeleteFunc(slices.Clone(kinds), func(kind Kind) bool { return slices.Contains(away, kind) }), asking
}

// goalsOf are the open goals of an account's plan, where that is active.
func (s *Service) goalsOf(ctx context.Context, account string) ([]plans.Goal, error) {
	p, err := s.opts.Plans.Get(ctx, account)
	if errors.Is(err, resource.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	if !p.State.State.Counts() {
		return nil, nil
	}
	return slices.DeleteFunc(slices.Clone(p.State.Goals), func(g plans.Goal) bool { return g.State != plans.GoalOpen }), nil
}
