package cases

import (
	"context"
	"errors"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// PathName is the resource name of the escalation path, of which a company has one.
const PathName = "escalationPath"

// pathID is the id under which it is kept.
const pathID = "path"

// Path is whom a case is escalated to, and by when that person answers: the same for
// every account.
type Path struct {
	// Accountable is the id of the principal who answers for it.
	Accountable string `bson:"accountable"`
	// Contact says in words how a customer reaches that person.
	Contact string `bson:"contact,omitempty"`
	// Within is the working time in which the person answers, in whole minutes, and
	// Calendar the id of the calendar in whose hours; empty for all hours.
	Within   time.Duration `bson:"within"`
	Calendar string        `bson:"calendar,omitempty"`

	resource.Times `bson:",inline"`
}

// PathKind is how the path is kept.
var PathKind = resource.Kind[Path]{
	Type: pathType, Name: func(string) string { return PathName }, Tell: func(p Path) any { return p },
	Spec: docstore.Spec{Name: "escalation_path"},
}

// EscalationPath returns the path, or FAILED_PRECONDITION with NO_ESCALATION_PATH while
// there is none.
func (s *Cases) EscalationPath(ctx context.Context) (resource.Stored[Path], error) {
	path, err := s.paths.Get(ctx, pathID)
	if errors.Is(err, resource.ErrNotFound) {
		return path, refuse(ReasonNoEscalation, PathName,
			"Nobody is named to whom cases are escalated: name an accountable person first.").WithResource(pathType, PathName)
	}
	return path, err
}

// PathPatch is what is changed of the escalation path; nil leaves a field as it is.
type PathPatch struct {
	Accountable, Contact, Calendar *string
	Within                         *time.Duration
}

// PatchEscalationPath changes some of the path, as SetEscalationPath does all of it.
func (s *Cases) PatchEscalationPath(ctx context.Context, call resource.Call, etag string, patch PathPatch) (resource.Stored[Path], error) {
	before, err := s.EscalationPath(ctx)
	var told *fault.Error
	if err != nil && (!errors.As(err, &told) || told.Reason != ReasonNoEscalation) {
		return before, err
	}
	if etag == "" && err == nil && call.RequestID == "" { // what is left as it is was read now
		etag = before.Etag()
	}
	path := before.State
	set(&path.Within, patch.Within)
	set(&path.Accountable, patch.Accountable)
	set(&path.Contact, patch.Contact)
	set(&path.Calendar, patch.Calendar)
	return s.SetEscalationPath(ctx, call, etag, path)
}

// SetEscalationPath names the accountable person and the time in which that person
// answers. It counts for escalations to come. INVALID_ARGUMENT, NOT_FOUND for the person,
// NOT_STAFF, STALE_ETAG.
func (s *Cases) SetEscalationPath(ctx context.Context, call resource.Call, etag string, path Path) (resource.Stored[Path], error) {
	p := problems{prefix: "escalation_path."}
	if path.Within < time.Minute || path.Within > schedule.MaxWithin || path.Within%time.Minute != 0 {
		p.add("within", "is %s: it is whole minutes of working time, from 1m to %s", path.Within, schedule.FormatWithin(schedule.MaxWithin))
	}
	p.text("contact", path.Contact, maxSubject)
	p.id("accountable", path.Accountable)
	if path.Calendar != "" {
		known, err := s.knowsCalendar(path.Calendar)
		if err != nil {
			return resource.Stored[Path]{}, err
		}
		if !known {
			p.add("calendar", "the schedule in force has no calendar %q: name one of it, or none for every hour of every day", path.Calendar)
		}
	}
	if err := p.err(); err != nil {
		return resource.Stored[Path]{}, err
	}
	if err := s.worksOnCases(ctx, path.Accountable); err != nil {
		return resource.Stored[Path]{}, err
	}
	return s.paths.Upsert(ctx, call, pathID, resource.IfEtag[Path](etag), "escalation_path.updated", func(to *Path) error {
		to.Accountable, to.Contact, to.Within, to.Calendar = path.Accountable, path.Contact, path.Within, path.Calendar
		return nil
	})
}

func (s *Cases) knowsCalendar(id string) (bool, error) {
	current, err := s.book.inForce(s.now())
	if err != nil || current == nil {
		return false, err
	}
	_, known := current.hours[id]
	return known, nil
}
