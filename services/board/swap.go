package board

import (
	"context"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
)

// Swap exchanges the ends of two members' terms, which keep the reason. With check nothing
// is written. It fails as Move does; ErrTermState where one of the two does not run, or
// both end on the same day; INVALID_ARGUMENT where they are one.
func (r *Rotations) Swap(ctx context.Context, call resource.Call, board, a, b, reason string, check bool) ([]Term, *charter.Effect, error) {
	if earlier, known, err := r.rosters.table.Replay(ctx, call, board); known || err != nil {
		terms := picked(earlier.State, a, b)
		if len(terms) == 0 || terms[0].Swap == nil {
			return terms, &charter.Effect{}, err
		}
		return terms, terms[0].Swap, err
	}
	if a == b {
		return nil, nil, fault.Invalid("second_term", "is the first: name the terms of two members, whose ends are exchanged")
	}
	if err := r.settleClose(ctx, board); err != nil {
		return nil, nil, err
	}
	if err := r.settleMove(ctx, board); err != nil {
		return nil, nil, err
	}
	if err := r.settleUnderWay(ctx, board); err != nil {
		return nil, nil, err
	}
	w, err := r.world(ctx, board)
	if err != nil {
		return nil, nil, err
	}
	today := r.boards.Today(w.board)
	var accounts []string
	var ends []civil.Day
	for _, id := range []string{a, b} {
		i := slices.IndexFunc(w.roster.Terms, func(t Term) bool { return t.ID == id })
		if i < 0 {
			return nil, nil, r.rosters.missing(board, id)
		}
		if t := w.roster.Terms[i]; !t.Runs(today) || t.Ended != nil {
			return nil, nil, termState(board, id, "does not run on %s, and only ends of terms that run can be exchanged", today)
		}
		accounts = append(accounts, w.roster.Terms[i].Account)
		ends = append(ends, w.roster.Terms[i].End)
	}
	if ends[0] == ends[1] {
		return nil, nil, termState(board, b, "ends on %s as the other: there is nothing to exchange", ends[0])
	}
	plan, err := r.charterPlan(ctx, w, today)
	if err != nil {
		return nil, nil, err
	}
	effect, err := plan.Swap(accounts[0], accounts[1])
	if err != nil {
		return nil, nil, err
	}
	if err := broken(board, effect); err != nil {
		return nil, nil, err
	}
	after := w.roster
	if check {
		r.rosters.shift(&after, effect.Ends, reason)
		return picked(after, a, b), effect, nil
	}
	after, err = r.rosters.update(ctx, call, board, termsChanged, func(roster *Roster) error {
		if roster.UnderWay != "" {
			return rotationState(rotationID(board, roster.UnderWay), "has taken its pool: close it before terms are exchanged")
		}
		if !roster.as(&w.roster) {
			return r.rosters.table.Kind().Stale(board)
		}
		r.rosters.shift(roster, effect.Ends, reason)
		for i := range roster.Terms { // shift has made a copy of them
			if t := &roster.Terms[i]; len(effect.Ends) > 0 && (t.ID == a || t.ID == b) {
				t.Swap = effect
			}
		}
		return nil
	})
	return picked(after, a, b), effect, err
}

// picked returns two terms of a roster.
func picked(r Roster, a, b string) (found []Term) {
	for _, t := range r.Terms {
		if t.ID == a || t.ID == b {
			found = append(found, t)
		}
	}
	return found
}
