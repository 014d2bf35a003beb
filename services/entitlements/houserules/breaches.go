package houserules

import (
	"context"
	"errors"
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

// recorded is the event of a breach.
const recorded = "breach.recorded"

// Breach returns a breach of a house rule, or resource.ErrNotFound.
func (s *Service) Breach(ctx context.Context, rule, id string) (resource.Stored[Breach], error) {
	return s.breaches.Get(ctx, rule+"/"+id)
}

// Record records that an account broke a house rule, today where no day is given, and
// returns also the id of the review that the rule has for that window; empty where there
// is none. NOT_FOUND for the rule; HOUSE_RULE_STATE for one that was retired;
// INVALID_ARGUMENT; WAIVER_NOT_DUE where the account is not entitled now to the benefit
// by which the rule is said to be waived. With check, nothing is written.
func (s *Service) Record(ctx context.Context, call resource.Call, b Breach, check bool) (resource.Stored[Breach], string, error) {
	b.By = call.Principal
	return s.breaches.Record(ctx, call, b, s.checked, check)
}

// checked wants the breach to be one that can be recorded, and fills in its day.
func (s *Service) checked(ctx context.Context, b Breach) (Breach, error) {
	rule, err := s.rules.Get(ctx, b.Rule)
	if err != nil {
		return b, err
	}
	if rule.State.State == Retired {
		return b, ruleState(Name(b.Rule), "%s was retired: nobody has to keep it any more.", Name(b.Rule))
	}
	today, err := s.Today(ctx)
	if err != nil {
		return b, err
	}
	if b.Day == 0 {
		b.Day = today
	}
	if err := b.check(today); err != nil {
		return b, err
	}
	if err := resource.Named("breach.account", "accounts/"+b.Account, s.opts.Directory.Account(ctx, b.Account)); err != nil {
		return b, err
	}
	if b.Response != Waived {
		return b, nil
	}
	return b, s.mustBeDue(ctx, b)
}

// mustBeDue wants the waiver to be one that the account is entitled to.
func (s *Service) mustBeDue(ctx context.Context, b Breach) error {
	due, err := s.opts.Directory.Waived(ctx, b.Account, b.Benefit, b.Rule)
	if err != nil && !errors.Is(err, resource.ErrNotFound) {
		return fmt.Errorf("check whether %s is due to accounts/%s: %w", b.Benefit, b.Account, err)
	}
	if due {
		return nil
	}
	return fault.Precondition(reasonWaiverNotDue, "accounts/"+b.Account,
		"accounts/%s is not entitled now to a benefit %q that waives %s: enforce the rule, or record that it was overlooked. "+
			"A waiver is a benefit, for everyone who qualifies: to have one, ask for a rule.", b.Account, b.Benefit, Name(b.Rule)).
		WithResource(ruleType, Name(b.Rule))
}

// counted is a house rule as its breaches are counted.
func (s *Service) counted(ctx context.Context, id string) (tally.Subject, error) {
	r, err := s.rules.Get(ctx, id)
	return tally.Subject{Name: Name(id), Owner: r.State.Owner, Retired: r.State.State == Retired,
		Threshold: r.State.Threshold, Reviews: s.opts.Reviews, Accounts: s.opts.Directory.Accounts}, err
}

// Judged is how tally.Follow judges the breaches that could not be judged when they were
// recorded.
func (s *Service) Judged() tally.Judged { return s.breaches.Judged() }
