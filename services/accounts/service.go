package accounts

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// Options are what the service takes from outside. The zero value serves.
type Options struct {
	// Now is the clock; time.Now by default.
	Now func() time.Time
	// Random is the source of tokens and ids; crypto/rand by default.
	Random io.Reader
}

// Service is the accounts service.
type Service struct {
	Company  *Company
	Accounts *Accounts
	Ledger   *Ledger
	Imports  *Imports
	Access   *Access
	Feed     *Feed

	requests *resource.Requests
}

// Run forgets what has had its time, until ctx ends. Any number of processes may run
// it; one at a time does the work, under a lease.
func (s *Service) Run(ctx context.Context) error {
	return s.requests.Run(ctx)
}

// wiring is what the use cases are made of.
type wiring struct {
	store    *docstore.Store
	requests *resource.Requests
	guards   *resource.Guards
	now      func() time.Time
	random   io.Reader
}

// New opens the collections of the service in its store, which must be relayed
// (docstore's relay) for the feed and the end of imports to advance.
func New(ctx context.Context, store *docstore.Store, opts Options) (*Service, error) {
	s, err := open(ctx, store, opts)
	if err != nil {
		return nil, fmt.Errorf("open the accounts service: %w", err)
	}
	return s, nil
}

func open(ctx context.Context, store *docstore.Store, opts Options) (*Service, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Random == nil {
		opts.Random = rand.Reader
	}
	w := wiring{store: store, random: opts.Random}
	var err error
	if w.requests, err = resource.OpenRequests(ctx, store, opts.Now); err != nil {
		return nil, err
	}
	w.now = w.requests.Now
	if w.guards, err = resource.OpenGuards(ctx, store); err != nil {
		return nil, err
	}
	s := &Service{requests: w.requests}
	if s.Company, err = openCompany(ctx, w); err != nil {
		return nil, err
	}
	if s.Access, err = openAccess(ctx, w); err != nil {
		return nil, err
	}
	if s.Accounts, err = openAccounts(ctx, w, s.Company, s.Access); err != nil {
		return nil, err
	}
	if s.Ledger, err = openLedger(ctx, w, s.Company, s.Accounts); err != nil {
		return nil, err
	}
	if s.Imports, err = openImports(ctx, w, s.Company, s.Accounts, s.Ledger); err != nil {
		return nil, err
	}
	s.Feed = openFeed(store, s.Ledger)
	return s, nil
}
