package meetings

import (
	"fmt"
	"strings"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/board/occasion"
)

// message is what the last notice says to a member, with what calendars are told of the
// meeting. Its id has the number of the notice, so that a notice that gave way to another
// is not taken for it.
func message(id string, m Meeting, board Board, i Invitation, told []calendar.Told) Message {
	notice := i.Notices[len(i.Notices)-1]
	out := Message{
		// No id of a resource has a dot.
		ID:   fmt.Sprintf("%s.%s.%s.%d", m.Board, names.Last(id), i.Account, notice.Number),
		Kind: "meeting-" + string(notice.Kind), About: Name(id), Account: i.Account, Contact: i.Contact,
		Entry: entry(told, i),
	}
	title := m.title(board)
	when := m.When()
	switch notice.Kind {
	case Invite:
		out.Subject = fmt.Sprintf("Invitation: %s, %s", title, when)
		out.Body = "You are invited to a meeting of the board " + board.DisplayName + ".\n"
	case Change:
		out.Subject = fmt.Sprintf("Changed: %s, %s", title, when)
		out.Body = "A meeting of the board " + board.DisplayName + " has changed.\n"
	case Cancel:
		out.Subject = fmt.Sprintf("Cancelled: %s, %s", title, when)
		out.Body = "A meeting of the board " + board.DisplayName + " does not take place.\n"
		if m.State != Cancelled {
			out.Body = "You are not invited any more to a meeting of the board " + board.DisplayName + ".\n"
		}
	}
	out.Body += "\n" + m.particulars(title, when, notice.Kind != Cancel)
	if notice.Kind != Cancel {
		out.Body += m.agenda()
	}
	return out
}

// entry is the meeting as the calendar of a member is told of it.
func entry(told []calendar.Told, i Invitation) *calendar.Invitation {
	for _, t := range told {
		if e, own := t.For(names.Join("accounts", i.Account)); own {
			answer := i.Answer
			if i.By != i.Contact { // another answered, and comes
				answer = ""
			}
			return &calendar.Invitation{Product: occasion.Product, Event: e, Uninvited: t.Left, Answer: answers[answer]}
		}
	}
	return nil
}

var answers = map[Answer]calendar.Answer{Accepted: calendar.Accepts, Declined: calendar.Declines, Tentative: calendar.Unsure}

// title is what the meeting is called; the board's name where it has no title.
func (m *Meeting) title(board Board) string {
	if m.Title != "" {
		return m.Title
	}
	return board.DisplayName
}

// When is the meeting's time in its zone, as
// "Thursday 12 March 2026, 16:00 to 18:00 (America/New_York)".
func (m *Meeting) When() string {
	zone := m.zone().Location()
	start, end := m.Start.In(zone), m.End().In(zone)
	until := "15:04"
	if start.YearDay() != end.YearDay() || start.Year() != end.Year() {
		until = "Monday 2 January 2006, 15:04"
	}
	return fmt.Sprintf("%s to %s (%s)", start.Format("Monday 2 January 2006, 15:04"), end.Format(until), m.Zone)
}

// particulars are what a meeting is, when, and, where that is wanted, where.
func (m *Meeting) particulars(title, when string, where bool) string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-8s %s\n", name+":", value)
		}
	}
	line("What", title)
	line("When", when)
	if where {
		line("Where", m.Place)
		line("Join", m.Link)
		if !m.Moved { // since then it has a notice, and a reason, of its own
			line("Called at short notice", m.ShortNotice)
		}
	}
	line("Why", m.Reason)
	return b.String()
}

// agenda is the items with their papers; empty where there are none.
func (m *Meeting) agenda() string {
	if len(m.Agenda) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nAgenda\n")
	for at, item := range m.Agenda {
		fmt.Fprintf(&b, "%3d. %s (%s)\n", at+1, item.Title, item.Kind)
		for _, a := range item.Attachments {
			fmt.Fprintf(&b, "     %s: %s\n", a.Title, a.URI)
		}
	}
	return b.String()
}
