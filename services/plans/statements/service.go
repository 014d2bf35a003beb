package statements

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Accounts is the service's copy of accounts and company.
type Accounts interface {
	// Get returns an account; NOT_FOUND where there is none of that id.
	Get(ctx context.Context, id string) (feeds.Account, error)
	// All returns the accounts behind an id, in the order of ids; all of them behind the
	// empty one.
	All(ctx context.Context, behind string) iter.Seq2[feeds.Account, error]
	// Company returns what the company settled.
	Company(ctx context.Context) (feeds.Company, error)
}

// Follower follows a feed that dossiers are made of.
type Follower interface {
	Service() feeds.Service
	// Lag says how far the copy is behind the feed.
	Lag(ctx context.Context) (feeds.Lag, error)
	// Applied returns the position of the last change that was taken over.
	Applied(ctx context.Context) (int64, error)
}

// Prospects knows what comes next for an account.
type Prospects interface {
	// Next returns what is planned and open, the soonest first.
	Next(ctx context.Context, account string) ([]Prospect, error)
}

// Prospect is something planned.
type Prospect struct {
	// Name is the resource name, Text what it is in words.
	Name, Text string
	// Day is when it is due; civil.Never where nobody said.
	Day civil.Day
}

// LedgerTotals are what the owners of the ledgers count for some days.
type LedgerTotals struct {
	// Paid is all revenue, and Worth what all benefits used cost, in minor units of Currency.
	Paid, Worth int64
	// Units are those whose cost is stated, Unknown the others.
	Units, Unknown int64
	Currency       string
}

// Ledgers asks the owners of the ledgers.
type Ledgers interface {
	// Totals adds up the days from a first up to and including a last, over all accounts.
	Totals(ctx context.Context, first, last civil.Day) (LedgerTotals, error)
}

// Options are what the service takes from outside. Accounts, Published and Ledgers are
// needed.
type Options struct {
	Accounts  Accounts
	Published Published
	Ledgers   Ledgers
	Prospects []Prospects
	// Patience is how long issuing waits for the copies to have all that was acknowledged
	// before it was asked for; 15 seconds where it is 0.
	Patience time.Duration
}

// Service is the value statements of the accounts. It is safe for concurrent use.
type Service struct {
	// Dossiers takes over the feeds of accounts, entitlements, board and of this service.
	Dossiers  *Dossiers
	editions  *editions
	issues    *resource.Table[Issue, *Issue]
	runs      *docstore.Collection[run]
	followers []Follower
	opts      Options
	now       func() time.Time
}

// Open opens the statements in the store that the requests are of.
func Open(ctx context.Context, store *docstore.Store, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Accounts == nil || opts.Published == nil || opts.Ledgers == nil {
		return nil, errors.New("open value statements: accounts, the published schedule and the ledgers are needed")
	}
	opts.Patience = cmp.Or(opts.Patience, 15*time.Second)
	s := &Service{opts: opts, now: requests.Now}
	var err error
	if s.Dossiers, err = openDossiers(ctx, store); err != nil {
		return nil, err
	}
	if s.editions, err = openEditions(ctx, store, opts.Published); err != nil {
		return nil, err
	}
	if s.issues, err = resource.OpenTable[Issue](ctx, requests, Kind); err != nil {
		return nil, fmt.Errorf("open value statements: %w", err)
	}
	if s.runs, err = docstore.OpenCollection[run](ctx, store, docstore.Spec{Name: "statement_runs", Silent: true}); err != nil {
		return nil, fmt.Errorf("open value statements: %w", err)
	}
	return s, nil
}

// Takers take over each of the feeds of accounts, entitlements, board and of this service.
func (s *Service) Takers() []feeds.Taker { return []feeds.Taker{s.editions, s.Dossiers} }

// Follow says by whom the feeds are followed. It must be called before calls are served.
func (s *Service) Follow(followers ...Follower) { s.followers = followers }

// company returns what the company settled, and its zone: UTC while it has none.
func (s *Service) company(ctx context.Context) (feeds.Company, civil.Zone, error) {
	company, err := s.opts.Accounts.Company(ctx)
	if err != nil {
		return company, civil.UTC, fmt.Errorf("find the company's settings: %w", err)
	}
	zone, err := zoneOf(company.Zone)
	return company, zone, err
}

func zoneOf(name string) (civil.Zone, error) {
	if name == "" {
		return civil.UTC, nil
	}
	return civil.LoadZone(name)
}

// current is the quarter that it is.
func (s *Service) current(zone civil.Zone) Quarter { return QuarterOf(zone.DayOf(s.now())) }

// known makes the horizon of an instant; ErrKnownTime where it is still to come, or a copy
// does not reach it.
func (s *Service) known(ctx context.Context, at time.Time) (Horizon, error) {
	if at.After(s.now()) {
		return Horizon{}, ErrKnownTime.Saying("%s is still to come: ask for an instant that has passed.", at.Format(time.RFC3339))
	}
	for _, f := range s.followers {
		lag, err := f.Lag(ctx)
		if err != nil {
			return Horizon{}, err
		}
		if lag.Recorded.After(at) || lag.Unreachable == nil && lag.Behind() == 0 {
			continue
		}
		return Horizon{}, ErrKnownTime.Saying("The copy of %s does not reach %s yet: ask again, or for an earlier instant. (`evenhand plan following` says how far it is.)",
			f.Service(), at.Format(time.RFC3339))
	}
	return Horizon{At: at}, nil
}

// asOf is where, and up to where something is known, as it is asked who was a customer.
type asOf struct {
	zone civil.Zone
	// current is the quarter that it is there.
	current Quarter
	horizon Horizon
}

// something says whether any of the lines of a dossier belongs in its quarter.
func (of asOf) something(q Quarter, lines []line) bool {
	return slices.ContainsFunc(lines, func(l line) bool { return l.counts(q, of.zone, of.horizon) != nil })
}

// customer says whether an account was a customer in a quarter, or has something in its
// dossier for it: then it has a statement, also where it paid and received nothing.
func (s *Service) customer(ctx context.Context, a *feeds.Account, q Quarter, lines []line, of asOf) (bool, error) {
	switch {
	case q > of.current:
		return false, nil
	case of.something(q, lines):
		return true, nil
	case a.State == feeds.Prospect || a.Closed <= q.First():
		return false, nil
	case a.Joined != civil.Never:
		return a.Joined <= q.Last(), nil
	case q == of.current && a.State != feeds.Closed: // a closed one may have been a prospect
		return true, nil
	}
	first, known, err := s.Dossiers.first(ctx, a.ID, of.something)
	return known && first <= q, err
}

func missing(account string, q Quarter) error { return fault.Missing(statementType, Name(account, q)) }
