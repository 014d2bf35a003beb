package board

import (
	"context"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
)

// moving is a change of a rotation's day that terms follow.
type moving struct {
	// Rotation is the id of the rotation within the board.
	Rotation string `bson:"rotation"`
	// Skip says that it is skipped, Day to which day it is moved otherwise.
	Skip   bool      `bson:"skip,omitempty"`
	Day    civil.Day `bson:"day"`
	Reason string    `bson:"reason"`
	// By is the name of the principal.
	By string `bson:"by"`
}

// Move moves a rotation that nobody has frozen to another day, with the terms that end
// with it. Effect says which those are; with check nothing is written. ErrCharterBroken
// where that would break the charter, with everything it would break; ErrRotationState;
// resource.ErrStale.
func (r *Rotations) Move(
	ctx context.Context, call resource.Call, board, rotation, etag string, to civil.Day, reason string, check bool,
) (resource.Stored[Rotation], *charter.Effect, error) {
	return r.reschedule(ctx, call, board, etag, moving{Rotation: rotation, Day: to, Reason: reason, By: call.Principal}, check)
}

// Skip leaves a rotation out that nobody has frozen; terms that would have ended with it
// go on to the next. It fails as Move does.
func (r *Rotations) Skip(
	ctx context.Context, call resource.Call, board, rotation, etag, reason string, check bool,
) (resource.Stored[Rotation], *charter.Effect, error) {
	return r.reschedule(ctx, call, board, etag, moving{Rotation: rotation, Skip: true, Reason: reason, By: call.Principal}, check)
}

func (r *Rotations) reschedule(
	ctx context.Context, call resource.Call, board, etag string, m moving, check bool,
) (resource.Stored[Rotation], *charter.Effect, error) {
	var none resource.Stored[Rotation]
	id := rotationID(board, m.Rotation)
	if err := r.settleMove(ctx, board); err != nil {
		return none, nil, err
	}
	if err := r.settleUnderWay(ctx, board); err != nil {
		return none, nil, err
	}
	if earlier, known, err := r.table.Replay(ctx, call, id); known || err != nil {
		return earlier, &charter.Effect{}, err
	}
	w, err := r.world(ctx, board)
	if err != nil {
		return none, nil, err
	}
	s, err := r.table.Get(ctx, id)
	if err != nil {
		return none, nil, err
	}
	if err := r.table.Check(s, resource.IfEtag[Rotation](etag)); err != nil {
		return none, nil, err
	}
	if s.State.State != Scheduled && s.State.State != Opened {
		return none, nil, rotationState(id, "is %s, and only one that is scheduled or open can be moved or skipped", s.State.State)
	}
	if s.State.Day == m.Day && !m.Skip {
		return s, &charter.Effect{}, nil
	}
	effect, err := r.effect(ctx, w, s.State, m)
	if err != nil {
		return none, nil, err
	}
	if err := broken(id, effect); err != nil || check {
		return s, effect, err
	}
	if err := r.follow(ctx, call, w, s.State, m, effect); err != nil {
		return none, nil, err
	}
	moved, err := r.write(ctx, call, board, m)
	return moved, effect, err
}

// effect asks the charter what a change would do. Nothing depends on when vacancies are
// filled but the members to come.
func (r *Rotations) effect(ctx context.Context, w *world, s Rotation, m moving) (*charter.Effect, error) {
	if s.Kind == Vacancy {
		return &charter.Effect{}, nil
	}
	plan, err := r.charterPlan(ctx, w, s.Day)
	if err != nil {
		return nil, err
	}
	var effect *charter.Effect
	to := m.Day
	if m.Skip {
		effect, err = plan.Skip(s.Day)
	} else {
		effect, err = plan.Move(s.Day, m.Day)
	}
	if err != nil {
		return nil, err
	}
	if m.Skip {
		to = plan.Rotations.Days[slices.Index(plan.Rotations.Days, s.Day)+1] // which Skip has found
	}
	// Terms that are confirmed and have not begun follow too.
	for i := range w.roster.Terms {
		if t := &w.roster.Terms[i]; t.Start > plan.Today && t.Ended == nil && t.End == s.Day {
			effect.Ends = append(effect.Ends, charter.NewEnd{Account: t.Account, Seat: t.Seat, From: s.Day, To: to})
		}
	}
	return effect, nil
}

// charterPlan is the board as it stands, by the charter in force on a day.
func (r *Rotations) charterPlan(ctx context.Context, w *world, day civil.Day) (*charter.Plan, error) {
	v, err := r.charters.At(ctx, w.id, day)
	if err != nil {
		return nil, err
	}
	today := r.boards.Today(w.board)
	return &charter.Plan{Charter: &v.Rules, Today: today, Rotations: w.days(), Accounts: w.plain(today), Terms: w.roster.plain()}, nil
}

// broken is ErrCharterBroken with everything that a change would break; nil for nothing.
func broken(id string, effect *charter.Effect) error {
	if len(effect.Breaks) == 0 {
		return nil
	}
	name := Name(id)
	told := ErrCharterBroken.Saying("This would break the charter: %s.", effect.Breaks[0].Text).WithResource(rotationType, name)
	for _, b := range effect.Breaks {
		told = told.WithCondition(string(b.Rule), name, "%s.", b.Text)
	}
	return told
}

// follow changes the ends of terms as a rotation's day will change, and notes what is
// still to be written of the rotation.
func (r *Rotations) follow(ctx context.Context, call resource.Call, w *world, s Rotation, m moving, effect *charter.Effect) error {
	call.RequestID = ""
	_, err := r.rosters.update(ctx, call, w.id, func(roster *Roster) error {
		if roster.UnderWay != "" {
			return rotationState(rotationID(w.id, roster.UnderWay), "has taken its pool: close it before others are moved or skipped")
		}
		if roster.Moving != nil || !slices.EqualFunc(roster.Terms, w.roster.Terms, sameTerm) {
			return r.rosters.table.Kind().Stale(w.id)
		}
		r.rosters.shift(roster, effect.Ends)
		if s.Kind == Regular {
			roster.Moving = &m
		}
		return nil
	})
	return err
}

func sameTerm(a, b Term) bool { return a.ID == b.ID && a.Revision == b.Revision }

// shift gives running terms other ends.
func (r *Rosters) shift(s *Roster, ends []charter.NewEnd) {
	for _, end := range ends {
		for _, t := range s.Terms {
			if t.Account == end.Account && t.Seat == end.Seat && t.Over() == end.From && t.Ended == nil {
				s.change(t.ID, r.now()).End = end.To
				break
			}
		}
	}
}

// write changes the rotation as was noted, and then strikes the note out.
func (r *Rotations) write(ctx context.Context, call resource.Call, board string, m moving) (resource.Stored[Rotation], error) {
	id, event := rotationID(board, m.Rotation), "rotation.moved"
	if m.Skip {
		event = "rotation.skipped"
	}
	v, err := r.charters.At(ctx, board, m.Day)
	if err != nil && !m.Skip {
		return resource.Stored[Rotation]{}, err
	}
	s, err := r.table.Update(ctx, call, id, nil, event, func(s *Rotation) error {
		s.Reason = m.Reason
		if m.Skip {
			s.State = Skipped
			return nil
		}
		s.Day, s.Start = m.Day, at(&v.Rules, m.Day)
		return nil
	})
	if err != nil {
		return s, err
	}
	call.RequestID = ""
	_, err = r.rosters.update(ctx, call, board, func(roster *Roster) error {
		if roster.Moving != nil && *roster.Moving == m {
			roster.Moving = nil
		}
		return nil
	})
	return s, err
}

// settleMove finishes a change that was interrupted after the terms had followed it.
func (r *Rotations) settleMove(ctx context.Context, board string) error {
	roster, err := r.rosters.get(ctx, board)
	if err != nil || roster.Moving == nil {
		return err
	}
	_, err = r.write(ctx, resource.Call{Principal: roster.Moving.By}, board, *roster.Moving)
	return err
}

// Swap exchanges the ends of two members' terms. With check nothing is written. It fails
// as Move does; ErrTermState where one of the two does not run.
func (r *Rotations) Swap(ctx context.Context, call resource.Call, board, a, b, reason string, check bool) ([]Term, *charter.Effect, error) {
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
	if _, known, err := r.rosters.table.Replay(ctx, call, board); known || err != nil {
		return picked(w.roster, a, b), &charter.Effect{}, err
	}
	today := r.boards.Today(w.board)
	var accounts []string
	for _, id := range []string{a, b} {
		i := slices.IndexFunc(w.roster.Terms, func(t Term) bool { return t.ID == id })
		if i < 0 {
			return nil, nil, r.rosters.missing(board, id)
		}
		if t := w.roster.Terms[i]; !t.Runs(today) || t.Ended != nil {
			return nil, nil, termState(board, id, "does not run on %s, and only ends of terms that run can be exchanged", today)
		}
		accounts = append(accounts, w.roster.Terms[i].Account)
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
		r.rosters.shift(&after, effect.Ends)
		return picked(after, a, b), effect, nil
	}
	after, err = r.rosters.update(ctx, call, board, func(roster *Roster) error {
		if roster.UnderWay != "" {
			return rotationState(rotationID(board, roster.UnderWay), "has taken its pool: close it before terms are exchanged")
		}
		if !slices.EqualFunc(roster.Terms, w.roster.Terms, sameTerm) {
			return r.rosters.table.Kind().Stale(board)
		}
		r.rosters.shift(roster, effect.Ends)
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
