package houserules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

// Directory knows those whom house rules and breaches name.
type Directory interface {
	// Principal returns resource.ErrNotFound where there is no principal of that id.
	Principal(ctx context.Context, id string) error
	// Account returns resource.ErrNotFound where there is no account of that id.
	Account(ctx context.Context, id string) error
	// Accounts is how many accounts there are.
	Accounts(ctx context.Context) (int, error)
	// Waived says whether an account is entitled, now, to a benefit that waives a house
	// rule.
	Waived(ctx context.Context, account, benefit, houseRule string) (bool, error)
}

// Options are what the service takes from outside. Directory and Reviews are needed.
type Options struct {
	Directory Directory
	Reviews   tally.Reviews
	// Zone returns the zone in which days begin and end; UTC by default.
	Zone func(context.Context) (civil.Zone, error)
	// Random is the source of ids; crypto/rand by default.
	Random io.Reader
}

// Service is the use cases of house rules and their breaches.
type Service struct {
	rules    *resource.Table[Rule, *Rule]
	breaches *tally.Log[Breach, *Breach]
	opts     Options
	now      func() time.Time
}

// Kind is how house rules are stored and told.
var Kind = resource.Kind[Rule]{
	Type: ruleType, Name: Name, Tell: func(r Rule) any { return r },
	Spec: docstore.Spec{Name: "house_rules", Indexes: []docstore.Index{{Name: "owner", Fields: []string{"owner"}}}}}

// BreachKind is how breaches are stored and told: without the note, in which people
// write.
var BreachKind = resource.Kind[Breach]{
	Type: breachType, Name: BreachName,
	Tell: func(b Breach) any {
		b.Note = ""
		return b
	},
	Spec: docstore.Spec{Name: "breaches", Indexes: []docstore.Index{
		{Name: "rule", Fields: []string{"rule", "day"}},
		{Name: "account", Fields: []string{"account", "day"}},
		{Name: "day", Fields: []string{"day"}},
	}}}

// Open opens the house rules of the store that the requests are of.
func Open(ctx context.Context, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Directory == nil || opts.Reviews == nil {
		return nil, errors.New("open house rules: a directory and reviews are needed")
	}
	if opts.Zone == nil {
		opts.Zone = func(context.Context) (civil.Zone, error) { return civil.UTC, nil }
	}
	rules, err := resource.OpenTable[Rule](ctx, requests, Kind)
	if err != nil {
		return nil, fmt.Errorf("open house rules: %w", err)
	}
	s := &Service{rules: rules, opts: opts, now: requests.Now}
	s.breaches, err = tally.OpenLog[Breach](ctx, requests, BreachKind, tally.LogOptions[Breach]{
		Event: recorded, Index: "rule", Subject: s.counted, Random: opts.Random,
		Read: func(b Breach) tally.Entry { return tally.Entry{Subject: b.Rule, Account: b.Account, Day: b.Day} },
	})
	if err != nil {
		return nil, err
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

// Get returns a house rule, or resource.ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (resource.Stored[Rule], error) {
	return s.rules.Get(ctx, id)
}

// Create writes a house rule down; where id is empty it is the slug of the text, and a
// threshold that is all zero is the default. INVALID_ARGUMENT; ALREADY_EXISTS. With
// check, nothing is written.
func (s *Service) Create(ctx context.Context, call resource.Call, id string, r Rule, check bool) (resource.Stored[Rule], error) {
	none := resource.Stored[Rule]{}
	if id == "" {
		id = names.Slug(r.Text)
	}
	if !names.IsID(id) {
		return none, fault.Invalid("house_rule_id", "no id can be made of %q: give one of lower-case letters, digits and hyphens", r.Text)
	}
	if earlier, known, err := s.rules.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if r.Threshold == (tally.Threshold{}) {
		r.Threshold = DefaultThreshold
	}
	r.State = Active
	if err := r.check(); err != nil {
		return none, err
	}
	if err := resource.Named("house_rule.owner", "principals/"+r.Owner, s.opts.Directory.Principal(ctx, r.Owner)); err != nil {
		return none, err
	}
	if check {
		return s.rules.Unwritten(id, r), nil
	}
	return s.rules.Create(ctx, call, id, r, "house_rule.created")
}

// Update changes a house rule: INVALID_ARGUMENT, NOT_FOUND, STALE_ETAG, HOUSE_RULE_STATE.
func (s *Service) Update(ctx context.Context, call resource.Call, id, etag string, patch Patch) (resource.Stored[Rule], error) {
	if earlier, known, err := s.rules.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if patch.Owner != nil {
		if err := resource.Named("house_rule.owner", "principals/"+*patch.Owner, s.opts.Directory.Principal(ctx, *patch.Owner)); err != nil {
			return resource.Stored[Rule]{}, err
		}
	}
	return s.rules.Update(ctx, call, id, resource.IfEtag[Rule](etag), "house_rule.updated", func(r *Rule) error {
		return patch.apply(Name(id), r)
	})
}

// Retire ends a house rule, with a reason that is kept: INVALID_ARGUMENT, NOT_FOUND,
// STALE_ETAG, HOUSE_RULE_STATE.
func (s *Service) Retire(ctx context.Context, call resource.Call, id, etag, reason string) (resource.Stored[Rule], error) {
	return s.rules.Update(ctx, call, id, resource.IfEtag[Rule](etag), "house_rule.retired", func(r *Rule) error {
		return r.retire(Name(id), reason)
	})
}
