package sessions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Open invites the customers of a draft, and opens the solicitation that asks them: NOT_FOUND,
// STALE_ETAG, STRATEGY_SESSION_STATE, STRATEGY_SESSION_INCOMPLETE with all that is missing, and
// what the board service says, UNANSWERED_SOLICITATION while earlier advice is unanswered
// (R11). Then nothing is open. With check, nothing is written.
func (s *Service) Open(ctx context.Context, call resource.Call, id, etag string, check bool) (resource.Stored[Session], error) {
	if earlier, known, err := s.sessions.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	zone, today, err := s.today(ctx)
	if err != nil {
		return resource.Stored[Session]{}, err
	}
	allow := func(n *Session) error {
		if err := n.mustBe(id, Draft); err != nil {
			return err
		}
		return n.Definition.complete(id, zone, today)
	}
	solicitation, err := s.solicitationID(id)
	if err != nil {
		return resource.Stored[Session]{}, err
	}
	if check {
		n, err := s.sessions.Get(ctx, id)
		if err == nil {
			err = s.sessions.Check(n, resource.IfEtag[Session](etag))
		}
		if err == nil {
			err = allow(&n.State)
		}
		if err == nil {
			err = s.opts.Board.Ask(ctx, n.State.question(solicitation, "", zone), true)
		}
		return n, err
	}
	return s.begin(ctx, call, id, etag, Step{Kind: Opening, Solicitation: solicitation}, allow)
}

// solicitationID is an id that nobody can foresee, so that nobody has a solicitation of
// their own there first.
func (s *Service) solicitationID(session string) (string, error) {
	random, err := resource.Call{}.NewID(s.opts.Random)
	if err != nil {
		return "", err
	}
	if len(session) > 40 {
		session = strings.TrimRight(session[:40], "-")
	}
	return "session-" + session + "-" + random[:10], nil
}

// question is what the solicitation of a session asks.
func (d *Definition) question(id, requestID string, zone civil.Zone) Question {
	q := Question{ID: id, RequestID: requestID, Question: d.Question, Background: d.background(), Owner: d.Owner,
		Closes: d.closes(zone), Decides: d.Decides}
	for _, invited := range d.Invited {
		q.Accounts = append(q.Accounts, invited.Account)
	}
	return q
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

// settleEvery is how often what was left unfinished is looked for.
const settleEvery = 5 * time.Second

// Run finishes what a process that died, or could not reach the board service, has left half
// done, until ctx ends. Any number of processes may run it; one at a time does the work,
// under a lease.
func (s *Service) Run(ctx context.Context) error {
	return s.store.WithLease(ctx, "strategy-sessions", func(ctx context.Context) error {
		for {
			if err := s.settleAll(ctx); err != nil && ctx.Err() == nil {
				s.opts.Log.WarnContext(ctx, "unfinished strategy sessions were not finished", "error", err)
			}
			if err := lifecycle.Pause(ctx, settleEvery); err != nil {
				return context.Cause(ctx)
			}
		}
	})
}

// settleAll finishes everything that was left alone for long enough. What cannot be finished
// does not stop the rest.
func (s *Service) settleAll(ctx context.Context) error {
	var failed []error
	for n, err := range s.sessions.All(ctx, docstore.Query{Index: byPending, Equal: []any{true}}) {
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		if err := s.settleOne(ctx, n); err != nil && !errors.Is(err, ErrRefused) {
			failed = append(failed, fmt.Errorf("%s: %w", Name(n.ID), err))
		}
	}
	return errors.Join(failed...)
}

// settleOne finishes what was left of a session, in the time that whoever begins a step has
// for it too: a service that does not answer holds up no other session.
func (s *Service) settleOne(ctx context.Context, n resource.Stored[Session]) error {
	ctx, cancel := context.WithTimeout(ctx, boardTime)
	defer cancel()
	step := n.State.Step
	if step == nil {
		_, err := s.invite(ctx, n)
		return err
	}
	if s.now().Sub(step.At) < patience {
		return nil
	}
	_, err := s.finish(ctx, n)
	return err
}
