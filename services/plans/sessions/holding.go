package sessions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Hold records that an open session took place, today where no day is given, and who came.
// Ideas are taken until their last day all the same. INVALID_ARGUMENT for a day to come, or
// before it was opened, or somebody whose account was not invited; NOT_FOUND; STALE_ETAG; STRATEGY_SESSION_STATE.
func (s *Service) Hold(ctx context.Context, call resource.Call, id, etag string, on civil.Day, came []Attendee, notes string) (resource.Stored[Session], error) {
	zone, today, err := s.today(ctx)
	if err != nil {
		return resource.Stored[Session]{}, err
	}
	if on == 0 {
		on = today
	}
	if on > today {
		return resource.Stored[Session]{}, fault.Invalid("hold_date", "%s has not come yet", on)
	}
	return s.attend(ctx, call, id, etag, "strategy_session.held", came, func(n *Session) error {
		if err := n.mustBe(id, Open); err != nil {
			return err
		}
		if opened := zone.DayOf(n.openedAt()); on < opened {
			return fault.Invalid("hold_date", "%s is before customers were invited, on %s", on, opened)
		}
		n.HeldOn, n.Attendance = on, came
		if notes != "" {
			n.Notes = notes
		}
		n.turn(Held, call.Principal, s.now())
		n.settle()
		return nil
	})
}

// openedAt is when the session was opened.
func (s *Session) openedAt() time.Time {
	for _, t := range s.History {
		if t.To == Open {
			return t.At
		}
	}
	return time.Time{}
}

// RecordAttendance writes down who came to a session that took place, in place of what was
// written before. INVALID_ARGUMENT for somebody whose account was not invited; NOT_FOUND;
// STALE_ETAG; STRATEGY_SESSION_STATE.
func (s *Service) RecordAttendance(ctx context.Context, call resource.Call, id, etag string, came []Attendee) (resource.Stored[Session], error) {
	return s.attend(ctx, call, id, etag, "strategy_session.attendance_recorded", came, func(n *Session) error {
		if err := n.mustBe(id, Held); err != nil {
			return err
		}
		n.Attendance = came
		return nil
	})
}

// attend makes a change that says who came.
func (s *Service) attend(
	ctx context.Context, call resource.Call, id, etag, event string, came []Attendee, change func(*Session) error,
) (resource.Stored[Session], error) {
	if earlier, known, err := s.sessions.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	n, err := s.sessions.Get(ctx, id)
	if err != nil {
		return n, err
	}
	if len(came) > MaxCame {
		return n, fault.Invalid("attendance", "are %d: at most %d", len(came), MaxCame)
	}
	for i, a := range came {
		at := fmt.Sprintf("attendance[%d]", i)
		if !n.State.invites(a.Account) {
			return n, fault.Invalid(at+".account", "%s was not invited", plans.AccountName(a.Account))
		}
		if slices.Contains(came[:i], a) {
			return n, fault.Invalid(at, "stands there twice")
		}
		if a.Contact == "" || slices.Contains(n.State.Attendance, a) {
			continue
		}
		if err := s.contact(ctx, at+".contact", a.Account, a.Contact); err != nil {
			return n, err
		}
	}
	return s.sessions.Update(ctx, call, id, resource.IfEtag[Session](etag), event, change)
}

// Answer records what was decided after a session, today where no day is given, and closes
// its solicitation with it: STRATEGY_SESSION_UNDECIDED, which names them, while ideas have no
// answer; INVALID_ARGUMENT for a day before the session or to come, or for ideas that were
// not given to it; NOT_FOUND; STALE_ETAG; STRATEGY_SESSION_STATE.
func (s *Service) Answer(ctx context.Context, call resource.Call, id, etag string, d Decision) (resource.Stored[Session], error) {
	none := resource.Stored[Session]{}
	if earlier, known, err := s.sessions.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	n, err := s.sessions.Get(ctx, id)
	if err != nil {
		return none, err
	}
	if err := s.decided(ctx, &n.State, &d); err != nil {
		return none, err
	}
	d.Recorder = call.Principal
	if n.State.Solicitation != "" && n.State.State == Held {
		ideas, err := s.opts.Board.Ideas(ctx, n.State.Solicitation)
		if err != nil {
			return none, err
		}
		if err := d.listened(id, ideas); err != nil {
			return none, err
		}
	}
	return s.begin(ctx, call, id, etag, Step{Kind: Answering, Decision: &d}, func(n *Session) error {
		if err := n.mustBe(id, Held); err != nil {
			return err
		}
		if d.Day < n.HeldOn {
			return fault.Invalid("decision.decide_date", "%s is before the session on %s", d.Day, n.HeldOn)
		}
		return nil
	})
}

// decided wants a decision to be whole; it is of the owner where nobody is named.
func (s *Service) decided(ctx context.Context, n *Session, d *Decision) error {
	_, today, err := s.today(ctx)
	switch {
	case err != nil:
		return err
	case d.Text == "":
		return fault.Invalid("decision.text", "is empty: say what was decided")
	case d.Reason == "":
		return fault.Invalid("decision.reason", "is empty: those who came are told why")
	case d.Day > today:
		return fault.Invalid("decision.decide_date", "%s has not come yet", d.Day)
	}
	if d.Day == 0 {
		d.Day = today
	}
	if d.By == "" {
		d.By = n.Owner
		return nil
	}
	return resource.Named("decision.decider", plans.PrincipalName(d.By), s.opts.Directory.Principal(ctx, d.By))
}

// listened wants every idea to have its answer, and those that changed the decision to be
// among them.
func (d *Decision) listened(id string, ideas []Idea) error {
	var open []Idea
	known := map[string]bool{}
	for _, i := range ideas {
		known[i.Name] = true
		if !i.Decided {
			open = append(open, i)
		}
	}
	for at, name := range d.Changed {
		if !known[name] || slices.Contains(d.Changed[:at], name) {
			return fault.Invalid(fmt.Sprintf("decision.changed_by[%d]", at), "%s is no idea given to %s, or stands there twice", name, Name(id))
		}
	}
	if len(open) == 0 {
		return nil
	}
	names := make([]string, len(open))
	for at, i := range open {
		names[at] = i.Name
	}
	told := ErrUndecided.Saying("%s cannot be answered before those who came are: %s undecided: %s. Decide each first.",
		Name(id), ideasAre(len(open)), strings.Join(names, ", ")).WithResource(sessionType, Name(id))
	for _, i := range open {
		told = told.WithCondition(reasonUndecided, i.Name, "give %q its answer", i.Title)
	}
	return told
}

func ideasAre(n int) string {
	if n == 1 {
		return "1 idea is"
	}
	return fmt.Sprintf("%d ideas are", n)
}

// Cancel calls a session off with a reason, and takes its solicitation back: what the board
// service says where that holds ideas, whose givers are owed an answer; NOT_FOUND;
// STALE_ETAG; INVALID_ARGUMENT; STRATEGY_SESSION_STATE.
func (s *Service) Cancel(ctx context.Context, call resource.Call, id, etag, reason string) (resource.Stored[Session], error) {
	none := resource.Stored[Session]{}
	if earlier, known, err := s.sessions.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if reason == "" {
		return none, fault.Invalid("reason", "is empty: say why, for those who were invited")
	}
	n, err := s.sessions.Get(ctx, id)
	if err != nil {
		return none, err
	}
	if n.State.State != Draft || n.State.Step != nil {
		return s.begin(ctx, call, id, etag, Step{Kind: Cancelling, Reason: reason}, func(n *Session) error {
			return n.mustBe(id, Open, Held)
		})
	}
	return s.sessions.Update(ctx, call, id, resource.IfEtag[Session](etag), "strategy_session.cancelled", func(n *Session) error {
		if err := n.mustBe(id, Draft); err != nil {
			return err
		}
		n.Cancellation = reason
		n.turn(Cancelled, call.Principal, s.now())
		n.settle()
		return nil
	})
}
