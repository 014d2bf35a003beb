package usage

import (
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// Grants says who is entitled to what.
type Grants interface {
	// Granted returns when an account has a benefit, by which rules, ascending and
	// disjoint; NOT_FOUND for the account, or a benefit that no version names.
	Granted(ctx context.Context, account, benefit string) ([]decision.Holding, error)
	// Benefits returns the ids of all benefits that any version names.
	Benefits() []string
	// Zone is the company's, in which days are counted.
	Zone() civil.Zone
}

// Usage is the use cases of what is used of benefits. It is safe for concurrent use.
type Usage struct {
	store    *docstore.Store
	balances *docstore.Collection[balance]
	ledger   *docstore.Collection[page]
	grants   Grants
	now      func() time.Time
	random   io.Reader
	moving   singleflight.Group
	seen     seen
	// scanLimit is how many entries a page of the history looks at, at most: it can be short,
	// or empty, and still have a next one.
	scanLimit int
}

// BalancesCollection is the collection of balances, the first part of their names in the
// feed.
const BalancesCollection = "balances"

// The indexes of balances, and of the ledger.
const (
	byExpiry = "expires"
	byNotice = "noticed"
	byKey    = "keys"
)

// New opens the balances and the ledger in the entitlements service's store. Now is the
// clock; random is for ids, nil for crypto/rand.
func New(ctx context.Context, store *docstore.Store, grants Grants, now func() time.Time, random io.Reader) (*Usage, error) {
	u := &Usage{store: store, grants: grants, random: random, scanLimit: 10_000,
		now: func() time.Time { return now().UTC().Truncate(time.Millisecond) }}
	var err error
	u.balances, err = docstore.OpenCollection[balance](ctx, store, docstore.Spec{Name: BalancesCollection, Indexes: []docstore.Index{
		{Name: byExpiry, Fields: []string{"expires"}, Partial: true},
		{Name: byNotice, Fields: []string{"noticed"}, Partial: true},
	}})
	if err != nil {
		return nil, fmt.Errorf("open usage: %w", err)
	}
	u.ledger, err = docstore.OpenCollection[page](ctx, store, docstore.Spec{Name: "usage_pages", Silent: true, Indexes: []docstore.Index{
		{Name: byKey, Fields: []string{"keys"}, Multikey: true},
	}})
	if err != nil {
		return nil, fmt.Errorf("open usage: %w", err)
	}
	return u, nil
}

func balanceID(account, benefit string) string { return account + "/" + benefit }

// granted is when an account has a benefit.
func (u *Usage) granted(ctx context.Context, account, benefit string) (granted, error) {
	held, err := u.grants.Granted(ctx, account, benefit)
	return granted{held, u.grants.Zone()}, err
}
