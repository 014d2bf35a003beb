package meetings

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/occasion"
)

// Events returns what calendars show of the meetings of the board of a name between two
// instants: the meetings, the cancelled ones too, and the days by which decisions are to
// be done; NOT_FOUND. It makes Meetings a calendar.Source.
func (s *Meetings) Events(ctx context.Context, name string, from, to time.Time) ([]calendar.Event, error) {
	board := strings.TrimPrefix(name, "boards/")
	b, err := s.boards.Board(ctx, board)
	if err != nil {
		return nil, err
	}
	var list []calendar.Event
	// A decision is due long after its meeting, which is why these are read from the first.
	for m, err := range s.of(ctx, board, time.Time{}, to) {
		if err != nil {
			return nil, fmt.Errorf("read the meetings of boards/%s: %w", board, err)
		}
		e, err := s.event(ctx, m, b)
		if err != nil {
			return nil, err
		}
		if e.During(from, to) {
			list = append(list, e)
		}
		for _, d := range m.State.Decisions {
			if e := dueEvent(m, d, b); d.Due != nil && e.During(from, to) {
				list = append(list, e)
			}
		}
	}
	return list, nil
}

// event is what calendars show of a meeting. Until somebody is invited to it, it is a
// matter of those who will then be members, as far as that is known; they are told its
// time and place, and its agenda with the invitation.
func (s *Meetings) event(ctx context.Context, stored resource.Stored[Meeting], board Board) (calendar.Event, error) {
	m := &stored.State
	e := meetingEvent(stored, board)
	if len(m.Invitations) == 0 {
		members, err := s.boards.Members(ctx, m.Board, m.Start)
		if err != nil {
			return e, fmt.Errorf("find who will be at %s: %w", Name(stored.ID), err)
		}
		for _, member := range members {
			e.Accounts = append(e.Accounts, names.Join("accounts", member.Account))
		}
		e.Private = m.agenda()
		return e, nil
	}
	var invited []string
	for _, i := range m.Invitations {
		invited = append(invited, i.Account)
	}
	called, err := s.boards.Called(ctx, invited)
	e.Private = m.answers(called)
	return e, err
}

func meetingEvent(s resource.Stored[Meeting], board Board) calendar.Event {
	m := &s.State
	e := calendar.Event{
		UID: Name(s.ID), Kind: occasion.Meeting, Resource: Name(s.ID), Calendar: names.Join("boards", m.Board),
		Start: m.Start, End: m.End(), Zone: m.Zone, Summary: board.DisplayName, Location: m.Place,
		Description: m.particulars(m.title(board), m.When(), true),
		Sequence:    m.Sequence, Updated: m.Updated, Status: calendar.Confirmed,
	}
	if m.Title != "" {
		e.Summary += ": " + m.Title
	}
	if e.Location == "" {
		e.Location = m.Link
	}
	if len(m.Invitations) > 0 {
		e.Description += m.agenda()
	}
	for _, i := range m.Invitations {
		if !i.Withdrawn {
			e.Accounts = append(e.Accounts, names.Join("accounts", i.Account))
		}
	}
	switch m.State {
	case Planned:
		e.Status = calendar.Tentative
	case Cancelled:
		e.Status = calendar.Cancelled
	}
	return e
}

// answers says who answered how, by what accounts are called.
func (m *Meeting) answers(called map[string]string) string {
	by := map[Answer][]string{}
	for _, i := range m.Invitations {
		if !i.Withdrawn {
			by[i.Answer] = append(by[i.Answer], called[i.Account])
		}
	}
	var lines []string
	for _, a := range []struct {
		answer Answer
		words  string
	}{{Accepted, "Accepted"}, {Tentative, "Tentative"}, {Declined, "Declined"}, {"", "No answer"}} {
		if accounts := by[a.answer]; len(accounts) > 0 {
			lines = append(lines, a.words+": "+strings.Join(accounts, ", "))
		}
	}
	return strings.Join(lines, "\n")
}

// dueEvent is the last day of a decision that was adopted. It is nobody's own matter: it
// shows in the calendars of the board and its managers.
func dueEvent(s resource.Stored[Meeting], d Decision, board Board) calendar.Event {
	m := &s.State
	name := decisionName(Name(s.ID), d.ID)
	e := calendar.Event{
		UID: name + "#due", Kind: occasion.FollowUpDue, Resource: name, Calendar: names.Join("boards", m.Board), Zone: m.Zone,
		AllDay: true, Summary: board.DisplayName + ": due: " + m.item(d.Item).Title, Updated: m.Updated, Status: calendar.Confirmed,
		Private: d.Text + "\nOwner: " + names.Join("principals", d.Owner),
	}
	if d.Due != nil {
		e.Start, e.End = calendar.WholeDay(*d.Due, m.zone())
	}
	if d.Status != Open {
		e.Status = calendar.Cancelled // done or given up: nothing is due any more
	}
	return e
}
