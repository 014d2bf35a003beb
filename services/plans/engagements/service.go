package engagements

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Directory knows those whom engagements and experts name.
type Directory interface {
	// Person says whether a principal is a person who is not disabled; resource.ErrNotFound
	// where there is no principal of that id.
	Person(ctx context.Context, id string) (bool, error)
	// Account returns resource.ErrNotFound where there is no account of that id.
	Account(ctx context.Context, id string) error
	// Contact returns resource.ErrNotFound where there is no contact of that resource name.
	Contact(ctx context.Context, name string) error
	// Team returns the ids of those who own an account or serve it, or
	// resource.ErrNotFound.
	Team(ctx context.Context, account string) ([]string, error)
}

// Options are what the service takes from outside. Directory is needed.
type Options struct {
	Directory Directory
	// Benefits is where hours use benefits; without it, no engagement can name one.
	Benefits Benefits
	// Zone returns the zone in which days begin and end; UTC by default.
	Zone func(context.Context) (civil.Zone, error)
	// Random is the source of ids; crypto/rand by default.
	Random io.Reader
	// Log is slog.Default() by default.
	Log *slog.Logger
}

// Service is the use cases of engagements and of the experts who work in them. It is safe
// for concurrent use.
type Service struct {
	store       *docstore.Store
	experts     *resource.Table[Expert, *Expert]
	engagements *resource.Table[Engagement, *Engagement]
	opts        Options
	now         func() time.Time
}

// Kind is how engagements are stored and told: without what the customer said, and without
// what people wrote beside their hours.
var Kind = resource.Kind[Engagement]{
	Type: engagementType, Name: Name, Tell: Engagement.told,
	Spec: docstore.Spec{Name: "engagements", Indexes: []docstore.Index{
		{Name: "created", Fields: []string{"created"}},
		{Name: "account", Fields: []string{"account", "created"}},
		{Name: "requester", Fields: []string{"requester", "created"}},
		{Name: "at_work", Fields: []string{"at_work"}, Multikey: true},
		{Name: "last_worked", Fields: []string{"last_worked"}, Partial: true},
		{Name: "waiting", Fields: []string{"waiting"}, Partial: true},
	}}}

// Open opens the engagements and experts of a store; requests are those of its other tables.
func Open(ctx context.Context, store *docstore.Store, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Directory == nil {
		return nil, errors.New("open engagements: a directory is needed")
	}
	if opts.Zone == nil {
		opts.Zone = func(context.Context) (civil.Zone, error) { return civil.UTC, nil }
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	s := &Service{store: store, opts: opts, now: requests.Now}
	var err error
	if s.experts, err = resource.OpenTable[Expert](ctx, requests, ExpertKind); err != nil {
		return nil, fmt.Errorf("open experts: %w", err)
	}
	if s.engagements, err = resource.OpenTable[Engagement](ctx, requests, Kind); err != nil {
		return nil, fmt.Errorf("open engagements: %w", err)
	}
	return s, nil
}

// Today returns the calendar day it is in the company's zone.
func (s *Service) Today(ctx context.Context) (civil.Day, error) {
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return 0, fmt.Errorf("find the company's time zone: %w", err)
	}
	return zone.DayOf(s.now()), nil
}

// Get returns an engagement, or resource.ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (resource.Stored[Engagement], error) {
	return s.engagements.Get(ctx, id)
}

// Request asks for an engagement on behalf of the caller; where id is empty one is made.
// INVALID_ARGUMENT, also for an account or contact that does not exist; ALREADY_EXISTS.
// With check, nothing is written.
func (s *Service) Request(
	ctx context.Context, call resource.Call, id, account string, d Definition, check bool,
) (resource.Stored[Engagement], error) {
	none := resource.Stored[Engagement]{}
	if id == "" {
		var err error
		if id, err = call.NewID(s.opts.Random); err != nil {
			return none, err
		}
	}
	if earlier, known, err := s.engagements.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	d.complete()
	if err := d.check(); err != nil {
		return none, err
	}
	if err := s.usable(d.Benefit); err != nil {
		return none, err
	}
	err := resource.Named("engagement.account", names.Join("accounts", account), s.opts.Directory.Account(ctx, account))
	if err != nil {
		return none, err
	}
	if err := s.checkContact(ctx, "engagement.contact", account, d.Contact); err != nil {
		return none, err
	}
	e := Engagement{Account: account, Definition: d, Requester: call.Principal, State: Requested}
	if check {
		return s.engagements.Unwritten(id, e), nil
	}
	return s.engagements.Create(ctx, call, id, e, "engagement.requested")
}

// usable wants hours to be able to use a benefit, where one is named.
func (s *Service) usable(benefit string) error {
	if benefit != "" && s.opts.Benefits == nil {
		return fault.Invalid("engagement.benefit", "cannot be used: no entitlements service is there to use %q. Leave it out", benefit)
	}
	return nil
}

// checkContact wants a contact to be one of the account; an empty name is none.
func (s *Service) checkContact(ctx context.Context, field, account, name string) error {
	if name == "" {
		return nil
	}
	if ids, ok := names.Parse(name, "accounts", "contacts"); !ok || ids[0] != account {
		return fault.Invalid(field, "%q is no contact of accounts/%s, as accounts/%s/contacts/jane", name, account, account)
	}
	return resource.Named(field, name, s.opts.Directory.Contact(ctx, name))
}

// Update changes what an open engagement is about: INVALID_ARGUMENT, NOT_FOUND, STALE_ETAG;
// ENGAGEMENT_STATE for one that has ended, and for its benefit and origin once there are
// hours.
func (s *Service) Update(ctx context.Context, call resource.Call, id, etag string, patch Patch) (resource.Stored[Engagement], error) {
	if earlier, known, err := s.engagements.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if patch.Contact != nil || patch.Benefit != nil {
		e, err := s.engagements.Get(ctx, id)
		if err != nil {
			return e, err
		}
		set(&e.State.Contact, patch.Contact)
		set(&e.State.Benefit, patch.Benefit)
		if err := s.checkContact(ctx, "engagement.contact", e.State.Account, e.State.Contact); err != nil {
			return resource.Stored[Engagement]{}, err
		}
		if err := s.usable(e.State.Benefit); err != nil {
			return resource.Stored[Engagement]{}, err
		}
	}
	return s.engagements.Update(ctx, call, id, resource.IfEtag[Engagement](etag), "engagement.updated", func(e *Engagement) error {
		return patch.apply(id, e)
	})
}

// Assign puts experts, by their ids, on an open engagement in place of those who are on it.
// INVALID_ARGUMENT for none; EXPERT_NOT_AVAILABLE for those who are none, or not active, or
// disabled; NOT_FOUND; STALE_ETAG; ENGAGEMENT_STATE; ENGAGEMENT_FULL.
func (s *Service) Assign(ctx context.Context, call resource.Call, id, etag string, experts []string) (resource.Stored[Engagement], error) {
	none := resource.Stored[Engagement]{}
	if earlier, known, err := s.engagements.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if experts = sorted(experts); len(experts) == 0 || len(experts) > MaxExperts {
		return none, fault.Invalid("experts", "has %d experts: name at least one, and at most %d", len(experts), MaxExperts)
	}
	found, err := s.experts.GetMany(ctx, experts)
	if err != nil {
		return none, err
	}
	for _, expert := range experts {
		e, known := found[expert]
		switch {
		case !known:
			return none, notAvailable(expert, "is not known: write down first what they know")
		case e.State.Inactive:
			return none, notAvailable(expert, "is not active: choose somebody else")
		}
		switch works, err := s.works(ctx, expert); {
		case err != nil:
			return none, err
		case !works:
			return none, notAvailable(expert, "is disabled, and does not work here any more: choose somebody else")
		}
	}
	return s.engagements.Update(ctx, call, id, resource.IfEtag[Engagement](etag), "engagement.matched", func(e *Engagement) error {
		return e.assign(id, experts)
	})
}

// works says whether an expert works here still.
func (s *Service) works(ctx context.Context, expert string) (bool, error) {
	person, err := s.opts.Directory.Person(ctx, expert)
	if err != nil && !errors.Is(err, resource.ErrNotFound) {
		return false, fmt.Errorf("find out whether %s may still work: %w", ExpertName(expert), err)
	}
	return err == nil && person, nil
}

// notAvailable is EXPERT_NOT_AVAILABLE about an expert.
func notAvailable(id, why string) error {
	name := ExpertName(id)
	return fault.Precondition(reasonExpert, name, "%s %s.", name, why).WithResource(expertType, name)
}

// Start begins the work of a matched engagement, today where no day is given:
// INVALID_ARGUMENT for a day to come; NOT_FOUND; STALE_ETAG; ENGAGEMENT_STATE.
func (s *Service) Start(ctx context.Context, call resource.Call, id, etag string, on civil.Day) (resource.Stored[Engagement], error) {
	on, err := s.past(ctx, "start_date", on)
	if err != nil {
		return resource.Stored[Engagement]{}, err
	}
	return s.engagements.Update(ctx, call, id, resource.IfEtag[Engagement](etag), "engagement.started", func(e *Engagement) error {
		if err := e.mustBe(id, Matched); err != nil {
			return err
		}
		e.State, e.Started, e.AtWork = UnderWay, on, e.Experts
		return nil
	})
}

// past returns a day, today where none is given, and refuses one to come.
func (s *Service) past(ctx context.Context, field string, on civil.Day) (civil.Day, error) {
	today, err := s.Today(ctx)
	switch {
	case err != nil:
		return 0, err
	case on == 0:
		return today, nil
	case on > today:
		return 0, fault.Invalid(field, "%s has not come yet", on)
	}
	return on, nil
}

// Complete ends the work with what came of it, and notes who serves the account, since
// they may share in the points for it. INVALID_ARGUMENT; NOT_FOUND; STALE_ETAG;
// ENGAGEMENT_STATE unless it is under way.
func (s *Service) Complete(ctx context.Context, call resource.Call, id, etag, outcome string) (resource.Stored[Engagement], error) {
	if outcome == "" {
		return resource.Stored[Engagement]{}, fault.Invalid("outcome", "is empty: say what came of the work")
	}
	if earlier, known, err := s.engagements.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	e, err := s.engagements.Get(ctx, id)
	if err != nil {
		return e, err
	}
	team, err := s.opts.Directory.Team(ctx, e.State.Account)
	if err != nil && !errors.Is(err, resource.ErrNotFound) {
		return e, fmt.Errorf("find who serves the account of %s: %w", Name(id), err)
	}
	return s.finish(ctx, call, id, etag, "engagement.completed", func(e *Engagement, today civil.Day) error {
		e.Outcome, e.Finished, e.Completer, e.Team = outcome, s.now(), call.Principal, sorted(team)
		return e.end(id, today, Completed, UnderWay)
	})
}

// Decline says, with a reason, that the company will not do what was asked for. It fails as
// Complete does, where work has begun.
func (s *Service) Decline(ctx context.Context, call resource.Call, id, etag, reason string) (resource.Stored[Engagement], error) {
	return s.leave(ctx, call, id, etag, reason, "engagement.declined", Declined, Requested, Matched)
}

// Cancel calls an open engagement off, with a reason. It fails as Complete does.
func (s *Service) Cancel(ctx context.Context, call resource.Call, id, etag, reason string) (resource.Stored[Engagement], error) {
	return s.leave(ctx, call, id, etag, reason, "engagement.cancelled", Cancelled, Requested, Matched, UnderWay)
}

func (s *Service) leave(
	ctx context.Context, call resource.Call, id, etag, reason, event string, to State, from ...State,
) (resource.Stored[Engagement], error) {
	if reason == "" {
		return resource.Stored[Engagement]{}, fault.Invalid("reason", "is empty: say why")
	}
	return s.finish(ctx, call, id, etag, event, func(e *Engagement, today civil.Day) error {
		e.Reason = reason
		return e.end(id, today, to, from...)
	})
}

func (s *Service) finish(
	ctx context.Context, call resource.Call, id, etag, event string, change func(*Engagement, civil.Day) error,
) (resource.Stored[Engagement], error) {
	today, err := s.Today(ctx)
	if err != nil {
		return resource.Stored[Engagement]{}, err
	}
	return s.engagements.Update(ctx, call, id, resource.IfEtag[Engagement](etag), event, func(e *Engagement) error {
		return change(e, today)
	})
}

// Hear records what the customer said about an engagement that has begun; the day is today
// where none is given. INVALID_ARGUMENT; NOT_FOUND; ENGAGEMENT_STATE; ENGAGEMENT_FULL.
func (s *Service) Hear(ctx context.Context, call resource.Call, id string, f Feedback) (resource.Stored[Engagement], error) {
	if earlier, known, err := s.engagements.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	e, err := s.engagements.Get(ctx, id)
	if err != nil {
		return e, err
	}
	if f.Rating < 1 || f.Rating > 5 {
		return resource.Stored[Engagement]{}, fault.Invalid("feedback.rating", "%d is not between 1, the worst, and 5", f.Rating)
	}
	if f.Contact == "" {
		return resource.Stored[Engagement]{}, fault.Invalid("feedback.contact", "is empty: say who of the customer said it")
	}
	if err := s.checkContact(ctx, "feedback.contact", e.State.Account, f.Contact); err != nil {
		return resource.Stored[Engagement]{}, err
	}
	if f.Day, err = s.past(ctx, "feedback.feedback_date", f.Day); err != nil {
		return resource.Stored[Engagement]{}, err
	}
	f.By, f.At = call.Principal, s.now()
	return s.engagements.Update(ctx, call, id, nil, "engagement.feedback_recorded", func(e *Engagement) error {
		if err := e.mustHaveStarted(id); err != nil {
			return err
		}
		if len(e.Feedback) >= MaxFeedback {
			return refused(reasonFull, id, "%s has feedback %d times, and more cannot be.", Name(id), MaxFeedback)
		}
		e.Feedback = slices.Concat(e.Feedback, []Feedback{f})
		return nil
	})
}
