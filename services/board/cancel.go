package board

import (
	"context"

	"github.com/evenhand/evenhand/internal/resource"
)

// Cancel calls off a rotation whose draw is not committed. One that was to come by plan is
// not made up for: that is checked as Skip does, and terms go on to the next. Where it
// fills vacancies or is overdue, no term follows. ErrCharterBroken; ErrRotationState;
// ErrBoardState; resource.ErrStale.
func (r *Rotations) Cancel(ctx context.Context, call resource.Call, board, rotation, etag, reason string) (resource.Stored[Rotation], error) {
	var none resource.Stored[Rotation]
	id := rotationID(board, rotation)
	if err := r.settleMove(ctx, board); err != nil {
		return none, err
	}
	if earlier, known, err := r.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	b, err := r.boards.Open(ctx, board)
	if err != nil {
		return none, err
	}
	s, err := r.table.Get(ctx, id)
	if err != nil {
		return none, err
	}
	if err := r.table.Check(s, resource.IfEtag[Rotation](etag)); err != nil {
		return none, err
	}
	if s.State.Kind == Vacancy || s.State.Day <= r.boards.Today(b.State) {
		return r.callOff(ctx, call, board, rotation, etag, reason)
	}
	m := moving{Rotation: rotation, State: Cancelled, Reason: reason, Call: call}
	if s.State.State == Frozen {
		if err := r.takeBack(ctx, board, s, m); err != nil {
			return none, err
		}
		etag = ""
	}
	s, _, err = r.reschedule(ctx, board, etag, m, false)
	return s, err
}

// callOff cancels a rotation with which no terms end.
func (r *Rotations) callOff(ctx context.Context, call resource.Call, board, rotation, etag, reason string) (resource.Stored[Rotation], error) {
	s, err := r.step(ctx, call, rotationID(board, rotation), resource.IfEtag[Rotation](etag), "rotation.cancelled",
		[]RotationState{Scheduled, Opened, Frozen}, func(s *Rotation) error {
			s.State, s.Reason = Cancelled, reason
			return nil
		})
	if err != nil {
		return s, err
	}
	return s, r.release(ctx, call, board, s)
}

// takeBack takes the pool of a frozen rotation back that is to be cancelled, if it can be:
// terms move only while no rotation is under way.
func (r *Rotations) takeBack(ctx context.Context, board string, s resource.Stored[Rotation], m moving) error {
	w, err := r.world(ctx, board)
	if err != nil {
		return err
	}
	effect, err := r.effect(ctx, w, s, m)
	if err != nil {
		return err
	}
	if err := broken(s.ID, effect); err != nil {
		return err
	}
	call := m.Call
	call.RequestID = ""
	s, err = r.step(ctx, call, s.ID, resource.IfVersion[Rotation](s.Version), "rotation.opened", []RotationState{Frozen}, func(s *Rotation) error {
		s.State, s.Pool, s.Charter = Opened, nil, 0
		return nil
	})
	if err != nil {
		return err
	}
	return r.release(ctx, call, board, s)
}
