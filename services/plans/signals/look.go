package signals

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// self is the service, on whose behalf suggestions are made.
var self = resource.Call{Principal: "principals/plans-service"}

// passed is which look at all accounts is the last: its number, and the day it is of.
type passed struct {
	Number int64     `bson:"number"`
	Day    civil.Day `bson:"day"`
}

const onlyPass = "pass" // the one document

// pass is one look at accounts.
type pass struct {
	number   int64
	day      civil.Day
	currency string
	rules    []inForce
	kinds    []Kind
	tallies  map[string]tally
	// unanswered is how many questions to the entitlements service failed one after the other.
	unanswered int
}

// patience is after how many of them the service counts as away for the rest of a pass.
const patience = 3

// inForce is a rule that counts. Its program is nil where it cannot be asked.
type inForce struct {
	id      string
	edition *Edition
	program *program
}

// Tick looks, as of a day, at every account that was not looked at on that day, that
// something was told of since, or that has not met the rules as they are now. It may be
// called as often as anybody likes, and goes on where one that did not get to its end
// stopped. The accounts that could not be looked at are looked at by the next; the error is
// about the first of them. A day before that of the last call counts as that, unless that has
// not come yet: before the company's zone is known, and where that changes, it was reckoned in
// another.
func (s *Service) Tick(ctx context.Context, day civil.Day) error {
	today, err := s.Today(ctx)
	if err != nil {
		return err
	}
	d, err := s.passes.Upsert(ctx, onlyPass, func(d *docstore.Doc[passed]) error {
		if day > d.Body.Day || d.Body.Day > max(day, today) {
			d.Body.Day = day
			d.Body.Number++
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("begin a look at all accounts: %w", err)
	}
	p, err := s.begin(ctx, d.Body)
	if err != nil {
		return err
	}
	var failed error
	failures := 0
	for m, err := range s.memories.All(ctx, docstore.Query{Index: byPass, To: p.number}) {
		if err != nil {
			return errors.Join(failed, fmt.Errorf("find the accounts to look at: %w", err))
		}
		if err := s.look(ctx, p, m); err != nil {
			if ctx.Err() != nil {
				return err
			}
			if failures++; failures == 1 {
				failed = fmt.Errorf("look at account %s: %w", m.ID, err)
			}
		}
	}
	if failures > 1 {
		failed = fmt.Errorf("%w (and %d other accounts)", failed, failures-1)
	}
	return errors.Join(failed, s.finishDecided(ctx), s.finishAccepted(ctx))
}

// lookAtAll has every account looked at by the next Tick, the rules having changed.
func (s *Service) lookAtAll(ctx context.Context) error {
	_, err := s.passes.Upsert(ctx, onlyPass, func(d *docstore.Doc[passed]) error {
		d.Body.Number++
		return nil
	})
	if err != nil {
		return fmt.Errorf("have all accounts looked at: %w", err)
	}
	s.wake()
	return nil
}

// begin reads the rules that count.
func (s *Service) begin(ctx context.Context, last passed) (*pass, error) {
	company, err := s.opts.Accounts.Company(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the company's currency: %w", err)
	}
	p := &pass{number: last.Number, day: last.Day, currency: company.Currency, tallies: map[string]tally{}}
	for r, err := range s.rules.All(ctx, docstore.Query{}) {
		if err != nil {
			return nil, fmt.Errorf("read the rules of signals: %w", err)
		}
		if r.State.State == Retired || r.State.InForce == nil {
			continue
		}
		rule := inForce{id: r.ID, edition: r.State.InForce}
		if rule.program, err = s.programOf(r.ID, rule.edition); err != nil {
			s.opts.Log.ErrorContext(ctx, "a rule of signals cannot be asked", "rule", r.ID, "version", rule.edition.Number, "error", err)
		}
		p.rules = append(p.rules, rule)
		if kind := rule.edition.Content.Fact; !slices.Contains(p.kinds, kind) {
			p.kinds = append(p.kinds, kind)
		}
	}
	return p, nil
}

// programOf compiles a version of a rule once.
func (s *Service) programOf(rule string, e *Edition) (*program, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := versionID(rule, e.Number)
	if p := s.programs[key]; p != nil {
		return p, nil
	}
	p, err := compile(&e.Content)
	if err == nil {
		s.programs[key] = p
	}
	return p, err
}

// look asks the rules about an account: it makes, expires, wakes and ranks its suggestions.
func (s *Service) look(ctx context.Context, p *pass, m docstore.Doc[memory]) error {
	account, err := s.opts.Accounts.Get(ctx, m.ID)
	if errors.Is(err, resource.ErrNotFound) {
		return s.looked(ctx, p, m)
	}
	if err != nil {
		return fmt.Errorf("read the account: %w", err)
	}
	wanted, asks := p.kinds, customer(&account, p.day) && slices.ContainsFunc(p.kinds, asked)
	away := asks && p.unanswered >= patience
	if away {
		wanted = slices.DeleteFunc(slices.Clone(wanted), asked)
	}
	k, kinds, asking, err := s.know(ctx, m, account, p.currency, p.day, wanted)
	switch {
	case err != nil:
		return err
	case asking != nil:
		p.unanswered++
	case away:
		asking = errAway
	case asks:
		p.unanswered = 0
	}
	said, err := s.ask(ctx, p, k, kinds, m.ID)
	if err != nil {
		return err
	}
	all, err := s.of(ctx, m.ID)
	if err != nil {
		return err
	}
	if all, err = s.settle(ctx, p, said, all); err != nil {
		return err
	}
	if all, err = s.make(ctx, p, said, all, m.ID, account.Owner); err != nil {
		return err
	}
	if err := s.rank(ctx, all, account.Owner, p.day, p.tallies); err != nil {
		return err
	}
	if asking != nil { // the account is looked at again, for what the entitlements service knows
		return asking
	}
	return s.looked(ctx, p, m)
}

// looked notes that the account was looked at, unless something was told of it meanwhile.
func (s *Service) looked(ctx context.Context, p *pass, m docstore.Doc[memory]) error {
	_, err := s.memories.UpdateIf(ctx, m.ID, m.Version, func(d *docstore.Doc[memory]) error {
		d.Body.Pass = p.number
		return nil
	})
	if errors.Is(err, docstore.ErrConflict) {
		return nil // the next look is about what was told
	}
	return err
}
