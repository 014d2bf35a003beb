package cost

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// Use is units of a benefit that were used on a day, or, below 0, came back of such.
type Use struct {
	Account string
	Benefit string
	// Rule and Version are by which the benefit was held.
	Rule    string
	Version int
	// Origin is how the use came about, as asked-for.
	Origin string
	Day    civil.Day
	Units  int64
}

// Ledger is what was used.
type Ledger interface {
	// Uses calls visit with each use, once and in no order: those of an account, or of all
	// where it is empty.
	Uses(ctx context.Context, account string, visit func(Use)) error
}

// Company is what this package needs of the service's decisions.
type Company interface {
	// UnitCost returns what a unit of a benefit costs by a version of the schedule, in minor
	// units; false where the version does not state it.
	UnitCost(version int, benefit string) (minor int64, stated bool)
	// Revenues calls visit with every account, one at a time: its revenue between each two
	// of the days, the later one not included, in minor units. Visit must not keep it.
	Revenues(ctx context.Context, days []civil.Day, visit func(account string, minor []int64)) error
	// Revenue returns that of one account; ErrNotFound where there is none.
	Revenue(ctx context.Context, account string, days []civil.Day) ([]int64, error)
	// Following says why revenue is not up to date; nil where it is.
	Following() error
	// Today is the day it is for the company.
	Today() civil.Day
	// Currency is the ISO 4217 code of all amounts; "" while there is none.
	Currency() string
}

// Service is the use cases of what extras cost. It is safe for concurrent use.
type Service struct {
	ledger   Ledger
	company  Company
	store    *docstore.Store
	limits   *resource.Table[Limit, *Limit]
	findings *resource.Table[Finding, *Finding]
	now      func() time.Time
	log      *slog.Logger
	// changed asks Run to look at once.
	changed chan struct{}
}

// New opens the limits and the findings of the store that the requests are of.
func New(ctx context.Context, store *docstore.Store, requests *resource.Requests, ledger Ledger, company Company, log *slog.Logger) (*Service, error) {
	limits, err := resource.OpenTable[Limit](ctx, requests, LimitKind)
	if err != nil {
		return nil, fmt.Errorf("open limits of cost: %w", err)
	}
	findings, err := resource.OpenTable[Finding](ctx, requests, FindingKind)
	if err != nil {
		return nil, fmt.Errorf("open findings about cost: %w", err)
	}
	return &Service{ledger: ledger, company: company, store: store, limits: limits, findings: findings,
		now: requests.Now, log: log, changed: make(chan struct{}, 1)}, nil
}
