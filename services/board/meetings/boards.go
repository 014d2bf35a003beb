package meetings

import (
	"context"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/services/board/charter"
)

// Boards is what meetings have to know of the boards they are of.
type Boards interface {
	// Board returns a board, or NOT_FOUND.
	Board(ctx context.Context, id string) (Board, error)
	// Charter returns the charter version in force at an instant: FAILED_PRECONDITION
	// with NO_CHARTER_IN_FORCE where there is none.
	Charter(ctx context.Context, board string, at time.Time) (Charter, error)
	// Members returns who holds a seat at an instant, by seat.
	Members(ctx context.Context, board string, at time.Time) ([]Member, error)
	// Called returns what people call accounts, by id.
	Called(ctx context.Context, accounts []string) (map[string]string, error)
	// Conflicts returns which of these members are in conflict with which of these
	// accounts at an instant, by the charter's rules and by the findings that stand.
	Conflicts(ctx context.Context, board string, at time.Time, members, accounts []string) ([]Conflict, error)
	// Principal returns NOT_FOUND where there is no principal of that id.
	Principal(ctx context.Context, id string) error
	// HasFinding says whether a board has a finding, by its id, standing or not.
	HasFinding(ctx context.Context, board, finding string) (bool, error)
}

// Board is what meetings have to know of a board.
type Board struct {
	DisplayName string
	// Zone is the IANA name of its time zone.
	Zone string
	// Managers are the ids of the principals it is assigned to.
	Managers []string
	Closed   bool
}

// AssignedTo says whether a principal, by its id, is one of the managers.
func (b Board) AssignedTo(principal string) bool { return slices.Contains(b.Managers, principal) }

// Charter is a charter version.
type Charter struct {
	// Version is its number, from 1.
	Version int
	Rules   charter.Charter
}

// Member is who holds a seat at an instant. Account and Contact are ids, the contact's
// within the account.
type Member struct {
	Account string
	Contact string
	Seat    int
}

// Conflict is a member's conflict with an account.
type Conflict struct {
	// Member and With are ids of accounts.
	Member, With string
	// Reason says in a clause why, as "both are in Oil & Gas Refining".
	Reason string
	// Finding is the id of the finding that says so, or empty.
	Finding string
}

// Calendars know what calendar programs are told of meetings.
type Calendars interface {
	// Tell returns what they are told now of an event of a board, by its id, and remembers
	// it: the accounts that it names no more are told that it is cancelled. The UIDs are
	// those of no other calendar, anywhere.
	Tell(ctx context.Context, board string, e calendar.Event) ([]calendar.Told, error)
}

// Delivery hands messages over to those who send them.
type Delivery interface {
	// Put enters a message into the outbox, once: one of an id that was entered before
	// is left as it is.
	Put(ctx context.Context, m Message) error
}

// Message is something that a member is sent about a meeting.
type Message struct {
	// ID is unique to the message, and fit for the name of a file.
	ID string
	// Kind is what it is, as meeting-invitation.
	Kind string
	// About is the name of the meeting.
	About string
	// Account and Contact are ids, the contact's within the account.
	Account, Contact string
	// Subject is a line, and Body plain text.
	Subject, Body string
	// Entry is the meeting as the member's calendar is to have it, but for who writes to
	// whom, and when; nil where nothing of it is there.
	Entry *calendar.Invitation
}
