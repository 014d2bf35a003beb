package sessions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Invitation is the touchpoint by which an account is invited. Until it has a name or a
// problem it is still to be planned.
type Invitation struct {
	Account string `bson:"account"`
	// Touchpoint is its resource name; empty before it is known to be planned.
	Touchpoint string `bson:"touchpoint,omitempty"`
	// Problem says why none could be planned: somebody has to invite the account by hand.
	Problem string `bson:"problem,omitempty"`
	// Skipped says that nobody is to be invited by it any more.
	Skipped bool `bson:"skipped,omitempty"`
	// Replaced are the names of those planned before the session was moved, or others were to
	// come, that are still to be skipped. Number counts all that were planned before.
	Replaced []string `bson:"replaced,omitempty"`
	Number   int      `bson:"number,omitempty"`
}

// uninvited says that a touchpoint is still to be planned.
func (s *Session) uninvited(i *Invitation) bool {
	return s.State == Open && i.Touchpoint == "" && i.Problem == ""
}

// unskipped says that a touchpoint is to be skipped: any of a cancelled session, and of one
// that took place one that may have been planned without having been written down.
func (s *Session) unskipped(i *Invitation) bool {
	switch {
	case i.Skipped || i.Problem != "":
		return false
	case s.State == Held || s.State == Answered:
		return i.Touchpoint == ""
	}
	return s.State == Cancelled
}

// leftOpen is when the session stopped being open.
func (s *Session) leftOpen() time.Time {
	for _, t := range s.History {
		if t.From == Open {
			return t.At
		}
	}
	return time.Time{}
}

// settled plans the invitations of an open session, and skips those of a cancelled one. What
// fails is left for Run.
func (s *Service) settled(ctx context.Context, n resource.Stored[Session]) (resource.Stored[Session], error) {
	ctx, cancel := context.WithTimeout(ctx, boardTime)
	defer cancel()
	after, err := s.invite(ctx, n)
	if err != nil {
		s.opts.Log.WarnContext(ctx, "the invitations of a strategy session are not all planned, and are tried again", "session", n.ID, "error", err)
	}
	return after, nil
}

// writeTime is how long it may take to write down what became of invitations.
const writeTime = 5 * time.Second

// invite does what is to be done about the invitations of a session, and returns it as it is
// then, also with an error. Each can be done again.
func (s *Service) invite(ctx context.Context, n resource.Stored[Session]) (resource.Stored[Session], error) {
	if n.State.Step != nil || !n.State.Pending {
		return n, nil
	}
	became := map[string]Invitation{}
	var failed error
	for _, i := range n.State.Invitations {
		next, err := s.inviteOne(ctx, n, i)
		if err != nil {
			failed = fmt.Errorf("invite %s: %w", plans.AccountName(i.Account), err)
			break
		}
		became[i.Account] = next
	}
	// What was done is written down also where the rest failed because time was up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	after, err := s.sessions.Update(ctx, service, n.ID, nil, "strategy_session.invitations_planned", func(now *Session) error {
		now.Invitations = slices.Clone(now.Invitations)
		for at := range now.Invitations {
			if next, done := became[now.Invitations[at].Account]; done {
				now.Invitations[at].take(next)
			}
		}
		now.settle()
		return nil
	})
	if err != nil {
		return n, errors.Join(failed, err)
	}
	return after, failed
}

// inviteOne does what is to be done about an invitation, and returns what it is then.
func (s *Service) inviteOne(ctx context.Context, n resource.Stored[Session], i Invitation) (Invitation, error) {
	for _, name := range i.Replaced {
		if _, err := s.skip(ctx, n, i, name, "skip "+name, "The strategy session was moved, or others are to come: there is another invitation."); err != nil {
			return i, err
		}
	}
	i.Replaced = nil
	switch {
	case n.State.uninvited(&i):
		return s.planOne(ctx, n, i)
	case n.State.unskipped(&i):
		return s.skipOne(ctx, n, i)
	}
	return i, nil
}

// take takes over what became of the invitation, as far as it was not moved since.
func (i *Invitation) take(next Invitation) {
	if next.Number != i.Number {
		return
	}
	i.Replaced = nil // only another number adds any
	switch {
	case i.Touchpoint == "" && i.Problem == "": // one that was planned after it was looked for is skipped then
		i.Touchpoint, i.Problem, i.Skipped = next.Touchpoint, next.Problem, next.Skipped
	case i.Touchpoint == next.Touchpoint:
		i.Skipped = i.Skipped || next.Skipped
	}
}

// service is on whose behalf invitations are planned.
var service = resource.Call{Principal: "principals/plans-service", Method: "strategy_sessions.invite"}

// planOne plans the touchpoint of an invitation.
func (s *Service) planOne(ctx context.Context, n resource.Stored[Session], i Invitation) (Invitation, error) {
	if s.opts.Touchpoints == nil {
		i.Problem = "Contacts are not planned here."
		return i, nil
	}
	zone, today, err := s.today(ctx)
	if err != nil {
		return i, err
	}
	channel := n.State.InviteBy
	if channel == "" {
		channel = plans.Email
	}
	what := "plan"
	if i.Number > 0 {
		what = fmt.Sprintf("plan %d", i.Number)
	}
	t := i.touchpoint(n.ID)
	t.Contacts, t.Channel, t.Due = n.State.contacts(i.Account), channel, today
	t.Purpose = i.purpose(n.State.Title, zone.DayOf(n.State.Starts))
	var told *fault.Error
	switch err := s.opts.Touchpoints.Plan(ctx, s.invitation(n, i.Account, what), t); {
	case err == nil:
		i.Touchpoint = s.opts.Touchpoints.Name(t)
	case !transient(err) && errors.As(err, &told):
		i.Problem = told.Message
	default:
		return i, err
	}
	return i, nil
}

// touchpoint is what names the touchpoint of an invitation to a session.
func (i *Invitation) touchpoint(session string) Touchpoint {
	return Touchpoint{Account: i.Account, Session: Name(session), Number: i.Number}
}

// purpose says what the contact is for.
func (i *Invitation) purpose(title string, day civil.Day) string {
	if i.Number > 0 {
		return fmt.Sprintf("Invite to the strategy session %q on %s, in place of an earlier invitation.", title, day)
	}
	return fmt.Sprintf("Invite to the strategy session %q on %s.", title, day)
}

// skipOne skips the touchpoint of an invitation, also where it was planned by somebody who did
// not come to write it down. Where there is none, whoever plans it may be at it still: it is
// looked for until they have given up.
func (s *Service) skipOne(ctx context.Context, n resource.Stored[Session], i Invitation) (Invitation, error) {
	if s.opts.Touchpoints == nil {
		i.Skipped = true
		return i, nil
	}
	reason := "The strategy session was cancelled: " + n.State.Cancellation
	if n.State.State != Cancelled {
		reason = fmt.Sprintf("The strategy session took place on %s.", n.State.HeldOn)
	}
	name := i.Touchpoint
	if name == "" {
		name = s.opts.Touchpoints.Name(i.touchpoint(n.ID))
	}
	found, err := s.skip(ctx, n, i, name, "skip", reason)
	switch {
	case err != nil:
		return i, err
	case found:
		i.Touchpoint = name
	}
	i.Skipped = i.Touchpoint != "" || s.now().Sub(n.State.leftOpen()) >= patience
	return i, nil
}

// skip ends a touchpoint by which an account was to be invited; false where there is none.
func (s *Service) skip(ctx context.Context, n resource.Stored[Session], i Invitation, name, what, reason string) (found bool, err error) {
	if s.opts.Touchpoints == nil {
		return false, nil
	}
	err = s.opts.Touchpoints.Skip(ctx, s.invitation(n, i.Account, what), name, reason)
	if err != nil && transient(err) {
		return false, err
	}
	return !errors.Is(err, resource.ErrNotFound), nil
}

// invitation is the call about the invitation of an account, the same whoever makes it.
func (s *Service) invitation(n resource.Stored[Session], account, what string) resource.Call {
	call := service
	call.RequestID = requestID(Name(n.ID), n.State.Solicitation, what, account)
	call.Method += "." + what
	call.Payload = []byte(Name(n.ID) + " " + account)
	return call
}
