package remedies

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// rereads is how often a change begins anew when the remedy was changed meanwhile.
const rereads = 8

// Directory knows what remedies name.
type Directory interface {
	// Benefit returns resource.ErrNotFound where no version of the schedule has a benefit
	// of that id.
	Benefit(ctx context.Context, id string) error
}

// Options are what the service takes from outside. Directory is needed.
type Options struct {
	Directory Directory
	// Zone returns the zone in which days begin and end; UTC by default.
	Zone func(context.Context) (civil.Zone, error)
}

// Service is the use cases of the catalogue.
type Service struct {
	table *resource.Table[Remedy, *Remedy]
	opts  Options
	now   func() time.Time
}

// Kind is how remedies are stored and told.
var Kind = resource.Kind[Remedy]{
	Type: remedyType, Name: Name, Tell: func(r Remedy) any { return r },
	Spec: docstore.Spec{Name: "remedies", Indexes: []docstore.Index{{Name: "issue", Fields: []string{"issue"}}}}}

// Open opens the remedies of the store that the requests are of.
func Open(ctx context.Context, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Directory == nil {
		return nil, errors.New("open remedies: a directory is needed")
	}
	if opts.Zone == nil {
		opts.Zone = func(context.Context) (civil.Zone, error) { return civil.UTC, nil }
	}
	table, err := resource.OpenTable[Remedy](ctx, requests, Kind)
	if err != nil {
		return nil, fmt.Errorf("open remedies: %w", err)
	}
	return &Service{table, opts, requests.Now}, nil
}

// Get returns a remedy, or resource.ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (resource.Stored[Remedy], error) {
	return s.table.Get(ctx, id)
}

// Create writes a remedy into the catalogue; where id is empty it is the slug of the
// title. INVALID_ARGUMENT; REMEDY_TIE where nothing would decide between it and another
// for the same case; ALREADY_EXISTS. With check, nothing is written.
func (s *Service) Create(ctx context.Context, call resource.Call, id string, r Remedy, check bool) (resource.Stored[Remedy], error) {
	none := resource.Stored[Remedy]{}
	if id == "" {
		id = names.Slug(r.Title)
	}
	if !names.IsID(id) {
		return none, fault.Invalid("remedy_id", "no id can be made of %q: give one of lower-case letters, digits and hyphens", r.Title)
	}
	if earlier, known, err := s.table.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	r.State = Active
	if err := r.check(); err != nil {
		return none, err
	}
	if err := s.references(ctx, &r); err != nil {
		return none, err
	}
	if err := s.decided(ctx, id, &r); err != nil {
		return none, err
	}
	if check {
		return s.table.Unwritten(id, r), nil
	}
	return s.table.Create(ctx, call, id, r, "remedy.created")
}

// references wants what a remedy names to be there.
func (s *Service) references(ctx context.Context, r *Remedy) error {
	if r.Benefit == "" {
		return nil
	}
	err := s.opts.Directory.Benefit(ctx, r.Benefit)
	if errors.Is(err, resource.ErrNotFound) {
		return fault.Invalid("remedy.benefit", "no version of the schedule has a benefit %q", r.Benefit)
	}
	return err
}

// decided refuses a remedy that ties with another.
func (s *Service) decided(ctx context.Context, id string, r *Remedy) error {
	var tied []string
	for other, err := range s.table.All(ctx, docstore.Query{Index: "issue", Equal: []any{r.Issue}, Limit: 500}) {
		if err != nil {
			return fmt.Errorf("read the remedies of %s: %w", r.Issue, err)
		}
		if other.ID != id && r.ties(&other.State) {
			tied = append(tied, Name(other.ID))
		}
	}
	if len(tied) == 0 {
		return nil
	}
	told := fault.New(fault.FailedPrecondition, reasonRemedyTie,
		"Nothing decides between %s and %s: there can be a case of %s that both are for. Give one another priority, more facts, or other days.",
		Name(id), strings.Join(tied, ", "), r.Issue).WithResource(remedyType, Name(id))
	for _, name := range tied {
		told = told.WithCondition(reasonRemedyTie, name, "is for the same cases, with as many facts and the same priority %d", r.Priority)
	}
	return told
}

// Update changes a remedy: INVALID_ARGUMENT, NOT_FOUND, STALE_ETAG, REMEDY_STATE,
// REMEDY_TIE.
func (s *Service) Update(ctx context.Context, call resource.Call, id, etag string, patch Patch) (resource.Stored[Remedy], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	for attempt := 1; ; attempt++ {
		before, err := s.table.Get(ctx, id)
		if err != nil {
			return before, err
		}
		if err := s.table.Check(before, resource.IfEtag[Remedy](etag)); err != nil {
			return before, err
		}
		wanted := before.State
		if err := patch.apply(Name(id), &wanted); err != nil {
			return before, err
		}
		if err := s.references(ctx, &wanted); err != nil {
			return before, err
		}
		if err := s.decided(ctx, id, &wanted); err != nil {
			return before, err
		}
		after, err := s.table.Update(ctx, call, id, resource.IfVersion[Remedy](before.Version), "remedy.updated", func(r *Remedy) error {
			return patch.apply(Name(id), r)
		})
		if !errors.Is(err, resource.ErrStale) || attempt == rereads {
			return after, err
		}
	}
}

// Retire takes a remedy out of use, with a reason that is kept: INVALID_ARGUMENT,
// NOT_FOUND, STALE_ETAG, REMEDY_STATE.
func (s *Service) Retire(ctx context.Context, call resource.Call, id, etag, reason string) (resource.Stored[Remedy], error) {
	return s.table.Update(ctx, call, id, resource.IfEtag[Remedy](etag), "remedy.retired", func(r *Remedy) error {
		return r.retire(Name(id), reason)
	})
}

// Match returns the remedies for a case of an issue with these facts, on a day, or today
// where it is 0: the first is the one to use.
func (s *Service) Match(ctx context.Context, issue string, facts map[string]string, on civil.Day) ([]resource.Stored[Remedy], error) {
	if on == 0 {
		var err error
		if on, err = s.today(ctx); err != nil {
			return nil, err
		}
	}
	var list []resource.Stored[Remedy]
	for r, err := range s.table.All(ctx, docstore.Query{Index: "issue", Equal: []any{issue}, Limit: 500}) {
		if err != nil {
			return nil, fmt.Errorf("read the remedies of %s: %w", issue, err)
		}
		if r.State.inUse(on) && r.State.fits(facts) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, first)
	return list, nil
}

func (s *Service) today(ctx context.Context) (civil.Day, error) {
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return 0, fmt.Errorf("find the company's time zone: %w", err)
	}
	return zone.DayOf(s.now()), nil
}

// Remedy returns the remedy for a case, as Match has it, of today; false where the
// catalogue has none.
func (s *Service) Remedy(ctx context.Context, issue string, facts map[string]string) (r resource.Stored[Remedy], ok bool, err error) {
	list, err := s.Match(ctx, issue, facts, 0)
	if err != nil || len(list) == 0 {
		return r, false, err
	}
	return list[0], true, nil
}

// InUse returns the remedy with an id; false where there is none, or it is not in use today.
func (s *Service) InUse(ctx context.Context, id string) (r resource.Stored[Remedy], ok bool, err error) {
	today, err := s.today(ctx)
	if err != nil {
		return r, false, err
	}
	r, err = s.table.Get(ctx, id)
	if errors.Is(err, resource.ErrNotFound) {
		return r, false, nil
	}
	return r, err == nil && r.State.inUse(today), err
}

// Query says which remedies to list, by id.
type Query struct {
	// Issue is the code of an issue; nil wants those of all.
	Issue *string
	// Keep says whether a remedy is wanted; nil wants all.
	Keep func(resource.Stored[Remedy]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// List lists the remedies.
func (s *Service) List(ctx context.Context, query Query) (resource.Page[Remedy], error) {
	q := docstore.Query{Limit: query.Size, After: query.After}
	if query.Issue != nil {
		q.Index, q.Equal = "issue", []any{*query.Issue}
	}
	return s.table.List(ctx, q, nil, query.Keep)
}
