package board

import (
	"context"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// State is where a board stands.
type State string

// The states of a board.
const (
	// Active says that the board meets and rotates.
	Active State = "active"
	// Closed says that the board was dissolved, for good.
	Closed State = "closed"
)

// Board is a customer advisory board.
type Board struct {
	DisplayName string `bson:"display_name"`
	Purpose     string `bson:"purpose,omitempty"`
	// Zone is the IANA time zone in which its days begin.
	Zone string `bson:"zone"`
	// Secretaries and Managers are ids of principals.
	Secretaries []string `bson:"secretaries,omitempty"`
	Managers    []string `bson:"managers,omitempty"`
	State       State    `bson:"state"`
	// CloseReason says why it was dissolved.
	CloseReason    string `bson:"close_reason,omitempty"`
	resource.Times `bson:",inline"`
}

// AssignedTo says whether a principal is one of the account managers of the board.
func (b Board) AssignedTo(principal string) bool {
	return principal != "" && slices.Contains(b.Managers, principal)
}

// Patch says what to change of a board; nil leaves a field as it is.
type Patch struct {
	DisplayName, Purpose, Zone *string
	Secretaries, Managers      *[]string
}

// Boards is the use cases of boards themselves.
type Boards struct {
	table *resource.Table[Board, *Board]
	now   func() time.Time
	// closing notes that a board is about to be closed, over a version of it;
	// ErrRotationState while a rotation of it is under way.
	closing func(ctx context.Context, call resource.Call, board string, version int64) error
	// dissolve ends the terms of a board that is closed, and cancels its meetings.
	dissolve func(ctx context.Context, s resource.Stored[Board]) error
}

func openBoards(ctx context.Context, w wiring) (*Boards, error) {
	table, err := resource.OpenTable[Board](ctx, w.requests, resource.Kind[Board]{
		Type: boardType, Name: Name, Spec: docstore.Spec{Name: "boards"}, Tell: func(b Board) any { return b }})
	return &Boards{table: table, now: w.now}, err
}

// Get returns a board, or resource.ErrNotFound.
func (b *Boards) Get(ctx context.Context, id string) (resource.Stored[Board], error) {
	return b.table.Get(ctx, id)
}

// Open returns a board that is not closed, or resource.ErrNotFound or ErrBoardState.
func (b *Boards) Open(ctx context.Context, id string) (resource.Stored[Board], error) {
	s, err := b.Get(ctx, id)
	if err == nil && s.State.State == Closed {
		err = boardState(id, "is closed, and nothing of it changes any more")
	}
	return s, err
}

// Today is the day that it is for a board.
func (b *Boards) Today(s Board) civil.Day { return s.zone().DayOf(b.now()) }

// zone is the board's time zone, which was checked when it was set.
func (b Board) zone() civil.Zone {
	z, err := civil.LoadZone(b.Zone)
	if err != nil {
		return civil.UTC
	}
	return z
}

// List lists the boards that keep wants, by id; nil wants all.
func (b *Boards) List(
	ctx context.Context, size int, after resource.Place, keep func(resource.Stored[Board]) bool,
) (resource.Page[Board], error) {
	return b.table.List(ctx, docstore.Query{Limit: size, After: after}, nil, keep)
}

// Create makes a board; where its id is empty it is the slug of its display name.
// INVALID_ARGUMENT; resource.ErrExists.
func (b *Boards) Create(ctx context.Context, call resource.Call, id string, s Board) (resource.Stored[Board], error) {
	if id == "" {
		id = names.Slug(s.DisplayName)
	}
	if !names.IsID(id) {
		return resource.Stored[Board]{}, fault.Invalid("board_id",
			"no id can be made of %q: give one of lower-case letters, digits and hyphens", s.DisplayName)
	}
	s.State, s.CloseReason = Active, ""
	if err := s.check(); err != nil {
		return resource.Stored[Board]{}, err
	}
	return b.table.Create(ctx, call, id, s, "board.created")
}

// Update changes a board: INVALID_ARGUMENT; resource.ErrNotFound; resource.ErrStale;
// ErrBoardState for a closed one.
func (b *Boards) Update(ctx context.Context, call resource.Call, id, etag string, p Patch) (resource.Stored[Board], error) {
	return b.table.Update(ctx, call, id, resource.IfEtag[Board](etag), "board.updated", func(s *Board) error {
		if s.State == Closed {
			return boardState(id, "is closed, and nothing of it changes any more")
		}
		set(&s.DisplayName, p.DisplayName)
		set(&s.Purpose, p.Purpose)
		set(&s.Zone, p.Zone)
		set(&s.Secretaries, p.Secretaries)
		set(&s.Managers, p.Managers)
		return s.check()
	})
}

// Close dissolves a board for good, ends its terms and cancels its meetings: resource.ErrNotFound;
// resource.ErrStale; ErrBoardState for one that is closed; ErrRotationState while a
// rotation of it is under way.
func (b *Boards) Close(ctx context.Context, call resource.Call, id, etag, reason string) (resource.Stored[Board], error) {
	if earlier, known, err := b.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	s, err := b.Get(ctx, id)
	if err != nil {
		return s, err
	}
	if err := b.table.Check(s, resource.IfEtag[Board](etag)); err != nil {
		return s, err
	}
	if s.State.State == Closed {
		return s, boardState(id, "is closed already")
	}
	if err := b.closing(ctx, call, id, s.Version); err != nil {
		return s, err
	}
	s, err = b.table.Update(ctx, call, id, resource.IfVersion[Board](s.Version), "board.closed", func(s *Board) error {
		s.State, s.CloseReason = Closed, reason
		return nil
	})
	if err != nil {
		return s, err
	}
	return s, b.dissolve(ctx, s)
}

func (b *Board) check() error {
	if b.DisplayName == "" {
		return fault.Invalid("board.display_name", "is empty: say what people call it")
	}
	if _, err := civil.LoadZone(b.Zone); err != nil {
		return fault.Invalid("board.time_zone", "%s", err)
	}
	return nil
}

// set gives a field the value of a patch, where that has one.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
