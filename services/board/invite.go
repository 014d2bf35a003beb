package board

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// Invite invites those who were drawn or nominated. Whoever cannot be seated any more is not
// asked and counts as having declined; alternates are called. ErrRotationState;
// resource.ErrStale.
func (r *Rotations) Invite(ctx context.Context, call resource.Call, board, rotation, etag string) (resource.Stored[Rotation], error) {
	id := rotationID(board, rotation)
	caller, err := r.caller(ctx, board, id, Drawn)
	if err != nil {
		return resource.Stored[Rotation]{}, err
	}
	s, err := r.step(ctx, call, id, resource.IfEtag[Rotation](etag), "rotation.invited", []RotationState{Drawn}, func(s *Rotation) error {
		s.State = Inviting
		for _, open := range s.Seats {
			if open.Account != "" {
				caller.invite(s, open.Number, open.Account, open.Kind)
			}
		}
		caller.pass(s)
		return caller.call(s)
	})
	return s, r.settled(ctx, board, s, err)
}

// Answer records that an invited account accepts its seat or declines it; the next
// alternates are called to the seats that are free by then: of those who decline, and of
// those who did not answer in time. Contact is the id of who comes, or empty for
// the one who was invited. NOT_FOUND where the account was not invited, or has no such
// contact; ErrInvitationState where it answered before, did not in time, or accepts though
// it cannot be seated any more; ErrRotationState.
func (r *Rotations) Answer(
	ctx context.Context, call resource.Call, board, rotation, account string, accept bool, contact, note string,
) (resource.Stored[Rotation], error) {
	id := rotationID(board, rotation)
	if contact != "" {
		if _, err := r.source.Contact(ctx, account, contact); err != nil {
			return resource.Stored[Rotation]{}, contactError(account, contact, err)
		}
	}
	caller, err := r.caller(ctx, board, id, Inviting)
	if err != nil {
		return resource.Stored[Rotation]{}, err
	}
	s, err := r.step(ctx, call, id, nil, "rotation.answered", []RotationState{Inviting}, func(s *Rotation) error {
		caller.lapse(s)
		s.Invitations = slices.Clone(s.Invitations)
		i := slices.IndexFunc(s.Invitations, func(in Invitation) bool { return in.Account == account })
		if i < 0 {
			return unmet(ErrInvitationState, rotationType, Name(id), "has not invited %s", AccountName(account))
		}
		in := &s.Invitations[i]
		if in.State != Invited {
			return unmet(ErrInvitationState, rotationType, Name(id), "has an invitation of %s that was %s on %s",
				AccountName(account), in.State, in.Answered.Format(time.RFC3339))
		}
		if accept && slices.Contains(caller.gone, caller.pseudonyms.Of(account)) {
			return unmet(ErrInvitationState, rotationType, Name(id),
				"cannot seat %s: since the pool was taken, it withdrew, let its consent end or ceased to be a customer; "+
					"nominate it anew with its consent, or record that it declines", AccountName(account))
		}
		in.State, in.Answered, in.Note = Declined, r.now(), note
		if accept {
			in.State = Accepted
			if contact != "" {
				in.Contact = contact
			}
		}
		return caller.call(s)
	})
	return s, r.settled(ctx, board, s, err)
}

// lapse ends the invitations of a rotation that were not answered in time, and calls the
// next alternates.
func (r *Rotations) lapse(ctx context.Context, board, id string) error {
	caller, err := r.caller(ctx, board, id, Inviting)
	if err != nil {
		return err
	}
	s, err := r.step(ctx, resource.Call{Principal: serviceName}, id, nil, "rotation.lapsed", []RotationState{Inviting}, func(s *Rotation) error {
		if !caller.lapse(s) {
			return nil
		}
		return caller.call(s)
	})
	return r.settled(ctx, board, s, err)
}

// serviceName is on whose behalf this service does what falls due.
const serviceName = "principals/board-service"

// Close ends a rotation whose invitations are all answered: its seats are confirmed, and
// those that nobody is left for stay vacant. ErrRotationState where invitations are open;
// resource.ErrStale.
func (r *Rotations) Close(ctx context.Context, call resource.Call, board, rotation, etag string) (resource.Stored[Rotation], error) {
	id := rotationID(board, rotation)
	s, err := r.table.Get(ctx, id)
	if err != nil {
		return s, err
	}
	if err := r.settle(ctx, board, s); err != nil { // what is confirmed is written before it is closed
		return s, err
	}
	only := both(resource.IfVersion[Rotation](s.Version), resource.IfEtag[Rotation](etag)) // who accepted since has no term yet
	s, err = r.step(ctx, call, id, only, "rotation.closed", []RotationState{Inviting}, func(s *Rotation) error {
		confirmed := 0
		for _, in := range s.Invitations {
			switch in.State {
			case Invited:
				return rotationState(id, "still waits for the answer of %s, until %s", AccountName(in.Account), in.Deadline.Format(time.RFC3339))
			case Accepted:
				confirmed++
			}
		}
		s.State, s.Shortfall = Done, len(s.Seats)-confirmed
		return nil
	})
	if err != nil {
		return s, err
	}
	return s, r.release(ctx, call, board, s)
}

// caller invites, and calls alternates. Its record and pool never change.
type caller struct {
	record     *record.Record
	pool       *pool
	pseudonyms *record.Pseudonyms
	// gone are the pseudonyms of those drawn, nominated or alternates who cannot be seated
	// any more.
	gone     []string
	now      time.Time
	deadline time.Time
}

// caller returns what is needed to invite for a rotation in a state.
func (r *Rotations) caller(ctx context.Context, board, id string, state RotationState) (*caller, error) {
	b, err := r.boards.Get(ctx, board)
	if err != nil {
		return nil, err
	}
	s, err := r.table.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if s.State.Draw == nil || s.State.Draw.Drawn.IsZero() {
		return nil, rotationState(id, "is %s, and this can be done only with one that is %s", s.State.State, state)
	}
	c := &caller{now: r.now()}
	if c.pool, err = r.pool(ctx, s.State); err != nil {
		return nil, err
	}
	if c.record, err = r.archive.drawn(ctx, s.State.Draw); err != nil {
		return nil, err
	}
	if c.pseudonyms, err = record.PseudonymsOf(c.pool.Salts); err != nil {
		return nil, err
	}
	if c.gone, err = r.gone(ctx, board, s.State, c); err != nil {
		return nil, err
	}
	zone := b.State.zone()
	c.deadline = zone.End(zone.DayOf(c.now) + days(c.pool.Rules.Alternates.AnswerDays)).UTC()
	return c, nil
}

// gone returns the pseudonyms of those with a seat of a drawn rotation and of alternates
// who, since the pool was taken, withdrew or let their consent end, or are no customers on
// the day of the rotation.
func (r *Rotations) gone(ctx context.Context, board string, s Rotation, c *caller) ([]string, error) {
	candidates, err := r.candidates.all(ctx, board)
	if err != nil {
		return nil, err
	}
	behind := c.pseudonyms.Accounts()
	ids := make([]string, 0, len(s.Seats)+len(c.record.Outcome.Alternates))
	for _, open := range s.Seats {
		if open.Account != "" {
			ids = append(ids, open.Account)
		}
	}
	for _, pseudonym := range c.record.Outcome.Alternates {
		ids = append(ids, behind[pseudonym])
	}
	accounts, err := r.accounts.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	var gone []string
	for _, id := range ids {
		consent := candidates[id].Consent
		if consent == nil || consent.Until < s.Day || !accounts[id].customer(s.Day) {
			gone = append(gone, c.pseudonyms.Of(id))
		}
	}
	return gone, nil
}

func (c *caller) invite(s *Rotation, seat int, account string, kind charter.Kind) {
	s.Invitations = append(slices.Clip(s.Invitations), Invitation{Account: account, Contact: c.pool.Contacts[account], Seat: seat, Kind: kind,
		State: Invited, Made: c.now, Deadline: c.deadline})
}

// pass records for those invited who cannot be seated any more that they are not asked.
func (c *caller) pass(s *Rotation) {
	for i := range s.Invitations { // invite has made a copy of them
		if in := &s.Invitations[i]; slices.Contains(c.gone, c.pseudonyms.Of(in.Account)) {
			in.State, in.Unasked, in.Answered = Declined, true, c.now
			in.Note = "Was not asked: since the pool was taken, it withdrew, let its consent end or ceased to be a customer."
		}
	}
}

// lapse ends invitations that were not answered in time, and says whether there are any.
func (c *caller) lapse(s *Rotation) bool {
	lapsed := false
	s.Invitations = slices.Clone(s.Invitations)
	for i := range s.Invitations {
		if in := &s.Invitations[i]; in.State == Invited && c.now.After(in.Deadline) {
			in.State, in.Answered, lapsed = Lapsed, in.Deadline, true
		}
	}
	return lapsed
}

// call invites alternates to the drawn seats that are free, in the order of the draw:
// those with whom all of these seats can be filled within quotas and conflicts, or as many
// as can be, and who can still be seated. Nominated seats have no alternates. As many are
// called at most as the charter has drawn.
func (c *caller) call(s *Rotation) error {
	taken := map[int]bool{}
	var holding []string
	out := slices.Clone(c.gone)
	for _, in := range s.Invitations {
		stands := in.State == Invited || in.State == Accepted
		if stands {
			taken[in.Seat] = true
		}
		switch pseudonym := c.pseudonyms.Of(in.Account); {
		case in.Kind == charter.Nominated:
		case stands:
			holding = append(holding, pseudonym)
		default:
			out = append(out, pseudonym)
		}
	}
	var free []OpenSeat
	for _, open := range s.Seats {
		if !taken[open.Number] && open.Kind == charter.Drawn {
			free = append(free, open)
		}
	}
	if len(free) == 0 {
		return nil
	}
	if most := c.pool.Rules.Alternates.Count; most < len(c.record.Outcome.Alternates) {
		out = append(out, c.record.Outcome.Alternates[most:]...)
	}
	called, err := c.record.Call(holding, out)
	if errors.Is(err, record.ErrNoAlternates) || errors.Is(err, record.ErrNotWorkedOut) {
		return nil // the answer counts all the same; the seats stay free
	}
	if err != nil {
		return err
	}
	accounts := c.pseudonyms.Accounts()
	for i, pseudonym := range called {
		c.invite(s, free[i].Number, accounts[pseudonym], charter.Alternate)
	}
	return nil
}
