package plans

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Accounts is this service's copy of the accounts and of what the company settled. It
// takes over the feed of the accounts service.
type Accounts struct {
	copies  *docstore.Collection[accountCopy]
	company *docstore.Collection[companyCopy]
}

// accountCopy is an account, and the position in the feed of the change it is as of.
type accountCopy struct {
	feeds.Account `bson:",inline"`
	Position      int64 `bson:"position"`
}

type companyCopy struct {
	feeds.Company `bson:",inline"`
	Position      int64 `bson:"position"`
}

// theCompany is the id of the one company.
const theCompany = "company"

// OpenAccounts opens the copy in a store.
func OpenAccounts(ctx context.Context, store *docstore.Store) (*Accounts, error) {
	copies, err := docstore.OpenCollection[accountCopy](ctx, store, docstore.Spec{Name: "accounts", Silent: true,
		Indexes: []docstore.Index{{Name: "owner", Fields: []string{"owner"}, Partial: true}}})
	if err != nil {
		return nil, err
	}
	company, err := docstore.OpenCollection[companyCopy](ctx, store, docstore.Spec{Name: "company", Silent: true})
	if err != nil {
		return nil, err
	}
	return &Accounts{copies: copies, company: company}, nil
}

// atOnce is how many accounts are written at a time: few, since nobody waits for them as for
// the copies of other services.
const atOnce = 2

// Take implements feeds.Taker. Of several changes of an account only the last is kept, and
// one older than the copy is ignored: a process that lost its lease without knowing may
// come with it late.
func (a *Accounts) Take(ctx context.Context, changes []feeds.Change) error {
	last := map[string]*feeds.Change{}
	for i := range changes {
		switch c := &changes[i]; {
		case c.Account != nil:
			last[c.Account.ID] = c
		case c.Company != nil:
			if err := a.keepCompany(ctx, c); err != nil {
				return err
			}
		}
	}
	writing, ctx := errgroup.WithContext(ctx)
	writing.SetLimit(atOnce)
	for _, c := range last {
		writing.Go(func() error { return a.keep(ctx, c) })
	}
	return writing.Wait()
}

func (a *Accounts) keep(ctx context.Context, c *feeds.Change) error {
	_, err := a.copies.Upsert(ctx, c.Account.ID, func(d *docstore.Doc[accountCopy]) error {
		if c.Position >= d.Body.Position {
			d.Body = accountCopy{*c.Account, c.Position}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep %s: %w", AccountName(c.Account.ID), err)
	}
	return nil
}

func (a *Accounts) keepCompany(ctx context.Context, c *feeds.Change) error {
	_, err := a.company.Upsert(ctx, theCompany, func(d *docstore.Doc[companyCopy]) error {
		if c.Position >= d.Body.Position {
			d.Body = companyCopy{*c.Company, c.Position}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep the company's settings: %w", err)
	}
	return nil
}

// Get returns an account; NOT_FOUND where this copy has none of that id.
func (a *Accounts) Get(ctx context.Context, id string) (feeds.Account, error) {
	d, err := a.copies.Get(ctx, id)
	if errors.Is(err, docstore.ErrNotFound) {
		return feeds.Account{}, fault.Missing("evenhand/Account", AccountName(id))
	}
	return account(d), err
}

// GetMany returns those of the accounts that there are, by id.
func (a *Accounts) GetMany(ctx context.Context, ids []string) (map[string]feeds.Account, error) {
	docs, err := a.copies.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[string]feeds.Account, len(docs))
	for _, d := range docs {
		found[d.ID] = account(d)
	}
	return found, nil
}

// All returns the accounts behind an id, in the order of ids; all of them behind the
// empty one.
func (a *Accounts) All(ctx context.Context, behind string) iter.Seq2[feeds.Account, error] {
	q := docstore.Query{Limit: 500}
	if behind != "" {
		q.After = []any{behind}
	}
	return func(yield func(feeds.Account, error) bool) {
		for d, err := range a.copies.All(ctx, q) {
			if !yield(account(d), err) || err != nil {
				return
			}
		}
	}
}

func account(d docstore.Doc[accountCopy]) feeds.Account {
	found := d.Body.Account
	found.ID = d.ID
	return found
}

// Company returns what the company settled; the zero Company before it settled anything.
func (a *Accounts) Company(ctx context.Context) (feeds.Company, error) {
	d, err := a.company.Get(ctx, theCompany)
	if errors.Is(err, docstore.ErrNotFound) {
		return feeds.Company{}, nil
	}
	return d.Body.Company, err
}

// Zone returns the company's time zone; UTC while it has none.
func (a *Accounts) Zone(ctx context.Context) (civil.Zone, error) {
	company, err := a.Company(ctx)
	if err != nil || company.Zone == "" {
		return civil.UTC, err
	}
	return civil.LoadZone(company.Zone)
}
