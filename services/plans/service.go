package plans

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Directory knows, at this moment, the people of the accounts service.
type Directory interface {
	// Principal returns resource.ErrNotFound where there is no principal of that id.
	Principal(ctx context.Context, id string) error
	// Account returns an account as it is now, so that who was assigned a moment ago counts;
	// resource.ErrNotFound where there is none.
	Account(ctx context.Context, id string) (feeds.Account, error)
}

// Options are what the service takes from outside. Directory is needed.
type Options struct {
	Directory Directory
}

// Service is the plans of the accounts and their templates.
type Service struct {
	Accounts  *Accounts
	plans     *resource.Table[Plan, *Plan]
	templates *resource.Table[Template, *Template]
	opts      Options
	now       func() time.Time
}

// Open opens the plans in the store that the requests are of.
func Open(ctx context.Context, store *docstore.Store, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Directory == nil {
		return nil, errors.New("open plans: a directory is needed")
	}
	s := &Service{opts: opts, now: requests.Now}
	var err error
	if s.Accounts, err = OpenAccounts(ctx, store); err != nil {
		return nil, fmt.Errorf("open plans: %w", err)
	}
	if s.plans, err = resource.OpenTable[Plan](ctx, requests, Kind); err != nil {
		return nil, fmt.Errorf("open plans: %w", err)
	}
	if s.templates, err = resource.OpenTable[Template](ctx, requests, TemplateKind); err != nil {
		return nil, fmt.Errorf("open plan templates: %w", err)
	}
	return s, nil
}

// Today returns the calendar day it is in the company's zone.
func (s *Service) Today(ctx context.Context) (civil.Day, error) {
	zone, err := s.Accounts.Zone(ctx)
	if err != nil {
		return 0, fmt.Errorf("find the company's time zone: %w", err)
	}
	return zone.DayOf(s.now()), nil
}

// Get returns the plan of an account, or resource.ErrNotFound.
func (s *Service) Get(ctx context.Context, account string) (resource.Stored[Plan], error) {
	return s.plans.Get(ctx, account)
}

// GetMany returns those of the plans that there are, by their accounts' ids.
func (s *Service) GetMany(ctx context.Context, accounts []string) (map[string]resource.Stored[Plan], error) {
	return s.plans.GetMany(ctx, accounts)
}

// Query says which plans to list, by their accounts' ids.
type Query struct {
	// Owner is the id of a principal; nil wants those of all.
	Owner *string
	// State wants plans in it; nil wants those in any.
	State *State
	// Keep says whether a plan is wanted; nil wants all.
	Keep func(resource.Stored[Plan]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// List lists plans.
func (s *Service) List(ctx context.Context, query Query) (resource.Page[Plan], error) {
	q := docstore.Query{Limit: query.Size, After: query.After}
	switch {
	case query.Owner != nil:
		q.Index, q.Equal = "owner", []any{*query.Owner}
	case query.State != nil:
		q.Index, q.Equal = "state", []any{string(*query.State)}
	}
	return s.plans.List(ctx, q, nil, query.Keep)
}

// Create begins the plan of an account, as a draft. Its owner is the account's where none
// is given, or else who calls. NOT_FOUND for the account; ACCOUNT_STATE for one that is no
// customer any more; ALREADY_EXISTS; PLAN_OWNER; INVALID_ARGUMENT. With check, nothing is written.
func (s *Service) Create(ctx context.Context, call resource.Call, account, caller string, p Plan, check bool) (resource.Stored[Plan], error) {
	none := resource.Stored[Plan]{}
	if earlier, known, err := s.plans.Created(ctx, call, account); known || err != nil {
		return earlier, err
	}
	of, err := s.opts.Directory.Account(ctx, account)
	if err := resource.Named("plan.account", AccountName(account), err); err != nil {
		return none, err
	}
	return s.create(ctx, call, of, caller, p, check)
}

// create begins the plan of an account that is as in the directory.
func (s *Service) create(ctx context.Context, call resource.Call, of feeds.Account, caller string, p Plan, check bool) (resource.Stored[Plan], error) {
	none, account := resource.Stored[Plan]{}, of.ID
	today, err := s.Today(ctx)
	if err != nil {
		return none, err
	}
	if of.Ends() <= today {
		return none, accountState(account)
	}
	if p.Owner == "" {
		if p.Owner = of.Owner; p.Owner == "" {
			p.Owner = caller
		}
	}
	if p.Owner == "" {
		return none, fault.Invalid("plan.owner", "is missing: nobody owns %s, so say who answers for the plan", AccountName(account))
	}
	p.State, p.History = Draft, nil
	settle(&p, &Plan{}, today)
	if of.Owner == "" && p.Owner == caller { // nobody owns the account yet: who begins answers for it
		of.Owner = caller
	}
	if err := s.checked(ctx, &of, &p, &Plan{}); err != nil {
		return none, err
	}
	var made resource.Stored[Plan]
	if check {
		made, err = unwritten(ctx, s.plans, account, p)
	} else {
		made, err = s.plans.Create(ctx, call, account, p, "plan.created")
	}
	if errors.Is(err, resource.ErrExists) {
		err = resource.ErrExists.Saying("%s has a plan already: change that one, or hand it over.", AccountName(account)).
			WithResource(planType, Name(account))
	}
	return made, err
}

// unwritten returns a state as it would be created under an id; resource.ErrExists where
// the id is taken.
func unwritten[T any, P resource.Aggregate[T]](ctx context.Context, table *resource.Table[T, P], id string, state T) (resource.Stored[T], error) {
	_, err := table.Get(ctx, id)
	switch {
	case err == nil:
		return resource.Stored[T]{}, table.Kind().Exists(id)
	case errors.Is(err, resource.ErrNotFound):
		return table.Unwritten(id, state), nil
	}
	return resource.Stored[T]{}, err
}

// checked wants the plan to be right, and those it names newly to be there: the owner must
// own or serve the account, which is as in the directory.
func (s *Service) checked(ctx context.Context, of *feeds.Account, p, before *Plan) error {
	if err := p.check(); err != nil {
		return err
	}
	if !reflect.DeepEqual(p.Strategy, before.Strategy) {
		if err := p.Strategy.paced("plan.strategy"); err != nil {
			return err
		}
	}
	if p.Owner != before.Owner {
		if err := s.owner(ctx, "plan.owner", of, p.Owner); err != nil {
			return err
		}
	}
	known := map[string]bool{"": true, p.Owner: true}
	for _, id := range before.Team {
		known[id] = true
	}
	for i := range before.Strategy.Cadences {
		known[before.Strategy.Cadences[i].Owner] = true
	}
	named := func(field, id string) error {
		if known[id] {
			return nil
		}
		known[id] = true
		return resource.Named(field, PrincipalName(id), s.opts.Directory.Principal(ctx, id))
	}
	for i, id := range p.Team {
		if err := named(fmt.Sprintf("plan.team[%d]", i), id); err != nil {
			return err
		}
	}
	for i := range p.Strategy.Cadences {
		if err := named(fmt.Sprintf("plan.strategy.cadences[%d].owner", i), p.Strategy.Cadences[i].Owner); err != nil {
			return err
		}
	}
	return nil
}

// owner wants a principal to be there, and to own or serve the account: else nobody could
// do what the plan has them do.
func (s *Service) owner(ctx context.Context, field string, of *feeds.Account, id string) error {
	if err := resource.Named(field, PrincipalName(id), s.opts.Directory.Principal(ctx, id)); err != nil {
		return err
	}
	if of.Assigned(id) {
		return nil
	}
	return ErrOwner.Saying("%s neither owns nor serves %s: assign the account to them first, as its owner or in its service team.",
		PrincipalName(id), AccountName(of.ID)).
		WithCondition(reasonOwner, AccountName(of.ID), "%s must own it or be of its service team", PrincipalName(id))
}

// settle keeps what a caller does not set: measurements, how goals ended, from which template
// cadences came and since when they recur as they do. A baseline without a day is of the day it had, or else today's.
func settle(p, before *Plan, today civil.Day) {
	p.Goals = slices.Clone(p.Goals)
	for i := range p.Goals {
		g := &p.Goals[i]
		g.State, g.Progress, g.Ended, g.EndReason = GoalOpen, nil, time.Time{}, ""
		day := today
		if was := before.Goal(g.ID); was != nil {
			g.State, g.Progress, g.Ended, g.EndReason = was.State, was.Progress, was.Ended, was.EndReason
			day = was.BaselineDay
		}
		if g.BaselineDay == 0 {
			g.BaselineDay = day
		}
	}
	p.Strategy.Cadences = slices.Clone(p.Strategy.Cadences)
	for i := range p.Strategy.Cadences {
		c := &p.Strategy.Cadences[i]
		if was := before.Strategy.cadence(c.ID); was != nil {
			c.Template = was.Template
		}
	}
	p.Strategy.Date(&before.Strategy, today)
}
