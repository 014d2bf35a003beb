package requests

import (
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// DraftState says where a draft stands.
type DraftState string

// The states of a draft. Published, rejected and withdrawn ones stay as they are.
const (
	Writing   DraftState = "draft"
	Proposed  DraftState = "proposed"
	Approved  DraftState = "approved" // and about to be published
	Published DraftState = "published"
	Rejected  DraftState = "rejected"
	Withdrawn DraftState = "withdrawn"
)

// Draft is a proposed edition of the schedule.
type Draft struct {
	State DraftState `bson:"state"`
	// YAML is the text of the edition, as it was written.
	YAML string `bson:"yaml,omitempty"`
	// Hash identifies its content, whatever the spelling.
	Hash string `bson:"hash"`
	// Base is the number of the version it was written on; 0 where there was none.
	Base int `bson:"base"`
	// Reason is why the schedule should change so.
	Reason string `bson:"reason"`
	// Request is the id of the special request that it makes a rule of; empty where it is of none.
	Request string `bson:"request,omitempty"`
	// Writers are all who have written its text, by resource name, the first to do so first.
	Writers []string `bson:"writers"`
	// Proposer is who proposed it last, at an instant; empty while nobody has, or somebody
	// changed it since.
	Proposer string    `bson:"proposer,omitempty"`
	Proposed time.Time `bson:"proposed,omitempty"`
	// Rules are the ids of its rules that the version it was written on has not; known from
	// when it is proposed.
	Rules []string `bson:"rules,omitempty"`
	// Approver is who approved it, at an instant.
	Approver   string    `bson:"approver,omitempty"`
	ApprovedAt time.Time `bson:"approved_at,omitempty"`
	// Returned is why it was proposed again when it was approved last; nil where it was not.
	Returned *Return `bson:"returned,omitempty"`
	// SingleOperator says that nobody else was there to approve it.
	SingleOperator bool `bson:"single_operator,omitempty"`
	// Version is the number under which it was published; 0 while it was not.
	Version int `bson:"version,omitempty"`
	// EndedBy is who rejected or withdrew it, and Ending why.
	EndedBy string    `bson:"ended_by,omitempty"`
	Ended   time.Time `bson:"ended,omitempty"`
	Ending  string    `bson:"ending,omitempty"`

	resource.Times `bson:",inline"`
}

// Return is what kept an approved draft from being published.
type Return struct {
	// Approver is who had approved it, At when it turned out.
	Approver string    `bson:"approver"`
	At       time.Time `bson:"at"`
	// Kind, Reason and Message are those of the failure.
	Kind    fault.Kind `bson:"kind"`
	Reason  string     `bson:"reason"`
	Message string     `bson:"message"`
}

// Caller is who acts.
type Caller struct {
	// Name is the principal's resource name.
	Name string
	// Person tells people from machines: only people propose, approve and decide.
	Person bool
	// Roles are those of the principal.
	Roles []string
}

// DraftPatch says what to change of a draft; nil leaves a field as it is.
type DraftPatch struct {
	YAML, Reason *string
	// Base is the number of the version it is written on from now on.
	Base *int
}

// DraftName is the resource name of a draft.
func DraftName(id string) string { return "schedule/drafts/" + id }

// ended says that nothing more comes of a draft.
func (d *Draft) ended() bool {
	return d.State == Published || d.State == Rejected || d.State == Withdrawn
}

// unproposed takes a proposal back: what was proposed is no longer what is there.
func (d *Draft) unproposed() {
	d.State, d.Proposer, d.Proposed, d.Rules = Writing, "", time.Time{}, nil
}

// written notes who wrote the text.
func (d *Draft) written(by string) {
	if !slices.Contains(d.Writers, by) {
		d.Writers = append(d.Writers[:len(d.Writers):len(d.Writers)], by)
	}
}

// tellDraft is what followers of the feed see of a draft, for good: not its text, which is
// long, nor what people wrote.
func tellDraft(d Draft) any {
	d.YAML, d.Reason, d.Ending, d.Returned = "", "", "", nil
	return d
}
