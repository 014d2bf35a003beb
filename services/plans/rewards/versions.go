package rewards

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// State says where a version of the point rules stands.
type State string

// The states of a version. Published, rejected and withdrawn ones stay as they are.
const (
	Writing   State = "draft"
	Proposed  State = "proposed"
	Published State = "published"
	Rejected  State = "rejected"
	Retracted State = "withdrawn"
)

// PointRules is a version of the company's point rules, from its first draft on. Its id is
// its number.
type PointRules struct {
	Number int   `bson:"number"`
	State  State `bson:"state"`
	Rules  `bson:",inline"`
	// Reason is why the rules should be so.
	Reason string `bson:"reason"`
	// Base is the number of the version published last when it was written; 0 where there was
	// none.
	Base int `bson:"base"`
	// Follows is Base once it was published, which no other version can then follow.
	Follows *int64 `bson:"follows,omitempty"`
	// Request is what its creation is recognised by when it comes again; empty where that had
	// no request id.
	Request string `bson:"request,omitempty"`
	// Writers are all who have written it, by resource name, the first to do so first.
	Writers []string `bson:"writers"`
	// Proposer is who proposed it last; empty while nobody has, or somebody changed it since.
	Proposer string    `bson:"proposer,omitempty"`
	Offered  time.Time `bson:"proposed,omitempty"`
	// Approver is who approved it, at an instant; SingleOperator says that nobody else was
	// there to do so.
	Approver       string    `bson:"approver,omitempty"`
	Approved       time.Time `bson:"approved,omitempty"`
	SingleOperator bool      `bson:"single_operator,omitempty"`
	// EndedBy is who rejected or withdrew it, and Ending why.
	EndedBy string    `bson:"ended_by,omitempty"`
	Ended   time.Time `bson:"ended,omitempty"`
	Ending  string    `bson:"ending,omitempty"`

	resource.Times `bson:",inline"`
}

// RulesKind describes the versions to whoever reads their changes: without what people
// wrote as reasons.
var RulesKind = resource.Kind[PointRules]{
	Type: rulesType, Name: RulesName,
	Tell: func(p PointRules) any {
		p.Reason, p.Ending, p.Request = "", "", ""
		return p
	},
	Spec: docstore.Spec{Name: "point_rules", Indexes: []docstore.Index{
		{Name: "number", Fields: []string{"number"}},
		{Name: "follows", Fields: []string{"follows"}, Unique: true, Partial: true},
		{Name: "request", Fields: []string{"request"}, Unique: true, Partial: true},
	}},
}

// written notes who wrote the text.
func (p *PointRules) written(by string) {
	if !slices.Contains(p.Writers, by) {
		p.Writers = append(p.Writers[:len(p.Writers):len(p.Writers)], by)
	}
}

// PointRules returns a version, or resource.ErrNotFound.
func (s *Service) PointRules(ctx context.Context, id string) (resource.Stored[PointRules], error) {
	return s.rules.Get(ctx, id)
}

// RulesQuery says which versions to list: the newest first.
type RulesQuery struct {
	// Keep says whether a version is wanted; nil wants all.
	Keep func(resource.Stored[PointRules]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// ListPointRules lists versions.
func (s *Service) ListPointRules(ctx context.Context, query RulesQuery) (resource.Page[PointRules], error) {
	q := docstore.Query{Index: "number", Descending: true, Limit: query.Size, After: query.After}
	return s.rules.List(ctx, q, func(p resource.Stored[PointRules]) resource.Place {
		return resource.Place{int64(p.State.Number), p.ID}
	}, query.Keep)
}

// InForce returns the version by which work of a day is credited; false where there is
// none.
func (s *Service) InForce(ctx context.Context, day civil.Day) (resource.Stored[PointRules], bool, error) {
	versions, err := s.versions(ctx)
	if err != nil {
		return resource.Stored[PointRules]{}, false, err
	}
	v := at(versions, day)
	if v == nil {
		return resource.Stored[PointRules]{}, false, nil
	}
	p, err := s.rules.Get(ctx, fmt.Sprint(v.Number))
	return p, err == nil, err
}

// versions are the published versions in the order of their effective days, in which they
// follow on each other.
func (s *Service) versions(ctx context.Context) ([]version, error) {
	var list []version
	for p, err := range s.rules.All(ctx, docstore.Query{Index: "number", Limit: 1000}) {
		if err != nil {
			return nil, fmt.Errorf("read the point rules: %w", err)
		}
		if p.State.State == Published {
			list = append(list, version{p.State.Number, p.State.Rules})
		}
	}
	slices.SortFunc(list, func(a, b version) int { return cmp.Compare(a.Effective, b.Effective) })
	return list, nil
}

// last is the version published last; nil where there is none.
func last(versions []version) *version {
	if len(versions) == 0 {
		return nil
	}
	return &versions[len(versions)-1]
}

// number is its number; 0 of none.
func (v *version) number() int {
	if v == nil {
		return 0
	}
	return v.Number
}
