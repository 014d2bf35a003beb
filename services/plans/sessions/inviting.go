package sessions

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Invitation is the touchpoint by which an account is invited. Until it has a name or a
// problem it is still to be planned.
type Invitation struct {
	Account string `bson:"account"`
	// Touchpoint is its resource name.
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

// unskipped says that a touchpoint is to be skipped, since the session was cancelled.
func (s *Session) unskipped(i *Invitation) bool {
	return s.State == Cancelled && i.Touchpoint != "" && !i.Skipped
}

// settled plans the invitations of an open session, and skips those of a cancelled one. What
// fails is left for Run.
func (s *Service) settled(ctx context.Context, n resource.Stored[Session]) (resource.Stored[Session], error) {
	after, err := s.invite(ctx, n)
	if err != nil {
		s.opts.Log.WarnContext(ctx, "the invitations of a strategy session are not all planned, and are tried again", "session", n.ID, "error", err)
		return n, nil
	}
	return after, nil
}

// invite does what is to be done about the invitations of a session. Each can be done again.
func (s *Service) invite(ctx context.Context, n resource.Stored[Session]) (resource.Stored[Session], error) {
	if n.State.Step != nil || !n.State.Pending {
		return n, nil
	}
	became := map[string]Invitation{}
	for _, i := range n.State.Invitations {
		next, err := s.inviteOne(ctx, n, i)
		if err != nil {
			return n, fmt.Errorf("invite %s: %w", plans.AccountName(i.Account), err)
		}
		became[i.Account] = next
	}
	return s.sessions.Update(ctx, service, n.ID, nil, "strategy_session.invitations_planned", func(now *Session) error {
		now.Invitations = slices.Clone(now.Invitations)
		for at := range now.Invitations {
			now.Invitations[at].take(became[now.Invitations[at].Account])
		}
		now.settle()
		return nil
	})
}

// inviteOne does what is to be done about an invitation, and returns what it is then.
func (s *Service) inviteOne(ctx context.Context, n resource.Stored[Session], i Invitation) (Invitation, error) {
	for _, name := range i.Replaced {
		if err := s.skip(ctx, n, i, name, "skip "+name, "The strategy session was moved, or others are to come: there is another invitation."); err != nil {
			return i, err
		}
	}
	i.Replaced = nil
	switch {
	case n.State.uninvited(&i):
		return s.planOne(ctx, n, i)
	case n.State.unskipped(&i):
		err := s.skip(ctx, n, i, i.Touchpoint, "skip", "The strategy session was cancelled: "+n.State.Cancellation)
		i.Skipped = err == nil
		return i, err
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
	case i.Touchpoint == "" && i.Problem == "": // it may be cancelled since, and is skipped then
		i.Touchpoint, i.Problem = next.Touchpoint, next.Problem
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
	at := slices.IndexFunc(n.State.Invited, func(d Invited) bool { return d.Account == i.Account })
	channel := n.State.InviteBy
	if channel == "" {
		channel = plans.Email
	}
	what := "plan"
	if i.Number > 0 {
		what = fmt.Sprintf("plan %d", i.Number)
	}
	i.Touchpoint, err = s.opts.Touchpoints.Plan(ctx, s.invitation(n, i.Account, what), Touchpoint{
		Account: i.Account, Contacts: n.State.Invited[at].Contacts, Session: Name(n.ID), Channel: channel, Due: today,
		Purpose: i.purpose(n.State.Title, zone.DayOf(n.State.Starts)),
	})
	var told *fault.Error
	if err != nil && !transient(err) && errors.As(err, &told) {
		i.Touchpoint, i.Problem, err = "", told.Message, nil
	}
	return i, err
}

// purpose says what the contact is for.
func (i *Invitation) purpose(title string, day civil.Day) string {
	if i.Number > 0 {
		return fmt.Sprintf("Invite to the strategy session %q on %s, in place of an earlier invitation.", title, day)
	}
	return fmt.Sprintf("Invite to the strategy session %q on %s.", title, day)
}

// skip ends a touchpoint by which an account was to be invited.
func (s *Service) skip(ctx context.Context, n resource.Stored[Session], i Invitation, name, what, reason string) error {
	if s.opts.Touchpoints == nil {
		return nil
	}
	if err := s.opts.Touchpoints.Skip(ctx, s.invitation(n, i.Account, what), name, reason); err != nil && transient(err) {
		return err
	}
	return nil
}

// invitation is the call about the invitation of an account, the same whoever makes it.
func (s *Service) invitation(n resource.Stored[Session], account, what string) resource.Call {
	call := service
	call.RequestID = requestID(Name(n.ID), n.State.Solicitation, what, account)
	call.Method += "." + what
	call.Payload = []byte(Name(n.ID) + " " + account)
	return call
}
