package meetings

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/resource"
)

// Dissolve cancels the meetings of a board that were to begin after it was closed, and
// tells who was invited. Those that had begun stay, to be recorded. It can be repeated: a
// crash may come in between, and a meeting be called by somebody who found the board
// open. What fails at one meeting does not stop the others.
func (s *Meetings) Dissolve(ctx context.Context, board string, closed time.Time, reason string) error {
	var errs []error
	for m, err := range s.of(ctx, board, closed, time.Time{}) {
		if err != nil {
			errs = append(errs, fmt.Errorf("read the meetings of boards/%s: %w", board, err))
			break
		}
		if !m.State.stands(closed) {
			continue
		}
		stored, err := s.change(ctx, resource.Call{Principal: itself}, m.ID, "", "meeting.cancelled", func(m *Meeting) error {
			if m.stands(closed) {
				m.cancel(reason)
			}
			return nil
		})
		if _, err = s.andDeliver(ctx, stored, err); err != nil {
			errs = append(errs, fmt.Errorf("cancel %s: %w", Name(m.ID), err))
		}
	}
	return errors.Join(errs...)
}

// stands says whether a meeting is to take place after an instant.
func (m *Meeting) stands(after time.Time) bool {
	return (m.State == Planned || m.State == Invited) && m.Start.After(after)
}
