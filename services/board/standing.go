package board

import (
	"context"
	"errors"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Standing is how candidates stand to the next rotation of a board.
type Standing struct {
	reasons map[string][]string
	// none is why nobody could be drawn.
	none string
}

// Reasons are all reasons for which an account could not be drawn, each a sentence; none
// where it could be.
func (s *Standing) Reasons(account string) []string {
	if s.none != "" {
		return []string{s.none}
	}
	return s.reasons[account]
}

// Standing works out how the candidates of a board stand to its next rotation: whether
// they would be in its pool if that were taken now.
func (r *Rotations) Standing(ctx context.Context, board string) (*Standing, error) {
	w, err := r.world(ctx, board)
	if err != nil {
		return nil, err
	}
	for _, s := range w.rotations {
		if s.State.Kind != Regular || s.State.State.over() {
			continue
		}
		v, err := r.charters.At(ctx, board, s.State.Day)
		if err != nil {
			return nobody(err)
		}
		prepared, err := prepare(ctx, &v.Rules, w.rotation(s.State, nil))
		if err != nil {
			return nobody(err)
		}
		standing := &Standing{reasons: map[string][]string{}}
		for _, c := range prepared.Candidates {
			for _, reason := range c.Reasons {
				standing.reasons[c.Account] = append(standing.reasons[c.Account], c.Account+" "+reason.Text+".")
			}
		}
		return standing, nil
	}
	return &Standing{none: "No rotation is laid out."}, nil
}

// nobody is the standing where the next rotation cannot be held yet.
func nobody(err error) (*Standing, error) {
	var told *fault.Error
	if errors.As(err, &told) && told.Kind == fault.FailedPrecondition {
		return &Standing{none: told.Message}, nil
	}
	return nil, err
}
