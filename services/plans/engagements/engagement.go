package engagements

import (
	"regexp"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// State says how far an engagement is.
type State string

// The states of an engagement: the first three are open, the others final.
const (
	Requested State = "requested" // nobody is on it yet
	Matched   State = "matched"   // experts are named
	UnderWay  State = "under-way" // they have begun
	Completed State = "completed" // it ended with an outcome
	Declined  State = "declined"  // the company will not do it
	Cancelled State = "cancelled" // it was called off
)

// Open says whether the engagement has not ended.
func (s State) Open() bool { return s == Requested || s == Matched || s == UnderWay }

// Origin says how an engagement came about; what it uses of a benefit has the same origin.
type Origin string

// The origins of an engagement.
const (
	AskedFor  Origin = "asked-for" // the customer asked
	Offered   Origin = "offered"   // the company offered it
	Automatic Origin = "automatic" // nobody asked and nobody offered
)

const (
	// MaxExperts is how many experts can work on one engagement at a time, and maxPeople
	// how many there can be one after another.
	MaxExperts = 20
	maxPeople  = 100
	// MaxFeedback is how often a customer can be heard about one engagement.
	MaxFeedback = 50
	// UnitMinutes is how many minutes of work fill a unit of a benefit where an engagement
	// does not say.
	UnitMinutes = 60
	// maxMinutes bounds what is planned: a hundred years of it would not be a plan.
	maxMinutes = 10_000 * 60
)

// Definition is what an engagement is about, which may change while it is open.
type Definition struct {
	Title string `bson:"title"`
	// Problem is the problem in the customer's words.
	Problem string `bson:"problem"`
	// Area is an id, as channel-development.
	Area string `bson:"area"`
	// Contact is the resource name of the customer's contact that it is for; it may be empty.
	Contact string `bson:"contact,omitempty"`
	// Languages are tags of BCP 47 that experts should speak.
	Languages []string `bson:"languages,omitempty"`
	Origin    Origin   `bson:"origin"`
	// PlannedMinutes is how much work is expected, in minutes; 0 where nobody said.
	PlannedMinutes int `bson:"planned_minutes,omitempty"`
	// PlannedStart and PlannedEnd are the first and the last day on which it is planned; 0
	// where nobody said.
	PlannedStart civil.Day `bson:"planned_start,omitempty"`
	PlannedEnd   civil.Day `bson:"planned_end,omitempty"`
	// Benefit is the id of a metered benefit that the hours use; empty where they use none.
	Benefit string `bson:"benefit,omitempty"`
	// UnitMinutes is how many minutes of work fill a unit of the benefit; at least 1.
	UnitMinutes int `bson:"unit_minutes"`
}

// Engagement is work of the company's people on a problem of a customer.
type Engagement struct {
	// Account is the id of the customer's account.
	Account    string `bson:"account"`
	Definition `bson:",inline"`
	// Requester is the resource name of the principal who asked for it.
	Requester string `bson:"requester"`
	State     State  `bson:"state"`
	// Reason says why it was declined or cancelled.
	Reason string `bson:"reason,omitempty"`
	// Outcome says what came of it.
	Outcome string `bson:"outcome,omitempty"`
	// Experts are the ids of those who are on it; People those of all who ever were.
	Experts []string `bson:"experts,omitempty"`
	People  []string `bson:"people,omitempty"`
	// AtWork are Experts while it is under way, and nobody otherwise.
	AtWork []string `bson:"at_work,omitempty"`
	// Workers are the ids of those of whose hours some stand.
	Workers []string `bson:"workers,omitempty"`
	// Team are the ids of those who owned the account or served it when the engagement was
	// completed.
	Team []string `bson:"team,omitempty"`
	// Started and Ended are the days on which it began and ended; 0 before.
	Started civil.Day `bson:"started,omitempty"`
	Ended   civil.Day `bson:"ended,omitempty"`
	// Finished is when it was completed; zero for one that was not.
	Finished time.Time `bson:"finished,omitempty"`
	// Completer is the resource name of the principal who said that it is completed.
	Completer string `bson:"completer,omitempty"`
	// Hours is the ledger of the work, in the order in which it was recorded.
	Hours []Entry `bson:"hours,omitempty"`
	// Worked is how long people have worked, in minutes, less what was taken back.
	Worked int `bson:"worked"`
	// LastWorked is the last day of which there are hours, taken back or not; 0 without any.
	LastWorked civil.Day `bson:"last_worked,omitempty"`
	// Used is how many units of the benefit the hours use: those that it did not refuse,
	// less what was given back. Refused is how many it refused of the hours that stand.
	Used    int64 `bson:"used"`
	Refused int64 `bson:"refused,omitempty"`
	// Waiting is how many of its entries are still to be settled with the benefit.
	Waiting int `bson:"waiting,omitempty"`
	// Touched is the number of the entry that was written or settled last; 0 where there is
	// none.
	Touched int `bson:"touched,omitempty"`
	// Feedback is what the customer said, in the order in which it was recorded.
	Feedback       []Feedback `bson:"feedback,omitempty"`
	resource.Times `bson:",inline"`
}

// Feedback is what a customer said about an engagement.
type Feedback struct {
	Text string `bson:"text,omitempty"`
	// Rating is from 1, the worst, to 5.
	Rating int `bson:"rating"`
	// Contact is the resource name of who said it.
	Contact string `bson:"contact"`
	// Solved says that they confirmed that the problem is solved.
	Solved bool      `bson:"solved,omitempty"`
	Day    civil.Day `bson:"day"`
	// By is the resource name of the principal who recorded it.
	By string    `bson:"by"`
	At time.Time `bson:"at"`
}

// lastHeard is what the customer said last, by its day and not by when it was recorded, and
// of one day what was recorded last; nil before they said anything.
func (e *Engagement) lastHeard() *Feedback {
	var last *Feedback
	for i := range e.Feedback {
		if f := &e.Feedback[i]; last == nil || f.Day >= last.Day {
			last = f
		}
	}
	return last
}

// Confirmed says whether the customer confirmed that the problem is solved, and has not
// said otherwise since.
func (e *Engagement) Confirmed() bool {
	last := e.lastHeard()
	return last != nil && last.Solved
}

// told is the engagement as events tell it: without what the customer said, and without
// what people wrote beside their hours, of which only the entry touched last is told.
func (e Engagement) told() any {
	e.Problem = ""
	hours := e.Hours
	e.Hours = nil
	if e.Touched > 0 {
		touched := hours[e.Touched-1]
		touched.Note = ""
		e.Hours = []Entry{touched}
	}
	e.Feedback = slices.Clone(e.Feedback)
	for i := range e.Feedback {
		e.Feedback[i].Text = ""
	}
	return e
}

// language is the form of a tag of BCP 47.
var language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

func checkLanguages(field string, tags []string) error {
	if len(tags) > MaxLanguages {
		return fault.Invalid(field, "has %d languages, and %d is the most", len(tags), MaxLanguages)
	}
	for _, tag := range tags {
		if !language.MatchString(tag) {
			return fault.Invalid(field, "%q is no language: use its tag, as de or pt-BR", tag)
		}
	}
	return nil
}

// check wants what an engagement is about to be right by itself.
func (d *Definition) check() error {
	switch {
	case d.Title == "":
		return fault.Invalid("engagement.title", "is empty: say in a few words what is to be solved")
	case d.Problem == "":
		return fault.Invalid("engagement.problem", "is empty: write the problem down as the customer put it")
	case !names.IsID(d.Area):
		return fault.Invalid("engagement.area", "%q is no id: use lower-case letters, digits and hyphens, as channel-development", d.Area)
	case d.Origin != AskedFor && d.Origin != Offered && d.Origin != Automatic:
		return fault.Invalid("engagement.origin", "is not given: say whether it was asked for, offered, or came about by itself")
	case d.PlannedMinutes < 0 || d.PlannedMinutes > maxMinutes:
		return fault.Invalid("engagement.planned_minutes", "%d is not between 0 and %d", d.PlannedMinutes, maxMinutes)
	case d.PlannedStart != 0 && d.PlannedEnd != 0 && d.PlannedEnd < d.PlannedStart:
		return fault.Invalid("engagement.planned_end_date", "%s is before %s, on which it is planned to start", d.PlannedEnd, d.PlannedStart)
	case d.Benefit != "" && !names.IsID(d.Benefit):
		return fault.Invalid("engagement.benefit", "%q is no id of a benefit", d.Benefit)
	case d.UnitMinutes < 1 || d.UnitMinutes > maxDay:
		return fault.Invalid("engagement.unit_minutes", "%d is not between 1 and %d", d.UnitMinutes, maxDay)
	}
	return checkLanguages("engagement.languages", d.Languages)
}

// complete fills in what was not given, and sorts what has no order of its own.
func (d *Definition) complete() {
	if d.Origin == "" {
		d.Origin = AskedFor
	}
	if d.UnitMinutes == 0 {
		d.UnitMinutes = UnitMinutes
	}
	d.Languages = sorted(d.Languages)
}

// Patch says what to change of an engagement; nil leaves a field as it is.
type Patch struct {
	Title, Problem, Area, Contact, Benefit *string
	Languages                              *[]string
	Origin                                 *Origin
	PlannedMinutes, UnitMinutes            *int
	PlannedStart, PlannedEnd               *civil.Day
}

// apply changes an engagement that has not ended. What its hours use is settled by the
// first of them.
func (p Patch) apply(id string, e *Engagement) error {
	if err := e.mustBe(id, Requested, Matched, UnderWay); err != nil {
		return err
	}
	was := e.Definition
	d := &e.Definition
	set(&d.Title, p.Title)
	set(&d.Problem, p.Problem)
	set(&d.Area, p.Area)
	set(&d.Contact, p.Contact)
	set(&d.Benefit, p.Benefit)
	set(&d.Languages, p.Languages)
	set(&d.Origin, p.Origin)
	set(&d.PlannedMinutes, p.PlannedMinutes)
	set(&d.UnitMinutes, p.UnitMinutes)
	set(&d.PlannedStart, p.PlannedStart)
	set(&d.PlannedEnd, p.PlannedEnd)
	d.complete()
	if len(e.Hours) > 0 && (d.Benefit != was.Benefit || d.UnitMinutes != was.UnitMinutes || d.Origin != was.Origin) {
		return refused(reasonState, id, "%s has hours already, recorded by what was said of its benefit and origin: "+
			"these stay. Request another engagement for work that is to count otherwise.", Name(id))
	}
	return d.check()
}

// mustBe is ENGAGEMENT_STATE unless the engagement is in one of the states.
func (e *Engagement) mustBe(id string, states ...State) error {
	if slices.Contains(states, e.State) {
		return nil
	}
	return refused(reasonState, id, "%s is %s, and this can be done only to one that is %s.", Name(id), words(e.State), oneOf(states))
}

// mustHaveStarted is ENGAGEMENT_STATE before work has begun.
func (e *Engagement) mustHaveStarted(id string) error {
	if e.Started != 0 {
		return nil
	}
	return refused(reasonState, id, "%s is %s, and no work has begun: start it first.", Name(id), words(e.State))
}

func words(s State) string {
	if s == UnderWay {
		return "under way"
	}
	return string(s)
}

func oneOf(states []State) string {
	text := words(states[0])
	for i, s := range states[1:] {
		if i == len(states)-2 {
			text += " or " + words(s)
		} else {
			text += ", " + words(s)
		}
	}
	return text
}

// assign puts experts on the engagement, in place of those who are on it.
func (e *Engagement) assign(id string, experts []string) error {
	if err := e.mustBe(id, Requested, Matched, UnderWay); err != nil {
		return err
	}
	e.Experts = sorted(experts)
	e.People = sorted(slices.Concat(e.People, experts))
	if len(e.People) > maxPeople {
		return refused(reasonFull, id, "%s has had %d experts, and more cannot be: request another engagement.", Name(id), maxPeople)
	}
	switch e.State {
	case Requested:
		e.State = Matched
	case UnderWay:
		e.AtWork = e.Experts
	}
	return nil
}

// end puts an engagement that is in one of the states into a final one.
func (e *Engagement) end(id string, on civil.Day, to State, from ...State) error {
	if err := e.mustBe(id, from...); err != nil {
		return err
	}
	e.State, e.Ended, e.AtWork = to, on, nil
	return nil
}
