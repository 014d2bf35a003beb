package meetings

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// State is where a meeting stands.
type State string

// The states of a meeting.
const (
	Planned   State = "planned"
	Invited   State = "invited"
	Held      State = "held"
	Minuted   State = "minuted"
	Cancelled State = "cancelled"
)

// Meeting is a meeting of a board. Its slices are never changed in place.
type Meeting struct {
	// Board is the id of the board.
	Board string `bson:"board"`
	Title string `bson:"title,omitempty"`
	State State  `bson:"state"`
	// Start is when it begins, and Zone the IANA zone in which its hour is meant.
	Start time.Time `bson:"start"`
	Zone  string    `bson:"zone"`
	// Duration is in whole minutes.
	Duration time.Duration `bson:"duration"`
	Place    string        `bson:"place,omitempty"`
	// Link is where to join it from elsewhere.
	Link string `bson:"link,omitempty"`
	// Occurrence is the day, as 2026-03-12, that names it among the occurrences of the
	// charter's recurrence; empty where it was called by hand.
	Occurrence string `bson:"occurrence,omitempty"`
	// Obsolete says that scheduling cancelled it, since the recurrence did not foresee it
	// any more: it is brought back when the recurrence does again.
	Obsolete bool `bson:"obsolete,omitempty"`
	// Moved says that it was moved by hand.
	Moved bool `bson:"moved,omitempty"`
	// Reason is why it was moved last, or cancelled.
	Reason string `bson:"reason,omitempty"`
	// ShortNotice is why it was called at shorter notice than the charter has; empty where
	// nobody said.
	ShortNotice string `bson:"short_notice,omitempty"`
	// Sequence rises with each change that calendars have to show.
	Sequence int `bson:"sequence"`

	Agenda []Item `bson:"agenda,omitempty"`
	// LastItem is the highest number that an item was given as its id.
	LastItem int `bson:"last_item,omitempty"`

	Invitations []Invitation `bson:"invitations,omitempty"`
	// Unsent says that there are notices still to be handed over for delivery.
	Unsent bool `bson:"unsent,omitempty"`

	// Roll is set when the meeting is held.
	Roll       *Roll        `bson:"roll,omitempty"`
	Attendance []Attendance `bson:"attendance,omitempty"`
	Decisions  []Decision   `bson:"decisions,omitempty"`
	Minutes    []Version    `bson:"minutes,omitempty"`
	Approval   *Approval    `bson:"approval,omitempty"`
	// Ended is when it ended, as far as that is known.
	Ended time.Time `bson:"ended,omitempty"`

	resource.Times `bson:",inline"`
}

// ItemKind is what an item of the agenda is for.
type ItemKind string

// The kinds of items.
const (
	Discussion  ItemKind = "discussion"
	ForDecision ItemKind = "decision"
	Information ItemKind = "information"
)

// How much one meeting holds.
const (
	maxItems     = 100
	maxDecisions = 200
	maxVersions  = 100
	maxInvited   = 1000
	maxRecusals  = 2000
)

// Item is something to be spoken about.
type Item struct {
	// ID is unique within the meeting.
	ID        string   `bson:"id"`
	Title     string   `bson:"title"`
	Kind      ItemKind `bson:"kind"`
	Presenter string   `bson:"presenter,omitempty"`
	// Description is plain text.
	Description string `bson:"description,omitempty"`
	// Duration is how long it is planned to take, in whole minutes; 0 where nobody said.
	Duration    time.Duration `bson:"duration,omitempty"`
	Attachments []Attachment  `bson:"attachments,omitempty"`
	// Concerns are the ids of the accounts that it concerns.
	Concerns []string `bson:"concerns,omitempty"`
	// TakenUp is when it was; zero before, and where that was not recorded.
	TakenUp  time.Time `bson:"taken_up,omitempty"`
	Recusals []Recusal `bson:"recusals,omitempty"`
}

// Attachment is a paper for an item, kept elsewhere.
type Attachment struct {
	Title string `bson:"title"`
	URI   string `bson:"uri"`
}

// Recusal is a member's standing aside from an item.
type Recusal struct {
	// Account is the member's id.
	Account string `bson:"account"`
	Reason  string `bson:"reason"`
	// Finding is the id of the finding that it follows from, or empty.
	Finding string    `bson:"finding,omitempty"`
	At      time.Time `bson:"at"`
	// By is the name of the principal who recorded it.
	By string `bson:"by"`
	// Withdrawn says that it does not stand any more; nil where it stands.
	Withdrawn *Withdrawal `bson:"withdrawn,omitempty"`
}

// Withdrawal is the taking back of a recusal.
type Withdrawal struct {
	Reason string    `bson:"reason"`
	At     time.Time `bson:"at"`
	// By is the name of the principal who recorded it.
	By string `bson:"by"`
}

// Roll is who were members when a meeting began, and what quorum they needed.
type Roll struct {
	// Opened is when it began.
	Opened time.Time `bson:"opened"`
	// Charter is the number of the charter version in force then.
	Charter int `bson:"charter"`
	// Rule is the charter's quorum in words.
	Rule string `bson:"rule"`
	// Filled is how many seats were, and Needed how many of them the quorum wants.
	Filled      int  `bson:"filled"`
	Needed      int  `bson:"needed"`
	Substitutes bool `bson:"substitutes,omitempty"`
	// Members are by seat.
	Members []RollMember `bson:"members"`
}

// RollMember is a member at the time of a meeting.
type RollMember struct {
	// Account and Contact are ids, the contact's within the account.
	Account string `bson:"account"`
	Contact string `bson:"contact,omitempty"`
	Seat    int    `bson:"seat"`
}

// Attendance is whether a member was there. An absent member needs none.
type Attendance struct {
	// Account is the member's id, and Contact the id of who came, within the account.
	Account string `bson:"account"`
	Contact string `bson:"contact,omitempty"`
	// Stays are when the member was there, in order.
	Stays   []Stay `bson:"stays,omitempty"`
	Excused bool   `bson:"excused,omitempty"`
	Comment string `bson:"comment,omitempty"`
}

// Stay is a time at a meeting: From the beginning where that is zero, and, To not
// included, to the end where that is zero.
type Stay struct {
	From   time.Time `bson:"from,omitempty"`
	To     time.Time `bson:"to,omitempty"`
	Remote bool      `bson:"remote,omitempty"`
}

// End is when the meeting is planned to end.
func (m *Meeting) End() time.Time { return m.Start.Add(m.Duration) }

// item returns an item by its id, or nil.
func (m *Meeting) item(id string) *Item {
	for i := range m.Agenda {
		if m.Agenda[i].ID == id {
			return &m.Agenda[i]
		}
	}
	return nil
}

// zone is the meeting's zone; UTC where the zone database does not know it any more.
func (m *Meeting) zone() civil.Zone {
	zone, err := civil.LoadZone(m.Zone)
	if err != nil {
		return civil.UTC
	}
	return zone
}
