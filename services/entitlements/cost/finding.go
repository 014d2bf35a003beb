package cost

import (
	"context"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// State says where a finding stands.
type State string

// The states of a finding.
const (
	Open         State = "open"
	Acknowledged State = "acknowledged" // somebody wrote what they make of it
	Closed       State = "closed"       // it is no more above the limit
)

// Finding says that a limit was passed. Nobody loses anything by it.
type Finding struct {
	// Limit is the id of the limit, and Bound what it was when it was passed.
	Limit string `bson:"limit"`
	Bound Limit  `bson:"bound"`
	// Subject is the id of what is above it: an account, a benefit or a rule; empty for the
	// company.
	Subject string `bson:"subject,omitempty"`
	// From and To are the days that were measured, To exclusive.
	From civil.Day `bson:"from"`
	To   civil.Day `bson:"to"`
	// Cost, Revenue and, of growth, Before are what was measured when it was opened, in
	// minor units of Currency: Before is the cost of the quarter before.
	Cost     Figures `bson:"cost"`
	Revenue  int64   `bson:"revenue"`
	Before   int64   `bson:"before,omitempty"`
	Currency string  `bson:"currency,omitempty"`
	State    State   `bson:"state"`
	// Opened is since when it stands; Closed is when it did not any more.
	Opened time.Time `bson:"opened"`
	Closed time.Time `bson:"closed,omitempty"`
	// By is the resource name of the principal who acknowledged it, At when, Note with what
	// words.
	By             string    `bson:"by,omitempty"`
	At             time.Time `bson:"at,omitempty"`
	Note           string    `bson:"note,omitempty"`
	resource.Times `bson:",inline"`
}

// FindingKind is how findings are stored and told: without the note, in which people
// write.
var FindingKind = resource.Kind[Finding]{
	Type: findingType, Name: FindingName, Spec: docstore.Spec{Name: "cost_findings", Indexes: []docstore.Index{
		{Name: byOpened, Fields: []string{"opened"}},
		{Name: byState, Fields: []string{"state", "opened"}},
	}},
	Tell: func(f Finding) any {
		f.Note = ""
		return f
	},
}

// The indexes of findings.
const (
	byOpened = "opened"
	byState  = "state"
)

// FindingQuery says which findings to list, the latest first.
type FindingQuery struct {
	// State is the one wanted; empty wants all.
	State State
	// Keep says whether a finding is wanted; nil wants all.
	Keep func(resource.Stored[Finding]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// Findings lists findings.
func (s *Service) Findings(ctx context.Context, query FindingQuery) (resource.Page[Finding], error) {
	q := docstore.Query{Index: byOpened, Descending: true, Limit: query.Size, After: query.After}
	if query.State != "" {
		q.Index, q.Equal = byState, []any{string(query.State)}
	}
	return s.findings.List(ctx, q, func(f resource.Stored[Finding]) resource.Place {
		return resource.Place{f.State.Opened, f.ID}
	}, query.Keep)
}

// Finding returns a finding, or resource.ErrNotFound.
func (s *Service) Finding(ctx context.Context, id string) (resource.Stored[Finding], error) {
	return s.findings.Get(ctx, id)
}

// Acknowledge records what somebody makes of an open finding; it stays until it is under
// its limit again. NOT_FOUND; STALE_ETAG; INVALID_ARGUMENT without a note;
// FAILED_PRECONDITION with ReasonFindingState.
func (s *Service) Acknowledge(ctx context.Context, call resource.Call, id, etag, note string) (resource.Stored[Finding], error) {
	if note == "" {
		return resource.Stored[Finding]{}, fault.Invalid("note", "is needed: say what you make of it, and what follows")
	}
	return s.findings.Update(ctx, call, id, resource.IfEtag[Finding](etag), "cost_finding.acknowledged", func(f *Finding) error {
		switch name := FindingName(id); f.State {
		case Acknowledged:
			return fault.Precondition(ReasonFindingState, name, "%s was acknowledged before, by %s.", name, f.By)
		case Closed:
			return fault.Precondition(ReasonFindingState, name, "%s is closed: it is no more above its limit, so there is nothing to acknowledge.", name)
		case Open:
		}
		f.State, f.By, f.At, f.Note = Acknowledged, call.Principal, s.now(), note
		return nil
	})
}
