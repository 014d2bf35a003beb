package houserules

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
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
	none := resource.Stored[Breach]{}
	own, err := call.NewID(s.opts.Random)
	if err != nil {
		return none, "", err
	}
	id := b.Rule + "/" + own
	if call.RequestID != "" {
		earlier, err := s.breaches.Get(ctx, id)
		if err == nil { // the checks were made when it came first
			_, err = s.breaches.Create(ctx, call, id, b, recorded)
		}
		if err == nil {
			return earlier, s.review(ctx, call, earlier), nil
		}
		if !errors.Is(err, resource.ErrNotFound) {
			return none, "", err
		}
	}
	if b, err = s.checked(ctx, b); err != nil {
		return none, "", err
	}
	b.By = call.Principal
	if check {
		return s.breaches.Unwritten(id, b), "", nil
	}
	stored, err := s.breaches.Create(ctx, call, id, b, recorded)
	if err != nil {
		return none, "", err
	}
	return stored, s.review(ctx, call, stored), nil
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

// review returns the id of the review that the window of a breach has, and opens the one
// that it makes due. The breach stands by then, so that nothing fails the call any more:
// what cannot be judged now is judged by tally.Follow.
func (s *Service) review(ctx context.Context, call resource.Call, b resource.Stored[Breach]) string {
	id, err := s.judge(ctx, &s.counter, call.Principal, b)
	if err != nil {
		slog.WarnContext(ctx, "a breach was recorded and could not be judged yet", "breach", BreachName(b.ID), "error", err)
	}
	return id
}

func (s *Service) judge(ctx context.Context, counter *tally.Counter, who string, b resource.Stored[Breach]) (string, error) {
	rule, err := s.rules.Get(ctx, b.State.Rule)
	if err != nil {
		return "", err
	}
	return counter.Judge(ctx, resource.Call{Principal: who}, s.subject(rule), b.State.Day, b.State.Account)
}

// subject is a house rule as it is counted.
func (s *Service) subject(r resource.Stored[Rule]) tally.Subject {
	return tally.Subject{
		Name: Name(r.ID), Owner: r.State.Owner, Threshold: r.State.Threshold, Reviews: s.opts.Reviews,
		Accounts: s.opts.Directory.Accounts,
		Entries: func(ctx context.Context, span tally.Span) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for b, err := range s.between(ctx, r.ID, span.From, span.To) {
					if !yield(b.State.Account, err) {
						return
					}
				}
			}
		},
	}
}

// between is the breaches of a rule from one day to another, both among them; of all
// rules where its id is empty.
func (s *Service) between(ctx context.Context, rule string, from, to civil.Day) iter.Seq2[resource.Stored[Breach], error] {
	q := docstore.Query{Index: "day", From: int64(from), To: int64(to) + 1, Limit: 1000}
	if rule != "" {
		q.Index, q.Equal = "rule", []any{rule}
	}
	return s.breaches.All(ctx, q)
}

// Judged is how tally.Follow judges the breaches of processes that died before they
// could.
func (s *Service) Judged() tally.Judged {
	return tally.Judged{Collection: s.breaches.Kind().Spec.Name, Event: recorded, Judge: func(ctx context.Context, counter *tally.Counter, id, who string) error {
		b, err := s.breaches.Get(ctx, id)
		if err == nil {
			_, err = s.judge(ctx, counter, who, b)
		}
		return err
	}}
}
