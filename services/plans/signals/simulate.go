package signals

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
)

// What a rule is tried on.
const (
	stepDays    = 7
	askStepDays = 28 // for facts about which the entitlements service is asked
	maxMonths   = 24
	maxExamples = 10
	lintSample  = 200 // accounts
	lintAsked   = 20  // accounts, for facts about which the entitlements service is asked
)

// askAgain are the pauses after which a question is put again that the entitlements service
// did not answer: a trial asks thousands, and one that is lost is no reason to begin anew.
var askAgain = []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second}

// Trial says on what a rule is tried. The zero value is all accounts, the year up to today.
type Trial struct {
	// From and To are the first and the last day; at most two years apart.
	From, To civil.Day
	// Accounts is on how many accounts at most; 0 is all.
	Accounts int
	// Tell is told on how many accounts it was tried so far; it may be nil.
	Tell func(accounts int) error
}

// Simulate says what a rule would have suggested in the past, by what is known now of the
// days then, as though nobody had dismissed anything. INVALID_ARGUMENT as CreateRule, and
// for a time that cannot be tried.
func (s *Service) Simulate(ctx context.Context, c Content, t Trial) (*Simulation, error) {
	if err := right(&c); err != nil {
		return nil, err
	}
	if err := s.bound(ctx, &t); err != nil {
		return nil, err
	}
	p, err := compile(&c)
	if err != nil {
		return nil, fmt.Errorf("compile the rule: %w", err)
	}
	company, err := s.opts.Accounts.Company(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the company's currency: %w", err)
	}
	r := &Simulation{At: s.now(), From: t.From, To: t.To, StepDays: stepDays}
	if asked(c.Fact) {
		r.StepDays = askStepDays
	}
	for m, err := range s.memories.All(ctx, docstore.Query{}) {
		if err != nil {
			return nil, fmt.Errorf("read what was told of accounts: %w", err)
		}
		if t.Accounts > 0 && r.Looked == t.Accounts {
			break
		}
		if err := s.try(ctx, r, p, c.Fact, company.Currency, m); err != nil {
			return nil, fmt.Errorf("try the rule on account %s: %w", m.ID, err)
		}
		if t.Tell != nil && r.Looked%100 == 0 {
			if err := t.Tell(r.Looked); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// bound fills in the days that are not given, and refuses a time that cannot be tried.
func (s *Service) bound(ctx context.Context, t *Trial) error {
	today, err := s.Today(ctx)
	if err != nil {
		return err
	}
	if t.To == 0 {
		t.To = today
	}
	if t.From == 0 {
		t.From = t.To.AddMonths(-12) + 1
	}
	switch {
	case t.To > today:
		return fault.Invalid("to_date", "%s has not come yet", t.To)
	case t.From > t.To:
		return fault.Invalid("from_date", "%s is after %s", t.From, t.To)
	case t.From < today.AddMonths(-maxMonths):
		return fault.Invalid("from_date", "%s is more than %d months ago: what was told before is not kept", t.From, maxMonths)
	}
	return nil
}

// try tries a rule on an account: on the last day, and back from it in steps.
func (s *Service) try(ctx context.Context, r *Simulation, p *program, kind Kind, currency string, m docstore.Doc[memory]) error {
	account, err := s.opts.Accounts.Get(ctx, m.ID)
	if errors.Is(err, resource.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	r.Looked++
	kinds := []Kind{kind}
	k, err := s.recall(ctx, m, account, currency, kinds)
	if err != nil {
		return err
	}
	causes := map[string]bool{}
	first := r.To - (r.To-r.From)/civil.Day(r.StepDays)*civil.Day(r.StepDays)
	for day := first; day <= r.To; day += civil.Day(r.StepDays) {
		if !customer(&account, day) { // nothing is so of it, and nothing has to be asked for
			continue
		}
		if err := s.insist(ctx, k, m.ID, day, kinds); err != nil {
			return err
		}
		for _, fact := range k.facts(day, kinds) {
			r.Facts++
			v, err := p.ask(fact, &account)
			if err != nil {
				if r.Failures++; r.Failures == 1 {
					r.Failure = fmt.Sprintf("On %s, for accounts/%s: %v", day, m.ID, err)
				}
				continue
			}
			if !v.holds {
				continue
			}
			r.True++
			if causes[fact.Cause()] {
				continue
			}
			causes[fact.Cause()] = true
			if len(causes) == 1 && len(r.Examples) < maxExamples {
				r.Examples = append(r.Examples, Example{m.ID, day, v.reason, v.weight})
			}
		}
	}
	r.Suggestions += len(causes)
	if len(causes) > 0 {
		r.Accounts++
	}
	return nil
}

// insist asks the entitlements service what is so on a day, several times where it does not
// answer.
func (s *Service) insist(ctx context.Context, k *known, account string, day civil.Day, kinds []Kind) error {
	_, err := s.inquire(ctx, k, account, day, kinds)
	for _, pause := range askAgain {
		if err == nil {
			return nil
		}
		if lifecycle.Pause(ctx, pause) != nil {
			return err
		}
		_, err = s.inquire(ctx, k, account, day, kinds)
	}
	return err
}

// SimulateRule tries the draft of a rule, or else what is in force, on the past. Where it
// is the draft, and all accounts were looked at, that is noted, and it can be published.
// NOT_FOUND; ABORTED with STALE_ETAG where the rule was changed meanwhile; as Simulate.
func (s *Service) SimulateRule(ctx context.Context, call resource.Call, id, etag string, t Trial, check bool) (resource.Stored[Rule], *Simulation, error) {
	r, err := s.rules.Get(ctx, id)
	if err != nil {
		return r, nil, err
	}
	if err := s.rules.Check(r, resource.IfEtag[Rule](etag)); err != nil {
		return r, nil, err
	}
	result, err := s.Simulate(ctx, r.State.Content(), t)
	if err != nil {
		return r, nil, err
	}
	result.By = call.Principal
	if check || t.Accounts > 0 || r.State.Draft == nil || r.State.State == Retired {
		return r, result, nil
	}
	r, err = s.rules.Update(ctx, resource.Call{Principal: call.Principal}, id, resource.IfVersion[Rule](r.Version), "signal_rule.simulated", func(r *Rule) error {
		draft := *r.Draft
		draft.Simulation = result
		r.Draft, r.State = &draft, Simulated
		return nil
	})
	return r, result, err
}

// Lint says what is wrong with a rule: its expressions by themselves and, where these are
// right, whether its condition was never or always true in the last year, for some
// accounts. INVALID_ARGUMENT for what is no expression.
func (s *Service) Lint(ctx context.Context, c Content) ([]Finding, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	findings := lint(&c)
	if len(findings) > 0 {
		return findings, nil
	}
	sample := lintSample
	if asked(c.Fact) {
		sample = lintAsked
	}
	r, err := s.Simulate(ctx, c, Trial{Accounts: sample})
	if err != nil {
		return nil, err
	}
	warn := func(id, message, fix string) {
		findings = append(findings, Finding{ID: id, Warning: true, Field: "condition", Line: 1, Column: 1, Message: message, Fix: fix})
	}
	if r.Failures > 0 {
		warn(Fails, fmt.Sprintf("could not be evaluated for %d of %d facts. %s", r.Failures, r.Facts, r.Failure),
			"Guard it, as 'sector' in account.attributes && account.attributes['sector'] == 'steel'.")
	}
	switch decided := r.Facts - r.Failures; {
	case decided > 0 && r.True == 0:
		warn(NeverTrue, fmt.Sprintf("was not true for any of %d facts about %d accounts from %s to %s", decided, r.Looked, r.From, r.To),
			"Look whether the bounds are what you mean.")
	case decided > 0 && r.True == decided:
		warn(AlwaysTrue, fmt.Sprintf("was true for all %d facts about %d accounts from %s to %s", decided, r.Looked, r.From, r.To),
			"Look whether the bounds are what you mean: it would speak for everybody.")
	}
	return findings, nil
}

// LintRule is Lint of a rule as it is to be published next. NOT_FOUND.
func (s *Service) LintRule(ctx context.Context, id string) ([]Finding, error) {
	r, err := s.rules.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.Lint(ctx, r.State.Content())
}
