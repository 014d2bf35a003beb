package touchpoints

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Away is some days on which a principal does not work.
type Away struct {
	// Principal is the id of who is away, and StandIn that of who does their touchpoints
	// meanwhile; without one these wait.
	Principal string `bson:"principal"`
	StandIn   string `bson:"stand_in,omitempty"`
	// First and Last are days, both included.
	First civil.Day `bson:"first"`
	Last  civil.Day `bson:"last"`
	// Reason is for colleagues to read; it is not told.
	Reason string `bson:"reason,omitempty"`
	// Deleted is when it was called off; zero while it stands.
	Deleted        time.Time `bson:"deleted,omitempty"`
	resource.Times `bson:",inline"`
}

// covers reports whether a day is one of them.
func (a *Away) covers(day civil.Day) bool { return a.First <= day && day <= a.Last }

// maxAway is how many days an absence takes at most.
const maxAway = 400

// Absences is the name of the collection of absences, by which the feed names them.
const Absences = "absences"

// Indexes of absences: whose they are, and who stands in.
const (
	byPrincipal = "principal"
	byStandIn   = "stand_in"
)

// AbsenceKind is how absences are stored and told: without the reason, which is personal.
var AbsenceKind = resource.Kind[Away]{
	Type: absenceType, Name: AbsenceName,
	Tell: func(a Away) any {
		a.Reason = ""
		return a
	},
	Spec: docstore.Spec{Name: Absences, Indexes: []docstore.Index{
		{Name: byPrincipal, Fields: []string{"principal", "last"}},
		{Name: byStandIn, Fields: []string{"stand_in", "last"}, Partial: true},
		{Name: "last", Fields: []string{"last"}},
	}},
}

// CreateAbsence writes down that a principal is away. Their touchpoints of these days go to
// the stand-in, or wait until the first working day after. INVALID_ARGUMENT. With check,
// nothing is written.
func (s *Service) CreateAbsence(ctx context.Context, call resource.Call, a Away, check bool) (resource.Stored[Away], error) {
	none := resource.Stored[Away]{}
	id, err := call.NewID(s.opts.Random)
	if err != nil {
		return none, err
	}
	if earlier, known, err := s.absences.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	switch {
	case a.Principal == "":
		return none, fault.Invalid("absence.principal", "is empty: say who is away, as principals/anna")
	case a.First == 0 || a.Last < a.First:
		return none, fault.Invalid("absence.last_date", "must be given and not be before the first day, %s", a.First)
	case a.Last-a.First >= maxAway:
		return none, fault.Invalid("absence.last_date", "%s is more than %d days after the first day: write down several absences", a.Last, maxAway)
	case a.StandIn == a.Principal:
		return none, fault.Invalid("absence.stand_in", "is who is away: name somebody else, or nobody")
	}
	if err := resource.Named("absence.principal", plans.PrincipalName(a.Principal), s.opts.People.Principal(ctx, a.Principal)); err != nil {
		return none, err
	}
	if a.StandIn != "" {
		if err := resource.Named("absence.stand_in", plans.PrincipalName(a.StandIn), s.opts.People.Principal(ctx, a.StandIn)); err != nil {
			return none, err
		}
	}
	a.Deleted = time.Time{}
	if check {
		return s.absences.Unwritten(id, a), nil
	}
	return s.absences.Create(ctx, call, id, a, "absence.created")
}

// GetAbsence returns an absence, or resource.ErrNotFound.
func (s *Service) GetAbsence(ctx context.Context, id string) (resource.Stored[Away], error) {
	a, err := s.absences.Get(ctx, id)
	if err == nil && !a.State.Deleted.IsZero() {
		return resource.Stored[Away]{}, AbsenceKind.NotFound(id)
	}
	return a, err
}

// AbsenceQuery says which absences to list, by their last day.
type AbsenceQuery struct {
	// Principal is the id of a principal; empty wants those of all.
	Principal string
	// From leaves out those that were over before a day; 0 wants all.
	From civil.Day
	// Keep says whether an absence is wanted; nil wants all.
	Keep func(resource.Stored[Away]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// ListAbsences lists absences that stand.
func (s *Service) ListAbsences(ctx context.Context, query AbsenceQuery) (resource.Page[Away], error) {
	q := docstore.Query{Index: "last", Limit: query.Size, After: query.After}
	if query.Principal != "" {
		q.Index, q.Equal = byPrincipal, []any{query.Principal}
	}
	if query.From != 0 {
		q.From = query.From
	}
	return s.absences.List(ctx, q, func(a resource.Stored[Away]) resource.Place {
		return resource.Place{int64(a.State.Last), a.ID}
	}, func(a resource.Stored[Away]) bool {
		return a.State.Deleted.IsZero() && (query.Keep == nil || query.Keep(a))
	})
}

// DeleteAbsence calls an absence off: what it moved or handed on comes back, as far as it is
// still to come. resource.ErrNotFound; resource.ErrStale. It stays in the store, so that
// whoever has to lay touchpoints out anew for it can see whose it was.
func (s *Service) DeleteAbsence(ctx context.Context, call resource.Call, id, etag string) error {
	if _, known, err := s.absences.Replay(ctx, call, id); known || err != nil {
		return err
	}
	_, err := s.absences.Update(ctx, call, id, resource.IfEtag[Away](etag), "absence.deleted", func(a *Away) error {
		if !a.Deleted.IsZero() {
			return AbsenceKind.NotFound(id)
		}
		a.Deleted = s.now()
		return nil
	})
	return err
}

// away returns the absences of a principal that are not over before a day.
func (s *Service) away(ctx context.Context, principal string, from civil.Day) ([]Away, error) {
	var list []Away
	for a, err := range s.absences.All(ctx, docstore.Query{Index: byPrincipal, Equal: []any{principal}, From: from, Limit: 100}) {
		if err != nil {
			return nil, fmt.Errorf("read the absences of %s: %w", plans.PrincipalName(principal), err)
		}
		if a.State.Deleted.IsZero() {
			list = append(list, a.State)
		}
	}
	slices.SortFunc(list, func(a, b Away) int { return int(a.First - b.First) })
	return list, nil
}

// standsInFor returns the ids of those for whom a principal stands in from a day on.
func (s *Service) standsInFor(ctx context.Context, principal string, from civil.Day) ([]string, error) {
	var ids []string
	for a, err := range s.absences.All(ctx, docstore.Query{Index: byStandIn, Equal: []any{principal}, From: from, Limit: 100}) {
		if err != nil {
			return nil, fmt.Errorf("read for whom %s stands in: %w", plans.PrincipalName(principal), err)
		}
		if a.State.Deleted.IsZero() {
			ids = append(ids, a.State.Principal)
		}
	}
	return ids, nil
}

// WhoseAbsence returns the id of the principal of an absence, also of one that was called off;
// resource.ErrNotFound where there never was one.
func (s *Service) WhoseAbsence(ctx context.Context, id string) (string, error) {
	a, err := s.absences.Get(ctx, id)
	return a.State.Principal, err
}
