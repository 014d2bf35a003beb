package innovation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Directory knows those whom projects name.
type Directory interface {
	// Principal returns resource.ErrNotFound where there is no principal of that id.
	Principal(ctx context.Context, id string) error
	// Account returns resource.ErrNotFound where there is no account of that id.
	Account(ctx context.Context, id string) error
	// Contact returns resource.ErrNotFound where there is no contact of that resource name.
	Contact(ctx context.Context, name string) error
	// OtherConfirmers says whether there is an enabled person who may confirm projects and
	// whose id is none of these.
	OtherConfirmers(ctx context.Context, principals []string) (bool, error)
}

// Options are what the service takes from outside. Directory is needed.
type Options struct {
	Directory Directory
	// Zone returns the zone in which days begin and end; UTC by default.
	Zone func(context.Context) (civil.Zone, error)
	// Random is the source of ids; crypto/rand by default.
	Random io.Reader
}

// Service is the use cases of innovation projects. It is safe for concurrent use.
type Service struct {
	projects *resource.Table[Project, *Project]
	opts     Options
	now      func() time.Time
}

// Kind is how projects are stored and told.
var Kind = resource.Kind[Project]{
	Type: projectType, Name: Name, Tell: Project.told,
	Spec: docstore.Spec{Name: "innovation_projects", Indexes: []docstore.Index{
		{Name: "created", Fields: []string{"created"}},
		{Name: "accounts", Fields: []string{"accounts", "created"}, Multikey: true},
	}}}

// Open opens the projects of the store that the requests are of.
func Open(ctx context.Context, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Directory == nil {
		return nil, errors.New("open innovation projects: a directory is needed")
	}
	if opts.Zone == nil {
		opts.Zone = func(context.Context) (civil.Zone, error) { return civil.UTC, nil }
	}
	projects, err := resource.OpenTable[Project](ctx, requests, Kind)
	if err != nil {
		return nil, fmt.Errorf("open innovation projects: %w", err)
	}
	return &Service{projects: projects, opts: opts, now: requests.Now}, nil
}

// Today returns the calendar day it is in the company's zone.
func (s *Service) Today(ctx context.Context) (civil.Day, error) {
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return 0, fmt.Errorf("find the company's time zone: %w", err)
	}
	return zone.DayOf(s.now()), nil
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

// Served reports whether a request has changed a project before.
func (s *Service) Served(ctx context.Context, call resource.Call, id string) (bool, error) {
	_, known, err := s.projects.Replay(ctx, call, id)
	return known, err
}

// Get returns a project, or resource.ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (resource.Stored[Project], error) {
	return s.projects.Get(ctx, id)
}

// Query says which projects to list, the latest first.
type Query struct {
	// Account is the id of an account; empty wants those of all.
	Account string
	// Keep says whether a project is wanted; nil wants all.
	Keep func(resource.Stored[Project]) bool
	// Size is the most to return; at least 1.
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// List lists projects.
func (s *Service) List(ctx context.Context, query Query) (resource.Page[Project], error) {
	q := docstore.Query{Index: "created", Descending: true, Limit: query.Size, After: query.After}
	if query.Account != "" {
		q.Index, q.Equal = "accounts", []any{query.Account}
	}
	return s.projects.List(ctx, q, func(p resource.Stored[Project]) resource.Place {
		return resource.Place{p.State.Created, p.ID}
	}, query.Keep)
}

// Propose writes a project down on behalf of the caller; where id is empty it is the slug
// of the title. INVALID_ARGUMENT, also for accounts or a lead that do not exist;
// ALREADY_EXISTS. With check, nothing is written.
func (s *Service) Propose(ctx context.Context, call resource.Call, id string, d Definition, check bool) (resource.Stored[Project], error) {
	none := resource.Stored[Project]{}
	if id == "" {
		id = names.Slug(d.Title)
	}
	if !names.IsID(id) {
		return none, fault.Invalid("innovation_project_id", "no id can be made of %q: give one of lower-case letters, digits and hyphens", d.Title)
	}
	if earlier, known, err := s.projects.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	d.Accounts = sorted(d.Accounts)
	if err := d.check(); err != nil {
		return none, err
	}
	if err := s.checkNamed(ctx, d.Accounts, d.Lead); err != nil {
		return none, err
	}
	p := Project{Definition: d, Proposer: call.Principal, State: Proposed, Leads: []string{d.Lead}}
	if check {
		return s.projects.Unwritten(id, p), nil
	}
	return s.projects.Create(ctx, call, id, p, "innovation_project.proposed")
}

// checkNamed wants accounts and a lead to exist; an empty lead is none.
func (s *Service) checkNamed(ctx context.Context, accounts []string, lead string) error {
	for _, account := range accounts {
		err := s.opts.Directory.Account(ctx, account)
		if err := resource.Named("innovation_project.accounts", accountName(account), err); err != nil {
			return err
		}
	}
	if lead == "" {
		return nil
	}
	return resource.Named("innovation_project.lead", names.Join("principals", lead), s.opts.Directory.Principal(ctx, lead))
}

// checkContact wants a contact to be one of the account.
func (s *Service) checkContact(ctx context.Context, field, account, name string) error {
	if ids, ok := names.Parse(name, "accounts", "contacts"); !ok || ids[0] != account {
		return fault.Invalid(field, "%q is no contact of %s, as %s/contacts/jane", name, accountName(account), accountName(account))
	}
	return resource.Named(field, name, s.opts.Directory.Contact(ctx, name))
}

// Update changes an open project; edit may be called several times, and makes new slices
// where it changes any. What was agreed is to be agreed anew where the agreement or the
// accounts change. INVALID_ARGUMENT; NOT_FOUND; STALE_ETAG; PROJECT_STATE.
func (s *Service) Update(ctx context.Context, call resource.Call, id, etag string, edit func(*Definition) error) (resource.Stored[Project], error) {
	none := resource.Stored[Project]{}
	if earlier, known, err := s.projects.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	p, err := s.projects.Get(ctx, id)
	if err != nil {
		return none, err
	}
	next := p.State.Definition
	if err := edit(&next); err != nil {
		return none, err
	}
	if next.Lead == p.State.Lead {
		next.Lead = ""
	}
	accounts := slices.DeleteFunc(slices.Clone(next.Accounts), func(a string) bool { return slices.Contains(p.State.Accounts, a) })
	if err := s.checkNamed(ctx, accounts, next.Lead); err != nil {
		return none, err
	}
	return s.change(ctx, call, id, etag, "innovation_project.updated", func(p *Project) error { return p.edit(id, edit) })
}

func (s *Service) change(
	ctx context.Context, call resource.Call, id, etag, event string, change func(*Project) error,
) (resource.Stored[Project], error) {
	return s.projects.Update(ctx, call, id, resource.IfEtag[Project](etag), event, change)
}

// Sign records that a side has agreed, today where no day is given: a named contact of one
// of the accounts, or, where the account is empty, a principal of the company.
// INVALID_ARGUMENT; NOT_FOUND; STALE_ETAG; PROJECT_INCOMPLETE while the agreement lacks
// something; PROJECT_STATE.
func (s *Service) Sign(ctx context.Context, call resource.Call, id, etag string, x Signature) (resource.Stored[Project], error) {
	none := resource.Stored[Project]{}
	if earlier, known, err := s.projects.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	p, err := s.projects.Get(ctx, id)
	if err != nil {
		return none, err
	}
	if err := p.State.checkSide("signature.account", x.Account); err != nil {
		return none, err
	}
	if x.Account == "" {
		principal, ok := names.ID(x.By, "principals")
		if !ok {
			return none, fault.Invalid("signature.signer", "%q is no principal, as principals/anna", x.By)
		}
		err = resource.Named("signature.signer", x.By, s.opts.Directory.Principal(ctx, principal))
	} else {
		err = s.checkContact(ctx, "signature.signer", x.Account, x.By)
	}
	if err != nil {
		return none, err
	}
	if x.Day, err = s.past(ctx, "signature.sign_date", x.Day); err != nil {
		return none, err
	}
	x.Recorder, x.At = call.Principal, s.now()
	return s.change(ctx, call, id, etag, "innovation_project.signed", func(p *Project) error { return p.sign(id, x) })
}

// Start begins the first stage of a project. NOT_FOUND; STALE_ETAG; PROJECT_INCOMPLETE,
// which names what is missing, as what a side is to gain; PROJECT_STATE.
func (s *Service) Start(ctx context.Context, call resource.Call, id, etag string) (resource.Stored[Project], error) {
	return s.change(ctx, call, id, etag, "innovation_project.started", func(p *Project) error { return p.start(id) })
}

// Decide decides on behalf of the caller at the gate of the stage that a project is in,
// today where no day is given; to stop takes lessons. INVALID_ARGUMENT; NOT_FOUND;
// STALE_ETAG; PROJECT_STATE; PROJECT_FULL.
func (s *Service) Decide(ctx context.Context, call resource.Call, id, etag string, d Decision, lessons string) (resource.Stored[Project], error) {
	if err := d.check(); err != nil {
		return resource.Stored[Project]{}, err
	}
	var err error
	if d.Day, err = s.past(ctx, "decision.decide_date", d.Day); err != nil {
		return resource.Stored[Project]{}, err
	}
	d.By, d.At = call.Principal, s.now()
	return s.change(ctx, call, id, etag, "innovation_project.decided", func(p *Project) error { return p.decide(id, d, lessons) })
}

// Try records a pilot of a project under way, or, where the number is above 0, how that one
// went on. INVALID_ARGUMENT; NOT_FOUND; STALE_ETAG; PROJECT_STATE; PROJECT_FULL.
func (s *Service) Try(ctx context.Context, call resource.Call, id, etag string, number int, pilot Pilot) (resource.Stored[Project], error) {
	if err := pilot.check(); err != nil {
		return resource.Stored[Project]{}, err
	}
	pilot.By = call.Principal
	return s.change(ctx, call, id, etag, "innovation_project.pilot_recorded", func(p *Project) error { return p.try(id, number, pilot) })
}

// Launch puts what came of a project into use once it has passed its last gate, today where
// no day is given. INVALID_ARGUMENT; NOT_FOUND; STALE_ETAG; PROJECT_INCOMPLETE;
// PROJECT_STATE.
func (s *Service) Launch(ctx context.Context, call resource.Call, id, etag string, on civil.Day) (resource.Stored[Project], error) {
	on, err := s.past(ctx, "launch_date", on)
	if err != nil {
		return resource.Stored[Project]{}, err
	}
	return s.change(ctx, call, id, etag, "innovation_project.launched", func(p *Project) error { return p.launch(id, on) })
}

// Gained records what a side really gained of one of the gains agreed, today where no day
// is given; what was recorded of it before stays. INVALID_ARGUMENT; NOT_FOUND; STALE_ETAG;
// PROJECT_STATE before the project starts and once somebody has confirmed it; PROJECT_FULL.
func (s *Service) Gained(ctx context.Context, call resource.Call, id, etag string, r Result) (resource.Stored[Project], error) {
	if err := r.check(); err != nil {
		return resource.Stored[Project]{}, err
	}
	var err error
	if r.Day, err = s.past(ctx, "result.measure_date", r.Day); err != nil {
		return resource.Stored[Project]{}, err
	}
	r.By, r.At = call.Principal, s.now()
	return s.change(ctx, call, id, etag, "innovation_project.result_recorded", func(p *Project) error { return p.gained(id, r) })
}

// Complete ends a launched project: it waits for the customers to confirm it then.
// NOT_FOUND; STALE_ETAG; PROJECT_INCOMPLETE, which names the results that are missing;
// PROJECT_STATE.
func (s *Service) Complete(ctx context.Context, call resource.Call, id, etag string) (resource.Stored[Project], error) {
	return s.end(ctx, call, id, etag, "innovation_project.completed", func(p *Project, today civil.Day) error {
		return p.complete(id, today)
	})
}

// Stop gives a project up that is not completed, with a reason and what was learnt.
// INVALID_ARGUMENT; NOT_FOUND; STALE_ETAG; PROJECT_STATE.
func (s *Service) Stop(ctx context.Context, call resource.Call, id, etag, reason, lessons string) (resource.Stored[Project], error) {
	if reason == "" {
		return resource.Stored[Project]{}, fault.Invalid("reason", "is empty: say why")
	}
	return s.end(ctx, call, id, etag, "innovation_project.stopped", func(p *Project, today civil.Day) error {
		return p.stop(id, today, reason, lessons)
	})
}

func (s *Service) end(
	ctx context.Context, call resource.Call, id, etag, event string, change func(*Project, civil.Day) error,
) (resource.Stored[Project], error) {
	today, err := s.Today(ctx)
	if err != nil {
		return resource.Stored[Project]{}, err
	}
	return s.change(ctx, call, id, etag, event, func(p *Project) error { return change(p, today) })
}
