package meetings

import (
	"context"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Hold says that a meeting began at an instant, now where that is zero, and who is there
// from the beginning: who are members, and the quorum they need by the charter in force
// then, are fixed from here on. NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT, MEETING_STATE
// unless it is planned or invited, NO_MEMBERS, NO_CHARTER_IN_FORCE, SUBSTITUTE.
func (s *Meetings) Hold(ctx context.Context, call resource.Call, id, etag string, opened time.Time, there []Attendance) (resource.Stored[Meeting], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	before, err := s.Get(ctx, id)
	if err != nil {
		return before, err
	}
	now := s.now()
	if opened.IsZero() {
		opened = now
	}
	opened = instant(opened)
	roll, err := s.roll(ctx, before.State.Board, opened)
	if err != nil {
		return before, err
	}
	return s.change(ctx, call, id, etag, "meeting.held", func(m *Meeting) error {
		if err := m.wants(Name(id), "it is held", Planned, Invited); err != nil {
			return err
		}
		if opened.After(now) {
			return fault.Invalid("open_time", "%s is still to come", m.clock(opened))
		}
		if opened.Sub(m.Start).Abs() > drift {
			return fault.Invalid("open_time", "%s is more than a day away from when it was to begin, %s: move the meeting first",
				m.clock(opened), m.clock(m.Start))
		}
		m.State, m.Roll = Held, &roll
		if len(roll.Members) == 0 {
			return noMembers(Name(id), m)
		}
		return m.record(Name(id), there)
	})
}

// roll returns who are members at an instant, and the quorum they need.
func (s *Meetings) roll(ctx context.Context, board string, opened time.Time) (Roll, error) {
	charter, err := s.boards.Charter(ctx, board, opened)
	if err != nil {
		return Roll{}, err
	}
	members, err := s.boards.Members(ctx, board, opened)
	if err != nil {
		return Roll{}, err
	}
	roll := Roll{Opened: opened, Charter: charter.Version, Rule: quorumWords(charter.Rules.Quorum), Filled: len(members),
		Needed: charter.Rules.Quorum.Of(len(members)), Substitutes: charter.Rules.Meetings.Substitutes}
	for _, m := range members {
		roll.Members = append(roll.Members, RollMember(m))
	}
	return roll, nil
}

// RecordAttendance records who was there, in place of what was recorded of these members
// before: NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT, MEETING_STATE unless the meeting is
// held, SUBSTITUTE.
func (s *Meetings) RecordAttendance(ctx context.Context, call resource.Call, id, etag string, entries []Attendance) (resource.Stored[Meeting], error) {
	return s.change(ctx, call, id, etag, "meeting.attendance_recorded", func(m *Meeting) error {
		if err := m.wants(Name(id), "attendance is recorded", Held); err != nil {
			return err
		}
		if err := m.record(Name(id), entries); err != nil {
			return err
		}
		return m.keepsDecisions(Name(id), "attendance")
	})
}

// TakeUp records that an item was taken up at an instant, now where that is zero: its
// quorum is counted then. NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT, MEETING_STATE unless
// the meeting is held.
func (s *Meetings) TakeUp(ctx context.Context, call resource.Call, id, etag, item string, at time.Time) (resource.Stored[Meeting], error) {
	now := s.now()
	if at.IsZero() {
		at = now
	}
	at = instant(at)
	return s.change(ctx, call, id, etag, "meeting.item_taken_up", func(m *Meeting) error {
		if err := m.wants(Name(id), "items are taken up", Held); err != nil {
			return err
		}
		switch {
		case m.item(item) == nil:
			return m.noItem("agenda_item", item)
		case at.After(now):
			return fault.Invalid("take_up_time", "%s is still to come", m.clock(at))
		case at.Before(m.Roll.Opened), m.far(at):
			return fault.Invalid("take_up_time", "%s is not within a day of when the meeting began, %s", m.clock(at), m.clock(m.Roll.Opened))
		}
		m.setItem(item, func(i *Item) { i.TakenUp = at })
		return m.keepsDecisions(Name(id), "take_up_time")
	})
}

// Close closes a meeting whose minutes are written, often days after it, and says when it
// ended; where that is zero, it is when the last left, as far as that was recorded. NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT,
// MEETING_STATE unless it is held, MINUTES where there are none.
func (s *Meetings) Close(ctx context.Context, call resource.Call, id, etag string, ended time.Time) (resource.Stored[Meeting], error) {
	now := s.now()
	return s.change(ctx, call, id, etag, "meeting.closed", func(m *Meeting) error {
		if err := m.wants(Name(id), "it is closed", Held); err != nil {
			return err
		}
		if len(m.Minutes) == 0 {
			return fault.Precondition(ReasonMinutes, Name(id), "%s has no minutes yet: record them first.", Name(id))
		}
		m.State, m.Ended = Minuted, m.lastLeft()
		if ended.IsZero() {
			return nil
		}
		m.Ended = instant(ended)
		if m.Ended.After(now) || m.Ended.Before(m.Roll.Opened) {
			return fault.Invalid("end_time", "%s is before the meeting began, %s, or still to come", m.clock(m.Ended), m.clock(m.Roll.Opened))
		}
		return nil
	})
}

// lastLeft is when the last of those who were there left; zero where that was not
// recorded of everybody.
func (m *Meeting) lastLeft() time.Time {
	var last time.Time
	for _, a := range m.Attendance {
		for _, s := range a.Stays {
			if s.To.IsZero() {
				return time.Time{}
			}
			if s.To.After(last) {
				last = s.To
			}
		}
	}
	return last
}
