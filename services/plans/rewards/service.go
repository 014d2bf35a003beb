package rewards

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// People is what this package needs of the principals.
type People interface {
	// Others says whether an enabled person other than this principal, given by its resource
	// name, holds a permission for all.
	Others(ctx context.Context, principal, permission string) (bool, error)
}

// Options are what the service takes from outside. People is needed.
type Options struct {
	People People
	// Zone returns the zone in which days begin and end; UTC by default.
	Zone func(context.Context) (civil.Zone, error)
}

// Service is the use cases of point rules, and of the ledger of points.
type Service struct {
	store        *docstore.Store
	rules        *resource.Table[PointRules, *PointRules]
	entries      *resource.Table[Entry, *Entry]
	acknowledged *resource.Table[Acknowledgement, *Acknowledgement]
	work         *docstore.Collection[completed]
	totals       *docstore.Collection[Totals]
	checkpoints  *docstore.Checkpoints
	opts         Options
	now          func() time.Time
}

// Open opens the ledger in the plans service's store, which the requests are of.
func Open(ctx context.Context, store *docstore.Store, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.People == nil {
		return nil, errors.New("open rewards: people are needed")
	}
	if opts.Zone == nil {
		opts.Zone = func(context.Context) (civil.Zone, error) { return civil.UTC, nil }
	}
	s := &Service{store: store, opts: opts, now: requests.Now}
	var err error
	if s.rules, err = resource.OpenTable[PointRules](ctx, requests, RulesKind); err != nil {
		return nil, fmt.Errorf("open point rules: %w", err)
	}
	if s.entries, err = resource.OpenTable[Entry](ctx, requests, LedgerKind); err != nil {
		return nil, fmt.Errorf("open the ledger of points: %w", err)
	}
	if s.acknowledged, err = resource.OpenTable[Acknowledgement](ctx, requests, FindingKind); err != nil {
		return nil, fmt.Errorf("open findings about rewards: %w", err)
	}
	if s.work, err = docstore.OpenCollection[completed](ctx, store, workSpec); err != nil {
		return nil, fmt.Errorf("open completed work: %w", err)
	}
	if s.totals, err = docstore.OpenCollection[Totals](ctx, store, totalsSpec); err != nil {
		return nil, fmt.Errorf("open totals of points: %w", err)
	}
	if s.checkpoints, err = docstore.OpenCheckpoints(ctx, store); err != nil {
		return nil, fmt.Errorf("open checkpoints: %w", err)
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
