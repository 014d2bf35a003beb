package requests

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// RequestState says where a special request stands.
type RequestState string

// The states of a special request. It ends declined or made a rule; there is no third way.
const (
	Undecided RequestState = "open"
	InDraft   RequestState = "in-draft" // a draft makes a rule of it, and is not approved yet
	Declined  RequestState = "declined"
	MadeRule  RequestState = "made-rule"
)

// States are all of them.
var States = []RequestState{Undecided, InDraft, Declined, MadeRule}

// Request is a special situation somebody asks for, on behalf of an account.
type Request struct {
	State RequestState `bson:"state"`
	// Account is the id of the account it is about.
	Account string `bson:"account"`
	// Requester is the name of the principal who asked; Roles are those the principal had then.
	Requester string   `bson:"requester"`
	Roles     []string `bson:"roles"`
	// Asked is what is asked for, and Why the reason given; Facts are what it rests on.
	Asked string            `bson:"asked"`
	Why   string            `bson:"why"`
	Facts map[string]string `bson:"facts,omitempty"`

	// Draft is the id of the draft that makes a rule of it; Rules are the ids of its rules that
	// were not there before.
	Draft string   `bson:"draft,omitempty"`
	Rules []string `bson:"rules,omitempty"`
	// Drafted says that the draft has come to be.
	Drafted bool `bson:"drafted,omitempty"`
	// Effect is what was foreseen of these rules when the draft was made.
	Effect *Effect `bson:"effect,omitempty"`
	// Decided is when it was declined, or put into a draft, and by whom.
	DecidedBy string    `bson:"decided_by,omitempty"`
	Decided   time.Time `bson:"decided,omitempty"`
	// Decision is why it was declined.
	Decision string `bson:"decision,omitempty"`
	// SingleOperator says that who decided asked for it too, since nobody else was there.
	SingleOperator bool `bson:"single_operator,omitempty"`
	// Version is the number of the version of the schedule that has the rule.
	Version int `bson:"version,omitempty"`
	// Attempts are drafts of it that came to nothing, the oldest first.
	Attempts []Attempt `bson:"attempts,omitempty"`

	resource.Times `bson:",inline"`
}

// Attempt is a draft that was rejected or withdrawn.
type Attempt struct {
	Draft string    `bson:"draft"`
	State string    `bson:"state"`
	By    string    `bson:"by"`
	At    time.Time `bson:"at"`
	// Reason is why.
	Reason string `bson:"reason"`
}

// Effect is what rules are foreseen to do. Amounts are minor units.
type Effect struct {
	At time.Time `bson:"at"`
	// Meeting is how many accounts meet one of the rules; Others how many of them would get
	// something that they do not hold, besides the account that it was asked for.
	Meeting int64 `bson:"meeting"`
	Others  int64 `bson:"others"`
	// Requested says that the account it was asked for would get something by the rules.
	Requested bool `bson:"requested"`
	// Examples are the first of the others in the order of ids.
	Examples []string `bson:"examples,omitempty"`
	// Cost is the expected cost of a year; nil where the schedule does not state it.
	Cost     *int64 `bson:"cost,omitempty"`
	Currency string `bson:"currency"`
}

// RequestName is the resource name of a special request.
func RequestName(id string) string { return "specialRequests/" + id }

// waitsFor says whether what comes of a draft comes of the request.
func (r *Request) waitsFor(draft string) bool { return r.State == InDraft && r.Draft == draft }

// reopen makes a request that is in a draft open again.
func (r *Request) reopen() {
	r.State, r.Draft, r.Rules, r.Drafted, r.Effect = Undecided, "", nil, false, nil
	r.DecidedBy, r.Decided, r.SingleOperator = "", time.Time{}, false
}

// tellRequest is what followers of the feed see of a request, for good: not what people
// wrote, which may be about persons.
func tellRequest(r Request) any {
	r.Asked, r.Why, r.Decision, r.Facts, r.Attempts, r.Effect = "", "", "", nil, nil, nil
	return r
}

const (
	maxText   = 4000 // characters
	maxReason = 2000 // characters
	maxFacts  = 50
	maxFact   = 500 // characters
)

// needReason refuses to do something without a reason; why says what it is for.
func needReason(path, reason, why string) error {
	if strings.TrimSpace(reason) == "" {
		return fault.Invalid(path, "is needed: %s", why)
	}
	if n := utf8.RuneCountInString(reason); n > maxReason {
		return fault.Invalid(path, "has %d characters, more than %d", n, maxReason)
	}
	return nil
}

// check says what is wrong with a new request.
func (r *Request) check() error {
	var fields []fault.Field
	add := func(path, format string, args ...any) {
		fields = append(fields, fault.Field{Path: "special_request." + path, Description: fmt.Sprintf(format, args...)})
	}
	text := func(path, value string) {
		if strings.TrimSpace(value) == "" {
			add(path, "is needed")
		} else if n := utf8.RuneCountInString(value); n > maxText {
			add(path, "has %d characters, more than %d", n, maxText)
		}
	}
	text("asked", r.Asked)
	text("reason", r.Why)
	if len(r.Facts) > maxFacts {
		add("facts", "are %d, more than %d", len(r.Facts), maxFacts)
	}
	for key, value := range r.Facts {
		if key == "" || utf8.RuneCountInString(key) > maxFact || utf8.RuneCountInString(value) > maxFact {
			add("facts", "%.60q must have a name, and name and value at most %d characters", key, maxFact)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return fault.Invalid(fields[0].Path, "%s", fields[0].Description).WithFields(fields[1:]...)
}
