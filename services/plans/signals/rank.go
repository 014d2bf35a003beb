package signals

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
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
// which stand for others. Where one was decided while this was written, that may have undone
// what followed from the decision, so all is done anew.
func (s *Service) rank(ctx context.Context, all []resource.Stored[Suggestion], owner string, day civil.Day, tallies map[string]tally) error {
	for {
		wrote, err := s.placeAll(ctx, all, owner, day, tallies)
		if err != nil {
			return err
		}
		if !wrote {
			break
		}
		now, err := s.of(ctx, all[0].State.Account)
		if err != nil {
			return err
		}
		if maps.Equal(states(all), states(now)) {
			break
		}
		all = now
	}
	return s.noteRanked(ctx, all)
}

// states are those of suggestions by their ids.
func states(all []resource.Stored[Suggestion]) map[string]State {
	found := make(map[string]State, len(all))
	for i := range all {
		found[all[i].ID] = all[i].State.State
	}
	return found
}

// placeAll writes down where each suggestion of an account stands that waits, and says
// whether it wrote any.
func (s *Service) placeAll(ctx context.Context, all []resource.Stored[Suggestion], owner string, day civil.Day, tallies map[string]tally) (wrote bool, err error) {
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
		if x.State != Undecided {
			continue
		}
		everybody, ok := tallies[x.Rule]
		if !ok {
			if everybody, err = s.tallied(ctx, x.Rule); err != nil {
				return false, err
			}
			tallies[x.Rule] = everybody
		}
		t := own[x.Rule]
		x.Score = Score(x.Weight, everybody.accepted+t.accepted, everybody.dismissed+t.dismissed, int(day-x.Day)/7)
		if actedOn(all, &all[i]) == "" {
			causes[x.cause()] = append(causes[x.cause()], &all[i])
		}
	}
	for _, same := range causes {
		slices.SortFunc(same, func(a, b *resource.Stored[Suggestion]) int {
			return cmp.Or(cmp.Compare(b.State.Score, a.State.Score), cmp.Compare(a.ID, b.ID))
		})
	}
	for i := range all {
		x := &all[i]
		if !x.State.waits() {
			continue
		}
		at := spot{owner: owner, score: x.State.Score}
		if x.State.State == Undecided {
			at.among(causes[x.State.cause()], x.ID, actedOn(all, x))
		}
		placed, err := s.place(ctx, x, at)
		if err != nil {
			return wrote, err
		}
		wrote = wrote || placed
	}
	return wrote, nil
}

// noteRanked notes that all were ranked, of those after a decision about which that was to be
// done. One that was decided once more meanwhile is left: its others are ranked anew.
func (s *Service) noteRanked(ctx context.Context, all []resource.Stored[Suggestion]) error {
	for i := range all {
		x := &all[i]
		if !x.State.Unranked {
			continue
		}
		_, err := s.suggestions.Update(ctx, self, x.ID, resource.IfVersion[Suggestion](x.Version), "suggestion.ranked", func(now *Suggestion) error {
			now.Unranked = false
			return nil
		})
		if err != nil && !errors.Is(err, resource.ErrStale) {
			return fmt.Errorf("note that the others of %s are ranked: %w", SuggestionName(x.ID), err)
		}
	}
	return nil
}

// actedOn is the id of the accepted suggestion that stands for another: both are about one
// cause, and the rules of both held on the day on which the later of them was made. It is
// empty where none does. What a rule sees for the first time when that of the accepted one
// does not hold any more is something else, be it that spend rises after it fell.
func actedOn(all []resource.Stored[Suggestion], x *resource.Stored[Suggestion]) string {
	for i := range all {
		a := &all[i]
		if a.State.State == Accepted && (a.State.Day >= x.State.Day && slices.Contains(a.State.Beside, x.ID) ||
			a.State.Day <= x.State.Day && slices.Contains(x.State.Beside, a.ID)) {
			return a.ID
		}
	}
	return ""
}

// spot is where a suggestion stands.
type spot struct {
	owner    string
	score    int64
	shown    bool
	others   []string
	stoodFor string
}

// among says where an open suggestion stands: behind one that was accepted, or else among
// those of its cause that are to be decided, the best first.
func (at *spot) among(same []*resource.Stored[Suggestion], id, accepted string) {
	switch {
	case accepted != "":
		at.stoodFor = accepted
	case same[0].ID != id:
		at.stoodFor = same[0].ID
	default:
		at.shown = true
		for _, other := range same[1:] {
			at.others = append(at.others, other.ID)
		}
	}
}

// place writes down where a suggestion stands, unless it was decided meanwhile, and says
// whether it wrote.
func (s *Service) place(ctx context.Context, x *resource.Stored[Suggestion], at spot) (wrote bool, err error) {
	placed, err := s.suggestions.Update(ctx, self, x.ID, nil, "suggestion.ranked", func(now *Suggestion) error {
		if now.State != x.State.State {
			return nil
		}
		now.Score, now.Shown, now.StoodFor, now.Owner = at.score, at.shown, at.stoodFor, at.owner
		if !slices.Equal(now.Others, at.others) {
			now.Others = at.others
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("rank %s: %w", SuggestionName(x.ID), err)
	}
	wrote = placed.Version != x.Version
	if placed.State.State == x.State.State {
		x.Version = placed.Version
	}
	return wrote, nil
}

// ranked ranks the suggestions of an account after a decision about one, if that was not
// done, and returns that one as it is then.
func (s *Service) ranked(ctx context.Context, x resource.Stored[Suggestion]) (resource.Stored[Suggestion], error) {
	if !x.State.Unranked {
		return x, nil
	}
	if err := s.rerank(ctx, x.State.Account, x.State.Owner); err != nil {
		return x, err
	}
	return s.suggestions.Get(ctx, x.ID)
}

// rerank ranks the suggestions of an account as they are now.
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
