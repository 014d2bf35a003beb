package entitlements

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// publishAttempts is how often publishing starts again because somebody else has
// published in the meantime.
const publishAttempts = 16

// furthestYears is how far ahead a version may take effect, in years: since none can
// take effect before the last, a slip of the pen would close the schedule for good.
const furthestYears = 5

// Publishing is what is to be published, by whom.
type Publishing struct {
	// File is the text of a schedule file; nil where Schedule counts.
	File     []byte
	Schedule *schedule.Schedule
	// ValidateOnly checks all of it and publishes nothing.
	ValidateOnly bool
	// RequestID makes a retry recognisable; it may be empty.
	RequestID string
	// Etag is that of the version published last, or empty where that does not matter.
	Etag string
	// Publisher is the principal's name: who publishes, and so approves.
	Publisher string
	// Draft is the approved draft that is published; nil where the publisher wrote what is
	// published, which needs that nobody else is there to approve it.
	Draft *ApprovedDraft
}

// ApprovedDraft is a draft that somebody has approved.
type ApprovedDraft struct {
	// Name is the draft's resource name.
	Name string
	// Proposer is the name of the principal who proposed it.
	Proposer string
	// Base is the number of the version it was written on, which has to be the last; 0 for
	// none.
	Base int
	// SingleOperator says that nobody else was there to approve it.
	SingleOperator bool
}

// Publish publishes a version of the schedule; unchanged says that its content is that
// of the version published last, which is then returned. When it returns, this process
// answers by the new version; every other does within a second. ErrScheduleInvalid,
// ErrEffectiveDate, ErrCurrency; ErrSecondPerson where somebody else could approve what the
// publisher wrote; ErrDraftConflict where another version followed the one a draft was
// written on.
func (s *Service) Publish(ctx context.Context, p Publishing) (v *Version, unchanged bool, err error) {
	content, err := p.content(s.fed())
	if err != nil {
		return nil, false, err
	}
	request := p.request(content)
	for range publishAttempts {
		v, unchanged, err = s.tryPublish(ctx, p, content, request)
		if !errors.Is(err, errNumberTaken) {
			return v, unchanged, err
		}
	}
	return nil, false, fault.New(fault.Aborted, fault.ReasonConflict,
		"Others keep publishing at the same time; read the schedule again and retry.")
}

// content returns what is to be published, or all that is wrong with it, where
// rules can read what is fed.
func (p Publishing) content(fed schedule.Fed) (*schedule.Schedule, error) {
	content := p.Schedule
	if p.File != nil {
		file, err := schedule.ParseFile(p.File)
		var problems schedule.Problems
		if errors.As(err, &problems) {
			return nil, invalidSchedule(problems, "yaml")
		}
		if err != nil {
			return nil, err
		}
		if problems := schedule.Publishable(file.Schedule, fed); len(problems) > 0 {
			return nil, invalidSchedule(file.Places.Locate(problems), "yaml")
		}
		return file.Schedule, nil
	}
	content.SetDefaults()
	problems := schedule.Validate(content)
	if len(problems) == 0 {
		problems = schedule.Publishable(content, fed)
	}
	if len(problems) > 0 {
		return nil, invalidSchedule(problems, "schedule.")
	}
	return content, nil
}

// invalidSchedule makes the error that names every problem with its place. In a file
// that is line and column besides the path; in a message, the path alone.
func invalidSchedule(problems schedule.Problems, field string) error {
	told := fault.New(fault.InvalidArgument, reasonScheduleInvalid,
		"The schedule has %d problems; the first: %s", len(problems), problems[0])
	if len(problems) == 1 {
		told = fault.New(fault.InvalidArgument, reasonScheduleInvalid, "The schedule has a problem: %s", problems[0])
	}
	for _, p := range problems {
		told = told.WithFields(problemField(p, field))
	}
	return told
}

// UnreadableSchedule is the error for a message in which some fields cannot be read.
func UnreadableSchedule(wrong []fault.Field) error {
	return fault.New(fault.InvalidArgument, reasonScheduleInvalid,
		"The schedule has a field that cannot be read: %s: %s", wrong[0].Path, wrong[0].Description).WithFields(wrong...)
}

func problemField(p schedule.Problem, field string) fault.Field {
	if p.Line > 0 {
		return fault.Field{Path: field, Description: p.String()}
	}
	return fault.Field{Path: strings.TrimSuffix(field+p.Path, "."), Description: p.Message}
}

// request names the call, so that a retry finds the version the first one made.
func (p Publishing) request(content *schedule.Schedule) docstore.Request {
	id, payload := p.RequestID, p.File
	if id == "" {
		id = rand.Text()
	}
	if p.File == nil {
		payload = append([]byte("message "), schedule.Format(content)...)
	}
	key := p.Etag
	if p.Draft != nil {
		id, key = p.Draft.Name, fmt.Sprint(p.Draft.Base)
	}
	return docstore.NewRequest(p.Publisher, "PublishSchedule", id, append([]byte(key+" "), payload...))
}

// tryPublish publishes after the versions there are now, or errNumberTaken.
func (s *Service) tryPublish(ctx context.Context, p Publishing, content *schedule.Schedule, request docstore.Request) (*Version, bool, error) {
	if err := s.readVersions(ctx); err != nil {
		return nil, false, fmt.Errorf("publish: %w", err)
	}
	book := s.book.Load()
	if v, err := book.servedBefore(request); v != nil || err != nil {
		return v, false, err
	}
	last := book.last()
	if p.Etag != "" && (last == nil || p.Etag != last.Etag()) {
		return nil, false, fault.New(fault.Aborted, fault.ReasonStaleEtag,
			"The schedule was published by somebody else since it was read: read it again.").WithResource("evenhand/ScheduleVersion", "schedule")
	}
	v := &Version{Number: 1, Schedule: content, Hash: content.Hash(), Publisher: p.Publisher, Proposer: p.Publisher,
		SourceYAML: string(p.File), request: request}
	if last != nil {
		v.Number = last.Number + 1
	}
	if p.Draft != nil && p.Draft.Base != v.Number-1 {
		return nil, false, draftConflict(p.Draft, v.Number-1)
	}
	if last != nil && last.Hash == v.Hash {
		return last, true, s.agreeWithCompany(ctx, content, false)
	}
	var err error
	v.Published = s.now().UTC().Truncate(time.Millisecond)
	if v.InForce, err = inForce(content, last, v.Published); err != nil {
		return nil, false, err
	}
	if err := s.secondPerson(ctx, p, v); err != nil {
		return nil, false, err
	}
	if err := s.agreeWithCompany(ctx, content, !p.ValidateOnly); err != nil {
		return nil, false, err
	}
	if p.ValidateOnly {
		return v, false, nil
	}
	if err := s.versions.insert(ctx, v); err != nil {
		return nil, false, fmt.Errorf("publish: %w", err)
	}
	if err := s.readVersions(ctx); err != nil {
		return nil, false, fmt.Errorf("read the version just published: %w", err)
	}
	return v, false, nil
}

// inForce says from which instant a version counts that follows on last, which is nil
// for a first one.
func inForce(content *schedule.Schedule, last *Version, now time.Time) (time.Time, error) {
	zone, err := civil.LoadZone(content.TimeZone)
	if err != nil {
		return time.Time{}, err
	}
	today := zone.DayOf(now)
	effective, said := content.Notice.Effective, "notice.effective is %s"
	if effective == civil.Never {
		effective, said = today, "Without notice.effective it takes effect today, %s"
	}
	if furthest := today.AddMonths(12 * furthestYears); effective > furthest {
		return time.Time{}, effectiveDate("notice.effective is %s, but the furthest day that can be promised today is %s: no other version could take effect before it.", effective, furthest)
	}
	if last == nil {
		return zone.Start(effective).UTC(), nil
	}
	start := zone.Start(effective).UTC()
	if effective == today {
		// Clocks of two machines may differ: what counts is the order of publishing.
		start = now
		if zone.DayOf(last.InForce) == today && last.InForce.After(now) {
			start = last.InForce
		}
	}
	switch {
	case effective < today:
		return time.Time{}, effectiveDate("notice.effective is %s, but today is %s: only a first version may be dated back. Leave it out to publish from today on.", effective, today)
	case start.Before(last.InForce):
		return time.Time{}, effectiveDate(said+", but version %d, which was published last, takes effect on %s: choose that day or a later one.", effective, last.Number, zone.DayOf(last.InForce))
	}
	return start, nil
}

func effectiveDate(format string, args ...any) error {
	told := fault.New(fault.FailedPrecondition, reasonEffectiveDate, format, args...)
	return told.WithCondition(reasonEffectiveDate, "schedule", "%s", told.Message)
}

// agreeWithCompany says whether the company has the schedule's currency and zone, or,
// where it has none yet, sets them if that is asked.
func (s *Service) agreeWithCompany(ctx context.Context, content *schedule.Schedule, adopt bool) error {
	company, err := s.source.Settings(ctx)
	if err != nil {
		return fmt.Errorf("read the company's settings: %w", err)
	}
	if company.Currency != "" && company.Currency != content.Currency {
		return otherThanCompany("currency", content.Currency, company.Currency)
	}
	if ledger := company.LedgerCurrency; company.Currency == "" && ledger != "" && ledger != content.Currency {
		told := fault.New(fault.FailedPrecondition, fault.ReasonCurrency,
			"The schedule's currency is %s, but the revenue recorded so far is in %s: write %s in the schedule.", content.Currency, ledger, ledger)
		return told.WithCondition(fault.ReasonCurrency, "company", "the schedule's currency must be that of the revenue recorded so far, %s", ledger)
	}
	if company.Zone != "" && company.Zone != content.TimeZone {
		return otherThanCompany("time zone", content.TimeZone, company.Zone)
	}
	if !adopt || company.Currency != "" && company.Zone != "" {
		return nil
	}
	if err := s.source.AdoptSettings(ctx, content.Currency, content.TimeZone); err != nil {
		return fmt.Errorf("set the company's currency and time zone: %w", err)
	}
	return nil
}

func otherThanCompany(what, schedules, companys string) error {
	told := fault.New(fault.FailedPrecondition, fault.ReasonCurrency,
		"The schedule's %s is %s, but the company's is %s, which stays once it is set: write %s in the schedule.", what, schedules, companys, companys)
	return told.WithCondition(fault.ReasonCurrency, "company", "the schedule's %s must be the company's, %s", what, companys)
}

// secondPerson notes who proposed a version, and refuses one that the publisher alone has
// seen where somebody else could approve it. A check is told what would be published in
// either case.
func (s *Service) secondPerson(ctx context.Context, p Publishing, v *Version) error {
	if p.Draft != nil {
		v.Draft, v.Proposer, v.SingleOperator = p.Draft.Name, p.Draft.Proposer, p.Draft.SingleOperator
		return nil
	}
	others, err := s.source.OtherApprovers(ctx, p.Publisher)
	if err != nil {
		return fmt.Errorf("look for another approver: %w", err)
	}
	v.SingleOperator = !others
	if others && !p.ValidateOnly {
		told := fault.New(fault.FailedPrecondition, reasonSecondPerson,
			"Somebody else may approve schedules, so nobody publishes one that they wrote alone: propose it as a draft (evenhand schedule drafts create FILE), and another person approves it.")
		return told.WithCondition(reasonSecondPerson, "schedule", "another person than who wrote and proposed it must approve a version")
	}
	return nil
}

func draftConflict(d *ApprovedDraft, last int) error {
	told := fault.New(fault.FailedPrecondition, reasonDraftConflict,
		"%s was written on version %d of the schedule, but version %d was published since: see what that changed, update the draft with base_version %d, and propose it again.", d.Name, d.Base, last, last)
	return told.WithCondition(reasonDraftConflict, d.Name, "the draft must be written on the version published last")
}
