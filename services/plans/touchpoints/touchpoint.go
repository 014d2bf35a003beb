package touchpoints

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// State says what became of a touchpoint.
type State string

// The states of a touchpoint. A planned one is due, or overdue, by its day.
const (
	Planned   State = "planned"
	Done      State = "done"
	Skipped   State = "skipped"   // a person decided against it, with a reason
	Withdrawn State = "withdrawn" // what it came from is gone: its cadence, the plan or the customer
)

// Origin says how a touchpoint came to be.
type Origin string

// The origins.
const (
	OfCadence    Origin = "cadence"
	OfSuggestion Origin = "suggestion"
	OfSession    Origin = "session"
	ByHand       Origin = "person"
	// Unplanned is a contact that took place without having been planned.
	Unplanned Origin = "unplanned"
)

// Initiator says who began a contact.
type Initiator string

// The initiators.
const (
	Company  Initiator = "company"
	Customer Initiator = "customer"
)

// Reason says why a touchpoint is due at another time than its own.
type Reason string

// The reasons for adjustments.
const (
	Holiday Reason = "holiday" // nobody works on the day
	Absence Reason = "absence" // its owner is away
	Gap     Reason = "gap"     // too near to another contact with the same person
	Quiet   Reason = "quiet"   // quiet hours of a contact
	Person  Reason = "person"  // somebody decided so
)

// Adjustment is a change of when or by whom a touchpoint is due.
type Adjustment struct {
	Reason Reason `bson:"reason"`
	// Words say it in a sentence's part, as "Saturday 25 December 2027 is a holiday".
	Words string `bson:"words"`
	// By is the resource name of the person who decided so, and At when; empty for the
	// service's own.
	By string    `bson:"by,omitempty"`
	At time.Time `bson:"at,omitempty"`
}

// Outcome is what came of a contact that took place.
type Outcome struct {
	// Text is what people wrote of it.
	Text string `bson:"text,omitempty"`
	// Initiator says who began it.
	Initiator Initiator `bson:"initiator"`
	// On is the day on which it took place, in the company's zone.
	On civil.Day `bson:"on"`
	// Contacts are the ids of those who were reached.
	Contacts []string `bson:"contacts,omitempty"`
	// Holder is the id of the principal who held the contact, whoever was to: it is theirs.
	// Team are the ids of the others who looked after the account then, of a touchpoint.
	// Both are empty of what was recorded before they were known: its owner held it.
	Holder string   `bson:"holder,omitempty"`
	Team   []string `bson:"team,omitempty"`
	// Evidence says what shows it, as the number of a ticket or an address.
	Evidence string `bson:"evidence,omitempty"`
	// Minutes is the time that the company's people gave; 0 where it is not known.
	Minutes int `bson:"minutes,omitempty"`
	// By is the resource name of who wrote it down, and At when.
	By string    `bson:"by"`
	At time.Time `bson:"at"`
	// Digest is of the text, by Options.Digest, and Length how many characters it has: told
	// in place of the text.
	Digest string `bson:"digest,omitempty"`
	Length int    `bson:"length,omitempty"`
}

// Touchpoint is one contact with a customer: planned, and what became of it.
type Touchpoint struct {
	// Plan is the id of the plan, which is the account's.
	Plan   string `bson:"plan"`
	Origin Origin `bson:"origin"`
	// Source is the resource name of the suggestion or session that it came from, or empty.
	Source string `bson:"source,omitempty"`
	// Cadence is the id of the cadence that it is an occurrence of, Occurrence the day that
	// the rule names, and Nominal the instant; empty and zero of other origins.
	Cadence    string    `bson:"cadence,omitempty"`
	Occurrence civil.Day `bson:"occurrence,omitempty"`
	Nominal    time.Time `bson:"nominal,omitempty"`
	// Opens is the first day on which doing it counts, the one after the occurrence before;
	// 0 where there is none before.
	Opens   civil.Day     `bson:"opens,omitempty"`
	Purpose string        `bson:"purpose"`
	Channel plans.Channel `bson:"channel"`
	// Roles are those of the contacts who are addressed, empty for all; Contacts are the ids
	// of those who had them when it was laid out.
	Roles    []string `bson:"roles,omitempty"`
	Contacts []string `bson:"contacts,omitempty"`
	// Owner is the id of the principal who makes the contact.
	Owner string `bson:"owner"`
	// Due is when it is due, in the IANA time zone Zone; DueDay is that day there. It is
	// overdue from the day after.
	Due    time.Time `bson:"due,omitempty"`
	Zone   string    `bson:"zone,omitempty"`
	DueDay civil.Day `bson:"due_day,omitempty"`
	// Adjustments say how it came to be due then, and by the owner; in order.
	Adjustments []Adjustment `bson:"adjustments,omitempty"`
	// Moved says that a person decided when it is due, and Handed by whom: the service leaves
	// that alone, but for absences of HandedTo, the id of whose it was decided to be. That is
	// empty where it was decided before it was kept: it is the owner then.
	Moved    bool   `bson:"moved,omitempty"`
	Handed   bool   `bson:"handed,omitempty"`
	HandedTo string `bson:"handed_to,omitempty"`

	State   State    `bson:"state"`
	Outcome *Outcome `bson:"outcome,omitempty"`
	// EndReason says why it was skipped or withdrawn; EndedBy is the resource name of who
	// skipped it, and Ended when either was.
	EndReason string    `bson:"end_reason,omitempty"`
	EndedBy   string    `bson:"ended_by,omitempty"`
	Ended     time.Time `bson:"ended,omitempty"`
	// Closing is the day from which the account was to be no customer any more, where it was
	// withdrawn for that; 0 otherwise.
	Closing civil.Day `bson:"closing,omitempty"`
	// Day is when it stands in the plan's time: the day on which it took place, or else is or
	// was due.
	Day            civil.Day `bson:"day"`
	resource.Times `bson:",inline"`
}

// open reports whether the service decides when it is due: a cadence asks for it, no person
// moved it and its day is after today.
func (t *Touchpoint) open(today civil.Day) bool {
	return t.State == Planned && t.Origin == OfCadence && !t.Moved && t.DueDay > today
}

// decided is the id of who is to do it by a person's decision; empty where nobody decided.
func (t *Touchpoint) decided() string {
	if !t.Handed {
		return ""
	}
	return cmp.Or(t.HandedTo, t.Owner)
}

// Overdue reports whether it should have been done before a day.
func (t *Touchpoint) Overdue(today civil.Day) bool { return t.State == Planned && t.DueDay < today }

// touches reports whether it is, or will be, a contact of the company's with a person.
func (t *Touchpoint) touches() bool {
	return t.State == Planned || t.State == Done && t.Outcome.Initiator == Company
}

// people are the ids of the contacts whom it reaches or reached.
func (t *Touchpoint) people() []string {
	if t.State == Done {
		return t.Outcome.Contacts
	}
	return t.Contacts
}

// maxAdjustments is how many adjustments a touchpoint keeps.
const maxAdjustments = 100

// planned wants the touchpoint to be planned still.
func (t *Touchpoint) planned(name string) error {
	switch t.State {
	case Done:
		return ErrState.Saying("%s was done on %s, as %s wrote down: it is not changed any more.", name, t.Outcome.On, t.Outcome.By).
			WithCondition(reasonState, name, "it was done on %s", t.Outcome.On).WithResource(touchpointType, name)
	case Skipped, Withdrawn:
		return ErrState.Saying("%s was %s (%s): plan another one by hand.", name, t.State, t.EndReason).
			WithCondition(reasonState, name, "it was %s", t.State).WithResource(touchpointType, name)
	}
	return nil
}

// adjust notes why it is due at another time, or by somebody else.
func (t *Touchpoint) adjust(a Adjustment) {
	t.Adjustments = append(slices.Clone(t.Adjustments), a)
	if over := len(t.Adjustments) - maxAdjustments; over > 0 {
		t.Adjustments = t.Adjustments[over:]
	}
}

// moved are the reasons of the service's own for when it is due.
func (t *Touchpoint) moved() []Adjustment {
	return slices.DeleteFunc(slices.Clone(t.Adjustments), func(a Adjustment) bool { return a.Reason == Person })
}

// withdraw ends what the service laid out, since what it came from is gone.
func (t *Touchpoint) withdraw(reason string, at time.Time) {
	t.State, t.EndReason, t.Ended = Withdrawn, reason, at
}

// takeUp plans again what was withdrawn.
func (t *Touchpoint) takeUp() {
	t.State, t.EndReason, t.Ended, t.Closing = Planned, "", time.Time{}, 0
}

// indexes of touchpoints: what a plan's time holds, and what is planned by or for whom.
const (
	byPlan  = "plan"
	byOwner = "owner"
	byState = "state"
)

// Collection is the name of the collection of touchpoints, by which the feed names them.
const Collection = "touchpoints"

// Kind is how touchpoints are stored and told: without what people wrote.
var Kind = resource.Kind[Touchpoint]{
	Type: touchpointType, Name: Name,
	Tell: func(t Touchpoint) any {
		if t.Outcome != nil {
			outcome := *t.Outcome
			outcome.Text = ""
			t.Outcome = &outcome
		}
		if t.State == Skipped {
			t.EndReason = ""
		}
		t.Adjustments = slices.Clone(t.Adjustments)
		for i := range t.Adjustments {
			if t.Adjustments[i].Reason == Person {
				t.Adjustments[i].Words = ""
			}
		}
		return t
	},
	Spec: docstore.Spec{Name: Collection, Indexes: []docstore.Index{
		{Name: byPlan, Fields: []string{"plan", "day"}},
		{Name: byOwner, Fields: []string{"state", "owner", "day"}},
		{Name: byState, Fields: []string{"state", "day"}},
	}},
}

// String writes an adjustment as in a sentence.
func (a Adjustment) String() string {
	if a.By == "" {
		return a.Words
	}
	return fmt.Sprintf("%s (%s)", a.Words, a.By)
}
