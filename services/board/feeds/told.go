package feeds

import (
	"context"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// What a feed shows: the year that was, and the years to come.
const (
	yearsBack  = 1
	yearsAhead = 5
	// maxYears is the longest time that Events looks at.
	maxYears = 100
)

// tell returns what the calendars of a board are told now, and remembers it.
func (s *Service) tell(ctx context.Context, board string) ([]calendar.Told, error) {
	now := s.now()
	from, to := now.AddDate(-yearsBack, 0, 0), now.AddDate(yearsAhead, 0, 0)
	events, err := s.source.Events(ctx, names.Join(ofBoard, board), from, to)
	if err != nil {
		return nil, fmt.Errorf("the events of %s: %w", board, err)
	}
	return s.told.TellAll(ctx, board, events, from, to)
}

// Events returns what happens on a board between two instants, with the sequences under
// which calendars are told of it. What is not there, as it was moved to another time, is
// cancelled in calendars alone. NOT_FOUND for the board; INVALID_ARGUMENT; OUT_OF_RANGE where there is too
// much.
func (s *Service) Events(ctx context.Context, board string, from, to time.Time) ([]calendar.Event, error) {
	if !from.Before(to) || to.After(from.AddDate(maxYears, 0, 0)) {
		return nil, fault.Invalid("to_time", "must be later than the beginning, %s, and at most %d years", from.Format(time.RFC3339), maxYears)
	}
	if _, err := s.boards.Board(ctx, board); err != nil {
		return nil, err
	}
	events, err := s.source.Events(ctx, names.Join(ofBoard, board), from, to)
	if err != nil {
		return nil, fmt.Errorf("the events of %s: %w", board, err)
	}
	before, err := s.told.Recall(ctx, board)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, e := range events {
		there[e.UID] = true
	}
	var list []calendar.Event
	for _, e := range calendar.Whole(calendar.Merge(before, events, from, to, s.now())) {
		if there[e.UID] && e.During(from, to) {
			list = append(list, e)
		}
	}
	s.told.Complete(list)
	return list, nil
}
