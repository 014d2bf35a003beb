package cases

import (
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/worktime"
)

// State is where a case stands.
type State string

// The states of a case.
const (
	// Open is a case that staff are to do something about.
	Open State = "open"
	// Waiting is a case that waits for an answer of the customer: its clocks stand still.
	Waiting State = "waiting-on-customer"
	// Resolved is a case about which something was done, or nothing is to be.
	Resolved State = "resolved"
)

// Case is a problem of a customer. Its maps and slices are never changed in place.
type Case struct {
	// Account is the id of the account.
	Account string `bson:"account"`
	// Issue says in a word what the case is about, as late-delivery: an id.
	Issue string `bson:"issue"`
	// Facts are what is known of it that bears on the remedy, as damaged=yes; keys are ids.
	Facts map[string]string `bson:"facts,omitempty"`
	// Channel is the way it came: an id, as email.
	Channel     string `bson:"channel"`
	Subject     string `bson:"subject,omitempty"`
	Description string `bson:"description,omitempty"`
	State       State  `bson:"state"`
	// Assignee is the id of the principal who is to see to it; empty for nobody yet.
	Assignee string `bson:"assignee,omitempty"`
	// External is its id in the system that it was imported from, which Source names; both
	// are empty where it was opened here.
	External string `bson:"external,omitempty"`
	Source   string `bson:"source,omitempty"`
	// Origin is what both make together, by which no other case is known; empty where they are.
	Origin string `bson:"origin,omitempty"`
	// Imported says that it happened elsewhere, so that no clock of it is told of.
	Imported bool `bson:"imported,omitempty"`
	// Unrecorded says what was not recorded where it was imported from, and Unmeasured that
	// for want of that, or of other events, whether every promise was kept is not known.
	Unrecorded Unrecorded `bson:"unrecorded,omitempty"`
	Unmeasured bool       `bson:"unmeasured,omitempty"`

	// Opened is when the customer came with it; FirstReply and Resolved are zero before.
	Opened     time.Time `bson:"opened"`
	FirstReply time.Time `bson:"first_reply,omitempty"`
	Resolved   time.Time `bson:"resolved,omitempty"`
	// ResolvedFirst is when it was resolved for the first time.
	ResolvedFirst time.Time `bson:"resolved_first,omitempty"`
	// OpenedBy, RepliedBy and ResolvedBy are who did so last.
	OpenedBy   Actor `bson:"opened_by"`
	RepliedBy  Actor `bson:"replied_by,omitempty"` // of the first reply
	ResolvedBy Actor `bson:"resolved_by,omitempty"`
	// Pauses are the times of waiting for the customer, in order; the last may be on.
	Pauses []Pause `bson:"pauses,omitempty"`
	// Reopenings counts how often it was reopened, and Escalations how often escalated.
	Reopenings  int `bson:"reopenings,omitempty"`
	Escalations int `bson:"escalations,omitempty"`
	// Escalation is the last one; nil where there was none.
	Escalation   *Escalation   `bson:"escalation,omitempty"`
	Remedy       *Remedy       `bson:"remedy,omitempty"`
	Attestations []Attestation `bson:"attestations,omitempty"`
	Survey       *Survey       `bson:"survey,omitempty"`

	// Version is the number of the schedule's version whose commitments it is measured
	// by: the one in force when it was opened; 0 where none was.
	Version int `bson:"version,omitempty"`
	// Clocks are in the order in which they began.
	Clocks []Clock `bson:"clocks,omitempty"`
	// History has the last acts, and Forgotten counts those before them.
	History   []Entry `bson:"history,omitempty"`
	Forgotten int     `bson:"forgotten,omitempty"`

	// Edition says by which edition of the calendars its due times were reckoned; not
	// kept of a resolved case.
	Edition int64 `bson:"edition,omitempty"`
	// Due is the next due time of a clock that runs; zero while none does.
	Due time.Time `bson:"due,omitempty"`
	// Next is when something about a clock is to be told; zero where nothing is.
	Next time.Time `bson:"next,omitempty"`
	// Precedent is the key of issue and facts, of a resolved case.
	Precedent string `bson:"precedent,omitempty"`
	// Measured is what audits read of it: see Measures.
	Measured []byte `bson:"measured"`

	resource.Times `bson:",inline"`
}

// Unrecorded says what the system in which a case happened did not record, so that nobody
// knows whether it happened there, or when.
type Unrecorded struct {
	Replies     bool `bson:"replies,omitempty"` // when the first reply came
	Resolutions bool `bson:"resolutions,omitempty"`
	Remedies    bool `bson:"remedies,omitempty"`
	Escalations bool `bson:"escalations,omitempty"`
	Reopenings  bool `bson:"reopenings,omitempty"`
}

// IsZero says whether all was recorded.
func (u Unrecorded) IsZero() bool { return u == Unrecorded{} }

// Actor is who did something.
type Actor struct {
	// Principal is the name, as principals/anna; empty where that is not known.
	Principal string `bson:"principal,omitempty"`
	// Role is the role of staff in which it was done, as service-agent: an id.
	Role string `bson:"role,omitempty"`
}

// IsZero says whether nobody did it yet.
func (a Actor) IsZero() bool { return a == Actor{} }

// Pause is a time of waiting for the customer; To is zero while it is on.
type Pause struct {
	From time.Time `bson:"from"`
	To   time.Time `bson:"to,omitempty"`
}

// Escalation is the calling in of the accountable person.
type Escalation struct {
	At     time.Time `bson:"at"`
	By     Actor     `bson:"by"`
	Reason string    `bson:"reason"`
	// Accountable is the id of the principal who was then the accountable person.
	Accountable string `bson:"accountable"`
	// Answered is when that person replied, or the case was resolved; zero before.
	Answered time.Time `bson:"answered,omitempty"`
}

// Remedy is what was done about a case.
type Remedy struct {
	// ID names a remedy, as free-repair; empty where nothing was done.
	ID string `bson:"id,omitempty"`
	// Value is what it was worth in minor units of Currency; nil where that was not said.
	Value    *int64 `bson:"value,omitempty"`
	Currency string `bson:"currency,omitempty"`
	Note     string `bson:"note,omitempty"`
	// Pointed is the remedy that like cases pointed to, and Basis on what ground; an empty
	// Basis says that they pointed to none.
	Pointed string `bson:"pointed,omitempty"`
	Basis   Basis  `bson:"basis,omitempty"`
	// PointedWorth is what that one is worth; nil where it is not stated.
	PointedWorth *Worth `bson:"pointed_worth,omitempty"`
	// DepartureReason is why it was not that one, or not of that value.
	DepartureReason string `bson:"departure_reason,omitempty"`
}

// Attestation is what staff attest when a case ends, as a commitment demands it.
type Attestation struct {
	// What is the word of the commitment, as courtesy.
	What string `bson:"what"`
	// Kept says whether it was so; Note says why not.
	Kept bool   `bson:"kept"`
	Note string `bson:"note,omitempty"`
}

// Survey is what the customer said of how the case was handled.
type Survey struct {
	// Score is 1 to 5, 5 being the best.
	Score   int       `bson:"score"`
	Comment string    `bson:"comment,omitempty"`
	At      time.Time `bson:"at"`
}

// Entry is an act in a case's history.
type Entry struct {
	// What names the act, as opened or waited.
	What Act       `bson:"what"`
	At   time.Time `bson:"at"`
	By   Actor     `bson:"by"`
	// Note says what else there is to say: a reason, or the clock that it is about.
	Note string `bson:"note,omitempty"`
}

// Act names something that happens to a case.
type Act string

// The acts. All but NearBreach, Breached and Recalculated are of people.
const (
	ActOpened       Act = "opened"
	ActUpdated      Act = "updated"
	ActAssigned     Act = "assigned"
	ActReplied      Act = "replied"
	ActWaited       Act = "waited"
	ActAnswered     Act = "answered"
	ActEscalated    Act = "escalated"
	ActResolved     Act = "resolved"
	ActReopened     Act = "reopened"
	ActSurveyed     Act = "surveyed"
	ActNearBreach   Act = "near-breach"
	ActBreached     Act = "breached"
	ActRecalculated Act = "due-times-reckoned-anew"
)

// How much one case holds.
const (
	maxHistory    = 200
	maxPauses     = 500
	maxReopenings = 50
	maxFacts      = 30
)

// ID is the id under which a case of an account is kept.
func ID(account, id string) string { return account + "/cases/" + id }

// Name is the resource name of a case.
func Name(id string) string { return "accounts/" + id }

// note enters an act into the history.
func (c *Case) note(what Act, at time.Time, by Actor, note string) {
	c.History = append(slices.Clone(c.History), Entry{What: what, At: at, By: by, Note: note})
	if over := len(c.History) - maxHistory; over > 0 {
		c.History, c.Forgotten = c.History[over:], c.Forgotten+over
	}
}

// last returns when anything last happened to the case.
func (c *Case) last() time.Time {
	if len(c.History) == 0 {
		return c.Opened
	}
	return c.History[len(c.History)-1].At
}

// repliedTo says whether the first reply is over. Where it was not recorded before the case
// was resolved elsewhere, none that comes here after a reopening is taken for it: when it
// came stays unknown.
func (c *Case) repliedTo() bool {
	return !c.FirstReply.IsZero() || c.Unrecorded.Replies && !c.ResolvedFirst.IsZero()
}

// pauses are the times in which clocks stand still.
func (c *Case) pauses() []worktime.Pause {
	list := make([]worktime.Pause, len(c.Pauses))
	for i, p := range c.Pauses {
		list[i] = worktime.Pause(p)
	}
	return list
}

// principalName is the name of the principal with an id; empty for none.
func principalName(id string) string {
	if id == "" {
		return ""
	}
	return names.Join("principals", id)
}
