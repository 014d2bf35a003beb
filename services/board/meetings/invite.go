package meetings

import (
	"context"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// InviteMembers invites those who are members when the meeting begins; again, those who
// have become members since, and tells those who are none any more. NOT_FOUND,
// STALE_ETAG, MEETING_STATE where it was held or cancelled or has begun, BOARD_STATE,
// NO_MEMBERS. With check, nothing is written or sent.
func (s *Meetings) InviteMembers(ctx context.Context, call resource.Call, id, etag string, check bool) (resource.Stored[Meeting], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return s.andDeliver(ctx, earlier, err)
	}
	before, err := s.Get(ctx, id)
	if err != nil {
		return before, err
	}
	if _, err := s.openBoard(ctx, before.State.Board); err != nil {
		return before, err
	}
	members, err := s.boards.Members(ctx, before.State.Board, before.State.Start)
	if err != nil {
		return before, err
	}
	change := func(m *Meeting) error {
		if !m.Start.Equal(before.State.Start) {
			return s.table.Kind().Stale(id) // moved meanwhile: others may be members then
		}
		if err := m.wants(Name(id), "members are invited", Planned, Invited); err != nil {
			return err
		}
		if now := s.now(); !now.Before(m.Start) {
			return fault.Precondition(ReasonMeetingState, Name(id), "%s was to begin on %s: move it first.", Name(id), m.clock(m.Start)).
				WithResource(meetingType, Name(id))
		}
		if len(members) == 0 {
			return noMembers(Name(id), m)
		}
		if len(members) > maxInvited {
			return fault.Invalid("name", "the board has %d members: at most %d can be invited", len(members), maxInvited)
		}
		m.State = Invited
		m.invite(members)
		return nil
	}
	if check {
		return s.try(ctx, id, etag, change)
	}
	stored, err := s.change(ctx, call, id, etag, "meeting.invited", change)
	return s.andDeliver(ctx, stored, err)
}

func noMembers(name string, m *Meeting) error {
	return fault.Precondition(ReasonNoMembers, name, "boards/%s has no member on %s: fill its seats by a rotation first.", m.Board, m.clock(m.opened())).
		WithResource("evenhand/Board", "boards/"+m.Board)
}

// Reply is what a member answered.
type Reply struct {
	// Account is the member's id, and Contact that of who answers and comes, within the
	// account; empty for the member's contact for the board.
	Account, Contact string
	Answer           Answer
	Comment          string
}

// RecordAnswer records what a member answered: NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT
// where the account was not invited, MEETING_STATE unless the meeting is invited,
// BOARD_STATE, SUBSTITUTE where the charter does not allow one.
func (s *Meetings) RecordAnswer(ctx context.Context, call resource.Call, id, etag string, r Reply) (resource.Stored[Meeting], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	before, err := s.Get(ctx, id)
	if err != nil {
		return before, err
	}
	if _, err := s.openBoard(ctx, before.State.Board); err != nil {
		return before, err
	}
	var charter Charter
	if r.Contact != "" { // only then it matters whether the charter allows another
		if charter, err = s.boards.Charter(ctx, before.State.Board, before.State.Start); err != nil {
			return before, err
		}
	}
	return s.change(ctx, call, id, etag, "meeting.answered", func(m *Meeting) error {
		if err := m.wants(Name(id), "answers are recorded", Invited); err != nil {
			return err
		}
		at := m.invitation(r.Account)
		if at < 0 {
			return fault.Invalid("account", "accounts/%s is not invited to %s", r.Account, Name(id))
		}
		m.Invitations = slices.Clone(m.Invitations)
		i := &m.Invitations[at]
		i.By, i.Answer, i.Comment, i.At = r.Contact, r.Answer, r.Comment, s.now()
		if i.By == "" {
			i.By = i.Contact
		}
		if i.By != i.Contact && r.Answer != Declined && !charter.Rules.Meetings.Substitutes {
			return noSubstitute(Name(id), r.Account, i.Contact, i.By)
		}
		return nil
	})
}
