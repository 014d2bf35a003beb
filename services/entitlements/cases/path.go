package cases

import (
	"context"
	"errors"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
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
	// Calendar the id of the calendar in whose hours; empty for all hours. One that the
	// schedule has no more keeps the hours that it had last.
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

func (p PathPatch) apply(to *Path) {
	set(&to.Accountable, p.Accountable)
	set(&to.Contact, p.Contact)
	set(&to.Calendar, p.Calendar)
	set(&to.Within, p.Within)
}

// PatchEscalationPath changes some of the path, or creates it. It counts for escalations to
// come. INVALID_ARGUMENT, NOT_FOUND for the person, NOT_STAFF, STALE_ETAG.
func (s *Cases) PatchEscalationPath(ctx context.Context, call resource.Call, etag string, patch PathPatch) (resource.Stored[Path], error) {
	for {
		if earlier, known, err := s.pathSetBy(ctx, call); known || err != nil {
			return earlier, err
		}
		before, err := s.paths.Get(ctx, pathID)
		if errors.Is(err, resource.ErrNotFound) {
			before, err = s.paths.Unwritten(pathID, Path{}), nil
		}
		if err == nil {
			err = s.paths.Check(before, resource.IfEtag[Path](etag))
		}
		if err != nil {
			return before, err
		}
		path := before.State
		patch.apply(&path)
		if err := s.checkPath(ctx, before.State, path); err != nil {
			return before, err
		}
		after, err := s.paths.Upsert(ctx, call, pathID, resource.IfVersion[Path](before.Version), "escalation_path.updated", func(to *Path) error {
			patch.apply(to)
			return nil
		})
		if !errors.Is(err, resource.ErrStale) { // else what was checked is not what is there
			return after, err
		}
	}
}

// pathSetBy returns the path if this request has set it before.
func (s *Cases) pathSetBy(ctx context.Context, call resource.Call) (resource.Stored[Path], bool, error) {
	path, known, err := s.paths.Created(ctx, call, pathID)
	if known || err != nil {
		return path, known, err
	}
	return s.paths.Replay(ctx, call, pathID)
}

// SetEscalationPath names the accountable person and the time in which that person
// answers, as PatchEscalationPath does, all of it.
func (s *Cases) SetEscalationPath(ctx context.Context, call resource.Call, etag string, path Path) (resource.Stored[Path], error) {
	return s.PatchEscalationPath(ctx, call, etag,
		PathPatch{Accountable: &path.Accountable, Contact: &path.Contact, Calendar: &path.Calendar, Within: &path.Within})
}

// checkPath says what is wrong with a path as it is to be. The calendar that it has already
// may be gone: that does not keep anybody from naming another person.
func (s *Cases) checkPath(ctx context.Context, before, path Path) error {
	p := problems{prefix: "escalation_path."}
	if path.Within < time.Minute || path.Within > schedule.MaxWithin || path.Within%time.Minute != 0 {
		p.add("within", "is %s: it is whole minutes of working time, from 1m to %s", path.Within, schedule.FormatWithin(schedule.MaxWithin))
	}
	p.text("contact", path.Contact, maxSubject)
	p.id("accountable", path.Accountable)
	if path.Calendar != "" && path.Calendar != before.Calendar {
		known, err := s.knowsCalendar(path.Calendar)
		if err != nil {
			return err
		}
		if !known {
			p.add("calendar", "the schedule in force has no calendar %q: name one of it, or none for every hour of every day", path.Calendar)
		}
	}
	if err := p.err(); err != nil {
		return err
	}
	return s.worksOnCases(ctx, path.Accountable)
}

func (s *Cases) knowsCalendar(id string) (bool, error) {
	current, err := s.book.inForce(s.now())
	if err != nil || current == nil {
		return false, err
	}
	return current.has(id), nil
}
