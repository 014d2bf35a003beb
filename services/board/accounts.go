package board

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
)

// Accounts is this service's copy of the accounts: it follows their feed.
type Accounts struct {
	store  *docstore.Store
	source Source
	copies *docstore.Collection[accountCopy]
	marks  *docstore.Collection[mark]
	now    func() time.Time
	log    *slog.Logger
	// changed is told which accounts changed, before they count as applied.
	changed func(ctx context.Context, ids []string) error

	// current is when the copy was last as far as the feed, in nanoseconds since 1970; 0
	// while that is not known.
	current atomic.Int64
}

// accountCopy is an account, and the position in the feed of the change it is as of.
type accountCopy struct {
	Account  `bson:",inline"`
	Position int64 `bson:"position"`
}

// mark is how far the copy is.
type mark struct {
	Position int64  `bson:"position"`
	Resume   string `bson:"resume"`
}

// accountsMark is the id of the one mark.
const accountsMark = "accounts"

func openAccounts(ctx context.Context, w wiring) (*Accounts, error) {
	copies, err := docstore.OpenCollection[accountCopy](ctx, w.store, docstore.Spec{Name: "accounts", Silent: true})
	if err != nil {
		return nil, err
	}
	marks, err := docstore.OpenCollection[mark](ctx, w.store, docstore.Spec{Name: "marks", Silent: true})
	if err != nil {
		return nil, err
	}
	return &Accounts{store: w.store, source: w.source, copies: copies, marks: marks, now: w.now, log: w.log,
		changed: func(context.Context, []string) error { return nil }}, nil
}

// Get returns an account; NOT_FOUND where this copy has none of that id.
func (a *Accounts) Get(ctx context.Context, id string) (Account, error) {
	d, err := a.copies.Get(ctx, id)
	if errors.Is(err, docstore.ErrNotFound) {
		return Account{}, fault.Missing("evenhand/Account", AccountName(id))
	}
	return d.Body.Account, err
}

// GetMany returns those of the accounts that there are, by id.
func (a *Accounts) GetMany(ctx context.Context, ids []string) (map[string]Account, error) {
	docs, err := a.copies.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[string]Account, len(docs))
	for _, d := range docs {
		found[d.ID] = d.Body.Account
	}
	return found, nil
}

// called returns what people call accounts, by id; their names, where they are not known.
func (a *Accounts) called(ctx context.Context, ids []string) (map[string]string, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	known, err := a.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	called := make(map[string]string, len(ids))
	for _, id := range ids {
		called[id] = cmp.Or(known[id].DisplayName, AccountName(id))
	}
	return called, nil
}

// All returns all accounts, by id.
func (a *Accounts) All(ctx context.Context) (map[string]Account, error) {
	found := map[string]Account{}
	for d, err := range a.copies.All(ctx, docstore.Query{}) {
		if err != nil {
			return nil, err
		}
		found[d.ID] = d.Body.Account
	}
	return found, nil
}

// follow applies the accounts feed as it comes, until ctx ends. One process at a time
// does it, under a lease: all share the copy.
func (a *Accounts) follow(ctx context.Context) error {
	return a.store.WithLease(ctx, "accounts-feed", func(ctx context.Context) error {
		return lifecycle.Retry(ctx, a.log, "following the accounts feed", func(ctx context.Context) error {
			at, err := a.mark(ctx)
			if err != nil {
				return err
			}
			return a.source.Watch(ctx, at.Resume, func(b Batch) error { return a.apply(ctx, b) })
		})
	})
}

func (a *Accounts) mark(ctx context.Context) (mark, error) {
	d, err := a.marks.Get(ctx, accountsMark)
	if errors.Is(err, docstore.ErrNotFound) {
		return mark{}, nil
	}
	return d.Body, err
}

// apply takes changes over. Each of its writes can be repeated, and the mark is the last,
// so that after a crash it begins anew with the same changes. A change older than the copy
// is ignored: a process that lost its lease without knowing may come with it late.
func (a *Accounts) apply(ctx context.Context, b Batch) error {
	if b.Position == 0 {
		return nil
	}
	last := map[string]AccountChange{} // what came of several changes of an account
	ids := make([]string, 0, len(b.Accounts))
	for _, c := range b.Accounts {
		last[c.ID] = c
		ids = append(ids, c.ID)
	}
	writing, within := errgroup.WithContext(ctx)
	writing.SetLimit(atOnce)
	for _, c := range last {
		writing.Go(func() error { return a.keep(within, c) })
	}
	if err := writing.Wait(); err != nil {
		return err
	}
	if len(ids) > 0 {
		if err := a.changed(ctx, ids); err != nil {
			return err
		}
	}
	_, err := a.marks.Upsert(ctx, accountsMark, func(d *docstore.Doc[mark]) error {
		if b.Position > d.Body.Position {
			d.Body = mark{Position: b.Position, Resume: b.Resume}
		}
		return nil
	})
	return err
}

// atOnce is how many accounts are written at a time.
const atOnce = 8

func (a *Accounts) keep(ctx context.Context, c AccountChange) error {
	_, err := a.copies.Upsert(ctx, c.ID, func(d *docstore.Doc[accountCopy]) error {
		if c.Position >= d.Body.Position {
			d.Body = accountCopy{c.Account, c.Position}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep %s: %w", AccountName(c.ID), err)
	}
	return nil
}

const (
	// currentFor is how long a copy that was as far as the feed counts as current: a
	// restart of accounts takes less, and so does what a busy import has the feed wait.
	currentFor = 15 * time.Second
)

// Following says why what was acknowledged at accounts is not in the copy; nil where it
// is, or was so 15 s ago at most.
func (a *Accounts) Following(ctx context.Context) error {
	asked := a.now()
	if last := a.current.Load(); last != 0 && asked.Sub(time.Unix(0, last)) < currentFor {
		return nil
	}
	head, err := a.source.Head(ctx)
	if err != nil {
		return fmt.Errorf("the accounts service was not reached: %w", err)
	}
	at, err := a.mark(ctx)
	if err != nil {
		return err
	}
	if at.Position < head {
		return fmt.Errorf("the accounts feed is applied up to %d of %d", at.Position, head)
	}
	a.current.Store(asked.UnixNano())
	return nil
}
