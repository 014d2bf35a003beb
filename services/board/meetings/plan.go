package meetings

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Create calls a meeting by hand. An empty zone is the board's; an empty id is the local
// date and time. NOT_FOUND for the board, INVALID_ARGUMENT, BOARD_STATE, ALREADY_EXISTS;
// SHORT_NOTICE where the charter in force now has a longer notice and the meeting does not
// say why its is shorter. With check, nothing is written.
func (s *Meetings) Create(ctx context.Context, call resource.Call, board, meeting string, m Meeting, check bool) (resource.Stored[Meeting], error) {
	b, err := s.openBoard(ctx, board)
	if err != nil {
		return resource.Stored[Meeting]{}, err
	}
	m.Board, m.State, m.Start = board, Planned, instant(m.Start)
	if m.Zone == "" {
		m.Zone = b.Zone
	}
	items := m.Agenda
	m.Agenda = nil
	if err := m.setAgenda(items); err != nil {
		return resource.Stored[Meeting]{}, err
	}
	if err := m.checkFields("meeting."); err != nil {
		return resource.Stored[Meeting]{}, err
	}
	if meeting == "" {
		meeting = m.Start.In(m.zone().Location()).Format("2006-01-02-1504")
	}
	if !names.IsID(meeting) {
		return resource.Stored[Meeting]{}, fault.Invalid("meeting_id", "%q is no id: give one of lower-case letters, digits and hyphens", meeting)
	}
	if _, err := civil.ParseDay(meeting); err == nil {
		return resource.Stored[Meeting]{}, fault.Invalid("meeting_id",
			"%s is kept for the meeting that the charter foresees on that day: give another, as %s-called", meeting, meeting)
	}
	id := ID(board, meeting)
	_, err = s.Get(ctx, id)
	if errors.Is(err, resource.ErrNotFound) { // else this is a retry, whose notice was long enough, or the id is taken
		err = s.keepsNotice(ctx, Name(id), &m)
	} else if err == nil && check {
		err = s.table.Kind().Exists(id)
	}
	switch {
	case err != nil:
		return resource.Stored[Meeting]{}, err
	case check:
		return s.table.Unwritten(id, m), nil
	}
	return s.table.Create(ctx, call, id, m, "meeting.called")
}

// Patch says what to change of a meeting; nil leaves a field as it is.
type Patch struct {
	Title, Place, Link *string
	Agenda             *[]Item
}

// Update changes a meeting, and tells who was invited where they are told of what
// changed: NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT, MEETING_STATE for one that is minuted
// or cancelled, BOARD_STATE for one to come of a closed board.
func (s *Meetings) Update(ctx context.Context, call resource.Call, id, etag string, p Patch) (resource.Stored[Meeting], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return s.andDeliver(ctx, earlier, err)
	}
	before, err := s.Get(ctx, id)
	if err == nil && before.State.Start.After(s.now()) {
		_, err = s.openBoard(ctx, before.State.Board)
	}
	if err != nil {
		return resource.Stored[Meeting]{}, err
	}
	stored, err := s.change(ctx, call, id, etag, "meeting.updated", func(m *Meeting) error {
		if err := m.wants(Name(id), "it is changed", Planned, Invited, Held); err != nil {
			return err
		}
		before := m.particulars(m.Title, m.When(), true) + m.agenda()
		set(&m.Title, p.Title)
		set(&m.Place, p.Place)
		set(&m.Link, p.Link)
		if p.Agenda != nil {
			if err := m.setAgenda(*p.Agenda); err != nil {
				return err
			}
		}
		if err := m.checkFields("meeting."); err != nil {
			return err
		}
		if m.particulars(m.Title, m.When(), true)+m.agenda() == before {
			return nil
		}
		m.Sequence++
		if m.State == Invited {
			m.notifyAll(Change)
		}
		return nil
	})
	return s.andDeliver(ctx, stored, err)
}

// Move is when a meeting is to be instead; a zero duration and an empty zone leave these
// as they are.
type Move struct {
	Start    time.Time
	Duration time.Duration
	Zone     string
	Reason   string
	// DespiteCharter moves it although that breaks the charter's rules on meetings.
	DespiteCharter bool
}

// Move moves a meeting, tells who was invited, and asks them again: NOT_FOUND,
// STALE_ETAG, INVALID_ARGUMENT for a time that is past, MEETING_STATE where it was held
// or cancelled, BOARD_STATE, CHARTER_BROKEN. With check, nothing is written.
func (s *Meetings) Move(ctx context.Context, call resource.Call, id, etag string, to Move, check bool) (resource.Stored[Meeting], error) {
	return s.rearrange(ctx, call, id, etag, "meeting.moved", check, to.DespiteCharter,
		func(m *Meeting) error { return m.move(Name(id), to, s.now()) })
}

func (m *Meeting) move(name string, to Move, now time.Time) error {
	if err := m.wants(name, "it can be moved", Planned, Invited); err != nil {
		return err
	}
	if to.Reason == "" {
		return fault.Invalid("reason", "is needed: members are told why")
	}
	m.Start, m.Moved, m.Reason = instant(to.Start), true, to.Reason
	if to.Duration != 0 {
		m.Duration = to.Duration
	}
	if to.Zone != "" {
		m.Zone = to.Zone
	}
	if err := m.checkFields(""); err != nil {
		return err
	}
	if !m.Start.After(now) {
		return fault.Invalid("start_time", "%s is past", m.clock(m.Start))
	}
	m.Sequence++
	m.askAgain()
	m.notifyAll(Change)
	return nil
}

// Cancellation is why a meeting does not take place.
type Cancellation struct {
	Reason string
	// DespiteCharter cancels it although that breaks the charter's rules on meetings.
	DespiteCharter bool
}

// Cancel cancels a meeting for good, and tells who was invited: NOT_FOUND, STALE_ETAG,
// MEETING_STATE where it was held or cancelled, CHARTER_BROKEN. With check, nothing is
// written.
func (s *Meetings) Cancel(ctx context.Context, call resource.Call, id, etag string, c Cancellation, check bool) (resource.Stored[Meeting], error) {
	return s.rearrange(ctx, call, id, etag, "meeting.cancelled", check, c.DespiteCharter, func(m *Meeting) error {
		if err := m.wants(Name(id), "it can be cancelled", Planned, Invited); err != nil {
			return err
		}
		if c.Reason == "" {
			return fault.Invalid("reason", "is needed: members are told why")
		}
		m.cancel(c.Reason)
		return nil
	})
}

// rearrange moves or cancels a meeting, if the charter's rules on meetings hold
// thereafter, or need not.
func (s *Meetings) rearrange(
	ctx context.Context, call resource.Call, id, etag, event string, check, despite bool, change func(*Meeting) error,
) (resource.Stored[Meeting], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return s.andDeliver(ctx, earlier, err)
	}
	if !check && !despite {
		return s.rearrangeGuarded(ctx, call, id, etag, event, change)
	}
	for {
		tried, err := s.tryAllowed(ctx, id, etag, despite, change)
		if err != nil || check {
			return tried, err
		}
		stored, err := s.table.Update(ctx, call, id, resource.IfVersion[Meeting](tried.Version), event, change)
		if errors.Is(err, resource.ErrStale) && etag == "" && ctx.Err() == nil {
			continue // others changed it meanwhile
		}
		return s.andDeliver(ctx, stored, err)
	}
}

// rearrangeGuarded writes while no other such change of a meeting of the board is under
// way: of two that keep the charter each, both together may break it.
func (s *Meetings) rearrangeGuarded(
	ctx context.Context, call resource.Call, id, etag, event string, change func(*Meeting) error,
) (resource.Stored[Meeting], error) {
	var stored resource.Stored[Meeting]
	board, _, _ := strings.Cut(id, "/")
	guard, err := s.guards.Open(ctx, "meetings/"+board, s.table, "meeting.updated")
	if err != nil {
		return stored, err
	}
	err = guard.Apply(ctx, id, "", func(version int64, pending []resource.Intent) error {
		tried, err := s.tryAllowed(ctx, id, etag, false, change)
		switch {
		case len(pending) > 0 && (err == nil || isCharterBroken(err)):
			return resource.ErrBlocked
		case err == nil && tried.Version != version:
			return docstore.ErrConflict // others changed it meanwhile
		}
		return err
	}, func(version int64) error {
		stored, err = s.table.Update(ctx, call, id, resource.IfVersion[Meeting](version), event, change)
		return err
	})
	return s.andDeliver(ctx, stored, err)
}

func (m *Meeting) cancel(reason string) {
	m.State, m.Reason = Cancelled, reason
	m.Sequence++
	m.notifyAll(Cancel)
}

// tryAllowed says what a change would make of a meeting: BOARD_STATE where it would take
// place on a closed board, CHARTER_BROKEN.
func (s *Meetings) tryAllowed(ctx context.Context, id, etag string, despite bool, change func(*Meeting) error) (resource.Stored[Meeting], error) {
	tried, err := s.try(ctx, id, etag, change)
	if err == nil && tried.State.State != Cancelled {
		_, err = s.openBoard(ctx, tried.State.Board)
	}
	if err == nil && !despite {
		err = s.keepsCharter(ctx, tried)
	}
	return tried, err
}

// try says what a change would make of a meeting.
func (s *Meetings) try(ctx context.Context, id, etag string, change func(*Meeting) error) (resource.Stored[Meeting], error) {
	stored, err := s.Get(ctx, id)
	if err != nil {
		return stored, err
	}
	if err := s.table.Check(stored, resource.IfEtag[Meeting](etag)); err != nil {
		return resource.Stored[Meeting]{}, err
	}
	return stored, change(&stored.State)
}
