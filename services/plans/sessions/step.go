package sessions

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// A change of a session that the board service has a part in is a step. It is written into
// the session first, with all that it takes; then the board service is asked, with request
// ids that follow from the step; then the session is brought to its new state, or, where the
// board service refused, to the one that it had. Whoever finds a step that somebody else
// left, because a process died or the board service was away, does the same again, which
// changes nothing but what was left.

// StepKind says what a step is to bring about.
type StepKind string

// The kinds of steps, in words for callers who have to wait.
const (
	Opening    StepKind = "opened"
	Answering  StepKind = "answered"
	Cancelling StepKind = "cancelled"
	Changing   StepKind = "updated"
)

// Step is what is under way at the board service.
type Step struct {
	Kind StepKind  `bson:"kind"`
	At   time.Time `bson:"at"`
	// Number counts the steps of the session from 1.
	Number int64 `bson:"number"`
	// Call is the call that asked for it, so that its retries are recognised also where
	// somebody else finishes the step.
	Call Call `bson:"call"`
	// Solicitation is the id that an opening gives the solicitation.
	Solicitation string `bson:"solicitation,omitempty"`
	// Decision is that of an answer, Reason that of a cancellation or a change.
	Decision *Decision `bson:"decision,omitempty"`
	Reason   string    `bson:"reason,omitempty"`
	// Definition is what a change makes of the session's.
	Definition *Definition `bson:"definition,omitempty"`
}

// Call is by whom a step was asked for, and what that is recognised by when it comes again.
type Call struct {
	Principal string `bson:"principal"`
	Method    string `bson:"method"`
	RequestID string `bson:"request_id,omitempty"`
	Payload   []byte `bson:"payload,omitempty"`
}

const (
	// patience is how long whoever began a step is left to finish it, and boardTime how long
	// they take for that at most, so that nobody else does it at the same time.
	patience  = 30 * time.Second
	boardTime = 15 * time.Second
)

// begin writes a step into a session that allow finds fit for it, and finishes it.
func (s *Service) begin(
	ctx context.Context, call resource.Call, id, etag string, step Step, allow func(*Session) error,
) (resource.Stored[Session], error) {
	step.Call, step.At = Call(call), s.now()
	n, err := s.sessions.Get(ctx, id)
	if err == nil && !n.State.Step.of(call) { // else it is a retry, which finishes what the first call left
		n, err = s.sessions.Update(ctx, resource.Call{Principal: call.Principal}, id, resource.IfEtag[Session](etag),
			"strategy_session.step_begun", func(n *Session) error {
				if err := allow(n); err != nil {
					return err
				}
				next := step
				n.Steps++
				next.Number = n.Steps
				n.Step = &next
				n.settle()
				return nil
			})
	}
	if err != nil {
		return n, err
	}
	ctx, cancel := context.WithTimeout(ctx, boardTime)
	defer cancel()
	return s.finish(ctx, n)
}

// of says whether the step is that of a call with a request id.
func (t *Step) of(call resource.Call) bool {
	return t != nil && call.RequestID != "" && reflect.DeepEqual(t.Call, Call(call))
}

// request is the id of what the step asks of the board service.
func (t *Step) request(session, what string) string {
	return requestID("strategySessions/"+session, strconv.FormatInt(t.Number, 10), what)
}

// finish does what a step takes, and brings the session to its new state.
func (s *Service) finish(ctx context.Context, n resource.Stored[Session]) (resource.Stored[Session], error) {
	step := n.State.Step
	if step == nil {
		return n, nil
	}
	err := s.ask(ctx, n, step)
	switch {
	case errors.Is(err, ErrRefused):
		if clearErr := s.drop(ctx, step.Call.Principal, n.ID, step, stepRefused); clearErr != nil {
			return n, errors.Join(err, clearErr)
		}
		return n, err
	case err != nil:
		return n, fmt.Errorf("%s is being %s: %w", Name(n.ID), step.Kind, err)
	}
	zone, _, err := s.today(ctx)
	if err != nil {
		return n, err
	}
	lost := false
	done, err := s.sessions.Update(ctx, resource.Call(step.Call), n.ID, nil, "strategy_session."+string(step.Kind), func(now *Session) error {
		if lost = now.Step == nil || now.Step.Number != step.Number; lost {
			return nil
		}
		now.complete(step, s.now())
		if step.Kind == Opening {
			now.Closes = now.closes(zone)
		}
		now.settle()
		return nil
	})
	switch {
	case err != nil:
		return n, err
	case lost && step.Kind == Opening && done.State.Solicitation != step.Solicitation:
		// Somebody else was told that it is refused, or that it was withdrawn, and gave the step
		// up: so it is taken back.
		return n, errors.Join(resource.ErrConflict.Saying("%s was changed while it was being opened: try again.", Name(n.ID)),
			s.withdraw(ctx, step.Solicitation, step.request(n.ID, "take back"), "The session was not opened."))
	}
	return s.settled(ctx, done)
}

// ask has the board service do its part of a step.
func (s *Service) ask(ctx context.Context, n resource.Stored[Session], step *Step) error {
	zone, _, err := s.today(ctx)
	if err != nil {
		return err
	}
	board, id := s.opts.Board, n.State.Solicitation
	switch step.Kind {
	case Opening:
		if err := board.Ask(ctx, n.State.question(step.Solicitation, step.request(n.ID, "ask"), zone), false); err != nil {
			return err
		}
		return s.stillAsked(ctx, n.ID, step.Solicitation)
	case Cancelling:
		return s.withdraw(ctx, id, step.request(n.ID, "withdraw"), step.Reason)
	case Changing:
		return board.Change(ctx, id, step.request(n.ID, "change"), step.change(&n.State.Definition))
	}
	state, err := board.State(ctx, id)
	if err == nil && state == Asking {
		err = board.Close(ctx, id, step.request(n.ID, "close"))
	}
	if err != nil || state == Settled {
		return err
	}
	return board.Answer(ctx, id, step.request(n.ID, "answer"), step.Decision.words())
}

// stillAsked refuses to open a session whose question was withdrawn since it was put: a
// question that was put before is told to be put, whatever became of it.
func (s *Service) stillAsked(ctx context.Context, session, solicitation string) error {
	state, err := s.opts.Board.State(ctx, solicitation)
	if err == nil && state == Withdrawn {
		err = fmt.Errorf("%w: %w", ErrRefused, stateFault(session, "%s was withdrawn while %s was being opened: open it again to ask anew.",
			SolicitationName(solicitation), Name(session)))
	}
	return err
}

// withdraw takes a solicitation back, unless somebody else did.
func (s *Service) withdraw(ctx context.Context, solicitation, requestID, reason string) error {
	if state, err := s.opts.Board.State(ctx, solicitation); err != nil || state == Withdrawn {
		return err
	}
	return s.opts.Board.Withdraw(ctx, solicitation, requestID, reason)
}

// change is what a step changes of a solicitation.
func (t *Step) change(was *Definition) Change {
	c, next := Change{Reason: t.Reason}, t.Definition
	if next.Owner != was.Owner {
		c.Owner = next.Owner
	}
	if next.Closes != was.Closes {
		c.Closes = next.Closes
	}
	if next.Decides != was.Decides {
		c.Decides = next.Decides
	}
	return c
}

// complete brings the session to the state that a step leads to.
func (s *Session) complete(step *Step, at time.Time) {
	by := step.Call.Principal
	s.Step = nil
	switch step.Kind {
	case Opening:
		s.Solicitation, s.Promised = step.Solicitation, s.Decides
		s.Invitations = nil
		for _, invited := range s.Invited {
			s.Invitations = append(s.Invitations, Invitation{Account: invited.Account})
		}
		s.turn(Open, by, at)
	case Answering:
		s.Decision = step.Decision
		s.turn(Answered, by, at)
	case Cancelling:
		s.Cancellation = step.Reason
		s.turn(Cancelled, by, at)
	case Changing:
		s.redefine(*step.Definition)
	}
}

// The events of a step that is given up.
const (
	// stepRefused is of one that the board service refused whoever asked for it.
	stepRefused = "strategy_session.step_refused"
	// openingWithdrawn is of an opening whose question was withdrawn at the board service.
	openingWithdrawn = "strategy_session.opening_withdrawn"
)

// drop gives a step up, unless another took its place, and tells it as an event by the
// principal who brought it about.
func (s *Service) drop(ctx context.Context, principal, id string, step *Step, event string) error {
	_, err := s.sessions.Update(ctx, resource.Call{Principal: principal}, id, nil, event, func(n *Session) error {
		if n.Step != nil && n.Step.Number == step.Number {
			n.Step = nil
			n.settle()
		}
		return nil
	})
	return err
}

// words are the decision as those who were asked read it.
func (d *Decision) words() string {
	return strings.TrimSpace(d.Text + "\n\n" + d.Reason)
}

// transient says whether an error may be gone when it is tried again.
func transient(err error) bool {
	var told *fault.Error
	return !errors.As(err, &told) || told.Kind == fault.Unavailable || told.Kind == fault.DeadlineExceeded || told.Kind == fault.Aborted
}
