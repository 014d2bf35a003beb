package sessions

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
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
