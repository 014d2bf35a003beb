package meetings

import (
	"slices"
	"time"
)

// Answer is what a member answered to an invitation; empty until it did.
type Answer string

// The answers.
const (
	Accepted  Answer = "accepted"
	Declined  Answer = "declined"
	Tentative Answer = "tentative"
)

// Invitation is the invitation of a member.
type Invitation struct {
	// Account is the member's id, and Contact that of its contact for the board.
	Account string `bson:"account"`
	Contact string `bson:"contact,omitempty"`
	Answer  Answer `bson:"answer,omitempty"`
	// By is the id of the contact who answered, and comes.
	By      string    `bson:"by,omitempty"`
	Comment string    `bson:"comment,omitempty"`
	At      time.Time `bson:"at,omitempty"`
	// Withdrawn says that the member held no seat any more when members were invited
	// again.
	Withdrawn bool     `bson:"withdrawn,omitempty"`
	Notices   []Notice `bson:"notices,omitempty"`
}

// NoticeKind is what a notice says.
type NoticeKind string

// The kinds of notices.
const (
	Invite NoticeKind = "invitation"
	Change NoticeKind = "change"
	Cancel NoticeKind = "cancellation"
)

// Notice is something that a member was sent, or is to be.
type Notice struct {
	Kind NoticeKind `bson:"kind"`
	// Number counts the member's notices from 1, those that gave way to another too: what
	// was handed over under a number is never taken for what is to be said instead.
	Number int `bson:"number"`
	// Sequence is that of the meeting when it was decided on.
	Sequence int `bson:"sequence"`
	// Sent is when it was handed over for delivery; zero before.
	Sent time.Time `bson:"sent,omitempty"`
}

// pending says whether the last notice is still to be handed over.
func (i Invitation) pending() bool {
	return len(i.Notices) > 0 && i.Notices[len(i.Notices)-1].Sent.IsZero()
}

// notify adds a notice. One that is still to be handed over gives way: what was an
// invitation then is one still, of the meeting as it is now.
func (i Invitation) notify(kind NoticeKind, sequence int) Invitation {
	notices, number := slices.Clone(i.Notices), 1
	if n := len(notices); n > 0 {
		number = notices[n-1].Number + 1
	}
	if i.pending() {
		last := notices[len(notices)-1]
		if kind == Change {
			kind = last.Kind
		}
		notices = notices[:len(notices)-1]
	}
	notices = append(notices, Notice{Kind: kind, Number: number, Sequence: sequence})
	i.Notices = notices
	return i
}

// notifyAll tells all who are invited.
func (m *Meeting) notifyAll(kind NoticeKind) {
	m.eachInvited(func(i Invitation) Invitation { return i.notify(kind, m.Sequence) })
}

// eachInvited changes the invitations that stand.
func (m *Meeting) eachInvited(change func(Invitation) Invitation) {
	m.Invitations = slices.Clone(m.Invitations)
	for at, i := range m.Invitations {
		if !i.Withdrawn {
			m.Invitations[at] = change(i)
		}
	}
	m.settleUnsent()
}

func (m *Meeting) settleUnsent() { m.Unsent = slices.ContainsFunc(m.Invitations, Invitation.pending) }

// invite invites members who are not yet, and withdraws the invitations of those who are
// members no more. It returns whether there was anybody.
func (m *Meeting) invite(members []Member) bool {
	before := m.Invitations
	m.Invitations = make([]Invitation, 0, len(before)+len(members))
	changed := false
	for _, i := range before {
		at := slices.IndexFunc(members, func(member Member) bool { return member.Account == i.Account })
		switch {
		case at < 0 && !i.Withdrawn:
			i = i.notify(Cancel, m.Sequence)
			i.Withdrawn, changed = true, true
		case at >= 0 && (i.Withdrawn || i.Contact != members[at].Contact):
			i = Invitation{Account: i.Account, Contact: members[at].Contact, Notices: i.Notices}.notify(Invite, m.Sequence)
			changed = true
		}
		m.Invitations = append(m.Invitations, i)
	}
	for _, member := range members {
		if !slices.ContainsFunc(before, func(i Invitation) bool { return i.Account == member.Account }) {
			i := Invitation{Account: member.Account, Contact: member.Contact}
			m.Invitations = append(m.Invitations, i.notify(Invite, m.Sequence))
			changed = true
		}
	}
	m.settleUnsent()
	return changed
}

// asksAgain takes the answers back: the meeting is at another time.
func (m *Meeting) askAgain() {
	m.eachInvited(func(i Invitation) Invitation {
		i.Answer, i.By, i.Comment, i.At = "", "", "", time.Time{}
		return i
	})
}

// invitation returns the place of a member's invitation that stands, or -1.
func (m *Meeting) invitation(account string) int {
	return slices.IndexFunc(m.Invitations, func(i Invitation) bool { return i.Account == account && !i.Withdrawn })
}
