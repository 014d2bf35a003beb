package board

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
)

// dueEvery is how often is looked for what falls due.
const dueEvery = time.Minute

// runDue does what falls due, again and again, until ctx ends. One process at a time does
// it, under a lease.
func (s *Service) runDue(ctx context.Context) error {
	return s.store.WithLease(ctx, "due", func(ctx context.Context) error {
		for {
			if err := s.Due(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "not all that is due was done, trying again", "error", err)
			}
			if err := lifecycle.Pause(ctx, dueEvery); err != nil {
				return err
			}
		}
	})
}

// Due does what is due now on every board: it finishes what a crash interrupted, ends
// invitations that were not answered in time and calls the next alternates, and finds
// out what stands about members. What fails on one board does not stop the others.
func (s *Service) Due(ctx context.Context) error {
	var errs []error
	for b, err := range s.Boards.table.All(ctx, docstore.Query{}) {
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		due := func() error { return s.due(ctx, b.ID) }
		if b.State.State == Closed {
			due = func() error { return s.dissolve(ctx, b) }
		}
		if err := due(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", Name(b.ID), err))
		}
	}
	return errors.Join(errs...)
}

// dissolve ends what is to come of a closed board: its terms and its meetings. It can be
// repeated.
func (s *Service) dissolve(ctx context.Context, b resource.Stored[Board]) error {
	reason := strings.TrimSpace("The board was closed. " + b.State.CloseReason)
	return errors.Join(s.Terms.dissolve(ctx, b), s.Meetings.Dissolve(ctx, b.ID, b.State.Updated, reason)) // nothing of it changed since
}

func (s *Service) due(ctx context.Context, board string) error {
	errs := []error{s.Rotations.settleMove(ctx, board)}
	rotations, err := s.Rotations.all(ctx, board)
	errs = append(errs, err)
	for _, r := range rotations {
		switch r.State.State {
		case Committed, Drawn:
			errs = append(errs, s.Rotations.settle(ctx, board, r))
		case Inviting:
			errs = append(errs, s.Rotations.lapse(ctx, board, r.ID))
		}
	}
	return errors.Join(append(errs, s.Findings.look(ctx, board))...)
}
