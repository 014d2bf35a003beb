package advice

import (
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Idea is what a customer says the company should do, asked for or not.
type Idea struct {
	Title string `bson:"title"`
	Text  string `bson:"text,omitempty"`
	Links []Link `bson:"links,omitempty"`
	// Solicitation is the id of the one it answers; empty where nobody asked.
	Solicitation string `bson:"solicitation"`
	// Board is the id of the board that the solicitation is put to, if it is to one.
	Board string `bson:"board,omitempty"`
	// Giver is whose idea it is.
	Giver `bson:",inline"`
	// Submitted is the day on which it was given.
	Submitted civil.Day `bson:"submitted"`
	// By is the principal who entered it.
	By string `bson:"by"`
	// Group is the votes for it, and the ideas merged into it with theirs.
	Group `bson:",inline"`
	// Count is how many accounts have voted for it, or for an idea merged into it.
	Count int64 `bson:"count"`
	// Into is the id of the idea it was merged into, or empty. While there is one, its
	// group is kept there, and what stands here is what it was before.
	Into string `bson:"into,omitempty"`
	// Undecided is true until it has an answer, and not stored then.
	Undecided bool `bson:"undecided,omitempty"`
	// Answers are the dispositions it was given, oldest first; the last is in force. A
	// merged idea has those of the one it was merged into.
	Answers []Disposition `bson:"answers,omitempty"`
	// Revision counts the changes of the answers and of their follow-up.
	Revision int64 `bson:"revision,omitempty"`
	// Told is the revision of which those who gave the idea, and the ideas merged into
	// it, have been told, or rather will be for certain.
	Told int64 `bson:"told,omitempty"`
	// Tellings are to whom that was handed over, oldest first. Where a member of the
	// staff passed on what an account said there is none: whoever did tells the account.
	Tellings []Telling `bson:"tellings,omitempty"`
	// Due is by when what was promised has to be done, while it is not; for the index.
	Due *civil.Day `bson:"due,omitempty"`
	// Entering is true until the solicitation has let the idea in.
	Entering bool `bson:"entering,omitempty"`
	// Pending is true while something of it is to be finished that needs several
	// documents; for the index.
	Pending bool `bson:"pending,omitempty"`
	// Last is what its last change was, for those who follow the events.
	Last           string `bson:"last,omitempty"`
	resource.Times `bson:",inline"`
}

// Giver is whose an idea or a vote is: an account, and who spoke for it.
type Giver struct {
	// Account is the id of an account.
	Account string `bson:"account"`
	// Contact is the id of a contact of the account; empty where a member of the staff
	// passes on what the account said.
	Contact string `bson:"contact,omitempty"`
}

// String returns the resource name of the contact, or else of the account.
func (g Giver) String() string {
	if g.Contact == "" {
		return "accounts/" + g.Account
	}
	return "accounts/" + g.Account + "/contacts/" + g.Contact
}

// Link is an attachment, kept elsewhere.
type Link struct {
	Title string `bson:"title,omitempty"`
	URL   string `bson:"url"`
}

// IdeaState is where an idea stands.
type IdeaState string

// The states of an idea.
const (
	Undecided IdeaState = "undecided"
	Decided   IdeaState = "decided"
	Merged    IdeaState = "merged"
)

// State returns where the idea stands.
func (i *Idea) State() IdeaState {
	switch {
	case i.Into != "":
		return Merged
	case i.Undecided:
		return Undecided
	}
	return Decided
}

// Disposition returns the answer in force; nil where there is none yet.
func (i *Idea) Disposition() *Disposition {
	if len(i.Answers) == 0 {
		return nil
	}
	return &i.Answers[len(i.Answers)-1]
}

// settle brings what follows from the rest up to date: what is counted, and what the
// indexes look for.
func (i *Idea) settle() {
	i.Count = int64(len(i.Voters()))
	i.Undecided = len(i.Answers) == 0
	i.Due = nil
	if d := i.Disposition(); i.Into == "" && d != nil && d.promises() && d.Done.IsZero() {
		due := d.Due
		i.Due = &due
	}
	i.Pending = i.Entering || i.Into == "" && (i.moving() || i.Told < i.Revision || i.untold(i.Revision))
}

// IdeaPatch is what can be changed of an idea until it is decided; nil leaves a
// field as it is.
type IdeaPatch struct {
	Title, Text *string
	Links       *[]Link
}

func (p IdeaPatch) apply(name string, i *Idea) error {
	if err := i.mustBe(name, Undecided, "changed"); err != nil {
		return err
	}
	set(&i.Title, p.Title)
	set(&i.Text, p.Text)
	set(&i.Links, p.Links)
	i.Last = wasReworded
	return i.check()
}

func (i *Idea) check() error {
	if i.Title == "" {
		return fault.Invalid("idea.title", "is empty: say in a line what the idea is")
	}
	if i.Account == "" {
		return fault.Invalid("idea.account", "is empty: say which account the idea is from, as accounts/acme")
	}
	return nil
}

// mustBe refuses what cannot be done to an idea in another state, saying what to do
// instead.
func (i *Idea) mustBe(name string, state IdeaState, done string) error {
	switch i.State() {
	case state:
		return nil
	case Merged:
		return ideaFault(name, "%s was merged into %s: that is the one to be %s.", name, IdeaName(i.Into), done)
	case Undecided:
		return ideaFault(name, "%s is undecided and cannot be %s yet.", name, done)
	default:
		return ideaFault(name, "%s was decided (%s) and cannot be %s any more.", name, i.Disposition().Outcome, done)
	}
}

// What changes are that bring new words.
const (
	wasSubmitted = "it was submitted"
	wasReworded  = "its words were changed"
)

// say notes what a change was, for the events.
func (i *Idea) say(format string, args ...any) { i.Last = fmt.Sprintf(format, args...) }

// ideaFault says that an idea is in a state that does not allow something.
func ideaFault(name, format string, args ...any) error {
	return fault.Precondition(reasonIdeaState, name, format, args...).WithResource(ideaType, name)
}

// Vote is an account's approval of an idea.
type Vote struct {
	Giver `bson:",inline"`
	// By is the principal who entered it.
	By string    `bson:"by"`
	At time.Time `bson:"at"`
}
