package clauses

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

// Directory knows those whom clauses and citations name.
type Directory interface {
	// Principal returns resource.ErrNotFound where there is no principal of that id.
	Principal(ctx context.Context, id string) error
	// Account returns resource.ErrNotFound where there is no account of that id.
	Account(ctx context.Context, id string) error
	// Case returns resource.ErrNotFound where there is no case of that resource name.
	Case(ctx context.Context, name string) error
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

// Service is the use cases of contract clauses and their citations.
type Service struct {
	clauses   *resource.Table[Clause, *Clause]
	citations *tally.Log[Citation, *Citation]
	opts      Options
	now       func() time.Time
}

// Kind is how clauses are stored and told.
var Kind = resource.Kind[Clause]{
	Type: clauseType, Name: Name, Tell: func(c Clause) any { return c },
	Spec: docstore.Spec{Name: "clauses", Indexes: []docstore.Index{{Name: "owner", Fields: []string{"owner"}}}}}

// CitationKind is how citations are stored and told: without the note, in which people
// write.
var CitationKind = resource.Kind[Citation]{
	Type: citationType, Name: CitationName,
	Tell: func(c Citation) any {
		c.Note = ""
		return c
	},
	Spec: docstore.Spec{Name: "citations", Indexes: []docstore.Index{
		{Name: "clause", Fields: []string{"clause", "day"}},
		{Name: "account", Fields: []string{"account", "day"}, Partial: true},
		{Name: "day", Fields: []string{"day"}},
	}}}

// Open opens the clauses of the store that the requests are of.
func Open(ctx context.Context, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Directory == nil || opts.Reviews == nil {
		return nil, errors.New("open clauses: a directory and reviews are needed")
	}
	if opts.Zone == nil {
		opts.Zone = func(context.Context) (civil.Zone, error) { return civil.UTC, nil }
	}
	clauses, err := resource.OpenTable[Clause](ctx, requests, Kind)
	if err != nil {
		return nil, fmt.Errorf("open clauses: %w", err)
	}
	s := &Service{clauses: clauses, opts: opts, now: requests.Now}
	s.citations, err = tally.OpenLog[Citation](ctx, requests, CitationKind, tally.LogOptions[Citation]{
		Event: recorded, Index: "clause", Subject: s.counted, Random: opts.Random,
		Read: func(c Citation) tally.Entry { return tally.Entry{Subject: c.Clause, Account: c.Account, Day: c.Day} },
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

// Get returns a clause, or resource.ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (resource.Stored[Clause], error) {
	return s.clauses.Get(ctx, id)
}

// Create writes a clause down; where id is empty it is the slug of the title, and no
// number of citations is the default. INVALID_ARGUMENT; ALREADY_EXISTS. With check,
// nothing is written.
func (s *Service) Create(ctx context.Context, call resource.Call, id string, c Clause, check bool) (resource.Stored[Clause], error) {
	none := resource.Stored[Clause]{}
	if id == "" {
		id = names.Slug(c.Title)
	}
	if !names.IsID(id) {
		return none, fault.Invalid("clause_id", "no id can be made of %q: give one of lower-case letters, digits and hyphens", c.Title)
	}
	if earlier, known, err := s.clauses.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if c.Citations == 0 {
		c.Citations = DefaultCitations
	}
	c.State = Active
	if err := c.check(); err != nil {
		return none, err
	}
	if err := resource.Named("clause.owner", "principals/"+c.Owner, s.opts.Directory.Principal(ctx, c.Owner)); err != nil {
		return none, err
	}
	if check {
		return s.clauses.Unwritten(id, c), nil
	}
	return s.clauses.Create(ctx, call, id, c, "clause.created")
}

// Update changes a clause: INVALID_ARGUMENT, NOT_FOUND, STALE_ETAG, CLAUSE_STATE.
func (s *Service) Update(ctx context.Context, call resource.Call, id, etag string, patch Patch) (resource.Stored[Clause], error) {
	if earlier, known, err := s.clauses.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if patch.Owner != nil {
		if err := resource.Named("clause.owner", "principals/"+*patch.Owner, s.opts.Directory.Principal(ctx, *patch.Owner)); err != nil {
			return resource.Stored[Clause]{}, err
		}
	}
	return s.clauses.Update(ctx, call, id, resource.IfEtag[Clause](etag), "clause.updated", func(c *Clause) error {
		return patch.apply(Name(id), c)
	})
}

// Retire ends a clause, with a reason that is kept: INVALID_ARGUMENT, NOT_FOUND,
// STALE_ETAG, CLAUSE_STATE.
func (s *Service) Retire(ctx context.Context, call resource.Call, id, etag, reason string) (resource.Stored[Clause], error) {
	return s.clauses.Update(ctx, call, id, resource.IfEtag[Clause](etag), "clause.retired", func(c *Clause) error {
		return c.retire(Name(id), reason)
	})
}
