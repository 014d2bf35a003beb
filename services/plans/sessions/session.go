package sessions

import (
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// State says where a session stands.
type State string

// The states of a session.
const (
	Draft    State = "draft"    // it is being written, and nobody was invited
	Open     State = "open"     // customers are invited, and give ideas
	Held     State = "held"     // it took place
	Answered State = "answered" // every idea has its answer, and it was decided
	// Cancelled: it was called off before anybody gave an idea.
	Cancelled State = "cancelled"
)

// What bounds a session.
const (
	MaxInvited  = 200 // accounts
	MaxContacts = 50  // of an account
	MaxAgenda   = 50
	MaxCame     = 1000
	MaxMinutes  = 7 * 24 * 60
)

// Session is a decision of the company's own, put to customers whom it invites.
type Session struct {
	Definition `bson:",inline"`
	State      State `bson:"state"`
	// Solicitation is the id of the solicitation that asks the question; empty in a draft.
	Solicitation string `bson:"solicitation,omitempty"`
	// Invitations are the touchpoints by which the accounts are invited, in their order; none
	// in a draft.
	Invitations []Invitation `bson:"invitations,omitempty"`
	// Promised is the earliest day by which those who were asked were told that it is decided;
	// 0 in a draft.
	Promised civil.Day `bson:"promised,omitempty"`
	// HeldOn is the day on which it took place; 0 before.
	HeldOn civil.Day `bson:"held_on,omitempty"`
	// Attendance is who came.
	Attendance []Attendee `bson:"attendance,omitempty"`
	// Decision is what was decided; nil before.
	Decision *Decision `bson:"decision,omitempty"`
	// Cancellation says why it was cancelled.
	Cancellation string `bson:"cancellation,omitempty"`
	// History is how it came to its state, the oldest first.
	History []Turn `bson:"history,omitempty"`
	// Step is what is under way at the board service; nil where nothing is. Steps counts
	// those that were begun.
	Step  *Step `bson:"step,omitempty"`
	Steps int64 `bson:"steps,omitempty"`
	// Pending says that something is to be finished, a step or invitations; for the index.
	Pending bool `bson:"pending,omitempty"`
	// Accounts are the ids of those invited, for the index.
	Accounts       []string `bson:"accounts,omitempty"`
	resource.Times `bson:",inline"`
}

// Attendee is somebody who came.
type Attendee struct {
	Account string `bson:"account"`
	// Contact is the id of a contact of the account; empty where it is not known who came.
	Contact string `bson:"contact,omitempty"`
}

// Decision is what the company decided after it had listened.
type Decision struct {
	Text   string    `bson:"text"`
	Reason string    `bson:"reason"`
	Day    civil.Day `bson:"day"`
	// By is the id of the principal who decided.
	By string `bson:"by"`
	// Changed are the names of the ideas that changed what was decided.
	Changed []string `bson:"changed,omitempty"`
	// Recorder is the resource name of who wrote it down.
	Recorder string `bson:"recorder"`
}

// Turn is a change of a session's state.
type Turn struct {
	At time.Time `bson:"at"`
	// By is the resource name of who made it.
	By   string `bson:"by"`
	From State  `bson:"from"`
	To   State  `bson:"to"`
}

// Collection is the name of the collection of sessions.
const Collection = "strategy_sessions"

// The indexes of sessions.
const (
	byCreated = "created"
	byOwner   = "owner"
	byAccount = "accounts"
	byPending = "pending"
)

// bySolicitation is the index of sessions, and of ideas, by the solicitation.
const bySolicitation = "solicitation"

// Kind is how sessions are stored and told: without what people noted, and without what is
// under way.
var Kind = resource.Kind[Session]{
	Type: sessionType, Name: Name,
	Tell: func(s Session) any {
		s.Notes, s.Step = "", nil
		return s
	},
	Spec: docstore.Spec{Name: Collection, Indexes: []docstore.Index{
		{Name: byCreated, Fields: []string{"created"}},
		{Name: byOwner, Fields: []string{"owner", "created"}},
		{Name: byAccount, Fields: []string{"accounts", "created"}, Multikey: true, Partial: true},
		{Name: byPending, Fields: []string{"pending"}, Partial: true},
		{Name: bySolicitation, Fields: []string{"solicitation"}, Partial: true},
	}},
}

// Overdue says whether the day that was first promised has passed without an answer, whatever
// it is put off to: so the board service sees it too.
func (s *Session) Overdue(today civil.Day) bool {
	return (s.State == Open || s.State == Held) && s.promised() < today
}

// promised is the earliest day that those who were asked were told.
func (s *Session) promised() civil.Day {
	if s.Promised == 0 {
		return s.Decides
	}
	return min(s.Promised, s.Decides)
}

// invites says whether an account is invited.
func (s *Session) invites(account string) bool { return slices.Contains(s.Accounts, account) }

// turn brings the session to a state.
func (s *Session) turn(to State, by string, at time.Time) {
	s.History = append(slices.Clone(s.History), Turn{At: at, By: by, From: s.State, To: to})
	s.State = to
}

// settle brings what follows from the rest up to date, for the indexes.
func (s *Session) settle() {
	s.Accounts = nil
	for _, i := range s.Invited {
		s.Accounts = append(s.Accounts, i.Account)
	}
	s.Pending = s.Step != nil || slices.ContainsFunc(s.Invitations, func(i Invitation) bool {
		return s.uninvited(&i) || s.unskipped(&i) || len(i.Replaced) > 0
	})
}

// redefine takes over what people changed. Those for whom it takes place at another time, or
// of whom others are to come, are invited anew.
func (s *Session) redefine(next Definition) {
	was := s.Definition
	if s.Solicitation != "" {
		s.Promised = min(s.promised(), next.Decides)
	}
	s.Definition = next
	if s.State != Open {
		return
	}
	s.Invitations = slices.Clone(s.Invitations)
	for at := range s.Invitations {
		i := &s.Invitations[at]
		if was.invitesAlike(&next, i.Account) {
			continue
		}
		if i.Touchpoint != "" {
			i.Replaced = append(slices.Clone(i.Replaced), i.Touchpoint)
		}
		i.Touchpoint, i.Problem, i.Number = "", "", i.Number+1
	}
}

// editable returns STRATEGY_SESSION_STATE where the session may not become what is wanted.
func (s *Session) editable(id string, next *Definition) error {
	if err := s.mustBe(id, Draft, Open, Held); err != nil {
		return err
	}
	switch {
	case s.State != Draft && !s.asks(next):
		return stateFault(id, "%s was opened: what was asked of whom stays as it was.", Name(id))
	case s.State == Held && !s.meets(next):
		return stateFault(id, "%s took place on %s: only its title, its notes, its owner and its days can be changed.", Name(id), s.HeldOn)
	case slices.ContainsFunc(s.Invitations, func(i Invitation) bool { return s.uninvited(&i) && !s.invitesAlike(next, i.Account) }):
		return resource.ErrConflict.Saying("The invitations to %s are being planned: try again.", Name(id))
	}
	return nil
}
