package board

import (
	"context"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
)

// moving is a change of the schedule that terms follow. It is noted in the roster together
// with the terms' new ends, so that whoever comes after a crash can write the rotation as
// the call would have.
type moving struct {
	// Number counts the changes of the board's schedule.
	Number int64 `bson:"number"`
	// Rotation is the id of the rotation within the board.
	Rotation string `bson:"rotation"`
	// State is Skipped or Cancelled, and empty where the rotation is moved: to Day, at
	// the instant Start.
	State  RotationState `bson:"state,omitempty"`
	Day    civil.Day     `bson:"day"`
	Start  time.Time     `bson:"start,omitempty"`
	Reason string        `bson:"reason"`
	// Effect is what the call is answered.
	Effect charter.Effect `bson:"effect"`
	Call   resource.Call  `bson:"call"`
}

// event is the type of the event that tells of the change.
func (m *moving) event() string {
	if m.State == "" {
		return "rotation.moved"
	}
	return "rotation." + string(m.State)
}

// Move moves a rotation that nobody has frozen to another day, with the terms that end
// with it. Effect says which those are; with check nothing is written. ErrCharterBroken
// where that would break the charter, with everything it would break; ErrRotationState,
// also where another rotation is on that day; ErrBoardState; resource.ErrStale.
func (r *Rotations) Move(
	ctx context.Context, call resource.Call, board, rotation, etag string, to civil.Day, reason string, check bool,
) (resource.Stored[Rotation], *charter.Effect, error) {
	return r.reschedule(ctx, board, etag, moving{Rotation: rotation, Day: to, Reason: reason, Call: call}, check)
}

// Skip leaves a rotation out that nobody has frozen; terms that would have ended with it
// go on to the next. It fails as Move does.
func (r *Rotations) Skip(
	ctx context.Context, call resource.Call, board, rotation, etag, reason string, check bool,
) (resource.Stored[Rotation], *charter.Effect, error) {
	return r.reschedule(ctx, board, etag, moving{Rotation: rotation, State: Skipped, Reason: reason, Call: call}, check)
}

func (r *Rotations) reschedule(
	ctx context.Context, board, etag string, m moving, check bool,
) (resource.Stored[Rotation], *charter.Effect, error) {
	var none resource.Stored[Rotation]
	id := rotationID(board, m.Rotation)
	if err := r.settleMove(ctx, board); err != nil {
		return none, nil, err
	}
	if earlier, known, err := r.table.Replay(ctx, m.Call, id); known || err != nil {
		return earlier, earlier.State.effect(), err
	}
	if err := r.settleClose(ctx, board); err != nil {
		return none, nil, err
	}
	if _, err := r.movable(ctx, id, etag); err != nil {
		return none, nil, err
	}
	if err := r.settleUnderWay(ctx, board); err != nil {
		return none, nil, err
	}
	w, err := r.world(ctx, board)
	if err != nil {
		return none, nil, err
	}
	s, err := r.movable(ctx, id, "") // settling may have raised its version
	if err != nil {
		return none, nil, err
	}
	if s.State.Day == m.Day && m.State == "" {
		return s, &charter.Effect{}, nil
	}
	effect, err := r.effect(ctx, w, s, m)
	if err != nil {
		return none, nil, err
	}
	if err := broken(id, effect); err != nil || check {
		return s, effect, err
	}
	if m.State == "" {
		v, err := r.charters.At(ctx, board, m.Day)
		if err != nil {
			return none, nil, err
		}
		m.Start = at(&v.Rules, m.Day)
	}
	m.Effect = *effect
	if m, err = r.follow(ctx, w, m); err != nil {
		return none, nil, err
	}
	moved, err := r.write(ctx, board, m)
	return moved, effect, err
}

// movable returns a rotation that can be moved, skipped or cancelled with its terms.
func (r *Rotations) movable(ctx context.Context, id, etag string) (resource.Stored[Rotation], error) {
	s, err := r.table.Get(ctx, id)
	if err != nil {
		return s, err
	}
	if err := r.table.Check(s, resource.IfEtag[Rotation](etag)); err != nil {
		return s, err
	}
	if s.State.State != Scheduled && s.State.State != Opened {
		return s, rotationState(id, "is %s, and only one that is scheduled or open can be moved, skipped or cancelled", s.State.State)
	}
	return s, nil
}

// effect asks the charter what a change would do. Nothing depends on when vacancies are
// filled but the members to come.
func (r *Rotations) effect(ctx context.Context, w *world, s resource.Stored[Rotation], m moving) (*charter.Effect, error) {
	if m.State == "" {
		if err := w.free(s.ID, m.Day, r.boards.Today(w.board)); err != nil {
			return nil, err
		}
	}
	if s.State.Kind == Vacancy {
		return &charter.Effect{}, nil
	}
	plan, err := r.charterPlan(ctx, w, s.State.Day)
	if err != nil {
		return nil, err
	}
	if m.State == "" {
		return plan.Move(s.State.Day, m.Day)
	}
	return plan.Skip(s.State.Day)
}

// free wants a day to be one to come, on which no other rotation is to be held.
func (w *world) free(id string, day, today civil.Day) error {
	if day <= today {
		return rotationState(id, "cannot move to %s: choose a day after %s", day, today)
	}
	for _, other := range w.rotations {
		if other.ID != id && other.State.Day == day && !other.State.State.over() {
			return rotationState(other.ID, "is on %s already: choose another day", day)
		}
	}
	return nil
}

// charterPlan is the board as it stands, by the charter in force on a day.
func (r *Rotations) charterPlan(ctx context.Context, w *world, day civil.Day) (*charter.Plan, error) {
	v, err := r.charters.At(ctx, w.id, day)
	if err != nil {
		return nil, err
	}
	today := r.boards.Today(w.board)
	return &charter.Plan{Charter: &v.Rules, Today: today, Rotations: w.days(), Accounts: w.plain(today), Terms: w.terms()}, nil
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
// still to be written of the rotation, which it returns.
func (r *Rotations) follow(ctx context.Context, w *world, m moving) (moving, error) {
	event := termsChanged
	if len(m.Effect.Ends) == 0 {
		event = moveNoted
	}
	_, err := r.rosters.update(ctx, resource.Call{Principal: m.Call.Principal}, w.id, event, func(roster *Roster) error {
		if roster.UnderWay != "" {
			return rotationState(rotationID(w.id, roster.UnderWay), "has taken its pool: close it before others are moved, skipped or cancelled")
		}
		if !roster.as(&w.roster) {
			return r.rosters.table.Kind().Stale(w.id)
		}
		r.rosters.shift(roster, m.Effect.Ends, m.Reason)
		roster.Moves++
		m.Number = roster.Moves
		note := m
		roster.Moving = &note
		return nil
	})
	return m, err
}

// as says whether terms and schedule are as they were read, no change is half written, and
// the board is not about to be closed.
func (r *Roster) as(read *Roster) bool {
	return r.Moving == nil && r.Closing == 0 && r.Moves == read.Moves && slices.EqualFunc(r.Terms, read.Terms,
		func(a, b Term) bool { return a.ID == b.ID && a.Revision == b.Revision })
}

// shift gives terms other ends, with the reason for it.
func (r *Rosters) shift(s *Roster, ends []charter.NewEnd, reason string) {
	for _, end := range ends {
		for _, t := range s.Terms {
			if t.Account == end.Account && t.Seat == end.Seat && t.Over() == end.From && t.Ended == nil {
				moved := s.change(t.ID, r.now())
				if moved.Promised == nil {
					moved.Promised = &end.From
				}
				moved.End, moved.MoveReason = end.To, reason
				break
			}
		}
	}
}

// write changes the rotation as was noted, unless somebody has done so who found the
// note, and then strikes the note out.
func (r *Rotations) write(ctx context.Context, board string, m moving) (resource.Stored[Rotation], error) {
	s, err := r.table.Update(ctx, m.Call, rotationID(board, m.Rotation), nil, m.event(), func(s *Rotation) error {
		if s.Moves >= m.Number || s.State.over() {
			return nil
		}
		s.Reason, s.Moves, s.Effect = m.Reason, m.Number, &m.Effect
		if m.State != "" {
			s.State = m.State
			return nil
		}
		s.Was = append(slices.Clip(s.Was), s.Day)
		s.Day, s.Start = m.Day, m.Start
		return nil
	})
	if err != nil {
		return s, err
	}
	_, err = r.rosters.update(ctx, resource.Call{Principal: m.Call.Principal}, board, moveStruck, func(roster *Roster) error {
		if roster.Moving != nil && roster.Moving.Number == m.Number {
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
	_, err = r.write(ctx, board, *roster.Moving)
	return err
}
