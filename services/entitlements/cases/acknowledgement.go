package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Acknowledgement is a member of staff's word to know a baseline: the commitments of a
// version of the schedule, and of those after it that have the same.
type Acknowledgement struct {
	// Baseline is the number of the first version with these commitments.
	Baseline int64 `bson:"baseline"`
	// Principal is the id of the principal.
	Principal string `bson:"principal"`
	// Role is the role in which it was given.
	Role string `bson:"role,omitempty"`

	resource.Times `bson:",inline"`
}

const byBaseline = "baseline_principal"

// AcknowledgementKind is how acknowledgements are kept.
var AcknowledgementKind = resource.Kind[Acknowledgement]{
	Type: acknowledgementType, Name: AcknowledgementName, Tell: func(a Acknowledgement) any { return a },
	Spec: docstore.Spec{Name: "acknowledgements", Indexes: []docstore.Index{{Name: byBaseline, Fields: []string{"baseline", "principal"}}}},
}

// AcknowledgementID is the id under which an acknowledgement is kept: of
// the baseline with a number, by the principal with an id.
func AcknowledgementID(baseline int, principal string) string {
	return strconv.Itoa(baseline) + "/acknowledgements/" + principal
}

// AcknowledgementName is the resource name of an acknowledgement.
func AcknowledgementName(id string) string { return "schedule/versions/" + id }

func versionName(number int) string { return names.Join("schedule", "versions", strconv.Itoa(number)) }

// Acknowledge records that the caller, who has to be a person, knows the baseline of a
// version: NOT_FOUND for the version, NOT_STAFF for a machine. A baseline is acknowledged
// once; again, it is returned.
func (s *Cases) Acknowledge(ctx context.Context, call Call, person bool, number int) (resource.Stored[Acknowledgement], error) {
	if !person {
		return resource.Stored[Acknowledgement]{}, refuse(ReasonNotStaff, call.Principal, "%s is no person: only people acknowledge the baseline.", call.Principal).
			WithResource("evenhand/Principal", call.Principal)
	}
	e, err := s.version(number)
	if err != nil {
		return resource.Stored[Acknowledgement]{}, err
	}
	principal := strings.TrimPrefix(call.Principal, "principals/")
	id := AcknowledgementID(e.baseline, principal)
	given, err := s.acknowledgements.Create(ctx, call.Call, id,
		Acknowledgement{Baseline: int64(e.baseline), Principal: principal, Role: call.Role}, "baseline.acknowledged")
	if errors.Is(err, resource.ErrExists) {
		return s.acknowledgements.Get(ctx, id)
	}
	return given, err
}

// version returns a version, or NOT_FOUND.
func (s *Cases) version(number int) (*edition, error) {
	e, err := s.book.numbered(number)
	if err == nil && e == nil {
		err = resource.ErrNotFound.Saying("%s does not exist.", versionName(number)).WithResource("evenhand/ScheduleVersion", versionName(number))
	}
	return e, err
}

// Acknowledged is whether a member of staff knows a baseline.
type Acknowledged struct {
	Member
	// At is when it was acknowledged; zero where it was not.
	At time.Time
}

// AcknowledgementPage is a part of the list of who knows a baseline.
type AcknowledgementPage struct {
	// Baseline is the number of the version that the baseline began with.
	Baseline int
	Items    []Acknowledged
	// Missing counts, over all pages, the members of staff who do not know it.
	Missing int
	Next    resource.Place
}

// Acknowledgements lists who of those who work on cases has acknowledged the baseline of a
// version and who has not, by id: NOT_FOUND for the version. With missing, only who has not.
func (s *Cases) Acknowledgements(ctx context.Context, number int, missing bool, size int, after resource.Place) (AcknowledgementPage, error) {
	e, err := s.version(number)
	if err != nil {
		return AcknowledgementPage{}, err
	}
	page := AcknowledgementPage{Baseline: e.baseline}
	known := map[string]resource.Stored[Acknowledgement]{}
	for a, err := range s.acknowledgements.All(ctx, docstore.Query{Index: byBaseline, Equal: []any{int64(e.baseline)}}) {
		if err != nil {
			return page, fmt.Errorf("read who acknowledged %s: %w", versionName(e.baseline), err)
		}
		known[a.State.Principal] = a
	}
	staff, err := s.staff.Members(ctx)
	if err != nil {
		return page, err
	}
	slices.SortFunc(staff, func(a, b Member) int { return strings.Compare(a.ID, b.ID) })
	from := ""
	if len(after) == 1 {
		from, _ = after[0].(string)
	}
	for _, m := range staff {
		a, has := known[m.ID]
		if !has {
			page.Missing++
		}
		if m.ID <= from || missing && has {
			continue
		}
		if len(page.Items) == size {
			page.Next = resource.Place{page.Items[size-1].ID}
			continue
		}
		item := Acknowledged{Member: m}
		if has {
			item.At = a.State.Created
		}
		page.Items = append(page.Items, item)
	}
	return page, nil
}

// worksOnCases returns NOT_FOUND for a principal that there is not, and FAILED_PRECONDITION
// with NOT_STAFF for one that may not work on cases.
func (s *Cases) worksOnCases(ctx context.Context, principal string) error {
	member, err := s.staff.Member(ctx, principal)
	if err == nil && !member.Works {
		err = refuse(ReasonNotStaff, principalName(principal),
			"%s may not work on cases: choose an enabled person whose role has cases.update.", principalName(principal)).
			WithResource("evenhand/Principal", principalName(principal))
	}
	return err
}

// mayBeAssigned says whether cases can be assigned to a principal now: who works on them
// and knows the baseline in force. Where none is in force, there is none to know.
func (s *Cases) mayBeAssigned(ctx context.Context, principal, field string) error {
	if !names.IsID(principal) {
		p := problems{}
		p.id(field, principal)
		return p.err()
	}
	if err := s.worksOnCases(ctx, principal); err != nil {
		return err
	}
	current, err := s.book.inForce(s.now())
	if err != nil || current == nil {
		return err
	}
	_, err = s.acknowledgements.Get(ctx, AcknowledgementID(current.baseline, principal))
	if !errors.Is(err, resource.ErrNotFound) {
		return err
	}
	name := versionName(current.baseline)
	return refuse(ReasonNotAcknowledged, name,
		"%s has not acknowledged the baseline of %s, which is in force: no case can be assigned to them before they have.", principalName(principal), name).
		With("version", name).With("principal", principalName(principal)).WithResource("evenhand/Principal", principalName(principal))
}
