package feeds

import (
	"context"
	"crypto/rand"
	"io"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/calendarfeed"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/diary"
)

// Board is what a calendar needs to know of a board.
type Board struct {
	// ID and DisplayName are the board's.
	ID, DisplayName string
	// Zone is the IANA name of its time zone.
	Zone string
	// Managers are the ids of the account managers that it is assigned to.
	Managers []string
}

// Boards knows the boards, and the accounts that may sit on them.
type Boards interface {
	// Board returns a board; a NOT_FOUND *fault.Error where there is none.
	Board(ctx context.Context, id string) (Board, error)
	// Boards returns all boards, by id.
	Boards(ctx context.Context) ([]Board, error)
	// Account returns what people call an account, and the principals whose account it
	// is; a NOT_FOUND *fault.Error where there is none.
	Account(ctx context.Context, id string) (displayName string, owners []string, err error)
	// Principal returns a NOT_FOUND *fault.Error where there is no principal of that id.
	Principal(ctx context.Context, id string) error
}

// Options are what the service takes from outside.
type Options struct {
	// Boards knows the boards.
	Boards Boards
	// Source knows what happens on them.
	Source calendar.Source
	// Random is the source of ids; crypto/rand by default.
	Random io.Reader
}

// Service is the calendar feeds.
type Service struct {
	*calendarfeed.Feeds
	told   *diary.Diary
	boards Boards
	source calendar.Source
	now    func() time.Time
}

// New opens the collections of the feeds in a store.
func New(ctx context.Context, store *docstore.Store, requests *resource.Requests, o Options) (*Service, error) {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	s := &Service{boards: o.Boards, source: o.Source, now: requests.Now}
	var err error
	if s.Feeds, err = calendarfeed.Open(ctx, store, requests, Kind, o.Random); err != nil {
		return nil, err
	}
	if s.told, err = diary.Open(ctx, store, o.Random, s.now); err != nil {
		return nil, err
	}
	return s, nil
}
