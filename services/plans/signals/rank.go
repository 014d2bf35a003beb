package signals

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// tally is how often suggestions of a rule were accepted and dismissed.
type tally struct{ accepted, dismissed int }

// ownCounts is how many times a decision about the account's own suggestions counts in
// their ranking, beside the decisions about everybody's.
const ownCounts = 3

// lastDecisions is how many decisions about suggestions of a rule count, the latest.
const lastDecisions = 200

func (t *tally) count(s *Suggestion, times int) {
	switch {
	case s.State == Accepted:
		t.accepted += times
	case s.State == Dismissed && s.Why != BadTime: // which says nothing of the rule
		t.dismissed += times
	}
}

// Score is what suggestions are ranked by, in thousandths:
//
//	weight × 2(accepted + 2)/(accepted + dismissed + 4) × 4/(4 + weeks)
//
// Accepted and dismissed count the last 200 decisions about suggestions of the rule, those
// of the account itself three times more; a dismissal because of a bad time does not
// count. Without any the middle factor is 1; it stays between 0 and 2. Weeks are the whole
// weeks since the suggestion was made: after four it counts half.
func Score(weight float64, accepted, dismissed, weeks int) int64 {
	trust := 2 * float64(accepted+2) / float64(accepted+dismissed+4)
	return int64(math.Round(1000 * weight * trust * 4 / float64(4+max(0, weeks))))
}

// tallied counts the last decisions about everybody's suggestions of a rule.
func (s *Service) tallied(ctx context.Context, rule string) (tally, error) {
	var t tally
	page, err := s.suggestions.List(ctx, docstore.Query{Index: byDecision, Equal: []any{rule}, Descending: true, Limit: lastDecisions},
		func(x resource.Stored[Suggestion]) resource.Place { return resource.Place{x.State.Decided, x.ID} }, nil)
	if err != nil {
		return t, fmt.Errorf("count decisions about suggestions of rule %s: %w", rule, err)
	}
	for i := range page.Items {
		t.count(&page.Items[i].State, 1)
	}
	return t, nil
}

// of returns the suggestions of an account.
func (s *Service) of(ctx context.Context, account string) ([]resource.Stored[Suggestion], error) {
	var all []resource.Stored[Suggestion]
	for x, err := range s.suggestions.All(ctx, docstore.Query{Index: byAccount, Equal: []any{account}}) {
		if err != nil {
			return nil, fmt.Errorf("read the suggestions for account %s: %w", account, err)
		}
		all = append(all, x)
	}
	return all, nil
}

// rank gives the suggestions of an account, which are all there are, their places, and says
// which stand for others.
func (s *Service) rank(ctx context.Context, all []resource.Stored[Suggestion], owner string, day civil.Day, tallies map[string]tally) error {
	own := map[string]tally{}
	for i := range all {
		x := &all[i].State
		t := own[x.Rule]
		t.count(x, ownCounts)
		own[x.Rule] = t
	}
	causes := map[string][]*resource.Stored[Suggestion]{}
	for i := range all {
		x := &all[i].State
		if x.State == Accepted { // something is done about the cause, so nobody is asked about it again
			causes[x.cause()] = append(causes[x.cause()], &all[i])
		}
		if x.State != Undecided {
			continue
		}
		everybody, ok := tallies[x.Rule]
		if !ok {
			var err error
			if everybody, err = s.tallied(ctx, x.Rule); err != nil {
				return err
			}
			tallies[x.Rule] = everybody
		}
		t := own[x.Rule]
		x.Score = Score(x.Weight, everybody.accepted+t.accepted, everybody.dismissed+t.dismissed, int(day-x.Day)/7)
		causes[x.cause()] = append(causes[x.cause()], &all[i])
	}
	for _, same := range causes {
		slices.SortFunc(same, func(a, b *resource.Stored[Suggestion]) int {
			return cmp.Or(a.State.byState()-b.State.byState(), cmp.Compare(b.State.Score, a.State.Score), cmp.Compare(a.ID, b.ID))
		})
	}
	for i := range all {
		if !all[i].State.waits() {
			continue
		}
		if err := s.place(ctx, &all[i], causes, owner); err != nil {
			return err
		}
	}
	return nil
}

// place writes down where a suggestion stands among those of its cause: behind one that was
// accepted, or else the best first.
func (s *Service) place(ctx context.Context, x *resource.Stored[Suggestion], causes map[string][]*resource.Stored[Suggestion], owner string) error {
	same := causes[x.State.cause()]
	score, best, others, stoodFor := x.State.Score, false, []string(nil), ""
	if x.State.State == Undecided {
		if best = same[0].ID == x.ID; !best {
			stoodFor = same[0].ID
		} else {
			for _, other := range same[1:] {
				others = append(others, other.ID)
			}
		}
	}
	_, err := s.suggestions.Update(ctx, self, x.ID, nil, "suggestion.ranked", func(now *Suggestion) error {
		if now.State != x.State.State { // decided meanwhile, which ranks them anew
			return nil
		}
		now.Score, now.Shown, now.StoodFor, now.Owner = score, best, stoodFor, owner
		if !slices.Equal(now.Others, others) {
			now.Others = others
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("rank %s: %w", SuggestionName(x.ID), err)
	}
	return nil
}

// rerank ranks the suggestions of an account after one was decided.
func (s *Service) rerank(ctx context.Context, account, owner string) error {
	day, err := s.Today(ctx)
	if err != nil {
		return err
	}
	all, err := s.of(ctx, account)
	if err != nil {
		return err
	}
	return s.rank(ctx, all, owner, day, map[string]tally{})
}
