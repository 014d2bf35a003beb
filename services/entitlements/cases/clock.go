package cases

import (
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/worktime"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Event is what a clock runs from or to.
type Event = string

// The events of a case between which clocks run.
const (
	EventOpened             Event = schedule.EventOpened
	EventAssigned           Event = schedule.EventAssigned
	EventFirstReply         Event = schedule.EventFirstReply
	EventEscalated          Event = schedule.EventEscalated
	EventEscalationAnswered Event = schedule.EventEscalationAnswered
	EventReopened           Event = schedule.EventReopened
	EventResolved           Event = schedule.EventResolved
)

// Events are the events of a case, in the order in which they mostly come. A clock from or
// to any other, which an earlier version may have, does not run.
var Events = schedule.Events

// escalationClock is what the clock of an escalation has in place of a commitment's id. No
// commitment has it, since it is no id.
const escalationClock = "(escalation)"

// Clock is one run of a clock between two events of a case. A clock of a commitment runs
// again when the case is reopened.
type Clock struct {
	// Commitment is the id of the commitment that it measures.
	Commitment string        `bson:"commitment"`
	From       Event         `bson:"from"`
	To         Event         `bson:"to"`
	Within     time.Duration `bson:"within"`
	// Calendar is the id of the calendar in whose hours it runs; empty for all hours.
	Calendar string `bson:"calendar,omitempty"`
	// Started is when it began, and Stopped when it ended; zero before.
	Started time.Time `bson:"started"`
	Stopped time.Time `bson:"stopped,omitempty"`
	// Moot says that it ended without its event, which cannot come any more.
	Moot bool `bson:"moot,omitempty"`
	// Due is when the time is over, and Near when a stated share of it is; zero while it
	// stands still, and nobody knows.
	Due  time.Time `bson:"due,omitempty"`
	Near time.Time `bson:"near,omitempty"`
	// NearTold and BreachTold say that followers were told.
	NearTold   bool `bson:"near_told,omitempty"`
	BreachTold bool `bson:"breach_told,omitempty"`
}

// ClockState is where a clock stands.
type ClockState string

// The states of a clock.
const (
	Running ClockState = "running"
	Paused  ClockState = "paused"
	Met     ClockState = "met"
	// BreachedClock is a clock that was not stopped by its due time, stopped since or not.
	BreachedClock ClockState = "breached"
	// MootClock is one that ended in time without its event.
	MootClock ClockState = "moot"
)

// IsEscalation says whether it is the clock of an escalation, which measures no
// commitment.
func (c *Clock) IsEscalation() bool { return c.Commitment == escalationClock }

// State is where the clock stands at an instant. A clock that is stopped exactly when it
// is due has met it.
func (c *Clock) State(now time.Time) ClockState {
	switch {
	case c.Breached(now):
		return BreachedClock
	case c.Moot:
		return MootClock
	case !c.Stopped.IsZero():
		return Met
	case c.Due.IsZero():
		return Paused
	}
	return Running
}

// Breached says whether the time was over before the clock was stopped.
func (c *Clock) Breached(now time.Time) bool {
	if !c.Stopped.IsZero() {
		now = c.Stopped
	}
	return !c.Due.IsZero() && now.After(c.Due)
}

func (c *Clock) open() bool { return c.Stopped.IsZero() }

// Reckoning is by what due times are reckoned: the hours of the calendars of an edition,
// and the share of a clock's time after which it is near its breach.
type Reckoning struct {
	hours   map[string]*worktime.Hours
	always  *worktime.Hours
	edition int64
	near    float64
}

// hoursOf are the hours of a calendar; every hour of every day where there is none.
func (r *Reckoning) hoursOf(calendar string) *worktime.Hours {
	if h := r.hours[calendar]; h != nil && calendar != "" {
		return h
	}
	return r.always
}

// reckon sets the due times of the open clocks as they are at an instant, and what follows
// from them.
func (c *Case) reckon(r *Reckoning, at time.Time) {
	c.Clocks = slices.Clone(c.Clocks)
	pauses := c.pauses()
	for i := range c.Clocks {
		if k := &c.Clocks[i]; k.open() {
			k.reckon(r, pauses, at)
		}
	}
	c.Edition = r.edition
	if c.State == Resolved {
		c.Edition = 0
	}
	c.look()
}

// reckon sets the due times of a clock. What other hours put off beyond the instant is to
// be told again when it comes.
func (c *Clock) reckon(r *Reckoning, pauses []worktime.Pause, at time.Time) {
	hours := r.hoursOf(c.Calendar)
	due, _ := hours.Due(c.Started, c.Within, pauses) // zero where there is none
	near, _ := hours.Due(c.Started, time.Duration(float64(c.Within)*r.near), pauses)
	c.Due, c.Near = instant(due), instant(near)
	came := func(t time.Time) bool { return !t.IsZero() && !t.After(at) }
	c.NearTold, c.BreachTold = c.NearTold && came(c.Near), c.BreachTold && came(c.Due)
}

// look finds the next due time, and the next instant at which something is to be told.
func (c *Case) look() {
	c.Due, c.Next = time.Time{}, time.Time{}
	earlier := func(a *time.Time, b time.Time) {
		if !b.IsZero() && (a.IsZero() || b.Before(*a)) {
			*a = b
		}
	}
	for i := range c.Clocks {
		k := &c.Clocks[i]
		if c.Imported {
			continue
		}
		if k.untoldBreach() {
			earlier(&c.Next, k.Due)
		}
		if !k.open() {
			continue
		}
		earlier(&c.Due, k.Due)
		if !k.NearTold && !k.BreachTold {
			earlier(&c.Next, k.Near)
		}
	}
}

// untoldBreach says whether a breach of the clock is to be told when it is due, or, where it
// was stopped since, was not told in time.
func (c *Clock) untoldBreach() bool { return !c.BreachTold && (c.open() || c.Breached(c.Stopped)) }

// happen starts and stops clocks by an event. The commitments are those that the case is
// measured by.
func (c *Case) happen(event Event, at time.Time, commitments []schedule.Commitment, r *Reckoning) {
	c.stop(event, at, r)
	for _, commitment := range commitments {
		clock := commitment.Clock
		if clock == nil || clock.From != event || !slices.Contains(Events, clock.To) || c.ran(commitment.ID, event, at) {
			continue
		}
		c.start(Clock{Commitment: commitment.ID, From: clock.From, To: clock.To, Within: clock.Within, Calendar: clock.Calendar, Started: at})
	}
}

func (c *Case) start(k Clock) { c.Clocks = append(slices.Clone(c.Clocks), k) }

// ran says whether the clock of a commitment needs no start by an event: it runs, or it
// measured a first event that cannot come again.
func (c *Case) ran(commitment string, event Event, at time.Time) bool {
	return slices.ContainsFunc(c.Clocks, func(k Clock) bool {
		again := event == EventReopened || event == EventEscalated
		return k.Commitment == commitment && (k.open() || !again || k.Started.Equal(at))
	})
}

// stop ends the clocks that run to an event. What a clock has by then does not change
// with the calendars any more.
func (c *Case) stop(event Event, at time.Time, r *Reckoning) {
	c.end(at, r, func(k *Clock) bool { return k.To == event })
}

// owesReply says whether a clock to the first reply runs.
func (c *Case) owesReply() bool {
	return slices.ContainsFunc(c.Clocks, func(k Clock) bool { return k.open() && k.To == EventFirstReply })
}

// end ends such open clocks.
func (c *Case) end(at time.Time, r *Reckoning, such func(*Clock) bool) {
	c.Clocks = slices.Clone(c.Clocks)
	pauses := c.pauses()
	for i := range c.Clocks {
		if k := &c.Clocks[i]; k.open() && such(k) {
			k.reckon(r, pauses, at)
			k.Stopped = at
		}
	}
}

// stopMoot ends the clocks that are left when a case is resolved: to events that cannot
// come any more.
func (c *Case) stopMoot(at time.Time, r *Reckoning) {
	c.end(at, r, func(k *Clock) bool {
		k.Moot = true
		return true
	})
}

// restart runs the clocks to the resolution again, whole, from a reopening on: those that
// the last resolution stopped. What they measured before stays.
func (c *Case) restart(at time.Time) {
	var again []Clock
	for _, k := range c.Clocks {
		if k.To == EventResolved && k.From != EventReopened && !k.IsEscalation() && k.Stopped.Equal(c.Resolved) {
			again = append(again, Clock{Commitment: k.Commitment, From: k.From, To: k.To, Within: k.Within, Calendar: k.Calendar, Started: at})
		}
	}
	c.Clocks = slices.Concat(c.Clocks, again)
}

// Breached says whether any commitment's clock was breached by an instant. An
// escalation's clock counts, too.
func (c *Case) Breached(now time.Time) bool {
	return slices.ContainsFunc(c.Clocks, func(k Clock) bool { return k.Breached(now) })
}

// instant is a time as it is stored: UTC, in whole milliseconds.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Millisecond)
}
