package advice

import (
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Outcome is what the company decided about an idea.
type Outcome string

// The outcomes.
const (
	// Adopt: it will be done.
	Adopt Outcome = "adopt"
	// Trial: it will be tried.
	Trial Outcome = "trial"
	// Decline: it will not be done.
	Decline Outcome = "decline"
	// AlreadyThere: it is there already.
	AlreadyThere Outcome = "already-there"
)

// Disposition is the company's answer to an idea.
type Disposition struct {
	Outcome Outcome `bson:"outcome"`
	// Reason is why, in words for those who gave the idea.
	Reason string `bson:"reason"`
	// Owner is the id of the principal who sees to it, and Due by when; of what is
	// adopted or tried.
	Owner string    `bson:"owner,omitempty"`
	Due   civil.Day `bson:"due,omitempty"`
	// By and At are who decided and when.
	By string    `bson:"by"`
	At time.Time `bson:"at"`
	// Revises says why the answer before it was changed; empty in the first.
	Revises string `bson:"revises,omitempty"`
	// Steps are what was done since, oldest first.
	Steps []Step `bson:"steps,omitempty"`
	// Done is when it was done; zero while it is not.
	Done time.Time `bson:"done,omitempty"`
}

// Step is something done about an idea that was adopted or is tried.
type Step struct {
	Note string `bson:"note"`
	// Evidence shows it: a link, a release, a document.
	Evidence string    `bson:"evidence,omitempty"`
	By       string    `bson:"by"`
	At       time.Time `bson:"at"`
	// Completes is true for the step with which what was promised is done.
	Completes bool `bson:"completes,omitempty"`
}

// promises says whether the answer is one that has to be followed up.
func (d *Disposition) promises() bool { return d.Outcome == Adopt || d.Outcome == Trial }

// Overdue says whether what was promised is not done, and should have been before a day.
func (d *Disposition) Overdue(today civil.Day) bool {
	return d.promises() && d.Done.IsZero() && d.Due < today
}

// check wants an answer that is whole, and promises nothing for a day that is past, other
// than what the answer before promised for that day.
func (d *Disposition) check(before *Disposition, today civil.Day) error {
	switch d.Outcome {
	case Adopt, Trial:
		if d.Owner == "" {
			return fault.Invalid("owner", "is empty: say who sees to what is promised, as principals/anna")
		}
		if d.Due == 0 {
			return fault.Invalid("due_date", "is not set: say by when what is promised will be done")
		}
		if d.Due < today && (before == nil || d.Due != before.Due) {
			return fault.Invalid("due_date", "%s is past: say by when what is promised will be done, today (%s) or later", d.Due, today)
		}
	case Decline, AlreadyThere:
		if d.Owner != "" || d.Due != 0 {
			return fault.Invalid("owner", "only what is adopted or tried has an owner and a due date; this is %s", d.Outcome)
		}
	default:
		return fault.Invalid("outcome", "is not given: it is adopt, trial, decline or already there")
	}
	if d.Reason == "" {
		return fault.Invalid("reason", "is empty: whoever gave the idea is told why")
	}
	return nil
}

// decide gives an undecided idea its first answer.
func (i *Idea) decide(name string, d Disposition, today civil.Day) error {
	if err := i.mustBe(name, Undecided, "decided"); err != nil {
		return err
	}
	return i.answer(d, today, "it was decided: %s")
}

// revise gives a decided idea another answer; the ones before are kept.
func (i *Idea) revise(name string, d Disposition, today civil.Day) error {
	if err := i.mustBe(name, Decided, "given another answer"); err != nil {
		return err
	}
	if d.Revises == "" {
		return fault.Invalid("revision_reason", "is empty: whoever was told the answer before is told why it is another now")
	}
	return i.answer(d, today, "its answer was changed: %s")
}

func (i *Idea) answer(d Disposition, today civil.Day, event string) error {
	if err := d.check(i.Disposition(), today); err != nil {
		return err
	}
	i.Answers = append(slices.Clip(i.Answers), d)
	i.Revision++
	i.say(event, d.Outcome)
	return nil
}

// follow records what was done about an idea that was promised.
func (i *Idea) follow(name string, step Step) error {
	if err := i.mustBe(name, Decided, "followed up"); err != nil {
		return err
	}
	d := *i.Disposition()
	switch {
	case !d.promises():
		return ideaFault(name, "%s was answered with %s: there is nothing to follow up.", name, d.Outcome)
	case !d.Done.IsZero():
		return ideaFault(name, "%s is done since %s. If it is not, revise its disposition and say why.", name, d.Done.Format(time.DateOnly))
	case step.Note == "":
		return fault.Invalid("note", "is empty: say what was done")
	case step.Completes && step.Evidence == "":
		return fault.Invalid("evidence", "is empty: show that it is done, by a link, a release or a document")
	}
	d.Steps = append(slices.Clip(d.Steps), step)
	if step.Completes {
		d.Done = step.At
	}
	i.Answers = append(slices.Clone(i.Answers[:len(i.Answers)-1]), d)
	i.Revision++
	i.say("a step was recorded: %s", step.Note)
	return nil
}
