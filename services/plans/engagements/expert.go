package engagements

import (
	"context"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

const (
	// MaxAreas is how many areas an expert can know.
	MaxAreas = 30
	// MaxLanguages is how many languages an expert can speak, or an engagement ask for.
	MaxLanguages = 20
	// MaxHoursAMonth is how many hours a month anybody can give.
	MaxHoursAMonth = 300
)

// Expert is one of the company's own people, with what they know. Its id is that of the
// principal.
type Expert struct {
	// Areas are ids, as channel-development.
	Areas       []string `bson:"areas"`
	Description string   `bson:"description,omitempty"`
	// Languages are tags of BCP 47, as de or pt-BR.
	Languages []string `bson:"languages,omitempty"`
	// HoursAMonth is how many hours of a calendar month they can give to engagements.
	HoursAMonth int `bson:"hours_a_month"`
	// Inactive says that nobody is to be matched with them any more.
	Inactive       bool `bson:"inactive,omitempty"`
	resource.Times `bson:",inline"`
}

// ExpertKind is how experts are stored and told.
var ExpertKind = resource.Kind[Expert]{
	Type: expertType, Name: ExpertName, Tell: func(e Expert) any { return e },
	Spec: docstore.Spec{Name: "experts", Indexes: []docstore.Index{{Name: "areas", Fields: []string{"areas"}, Multikey: true}}}}

func (e *Expert) check() error {
	switch {
	case len(e.Areas) == 0 || len(e.Areas) > MaxAreas:
		return fault.Invalid("expert.areas", "has %d areas: name at least one, as channel-development, and at most %d", len(e.Areas), MaxAreas)
	case e.HoursAMonth < 0 || e.HoursAMonth > MaxHoursAMonth:
		return fault.Invalid("expert.hours_a_month", "%d is not between 0 and %d", e.HoursAMonth, MaxHoursAMonth)
	}
	for _, area := range e.Areas {
		if !names.IsID(area) {
			return fault.Invalid("expert.areas", "%q is no id: use lower-case letters, digits and hyphens, as channel-development", area)
		}
	}
	return checkLanguages("expert.languages", e.Languages)
}

// ExpertPatch says what to change of an expert; nil leaves a field as it is.
type ExpertPatch struct {
	Areas, Languages *[]string
	Description      *string
	HoursAMonth      *int
	Inactive         *bool
}

func (p ExpertPatch) apply(e *Expert) error {
	set(&e.Areas, p.Areas)
	set(&e.Languages, p.Languages)
	set(&e.Description, p.Description)
	set(&e.HoursAMonth, p.HoursAMonth)
	set(&e.Inactive, p.Inactive)
	e.tidy()
	return e.check()
}

// tidy sorts what has no order of its own.
func (e *Expert) tidy() { e.Areas, e.Languages = sorted(e.Areas), sorted(e.Languages) }

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// sorted returns the texts in order, each once.
func sorted(texts []string) []string { return slices.Compact(slices.Sorted(slices.Values(texts))) }

// Expert returns an expert, or resource.ErrNotFound.
func (s *Service) Expert(ctx context.Context, id string) (resource.Stored[Expert], error) {
	return s.experts.Get(ctx, id)
}

// CreateExpert writes down what a person knows. INVALID_ARGUMENT, also where there is no
// such principal, or it is disabled or a machine; ALREADY_EXISTS.
func (s *Service) CreateExpert(ctx context.Context, call resource.Call, id string, e Expert) (resource.Stored[Expert], error) {
	if earlier, known, err := s.experts.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	e.tidy()
	if err := e.check(); err != nil {
		return resource.Stored[Expert]{}, err
	}
	name := names.Join("principals", id)
	person, err := s.opts.Directory.Person(ctx, id)
	if err := resource.Named("expert_id", name, err); err != nil {
		return resource.Stored[Expert]{}, err
	}
	if !person {
		return resource.Stored[Expert]{}, fault.Invalid("expert_id", "%s is a machine or disabled: an expert is a person who can work", name)
	}
	return s.experts.Create(ctx, call, id, e, "expert.created")
}

// UpdateExpert changes what is written down of an expert: INVALID_ARGUMENT, NOT_FOUND,
// STALE_ETAG. Engagements they are matched with stay theirs.
func (s *Service) UpdateExpert(
	ctx context.Context, call resource.Call, id, etag string, patch ExpertPatch,
) (resource.Stored[Expert], error) {
	return s.experts.Update(ctx, call, id, resource.IfEtag[Expert](etag), "expert.updated", patch.apply)
}

// ListExperts lists the experts that keep wants, by id, behind a place; nil wants all.
func (s *Service) ListExperts(
	ctx context.Context, size int, after resource.Place, keep func(resource.Stored[Expert]) bool,
) (resource.Page[Expert], error) {
	return s.experts.List(ctx, docstore.Query{Limit: size, After: after}, nil, keep)
}
