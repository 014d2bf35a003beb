package meetings

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Meetings is the use cases of meetings.
type Meetings struct {
	table     *resource.Table[Meeting, *Meeting]
	texts     *docstore.Collection[text]
	guards    *resource.Guards
	store     *docstore.Store
	boards    Boards
	calendars Calendars
	delivery  Delivery
	now       func() time.Time
}

// The indexes of meetings.
const (
	byBoard  = "board_start"
	byStart  = "start"
	byOwner  = "decision_owner"
	byUnsent = "unsent"
)

// New opens the collections of meetings in the board service's store.
func New(
	ctx context.Context, store *docstore.Store, requests *resource.Requests, boards Boards, calendars Calendars, delivery Delivery,
) (*Meetings, error) {
	s := &Meetings{store: store, boards: boards, calendars: calendars, delivery: delivery, now: requests.Now}
	var err error
	s.table, err = resource.OpenTable[Meeting](ctx, requests, resource.Kind[Meeting]{
		Type: meetingType,
		Name: Name,
		Tell: tell,
		Spec: docstore.Spec{Name: "meetings", Indexes: []docstore.Index{
			{Name: byBoard, Fields: []string{"board", "start"}},
			{Name: byStart, Fields: []string{"start"}},
			{Name: byOwner, Fields: []string{"decisions.owner"}, Multikey: true, Partial: true},
			{Name: byUnsent, Fields: []string{"unsent"}, Partial: true},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("open meetings: %w", err)
	}
	s.texts, err = docstore.OpenCollection[text](ctx, store, docstore.Spec{Name: "minutes", Silent: true})
	if err != nil {
		return nil, fmt.Errorf("open meetings: %w", err)
	}
	if s.guards, err = resource.OpenGuards(ctx, store); err != nil {
		return nil, fmt.Errorf("open meetings: %w", err)
	}
	return s, nil
}

// ID is the id under which a meeting of a board is kept.
func ID(board, meeting string) string { return board + "/meetings/" + meeting }

// Name is the resource name of a meeting.
func Name(id string) string { return "boards/" + id }

// Board returns what meetings know of a board, or NOT_FOUND.
func (s *Meetings) Board(ctx context.Context, id string) (Board, error) {
	return s.boards.Board(ctx, id)
}

// Get returns a meeting, or NOT_FOUND.
func (s *Meetings) Get(ctx context.Context, id string) (resource.Stored[Meeting], error) {
	return s.table.Get(ctx, id)
}

// Query says which meetings to list, and how.
type Query struct {
	// Board is the id of a board; empty for all.
	Board string
	// From and To bound when meetings begin, To not included; zero leaves an end open.
	From, To   time.Time
	Descending bool
	// Keep says whether a meeting is wanted; nil wants all.
	Keep  func(resource.Stored[Meeting]) bool
	Size  int
	After resource.Place
}

// List lists meetings by their beginning: NOT_FOUND for the board.
func (s *Meetings) List(ctx context.Context, query Query) (resource.Page[Meeting], error) {
	q := docstore.Query{Index: byStart, Descending: query.Descending, After: query.After, Limit: query.Size}
	if query.Board != "" {
		if _, err := s.boards.Board(ctx, query.Board); err != nil {
			return resource.Page[Meeting]{}, err
		}
		q.Index, q.Equal = byBoard, []any{query.Board}
	}
	if !query.From.IsZero() {
		q.From = query.From
	}
	if !query.To.IsZero() {
		q.To = query.To
	}
	place := func(m resource.Stored[Meeting]) resource.Place { return resource.Place{m.State.Start, m.ID} }
	return s.table.List(ctx, q, place, query.Keep)
}

// of yields the meetings of a board that begin from an instant on and before another, by
// their beginning; a zero instant leaves its end open.
func (s *Meetings) of(ctx context.Context, board string, from, to time.Time) iter.Seq2[resource.Stored[Meeting], error] {
	q := docstore.Query{Index: byBoard, Equal: []any{board}}
	if !from.IsZero() {
		q.From = from
	}
	if !to.IsZero() {
		q.To = to
	}
	return s.table.All(ctx, q)
}

// change is a use case on a meeting that looks at nothing else.
func (s *Meetings) change(ctx context.Context, call resource.Call, id, etag, event string, change func(*Meeting) error) (resource.Stored[Meeting], error) {
	return s.table.Update(ctx, call, id, resource.IfEtag[Meeting](etag), event, change)
}

// openBoard returns a board on which something is to be changed: FAILED_PRECONDITION with
// BOARD_STATE where it is closed.
func (s *Meetings) openBoard(ctx context.Context, id string) (Board, error) {
	b, err := s.boards.Board(ctx, id)
	if err == nil && b.Closed {
		err = fault.Precondition(ReasonBoardState, "boards/"+id, "boards/%s is closed: nothing of it changes any more.", id)
	}
	return b, err
}
