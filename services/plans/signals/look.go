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
// about the first of them. A day before that of the last call counts as that.
func (s *Service) Tick(ctx context.Context, day civil.Day) error {
	d, err := s.passes.Upsert(ctx, onlyPass, func(d *docstore.Doc[passed]) error {
		if day > d.Body.Day {
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
	return errors.Join(failed, s.finishAccepted(ctx))
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

// saying is what rules say about the facts of an account: by the ids of the suggestions
// what holds, and the rules that could not say.
type saying struct {
	holds   map[string]said
	unknown map[string]bool
}

type said struct {
	verdict
	fact Fact
	rule *inForce
}

func (s *Service) ask(ctx context.Context, p *pass, k *known, kinds []Kind, account string) (*saying, error) {
	all := &saying{map[string]said{}, map[string]bool{}}
	facts := k.facts(p.day, kinds)
	for i := range p.rules {
		rule := &p.rules[i]
		if rule.program == nil || !slices.Contains(kinds, rule.edition.Content.Fact) {
			all.unknown[rule.id] = true
			continue
		}
		for _, fact := range facts {
			if fact.Kind() != rule.edition.Content.Fact {
				continue
			}
			v, err := rule.program.ask(fact, &k.account)
			if err != nil {
				all.unknown[rule.id] = true
				s.opts.Log.WarnContext(ctx, "a rule of signals fails on a fact", "rule", rule.id, "version", rule.edition.Number,
					"account", account, "error", err)
			}
			if v.holds {
				all.holds[suggestionID(rule.id, account, fact.Cause())] = said{v, fact, rule}
			}
		}
	}
	return all, ctx.Err()
}

// settle expires the suggestions whose cause is over, and opens those that were snoozed
// until now. On the day on which one was made, its words and figures follow what is told:
// the feeds are not abreast of each other, and less may have been known of it at first.
func (s *Service) settle(ctx context.Context, p *pass, says *saying, all []resource.Stored[Suggestion]) ([]resource.Stored[Suggestion], error) {
	for i := range all {
		x := &all[i]
		if !x.State.waits() {
			continue
		}
		v, holds := says.holds[x.ID]
		expiry := ""
		switch {
		case !slices.ContainsFunc(p.rules, func(r inForce) bool { return r.id == x.State.Rule }):
			expiry = "The rule was retired."
		case !holds && !says.unknown[x.State.Rule]:
			expiry = "It is not so any more on " + p.day.Words() + "."
		}
		change := func(now *Suggestion) error {
			switch {
			case !now.waits():
			case expiry != "":
				now.State, now.Expiry, now.Shown, now.Others, now.StoodFor = Expired, expiry, false, nil, ""
			default:
				now.wake(p.day)
				if holds && now.Day == p.day {
					v.tell(now, p.day)
				}
			}
			return nil
		}
		event := "suggestion.expired"
		switch {
		case expiry != "":
		case x.State.State == Snoozed && x.State.Until <= p.day:
			event = "suggestion.opened"
		default:
			event = "suggestion.updated"
		}
		done, err := s.suggestions.Update(ctx, self, x.ID, nil, event, change)
		if err != nil {
			return nil, err
		}
		all[i] = done
	}
	return all, nil
}

// tell makes a suggestion say what the rule says on a day.
func (v *said) tell(x *Suggestion, day civil.Day) {
	e := v.rule.edition
	x.Version, x.Reason, x.Figures, x.Weight = e.Number, v.reason, figures(v.fact), v.weight
	x.Channel, x.Purpose, x.Day = e.Content.Channel, e.Content.Purpose, day
}

// make makes the suggestions that there are not yet, and opens those that had expired and
// whose cause holds again, unless one of the rule was dismissed for the account lately.
func (s *Service) make(ctx context.Context, p *pass, says *saying, all []resource.Stored[Suggestion], account, owner string) ([]resource.Stored[Suggestion], error) {
	ids := make([]string, 0, len(says.holds))
	for id, v := range says.holds {
		damped := func(x resource.Stored[Suggestion]) bool {
			return x.ID == id && x.State.State != Expired || x.State.Rule == v.rule.id && x.State.State == Dismissed && p.day < x.State.Damped
		}
		if !slices.ContainsFunc(all, damped) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		v := says.holds[id]
		next := Suggestion{Account: account, Owner: owner, Rule: v.rule.id, Fact: v.fact.Kind(), Cause: v.fact.Cause(), State: Undecided}
		v.tell(&next, p.day)
		made, err := s.suggestions.Create(ctx, self, id, next, "suggestion.made")
		if errors.Is(err, resource.ErrExists) { // it has expired, or another process was faster
			made, err = s.suggestions.Update(ctx, self, id, nil, "suggestion.opened", func(x *Suggestion) error {
				if x.State == Expired {
					x.State, x.Expiry = Snoozed, "" // until the day that somebody chose, which may be over
					x.wake(p.day)
					v.tell(x, p.day)
				}
				return nil
			})
		}
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(all, func(x resource.Stored[Suggestion]) bool { return x.ID == id }); i >= 0 {
			all[i] = made
		} else {
			all = append(all, made)
		}
	}
	return all, nil
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
