package signals

import (
	"context"
	"errors"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

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
	// beside are the ids of the others that hold of the fact.
	beside []string
}

func (s *Service) ask(ctx context.Context, p *pass, k *known, kinds []Kind, account string) (*saying, error) {
	all := &saying{map[string]said{}, map[string]bool{}}
	for i := range p.rules {
		if rule := &p.rules[i]; rule.program == nil || !slices.Contains(kinds, rule.edition.Content.Fact) {
			all.unknown[rule.id] = true
		}
	}
	for _, fact := range k.facts(p.day, kinds) {
		var holding []string
		for i := range p.rules {
			rule := &p.rules[i]
			if rule.program == nil || rule.edition.Content.Fact != fact.Kind() {
				continue
			}
			v, err := rule.program.ask(fact, &k.account)
			if err != nil {
				all.unknown[rule.id] = true
				s.opts.Log.WarnContext(ctx, "a rule of signals fails on a fact", "rule", rule.id, "version", rule.edition.Number,
					"account", account, "error", err)
			}
			if v.holds {
				id := suggestionID(rule.id, account, fact.Cause())
				all.holds[id] = said{verdict: v, fact: fact, rule: rule}
				holding = append(holding, id)
			}
		}
		all.together(holding)
	}
	return all, ctx.Err()
}

// together notes which hold of one fact.
func (y *saying) together(ids []string) {
	for i, id := range ids {
		v := y.holds[id]
		v.beside = slices.Concat(ids[:i:i], ids[i+1:])
		y.holds[id] = v
	}
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
	x.Channel, x.Purpose, x.Day, x.Beside = e.Content.Channel, e.Content.Purpose, day, v.beside
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
