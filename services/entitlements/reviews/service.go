package reviews

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

// term is how many days the owner of a review has that was opened without a day.
const term = 30

// Directory knows what reviews name.
type Directory interface {
	// Principal returns resource.ErrNotFound where there is no principal of that id.
	Principal(ctx context.Context, id string) error
	// Subject returns resource.ErrNotFound where there is no house rule or clause of that
	// resource name.
	Subject(ctx context.Context, name string) error
	// Waives says whether a benefit waives a house rule, in the schedule that is in force,
	// in one that will be, or in a draft.
	Waives(ctx context.Context, benefit, houseRule string) (bool, error)
}

// Options are what the service takes from outside. Directory is needed.
type Options struct {
	Directory Directory
	// Zone returns the zone in which days begin and end; UTC by default.
	Zone func(context.Context) (civil.Zone, error)
	// Random is the source of ids; crypto/rand by default.
	Random io.Reader
}

// Service is the use cases of reviews.
type Service struct {
	table     *resource.Table[Review, *Review]
	directory Directory
	zone      func(context.Context) (civil.Zone, error)
	random    io.Reader
	now       func() time.Time
}

var _ tally.Reviews = (*Service)(nil)

// Kind is how reviews are stored and told: without what people wrote.
var Kind = resource.Kind[Review]{
	Type: reviewType, Name: Name, Tell: func(r Review) any { return r.WithoutWords() },
	Spec: docstore.Spec{Name: "reviews", Indexes: []docstore.Index{
		{Name: "owner", Fields: []string{"owner", "due"}},
		{Name: "subject", Fields: []string{"subject", "due"}},
		{Name: "state", Fields: []string{"state", "due"}},
		{Name: "due", Fields: []string{"due"}},
	}}}

// OpenService opens the reviews of the store that the requests are of.
func OpenService(ctx context.Context, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Directory == nil {
		return nil, errors.New("open reviews: a directory is needed")
	}
	if opts.Zone == nil {
		opts.Zone = func(context.Context) (civil.Zone, error) { return civil.UTC, nil }
	}
	table, err := resource.OpenTable[Review](ctx, requests, Kind)
	if err != nil {
		return nil, fmt.Errorf("open reviews: %w", err)
	}
	return &Service{table, opts.Directory, opts.Zone, opts.Random, requests.Now}, nil
}

// Today returns the calendar day it is in the company's zone, by which reviews are
// overdue.
func (s *Service) Today(ctx context.Context) (civil.Day, error) {
	zone, err := s.zone(ctx)
	if err != nil {
		return 0, fmt.Errorf("find the company's time zone: %w", err)
	}
	return zone.DayOf(s.now()), nil
}

// Get returns a review, or resource.ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (resource.Stored[Review], error) {
	return s.table.Get(ctx, id)
}

// Open opens a review by hand, due in 30 days where no day is given: INVALID_ARGUMENT
// where it has no subject, owner or reason, or they do not exist. With check, nothing is
// written.
func (s *Service) Open(ctx context.Context, call resource.Call, r Review, check bool) (resource.Stored[Review], error) {
	none := resource.Stored[Review]{}
	id, err := call.NewID(s.random)
	if err != nil {
		return none, err
	}
	if earlier, known, err := s.table.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	today, err := s.Today(ctx)
	if err != nil {
		return none, err
	}
	if r.Due == 0 {
		r.Due = today + term
	}
	r.State, r.Cause, r.Decision, r.Assignments = Open, nil, nil, nil
	if err := r.check(today); err != nil {
		return none, err
	}
	if err := resource.Named("review.owner", "principals/"+r.Owner, s.directory.Principal(ctx, r.Owner)); err != nil {
		return none, err
	}
	if r.Subject != "" {
		if err := resource.Named("review.subject", r.Subject, s.directory.Subject(ctx, r.Subject)); err != nil {
			return none, err
		}
	}
	if check {
		return s.table.Unwritten(id, r), nil
	}
	return s.table.Create(ctx, call, id, r, "review.opened")
}

// Opened implements tally.Reviews.
func (s *Service) Opened(ctx context.Context, subject string, span tally.Span) (string, error) {
	id := idOf(subject, span)
	_, err := s.table.Get(ctx, id)
	if errors.Is(err, resource.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for the review of %s in %s: %w", subject, span.ID, err)
	}
	return id, nil
}

// OpenOnce implements tally.Reviews.
func (s *Service) OpenOnce(ctx context.Context, call resource.Call, cause tally.Cause, owner string) (string, error) {
	today, err := s.Today(ctx)
	if err != nil {
		return "", err
	}
	id := idOf(cause.Subject, cause.Span)
	call.RequestID = "" // the id is the cause's, whoever is first
	_, err = s.table.Create(ctx, call, id, Review{
		Subject: cause.Subject, Why: why(cause), Cause: &cause, Owner: owner, Due: today + term, State: Open,
	}, "review.opened")
	if err != nil && !errors.Is(err, resource.ErrExists) {
		return "", fmt.Errorf("open the review of %s in %s: %w", cause.Subject, cause.Span.ID, err)
	}
	return id, nil
}

// May returns an error where the caller may not change a review of an owner, by id. It is
// asked again where the change is written, since the owner may be another one by then.
type May func(owner string) error

// Assign gives an open review to another owner, with a reason that is kept:
// INVALID_ARGUMENT, NOT_FOUND, STALE_ETAG, REVIEW_STATE, and the error of may.
func (s *Service) Assign(ctx context.Context, call resource.Call, id, etag, owner, reason string, may May) (resource.Stored[Review], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	before, err := s.Get(ctx, id)
	if err != nil {
		return before, err
	}
	if err := may(before.State.Owner); err != nil {
		return before, err
	}
	if err := resource.Named("owner", "principals/"+owner, s.directory.Principal(ctx, owner)); err != nil {
		return resource.Stored[Review]{}, err
	}
	return s.table.Update(ctx, call, id, resource.IfEtag[Review](etag), "review.assigned", func(r *Review) error {
		if err := may(r.Owner); err != nil {
			return err
		}
		return r.assign(Name(id), owner, reason, call.Principal, s.now())
	})
}

// Decide ends a review: REVIEW_STATE for one that was decided; INVALID_ARGUMENT for a
// decision that its subject cannot have; NO_SUCH_WAIVER where a house rule is to be
// waived by a benefit that does not waive it; NOT_FOUND; STALE_ETAG; the error of may. With
// check, nothing is written.
func (s *Service) Decide(ctx context.Context, call resource.Call, id, etag string, d Decision, check bool, may May) (resource.Stored[Review], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	before, err := s.Get(ctx, id)
	if err != nil {
		return before, err
	}
	if err := may(before.State.Owner); err != nil {
		return before, err
	}
	if err := d.check(before.State.Subject); err != nil {
		return before, err
	}
	if d.Outcome == Waive {
		if err := s.mustWaive(ctx, id, before.State.Subject, d.Benefit); err != nil {
			return before, err
		}
	}
	d.By, d.At = call.Principal, s.now()
	if check {
		if err := s.table.Check(before, resource.IfEtag[Review](etag)); err != nil {
			return before, err
		}
		err := before.State.decide(Name(id), d)
		return before, err
	}
	return s.table.Update(ctx, call, id, resource.IfEtag[Review](etag), "review.decided", func(r *Review) error {
		if err := may(r.Owner); err != nil {
			return err
		}
		return r.decide(Name(id), d)
	})
}

// mustWaive wants a benefit to waive the house rule of a review.
func (s *Service) mustWaive(ctx context.Context, id, subject, benefit string) error {
	rule, _ := houseRule(subject)
	waives, err := s.directory.Waives(ctx, benefit, rule)
	if err != nil {
		return fmt.Errorf("look for the waiver of %s: %w", subject, err)
	}
	if waives {
		return nil
	}
	return fault.Precondition(reasonNoWaiver, "schedule",
		"No schedule in force, to come or in draft has a benefit %q of kind waiver with house_rule %s: propose one, with the rule that says "+
			"who qualifies, and decide the review then. No account gets a waiver by itself.", benefit, rule).
		WithResource(reviewType, Name(id)).WithField("benefit", "does not waive %s", subject)
}
