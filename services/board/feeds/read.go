package feeds

import (
	"context"
	"slices"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/calendarfeed"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/board/occasion"
)

// Read returns the calendar of the secret that has a hash. NOT_FOUND for one that is unknown, and in the
// same words for one that was revoked, or whose board is gone.
func (s *Service) Read(ctx context.Context, hash calendarfeed.Hash) (calendarfeed.Calendar, error) {
	return s.Feeds.Read(ctx, hash, func(ctx context.Context, subject string) (calendar.Document, error) {
		d, err := s.document(ctx, subject)
		s.told.Complete(d.Events)
		return d, err
	})
}

// document makes the calendar of a subject.
func (s *Service) document(ctx context.Context, subject string) (calendar.Document, error) {
	kind, id, _ := parseSubject(subject)
	d := calendar.Document{Product: occasion.Product, Refresh: calendarfeed.Refresh}
	if kind == ofBoard {
		b, err := s.boards.Board(ctx, id)
		if err != nil {
			return d, err
		}
		d.Name, d.Zone = b.DisplayName, b.Zone
		told, err := s.tell(ctx, id)
		d.Events = calendar.Whole(told)
		return d, err
	}
	all, err := s.boards.Boards(ctx)
	if err != nil {
		return d, err
	}
	d.Name = "Advisory boards"
	own := calendar.Whole
	if kind == ofAccount {
		name, _, err := s.boards.Account(ctx, id)
		if err != nil {
			return d, err
		}
		d.Name = "Advisory boards: " + name
		own = func(told []calendar.Told) []calendar.Event { return calendar.Own(told, names.Join(ofAccount, id)) }
	} else {
		all = slices.DeleteFunc(all, func(b Board) bool { return !slices.Contains(b.Managers, id) })
	}
	for _, b := range all {
		told, err := s.tell(ctx, b.ID)
		if err != nil {
			return d, err
		}
		d.Events = append(d.Events, own(told)...)
	}
	calendar.Sort(d.Events)
	return d, nil
}
