package advice

import (
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// SolicitationState is where a question stands.
type SolicitationState string

// The states of a solicitation. Deciding is never stored: it is Open after the last day
// for ideas.
const (
	// Draft: it is being written, and nobody was asked.
	Draft SolicitationState = "draft"
	// Open: ideas come in.
	Open SolicitationState = "open"
	// Deciding: no more ideas come in, and those there are get their answers.
	Deciding SolicitationState = "deciding"
	// Answered: all ideas have their answers, and the question is closed for good.
	Answered SolicitationState = "answered"
	// Withdrawn: it was taken back before anybody gave an idea.
	Withdrawn SolicitationState = "withdrawn"
)

// Solicitation is a question put to a board, or to customers.
type Solicitation struct {
	Question   string `bson:"question"`
	Background string `bson:"background,omitempty"`
	// Owner is the id of the principal who has to answer.
	Owner    string            `bson:"owner"`
	Audience Audience          `bson:"audience"`
	Stored   SolicitationState `bson:"state"`
	// Opened is the day from which ideas are taken; none in a draft.
	Opened civil.Day `bson:"opened,omitempty"`
	// Closes is the last day on which ideas are taken, and Closed when it was closed
	// before that.
	Closes civil.Day `bson:"closes,omitempty"`
	Closed time.Time `bson:"closed,omitempty"`
	// Decision is the day by the end of which every idea has to have its answer.
	Decision civil.Day `bson:"decision,omitempty"`
	// Due is the earliest decision day that was ever published: the lock counts from it,
	// whatever the decision is put off to.
	Due civil.Day `bson:"due,omitempty"`
	// Changes are what was changed of it after it was opened, oldest first.
	Changes []Change `bson:"changes,omitempty"`
	// Answer sums up what the company decided.
	Answer string `bson:"answer,omitempty"`
	// Ended is when it was answered or withdrawn.
	Ended time.Time `bson:"ended,omitempty"`
	// Withdrawal says why it was withdrawn.
	Withdrawal string `bson:"withdrawal,omitempty"`
	// Locks are what it locks while it is past Due with ideas undecided, as keys of the
	// lock: of its audience, and of everybody who has owned it since it was opened. There
	// are none before it is opened and after it is answered.
	Locks []string `bson:"locks,omitempty"`
	// Entries is how often an idea was let in; it makes every entry a change of the
	// solicitation, so that none is answered or withdrawn while an idea comes in.
	Entries        int64 `bson:"entries"`
	resource.Times `bson:",inline"`
}

// Change is what was changed of an open solicitation.
type Change struct {
	At     time.Time `bson:"at"`
	By     string    `bson:"by"`
	Reason string    `bson:"reason"`
	// Field is owner, close_date or decision_date.
	Field string `bson:"field"`
	From  string `bson:"from"`
	To    string `bson:"to"`
}

// State returns where the solicitation stands on a day.
func (s *Solicitation) State(today civil.Day) SolicitationState {
	if s.Stored == Open && (today > s.Closes || !s.Closed.IsZero()) {
		return Deciding
	}
	return s.Stored
}

// Late says whether the first decision day that was published has passed without the
// solicitation having been closed for good. Whether it locks others then is a matter of
// its ideas.
func (s *Solicitation) Late(today civil.Day) bool {
	return s.Stored == Open && today > s.Due
}

// SolicitationPatch says what to change of a solicitation; nil leaves a field as it is.
type SolicitationPatch struct {
	Question, Background, Owner *string
	Audience                    *Audience
	Closes, Decision            *civil.Day
	// Reason says why an open solicitation is changed.
	Reason string
}

// apply changes a draft, or an open solicitation, of which only the owner and the days
// can be changed, each with a reason that is kept.
func (p SolicitationPatch) apply(name string, s *Solicitation, at time.Time, today civil.Day, by string) error {
	switch s.Stored {
	case Draft:
		set(&s.Question, p.Question)
		set(&s.Background, p.Background)
		set(&s.Owner, p.Owner)
		set(&s.Audience, p.Audience)
		set(&s.Closes, p.Closes)
		set(&s.Decision, p.Decision)
		return s.check()
	case Open:
		return p.applyOpen(name, s, at, today, by)
	}
	return stateFault(name, "%s is %s and cannot be changed any more.", name, s.Stored)
}

func (p SolicitationPatch) applyOpen(name string, s *Solicitation, at time.Time, today civil.Day, by string) error {
	if changed(p.Question, s.Question) || changed(p.Background, s.Background) || p.Audience != nil && !p.Audience.equal(s.Audience) {
		return stateFault(name, "%s was opened on %s: what was asked of whom stays as it was. Only owner, close_date and decision_date can be changed.",
			name, s.Opened)
	}
	var changes []Change
	note := func(field string, from, to string) {
		changes = append(changes, Change{At: at, By: by, Reason: p.Reason, Field: field, From: from, To: to})
	}
	if changed(p.Owner, s.Owner) {
		note("owner", s.Owner, *p.Owner)
	}
	if changed(p.Closes, s.Closes) {
		if !s.Closed.IsZero() {
			return stateFault(name, "%s was closed on %s and takes no more ideas.", name, s.Closes)
		}
		if *p.Closes < today {
			return fault.Invalid("solicitation.close_date", "%s has passed: to take no more ideas from now on, close the solicitation", *p.Closes)
		}
		note("close_date", s.Closes.String(), p.Closes.String())
	}
	if changed(p.Decision, s.Decision) {
		if *p.Decision < today {
			return fault.Invalid("solicitation.decision_date", "%s has passed: give a day from %s on", *p.Decision, today)
		}
		note("decision_date", s.Decision.String(), p.Decision.String())
	}
	if len(changes) > 0 && p.Reason == "" {
		return fault.Invalid("reason", "is empty: say why an open solicitation is changed, for those who were asked")
	}
	set(&s.Owner, p.Owner)
	set(&s.Closes, p.Closes)
	set(&s.Decision, p.Decision)
	s.Due = min(s.Due, s.Decision)
	s.Changes = slices.Concat(s.Changes, changes)
	s.addLock(ownerLock(s.Owner))
	return s.check()
}

// check wants the fields to be right by themselves.
func (s *Solicitation) check() error {
	switch {
	case s.Question == "":
		return fault.Invalid("solicitation.question", "is empty: say what is asked")
	case s.Owner == "":
		return fault.Invalid("solicitation.owner", "is empty: say who will answer, as principals/anna")
	case s.Decision != 0 && s.Closes == 0:
		return fault.Invalid("solicitation.close_date", "is not set: give the last day on which ideas are taken")
	case s.Decision != 0 && s.Decision < s.Closes:
		return fault.Invalid("solicitation.decision_date", "%s is before %s, the last day for ideas", s.Decision, s.Closes)
	}
	return s.Audience.check()
}

// open makes a draft an open solicitation from a day on.
func (s *Solicitation) open(name string, on, today civil.Day) error {
	if s.Stored != Draft {
		return stateFault(name, "%s is %s: only a draft can be opened.", name, s.State(today))
	}
	if err := s.check(); err != nil {
		return err
	}
	switch {
	case s.Closes == 0:
		return fault.Invalid("solicitation.close_date", "is not set: give the last day on which ideas are taken, before %s is opened", name)
	case s.Decision == 0:
		return fault.Invalid("solicitation.decision_date",
			"is not set: promise a day by which every idea has its answer, before %s is opened", name)
	case on > today:
		return fault.Invalid("open_date", "%s has not come yet: open %s on that day", on, name)
	case s.Closes < on:
		return fault.Invalid("solicitation.close_date", "%s is before %s, on which it would open", s.Closes, on)
	}
	s.Stored, s.Opened, s.Due = Open, on, s.Decision
	for _, key := range s.Audience.locks() {
		s.addLock(key)
	}
	s.addLock(ownerLock(s.Owner))
	return nil
}

func (s *Solicitation) addLock(key string) {
	if !slices.Contains(s.Locks, key) {
		s.Locks = append(slices.Clone(s.Locks), key)
	}
}

// admits says whether an idea that was given on a day is taken.
func (s *Solicitation) admits(name string, on, today civil.Day) error {
	switch took := s.Stored == Open && s.Closed.IsZero(); {
	case took && s.Opened <= on && on <= s.Closes:
		return nil
	case took && on != today:
		return fault.Invalid("idea.submit_date", "%s is not from %s to %s, when %s takes ideas", on, s.Opened, s.Closes, name)
	}
	return stateFault(name, "%s is %s and takes no ideas. An idea without a solicitation is taken at any time.", name, s.State(today))
}

// close takes no more ideas before the last day for them has passed.
func (s *Solicitation) close(name string, at time.Time, today civil.Day) error {
	if state := s.State(today); state != Open {
		return stateFault(name, "%s is %s: only one that is open can be closed.", name, state)
	}
	s.Closed, s.Closes = at, today
	return nil
}

// end closes the solicitation for good.
func (s *Solicitation) end(as SolicitationState, at time.Time) {
	s.Stored, s.Ended, s.Locks = as, at, nil
}

// stateFault says that a solicitation is in a state that does not allow something.
func stateFault(name, format string, args ...any) error {
	return fault.Precondition(reasonSolicitationState, name, format, args...).WithResource(solicitationType, name)
}

// set gives a field the value of a patch, where that has one.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// changed says whether a patch has another value than the field.
func changed[T comparable](value *T, field T) bool { return value != nil && *value != field }
