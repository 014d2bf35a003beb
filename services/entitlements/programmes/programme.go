package programmes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/etag"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

const (
	// MaxCapacity bounds the places of a programme.
	MaxCapacity = 10_000
	// MaxApplicants bounds the accounts that ever applied to a programme: with all of them
	// its document has about 2 MB, and about 12 MB where each has come and gone MaxStays
	// times.
	MaxApplicants = 20_000
	// MaxStays bounds how often an account can have had a place and given it back.
	MaxStays = 20
)

// State is where a programme stands on a day.
type State string

// The states of a programme.
const (
	// Draft: nobody can apply, and everything can be changed.
	Draft State = "draft"
	// Open: it is published, and applications are taken, or will be from a day on.
	Open State = "open"
	// Running: it is published, and takes no applications any more.
	Running State = "running"
	// Closed: it has ended.
	Closed State = "closed"
)

// Definition is what a programme is, as its owner writes it.
type Definition struct {
	Title string `bson:"title"`
	// Summary says what it is, in a line.
	Summary string `bson:"summary"`
	// Criteria are what an account has to meet to apply.
	Criteria schedule.Condition `bson:"criteria"`
	// Capacity is the number of places, 1 to MaxCapacity.
	Capacity int `bson:"capacity"`
	// Opens is the first day for applications, 0 for the day of publishing; Closes is the
	// last one, 0 for none.
	Opens  civil.Day `bson:"opens,omitempty"`
	Closes civil.Day `bson:"closes,omitempty"`
	// Admission is in which order places are given; empty means FirstCome.
	Admission Admission `bson:"admission,omitempty"`
	// Round is the public value by which a lottery will be drawn; zero without one.
	Round Round `bson:"round,omitempty"`
}

// Programme is a programme with all who ever applied to it.
type Programme struct {
	Definition `bson:",inline"`
	// PublishedOn is the day on which it was published, 0 for a draft.
	PublishedOn civil.Day `bson:"published_on,omitempty"`
	// Ending is how it ends; nil while that is open.
	Ending *Ending `bson:"ending,omitempty"`
	// Drawing is how far its lottery is: nil before, and where there is none. Attempts
	// counts the lotteries that were called off or passed over.
	Drawing  *Drawing `bson:"drawing,omitempty"`
	Attempts int      `bson:"attempts,omitempty"`
	// Revision counts the changes but for those of entries.
	Revision int64 `bson:"revision"`
	// Entries are the accounts that ever applied, in the order of their last applications,
	// or of the lottery that they took part in.
	Entries []Entry `bson:"entries,omitempty"`
	// ReadSpend says that the criteria once read what customers spend, so that who is in
	// tells it even where they read it no more.
	ReadSpend bool `bson:"read_spend,omitempty"`
	// Turns counts the applications.
	Turns int64 `bson:"turns,omitempty"`
	// Changed are the accounts whose entries the last change was about.
	Changed        []string `bson:"changed,omitempty"`
	resource.Times `bson:",inline"`
}

// Ending says from when a programme is no more.
type Ending struct {
	// Day is the first day without it.
	Day    civil.Day `bson:"day"`
	Reason string    `bson:"reason"`
	// By is the principal who ended it.
	By string `bson:"by"`
}

// Standing is what an account is to a programme.
type Standing string

// The standings of accounts.
const (
	// Waiting: it has applied and has no place yet.
	Waiting Standing = "waiting"
	// Enrolled: it has a place.
	Enrolled Standing = "enrolled"
	// Left: it has given up its place or its application.
	Left Standing = "left"
)

// Why an account left.
const (
	Withdrawn     = "withdrawn"
	AccountClosed = "account-closed"
)

// Entry is an account that has applied. Its fields have short names, since a programme
// has many.
type Entry struct {
	Account  string   `bson:"a"`
	Standing Standing `bson:"s"`
	// Turn is the number of its last application among all: entries ascend by it. A lottery
	// exchanges the turns of those who take part.
	Turn int64 `bson:"n"`
	// Applied is when it applied last.
	Applied time.Time `bson:"t"`
	// From is the first day of the place it has.
	From civil.Day `bson:"f,omitempty"`
	// Stays are the places that it had before, oldest first.
	Stays []Stay `bson:"p,omitempty"`
	// Why is why it left.
	Why string `bson:"w,omitempty"`
}

// Stay is a time for which an account had a place: To is the first day after it.
type Stay struct {
	From civil.Day `bson:"f"`
	To   civil.Day `bson:"t"`
}

// Name returns the resource name of a programme.
func Name(id string) string { return "programmes/" + id }

// EnrolmentName returns the resource name of an account's enrolment.
func EnrolmentName(programme, account string) string {
	return Name(programme) + "/enrolments/" + account
}

// Collection is the collection of programmes.
const Collection = "programmes"

// Kind is how programmes are stored.
var Kind = resource.Kind[Programme]{
	Type: "evenhand/Programme", Name: Name, Spec: docstore.Spec{Name: Collection}, Tell: tell,
}

// tell leaves out the entries that the change was not about.
func tell(p Programme) any {
	changed := setOf(p.Changed)
	p.Entries = slices.DeleteFunc(slices.Clone(p.Entries), func(e Entry) bool { return !changed[e.Account] })
	return p
}

// Etag returns what a caller sends back to change only what it has read of a programme;
// who applies to it does not change it.
func Etag(s resource.Stored[Programme]) string { return etag.Of(s.State.Revision, s.Created) }

// ifEtag wants a programme to be as it was read but for its entries; none, and "*", want
// nothing.
func ifEtag(given string) resource.Condition[Programme] {
	if given == "" || given == "*" {
		return nil
	}
	return func(s resource.Stored[Programme]) bool { return Etag(s) == given }
}

// State returns where the programme stands on a day.
func (p *Programme) State(today civil.Day) State {
	switch {
	case p.PublishedOn == 0:
		return Draft
	case p.Ending != nil && p.Ending.Day <= today:
		return Closed
	case p.Closes != 0 && p.Closes < today:
		return Running
	}
	return Open
}

// Count returns how many accounts have a standing.
func (p *Programme) Count(standing Standing) int {
	n := 0
	for i := range p.Entries {
		if p.Entries[i].Standing == standing {
			n++
		}
	}
	return n
}

// Free returns how many places nobody has from the next day on.
func (p *Programme) Free() int { return p.Capacity - p.Count(Enrolled) }

// freeToday returns how many places nobody has on a day; who left on it has its place
// until its end.
func (p *Programme) freeToday(today civil.Day) int {
	free := p.Capacity
	for i := range p.Entries {
		e := &p.Entries[i]
		if e.Standing == Enrolled && e.From <= today {
			free--
		}
		for _, stay := range e.Stays {
			if stay.From <= today && today < stay.To {
				free--
			}
		}
	}
	return free
}

// admit gives a place to accounts for which there is one: from today on as long as one is
// free today, and from tomorrow on after that.
func (p *Programme) admit(accounts []string, today civil.Day) {
	now := p.freeToday(today)
	p.change(accounts, func(e *Entry) {
		e.Standing, e.From = Enrolled, today
		if now--; now < 0 {
			e.From = today + 1
		}
	})
}

// Entry returns what is known of an account, and its place on the waiting list, from 1; 0
// where it does not wait.
func (p *Programme) Entry(account string) (e Entry, position int, known bool) {
	waiting := 0
	for i := range p.Entries {
		if p.Entries[i].Standing == Waiting {
			waiting++
		}
		if p.Entries[i].Account != account {
			continue
		}
		if p.Entries[i].Standing == Waiting {
			position = waiting
		}
		return p.Entries[i], position, true
	}
	return Entry{}, 0, false
}

// first returns the first day for applications.
func (d *Definition) first(published civil.Day) civil.Day { return max(d.Opens, published) }

// takes says why applications are not taken on a day; "" where they are.
func (p *Programme) takes(today civil.Day) string {
	switch state := p.State(today); {
	case state == Draft:
		return "is a draft: publish it first"
	case state == Closed:
		return fmt.Sprintf("ended on %s: %s", p.Ending.Day, p.Ending.Reason)
	case state == Running:
		return fmt.Sprintf("took applications until %s", p.Closes)
	case today < p.first(p.PublishedOn):
		return fmt.Sprintf("takes applications from %s on", p.first(p.PublishedOn))
	}
	return ""
}

// change replaces the entries of some accounts by what a function makes of them. The
// entries as they were stay as they are.
func (p *Programme) change(accounts []string, with func(*Entry)) {
	wanted := setOf(accounts)
	p.Entries = slices.Clone(p.Entries)
	for i := range p.Entries {
		if wanted[p.Entries[i].Account] {
			with(&p.Entries[i])
		}
	}
	p.Changed = accounts
}

func setOf(accounts []string) map[string]bool {
	set := make(map[string]bool, len(accounts))
	for _, a := range accounts {
		set[a] = true
	}
	return set
}

// leave ends the place or the application of an account; it had the place up to a day,
// which is the first after it. One that would have begun tomorrow it never had.
func (e *Entry) leave(today, to civil.Day, why string) {
	if e.Standing == Enrolled && e.From <= today {
		e.Stays = append(slices.Clone(e.Stays), Stay{e.From, max(e.From+1, to)})
	}
	e.Standing, e.From, e.Why = Left, 0, why
}

// Told returns the programme as an event of the feed tells it: with the entries that the
// change was about. What was deleted has no state.
func Told(e docstore.FeedEvent) (resource.Stored[Programme], error) {
	_, id, _ := strings.Cut(e.Source, "/")
	s := resource.Stored[Programme]{ID: id, Aggregate: e.Source, Version: e.N}
	if len(e.Data) == 0 {
		return s, nil
	}
	if err := bson.Unmarshal(e.Data, &s.State); err != nil {
		return s, fmt.Errorf("read what is told of %s: %w", Name(id), err)
	}
	s.Created = s.State.Created
	return s, nil
}
