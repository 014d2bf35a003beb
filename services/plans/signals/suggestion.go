package signals

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// State says where a suggestion stands.
type State string

// The states of a suggestion. Those that somebody decided on are for good; one that expired
// is open again where its cause holds again.
const (
	Undecided State = "open"
	Snoozed   State = "snoozed"
	Accepted  State = "accepted"
	Dismissed State = "dismissed"
	Expired   State = "expired" // its cause was over before anybody decided
)

// States are all of them.
var States = []State{Undecided, Snoozed, Accepted, Dismissed, Expired}

// Why is why a suggestion was dismissed.
type Why string

// The reasons to dismiss a suggestion.
const (
	NotRelevant  Why = "not-relevant"
	AlreadyKnown Why = "already-known"
	WrongFigures Why = "wrong-figures"
	BadTime      Why = "bad-time"
	Other        Why = "other"
)

// Whys are all of them.
var Whys = []Why{NotRelevant, AlreadyKnown, WrongFigures, BadTime, Other}

// Suggestion is that a customer should be spoken to, and why. Its reason and figures stay
// as they were on the day on which it was made, or opened after it had expired.
type Suggestion struct {
	// Account is an id, Owner that of its owner.
	Account string `bson:"account"`
	Owner   string `bson:"owner"`
	// Rule is the id of the rule, Version the number of the version that made it.
	Rule    string `bson:"rule"`
	Version int    `bson:"version"`
	// Fact and Cause are what happened: the same of several suggestions where several rules
	// looked at it.
	Fact    Kind     `bson:"fact"`
	Cause   string   `bson:"cause"`
	Reason  string   `bson:"reason"`
	Figures []Figure `bson:"figures"`
	// Weight is 0 to 100.
	Weight  float64       `bson:"weight"`
	Channel plans.Channel `bson:"channel"`
	Purpose string        `bson:"purpose"`
	// Day is the day it was made, or opened again after it had expired. Beside are the ids of
	// the others about its cause whose rules held on that day too.
	Day    civil.Day `bson:"day"`
	Beside []string  `bson:"beside,omitempty"`
	State  State     `bson:"state"`
	// Until is the day on which a snoozed one is open again; one that expired keeps it.
	Until civil.Day `bson:"until,omitempty"`
	// Score is what it is ranked by: see Score.
	Score int64 `bson:"score"`
	// Shown says that it is open, and the best about its cause of those that none which was
	// accepted stands for. Others are the ids of the others of these; StoodFor is the id of the
	// one that is shown, or was accepted, in its place.
	Shown    bool     `bson:"shown"`
	Others   []string `bson:"others,omitempty"`
	StoodFor string   `bson:"stood_for,omitempty"`

	// Unranked says that the account's suggestions are to be ranked because of what was
	// decided about this one.
	Unranked bool `bson:"unranked,omitempty"`

	// Decider is the name of who accepted or dismissed it, at an instant; DecidedRule is the
	// rule's id from then on.
	Decider     string    `bson:"decider,omitempty"`
	Decided     time.Time `bson:"decided,omitempty"`
	DecidedRule string    `bson:"decided_rule,omitempty"`
	// Touchpoint is the resource name of what an accepted one became, on the day Planned.
	// Planning says that it is not known yet.
	Touchpoint string    `bson:"touchpoint,omitempty"`
	Planned    civil.Day `bson:"planned,omitempty"`
	Planning   bool      `bson:"planning,omitempty"`
	// Why and Text say why it was dismissed; Damped is the first day on which the rule may
	// suggest something for the account again.
	Why    Why       `bson:"why,omitempty"`
	Text   string    `bson:"text,omitempty"`
	Damped civil.Day `bson:"damped,omitempty"`
	// Expiry says why it expired.
	Expiry string `bson:"expiry,omitempty"`

	resource.Times `bson:",inline"`
}

// waits says that somebody is to decide about it.
func (s *Suggestion) waits() bool { return s.State == Undecided || s.State == Snoozed }

// cause tells what several suggestions are about from what others are.
func (s *Suggestion) cause() string { return string(s.Fact) + "/" + s.Cause }

// wake opens a suggestion that was snoozed until a day, or before it.
func (s *Suggestion) wake(day civil.Day) {
	if s.State == Snoozed && s.Until <= day {
		s.State, s.Until = Undecided, 0
	}
}

// tellSuggestion is what followers of the feed see of a suggestion, for good.
func tellSuggestion(s Suggestion) any {
	s.Reason, s.Figures, s.Text = "", nil, ""
	return s
}
