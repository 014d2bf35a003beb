package cases

import (
	"slices"
	"time"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// turn is the making of one act on a case.
type turn struct {
	// name is the case's.
	name string
	by   Actor
	at   time.Time
	// commitments are those that the case is measured by, and reckoning its due times'.
	commitments []schedule.Commitment
	reckoning   *Reckoning
}

// on is the turn as it is on a case as it stands: no act is before the one before it, though
// clocks of processes differ.
func (t turn) on(c *Case) turn {
	if last := c.last(); t.at.Before(last) {
		t.at = last
	}
	return t
}

// done enters the act, and sets what follows from the case as it is now.
func (t turn) done(c *Case, what Act, note string) {
	c.note(what, t.at, t.by, note)
	c.reckon(t.reckoning, t.at)
	c.measure()
}

// open begins a case.
func (t turn) open(c *Case, number int) {
	c.State, c.Opened, c.OpenedBy, c.Version = Open, t.at, t.by, number
	c.happen(EventOpened, t.at, t.commitments, t.reckoning)
	t.done(c, ActOpened, "")
}

// assign gives the case to a principal, by id, or, where that is empty, to nobody.
func (t turn) assign(c *Case, principal string) error {
	if err := c.wants(t.name, "it is assigned", ": reopen it first", Open, Waiting); err != nil {
		return err
	}
	c.Assignee = principal
	if principal == "" {
		t.done(c, ActAssigned, "nobody")
		return nil
	}
	c.happen(EventAssigned, t.at, t.commitments, t.reckoning)
	t.done(c, ActAssigned, principalName(principal))
	return nil
}

// reply records that staff replied to the customer.
func (t turn) reply(c *Case, note string) error {
	if err := c.wants(t.name, "it is replied to", ": reopen it first", Open, Waiting); err != nil {
		return err
	}
	t.answer(c)
	if e := c.Escalation; e != nil && e.Answered.IsZero() && principalName(e.Accountable) == t.by.Principal {
		t.answerEscalation(c)
	}
	t.done(c, ActReplied, note)
	return nil
}

// answer is what a reply of staff does, however it comes. A clock to the first reply that
// began later, as with a reopening, is stopped by the first since.
func (t turn) answer(c *Case) {
	if c.repliedTo() {
		c.stop(EventFirstReply, t.at, t.reckoning)
		return
	}
	c.FirstReply, c.RepliedBy = t.at, t.by
	c.happen(EventFirstReply, t.at, t.commitments, t.reckoning)
}

func (t turn) answerEscalation(c *Case) {
	e := *c.Escalation
	e.Answered = t.at
	c.Escalation = &e
	c.happen(EventEscalationAnswered, t.at, t.commitments, t.reckoning)
}

// wait says that the customer's answer is waited for. All clocks that run stand still from
// now on. Since nobody can wait for somebody who was not written to, there has to have
// been a reply, and one since every event from which a reply is promised: a clock to the
// first reply is never made to stand still.
func (t turn) wait(c *Case, note string) error {
	if err := c.wants(t.name, "it waits for the customer", "", Open); err != nil {
		return err
	}
	switch {
	case !c.repliedTo():
		return unwritten(t.name, "%s has no reply yet", t.name)
	case c.owesReply():
		return unwritten(t.name, "%s has no reply since one was promised anew", t.name)
	case len(c.Pauses) >= maxPauses:
		return full(t.name, "was waited for %d times", maxPauses)
	}
	c.State, c.Pauses = Waiting, append(slices.Clone(c.Pauses), Pause{From: t.at})
	t.done(c, ActWaited, note)
	return nil
}

// unwritten refuses to wait for a customer whom nobody wrote to.
func unwritten(name, format string, args ...any) error {
	return refuse(ReasonCaseState, name, format+": nobody waits for an answer of a customer who was not written to. Reply first.", args...).
		WithResource(caseType, name)
}

// answered says that the customer made contact: what stood still goes on.
func (t turn) answered(c *Case, note string) error {
	if err := c.wants(t.name, "an answer of the customer ends the waiting", "", Waiting); err != nil {
		return err
	}
	t.resume(c)
	t.done(c, ActAnswered, note)
	return nil
}

func (t turn) resume(c *Case) {
	if last := len(c.Pauses) - 1; c.State == Waiting && last >= 0 {
		c.Pauses = slices.Clone(c.Pauses)
		c.Pauses[last].To = t.at
	}
	c.State = Open
}

// escalate calls in the accountable person, with the clock that the path has.
func (t turn) escalate(c *Case, path Path, reason string) error {
	if err := c.wants(t.name, "it is escalated", ": reopen it first", Open, Waiting); err != nil {
		return err
	}
	if e := c.Escalation; e != nil && e.Answered.IsZero() {
		return refuse(ReasonCaseState, t.name, "%s is escalated already: %s has not answered yet.", t.name, principalName(e.Accountable)).
			WithResource(caseType, t.name)
	}
	if c.Escalations > maxReopenings {
		return full(t.name, "was escalated %d times", c.Escalations)
	}
	c.Escalation = &Escalation{At: t.at, By: t.by, Reason: reason, Accountable: path.Accountable}
	c.Escalations++
	c.happen(EventEscalated, t.at, t.commitments, t.reckoning)
	c.start(Clock{Commitment: escalationClock, From: EventEscalated, To: EventEscalationAnswered,
		Within: path.Within, Calendar: path.Calendar, Started: t.at})
	t.done(c, ActEscalated, reason)
	return nil
}

// resolve ends a case: all clocks that could still be stopped by staff are, since the
// customer who is told of the end is replied to.
func (t turn) resolve(c *Case, r Resolution) error {
	if err := c.wants(t.name, "it is resolved", "", Open, Waiting); err != nil {
		return err
	}
	attested, err := attest(t.name, t.commitments, r.Attestations)
	if err != nil {
		return err
	}
	t.resume(c)
	t.answer(c)
	if e := c.Escalation; e != nil && e.Answered.IsZero() {
		t.answerEscalation(c)
	}
	c.State, c.Resolved, c.ResolvedBy, c.Attestations = Resolved, t.at, t.by, attested
	if c.ResolvedFirst.IsZero() {
		c.ResolvedFirst = t.at
	}
	remedy := r.Remedy
	c.Remedy = &remedy
	c.happen(EventResolved, t.at, t.commitments, t.reckoning)
	c.stopMoot(t.at, t.reckoning)
	c.Precedent = precedentKey(c.Issue, c.Facts)
	t.done(c, ActResolved, remedy.ID)
	return nil
}

// reopen takes a resolution back. The clocks to the resolution run again from now on, with
// their whole time; what they measured before stays.
func (t turn) reopen(c *Case, reason string) error {
	if err := c.wants(t.name, "it is reopened", "", Resolved); err != nil {
		return err
	}
	if c.Reopenings >= maxReopenings {
		return full(t.name, "was reopened %d times", maxReopenings)
	}
	if c.Imported { // what was before is not told of now
		c.tellNoPast(t.at)
	}
	c.State = Open
	c.restart(t.at)
	c.Reopenings++
	c.Precedent, c.Imported = "", false
	c.happen(EventReopened, t.at, t.commitments, t.reckoning)
	t.done(c, ActReopened, reason)
	return nil
}

// survey records what the customer said of a case that was resolved, once.
func (t turn) survey(c *Case, s Survey) error {
	if c.Survey != nil {
		return refuse(ReasonCaseState, t.name, "%s has the customer's answer already, of %s: it is recorded once.", t.name, c.Survey.At.Format(time.RFC3339)).
			WithResource(caseType, t.name)
	}
	if err := c.wants(t.name, "the customer is asked how it went", "", Resolved); err != nil {
		return err
	}
	s.At = t.at
	c.Survey = &s
	t.done(c, ActSurveyed, "")
	return nil
}

// full refuses what would make a case grow without end.
func full(name, format string, args ...any) error {
	return refuse(ReasonCaseFull, name, "%s "+format+", which is as often as one case can be: open another.", append([]any{name}, args...)...).
		WithResource(caseType, name)
}
