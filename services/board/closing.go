package board

import (
	"context"

	"github.com/evenhand/evenhand/internal/resource"
)

// A board is closed by one write, and a pool taken or a term moved by another. So that
// not both are, a close is noted in the roster first, which the other two change as well:
// whichever comes second finds what the first has left there.

// noteClose notes in the roster that a board is about to be closed, over a version of it.
// ErrRotationState while a rotation of it is under way; resource.ErrStale.
func (r *Rotations) noteClose(ctx context.Context, call resource.Call, board string, version int64) error {
	if err := r.settleMove(ctx, board); err != nil {
		return err
	}
	if err := r.settleUnderWay(ctx, board); err != nil {
		return err
	}
	_, err := r.rosters.update(ctx, resource.Call{Principal: call.Principal}, board, closeNoted, func(s *Roster) error {
		if s.UnderWay != "" || s.Moving != nil {
			return r.rosters.table.Kind().Stale(board)
		}
		s.Closing = max(s.Closing, version)
		return nil
	})
	return err
}

// settleClose strikes out the note of a close that was not written, once it never can be:
// the board is at another version. ErrBoardState for a board that is closed.
func (r *Rotations) settleClose(ctx context.Context, board string) error {
	b, err := r.boards.Open(ctx, board)
	if err != nil {
		return err
	}
	roster, err := r.rosters.get(ctx, board)
	if err != nil || roster.Closing == 0 {
		return err
	}
	if b.Version <= roster.Closing {
		if err := r.boards.table.Touch(resource.Call{Principal: serviceName}.Context(ctx), board, "board.touched"); err != nil {
			return err
		}
	}
	if _, err := r.boards.Open(ctx, board); err != nil { // it may have been written since
		return err
	}
	_, err = r.rosters.update(ctx, resource.Call{Principal: serviceName}, board, closeStruck, func(s *Roster) error {
		if s.Closing == roster.Closing {
			s.Closing = 0
		}
		return nil
	})
	return err
}
