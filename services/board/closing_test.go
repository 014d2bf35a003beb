package board

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/meetings"
	"github.com/evenhand/evenhand/services/board/occasion"
)

// interposed is a backend that does something once, right before the call with a number.
type interposed struct {
	docstore.Backend
	at    int // from 0
	do    func()
	calls int
}

func (b *interposed) before() {
	if b.calls++; b.calls-1 == b.at {
		b.do()
	}
}

func (b *interposed) Insert(ctx context.Context, collection string, records []docstore.Record) error {
	b.before()
	return b.Backend.Insert(ctx, collection, records)
}

func (b *interposed) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	b.before()
	return b.Backend.Replace(ctx, collection, ifVersion, r)
}

func (b *interposed) Get(ctx context.Context, collection string, ids []string) ([]docstore.Record, error) {
	b.before()
	return b.Backend.Get(ctx, collection, ids)
}

func (b *interposed) Find(ctx context.Context, collection string, q docstore.Query) ([]docstore.Record, error) {
	b.before()
	return b.Backend.Find(ctx, collection, q)
}

func (b *interposed) Close() error { return nil }

// on is a service of its own on the database of a life.
func (l *life) on(t *testing.T, backend docstore.Backend) *Service {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	s, err := New(t.Context(), store, l.source, Options{Now: l.clock.now, Delivery: l.post})
	require.NoError(t, err)
	return s
}

// movedTo is 2027-03-16.
const movedTo = civil.Day(20893)

// changing are the changes that a closed board does not take, of the board of crashTemplate
// whose first rotation is over: each answers whether it was made.
var changing = map[string]func(ctx context.Context, s *Service) error{
	"freeze": func(ctx context.Context, s *Service) error {
		_, err := s.Rotations.Freeze(ctx, someone, "a", "2027-03-09", "", nil)
		return err
	},
	"move": func(ctx context.Context, s *Service) error {
		_, _, err := s.Rotations.Move(ctx, someone, "a", "2027-03-09", "", movedTo, "Fair.", false)
		return err
	},
	"skip": func(ctx context.Context, s *Service) error {
		_, _, err := s.Rotations.Skip(ctx, someone, "a", "2027-03-09", "", "Fair.", false)
		return err
	},
	"swap": func(ctx context.Context, s *Service) error {
		_, _, err := s.Rotations.Swap(ctx, someone, "a", TermID(crashing, 1), TermID(crashing, 2), "They agreed.", false)
		return err
	},
}

// Somebody closes the board before any one read or write of a change of it, or changes it
// before any one of the close; all of them where time is given: only one of the two comes about, or the change was whole
// before the board was closed.
func TestAChangeAndACloseOfTheBoardAtOneTime(t *testing.T) {
	settled := reopen(t, crashTemplate(t))
	settled.live(t, &mortal{left: -1})
	settled.clock.set("2026-03-20T12:00:00Z")
	_, err := settled.on(t, &interposed{Backend: settled.backend, at: -1}).Rotations.Open(t.Context(), someone, "a", "2027-03-09", "")
	require.NoError(t, err)
	require.NoError(t, settled.backend.Close())
	closing := func(ctx context.Context, s *Service) error {
		_, err := s.Boards.Close(ctx, someone, "a", "", "Merged.")
		return err
	}
	for name, change := range changing {
		t.Run(name, func(t *testing.T) {
			interleave(t, settled.path, change, closing)
			interleave(t, settled.path, closing, change)
		})
	}
}

// interleave does one thing, and another before each single read or write of it.
func interleave(t *testing.T, template string, first, second func(context.Context, *Service) error) {
	every := 4
	if os.Getenv("EVENHAND_TEST_LONG") != "" {
		every = 1
	}
	for at, more := 0, true; more; at += every {
		l := reopen(t, template)
		l.clock.set("2026-03-20T12:00:00Z")
		b := &interposed{Backend: l.backend, at: -1}
		s := l.on(t, b)
		var other error
		more = false
		b.calls, b.at, b.do = 0, at, func() {
			more = true
			other = second(t.Context(), l.on(t, &interposed{Backend: l.backend, at: -1}))
		}
		err := first(t.Context(), s)
		b.at = -1
		for _, err := range []error{err, other} {
			if err != nil && !isStale(err) && !errors.Is(err, ErrBoardState) && !errors.Is(err, ErrTermState) {
				require.ErrorIs(t, err, ErrRotationState)
			}
		}
		l.agree(t, s, fmt.Sprintf("before call %d: %v; %v", at, err, other))
	}
}

// agree requires that board, roster and rotation tell the same story, and that whoever
// comes next is not in the way of what was left half done.
func (l *life) agree(t *testing.T, s *Service, when string) {
	ctx := t.Context()
	b, err := s.Boards.Get(ctx, "a")
	require.NoError(t, err)
	roster, err := s.Terms.get(ctx, "a")
	require.NoError(t, err)
	rotation, err := s.Rotations.Get(ctx, "a", "2027-03-09")
	require.NoError(t, err)
	if rotation.State.State == Frozen {
		require.NotEmpty(t, roster.UnderWay, when)
	}
	require.Nil(t, roster.Moving, when)
	if b.State.State == Closed {
		require.Empty(t, roster.UnderWay, when)
		for _, term := range roster.Terms {
			require.Equal(t, Dissolved, term.How, when)
			if rotation.State.Moves > 0 && term.MoveReason != "" {
				require.NotEqual(t, day(t, "2027-03-09"), term.End, when)
			}
		}
		return
	}
	if rotation.State.State == Frozen {
		_, err = s.Rotations.Open(ctx, someone, "a", "2027-03-09", "")
		require.NoError(t, err, when)
	}
	if rotation.State.State != Skipped {
		require.NoError(t, changing["freeze"](ctx, s), when)
	}
}

func TestTheScheduleOfAClosedBoardStays(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		board, ctx := f.seated(t), t.Context()
		call := request("3f1b9a52-5d0c-4c52-8a3c-0d4b7f1f2a03", "move")
		moved, effect, err := f.Rotations.Move(ctx, call, board, "2027-03-09", "", movedTo, "Fair.", false)
		require.NoError(t, err)
		_, err = f.Terms.End(ctx, someone, board, TermID(firstRotation, 1), "", Resigned, day(t, "2026-09-01"), "In autumn.")
		require.NoError(t, err)
		_, err = f.Boards.Close(ctx, someone, board, "", "Merged.")
		require.NoError(t, err)
		roster, err := f.Terms.get(ctx, board)
		require.NoError(t, err)
		for _, term := range roster.Terms {
			require.Equal(t, Dissolved, term.How, "also of who was to leave later")
			require.Equal(t, day(t, "2026-03-20"), term.Over())
		}
		for name, change := range changing {
			require.ErrorIs(t, change(ctx, f.Service), ErrBoardState, name)
		}
		again, repeated, err := f.Rotations.Move(ctx, call, board, "2027-03-09", "", movedTo, "Fair.", false)
		require.NoError(t, err, "it was made before")
		require.Equal(t, moved, again)
		require.Equal(t, effect, repeated)
		after, err := f.Terms.get(ctx, board)
		require.NoError(t, err)
		require.Equal(t, roster, after)
		events, err := f.Rotations.Events(ctx, Name(board), f.clock.now(), f.clock.now().AddDate(5, 0, 0))
		require.NoError(t, err)
		for _, e := range events {
			require.True(t, e.Kind != occasion.Rotation || e.Status == calendar.Cancelled, "it does not take place: %+v", e)
		}
		require.NotEmpty(t, events)
	})
}

// A close that failed, or died, between its note and its write stands in nobody's way.
func TestACloseThatCameToNothing(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	b, err := f.Boards.Get(ctx, board)
	require.NoError(t, err)
	require.NoError(t, f.Rotations.noteClose(ctx, someone, board, b.Version))
	_, _, err = f.Rotations.Move(ctx, someone, board, "2027-03-09", "", movedTo, "Fair.", false)
	require.NoError(t, err)
	_, err = f.Boards.table.Update(ctx, someone, board, resource.IfVersion[Board](b.Version), "board.closed", func(s *Board) error {
		s.State = Closed
		return nil
	})
	require.True(t, isStale(err), "whoever was late does not close it: %v", err)
	call := request("3f1b9a52-5d0c-4c52-8a3c-0d4b7f1f2a04", "close")
	closed, err := f.Boards.Close(ctx, call, board, "", "Merged.")
	require.NoError(t, err)
	again, err := f.Boards.Close(ctx, call, board, "", "Merged.")
	require.NoError(t, err)
	require.Equal(t, closed, again)
	_, err = f.Boards.Close(ctx, someone, board, "", "Again.")
	require.ErrorIs(t, err, ErrBoardState)
}

// The meetings to come of a board that is closed are cancelled, also where the process
// dies between the two.
func TestAClosedBoardMeetsNoMore(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	m, err := f.Meetings.Create(ctx, someone, board, "autumn", meetings.Meeting{Start: f.clock.now().AddDate(0, 3, 0), Duration: time.Hour}, false)
	require.NoError(t, err)
	_, err = f.Meetings.InviteMembers(ctx, someone, m.ID, "", false)
	require.NoError(t, err)
	dissolve := f.Boards.dissolve
	f.Boards.dissolve = func(context.Context, resource.Stored[Board]) error { return errDied }
	_, err = f.Boards.Close(ctx, someone, board, "", "Merged.")
	require.ErrorIs(t, err, errDied)
	f.Boards.dissolve = dissolve
	_, err = f.Meetings.Move(ctx, someone, m.ID, "", meetings.Move{Start: m.State.Start.AddDate(0, 0, 1), Reason: "The fair."}, false)
	require.ErrorContains(t, err, "is closed")
	for range 2 {
		require.NoError(t, f.Due(ctx))
		m, err = f.Meetings.Get(ctx, m.ID)
		require.NoError(t, err)
		require.Equal(t, meetings.Cancelled, m.State.State)
		require.Equal(t, "The board was closed. Merged.", m.State.Reason)
		last := m.State.Invitations[0].Notices
		require.Len(t, last, 2)
		require.Equal(t, meetings.Cancel, last[1].Kind)
	}
}
