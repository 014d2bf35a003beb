package feeds

import (
	"context"
	"slices"

	"github.com/evenhand/evenhand/internal/calendarfeed"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Kind says what the feeds of boards are called.
var Kind = calendarfeed.Kind{Type: "evenhand/CalendarFeed", Names: "calendarFeeds", Event: "calendar_feed"}

// The collections that the subject of a feed is in.
const (
	ofBoard     = "boards"
	ofAccount   = "accounts"
	ofPrincipal = "principals"
)

// Create makes a feed of a subject whose secret has a hash. INVALID_ARGUMENT for a
// subject that is none; NOT_FOUND for a board, an account or a principal that there is not;
// resource.ErrExists for a retry, whose secret is not the first call's.
func (s *Service) Create(ctx context.Context, call resource.Call, displayName, subject string, hash calendarfeed.Hash) (calendarfeed.Listed, error) {
	kind, id, ok := parseSubject(subject)
	if !ok {
		return calendarfeed.Listed{}, fault.Invalid("calendar_feed.subject",
			"%q is not boards/{board}, accounts/{account} or principals/{principal}", subject)
	}
	if err := s.exists(ctx, kind, id); err != nil {
		return calendarfeed.Listed{}, err
	}
	return s.Feeds.Create(ctx, call, displayName, subject, hash)
}

func parseSubject(subject string) (kind, id string, ok bool) {
	for _, kind := range []string{ofBoard, ofAccount, ofPrincipal} {
		if id, ok := names.ID(subject, kind); ok {
			return kind, id, true
		}
	}
	return "", "", false
}

func (s *Service) exists(ctx context.Context, kind, id string) error {
	var err error
	switch kind {
	case ofBoard:
		_, err = s.boards.Board(ctx, id)
	case ofAccount:
		_, _, err = s.boards.Account(ctx, id)
	case ofPrincipal:
		err = s.boards.Principal(ctx, id)
	}
	return err
}

// AssignedTo reports whether the subject of a feed is assigned to a principal: its own
// calendar, a board that it manages, an account of its own.
func (s *Service) AssignedTo(ctx context.Context, subject, principal string) (bool, error) {
	kind, id, _ := parseSubject(subject)
	switch kind {
	case ofPrincipal:
		return id == principal, nil
	case ofBoard:
		b, err := s.boards.Board(ctx, id)
		return slices.Contains(b.Managers, principal), err
	case ofAccount:
		_, owners, err := s.boards.Account(ctx, id)
		return slices.Contains(owners, principal), err
	}
	return false, nil
}
