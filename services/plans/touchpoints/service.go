package touchpoints

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Plans knows the relationship plans.
type Plans interface {
	// GetMany returns those of the plans that there are, by their accounts' ids.
	GetMany(ctx context.Context, accounts []string) (map[string]resource.Stored[plans.Plan], error)
}

// Contact is a person at a customer.
type Contact struct {
	ID    string
	Roles []string
	// Zone is the person's IANA time zone, or empty.
	Zone string
}

// People knows principals and contacts, as they are at this moment.
type People interface {
	// Principal returns resource.ErrNotFound where there is no principal of that id.
	Principal(ctx context.Context, id string) error
	// Contacts returns the contacts of an account; resource.ErrNotFound where there is none.
	Contacts(ctx context.Context, account string) ([]Contact, error)
}

// Accounts knows the accounts, as far as they were told to this service.
type Accounts interface {
	// GetMany returns those of the accounts that it knows, by id.
	GetMany(ctx context.Context, ids []string) (map[string]feeds.Account, error)
}

// Calendars knows the calendars of the schedule in force.
type Calendars interface {
	// Workdays returns the working days of the calendar of an id. Those of the empty id, and
	// of a calendar that the schedule does not have, are Monday to Friday.
	Workdays(ctx context.Context, id string) (calendar.Workdays, error)
}

// Options are what the service takes from outside. Plans, People and Calendars are needed.
type Options struct {
	Plans     Plans
	People    People
	Calendars Calendars
	// Accounts say from what day on somebody is no customer any more, and has to be asked for
	// changes before Take is; nil where nobody ever ceases to be one.
	Accounts Accounts
	// Team returns the ids of those who own an account or serve it, at this moment; nil where
	// only those are known whom plans name.
	Team func(ctx context.Context, account string) ([]string, error)
	// Zone returns the company's zone, in which days begin and end; UTC by default.
	Zone func(context.Context) (civil.Zone, error)
	// Digest makes a salted digest of what was written of an outcome, by which texts that are
	// repeated word for word are found; nil makes none.
	Digest func(text string) string
	// Random is the source of ids; crypto/rand by default.
	Random io.Reader
	Log    *slog.Logger
}

// Service is the touchpoints of all plans, and the absences of those who make them.
type Service struct {
	store    *docstore.Store
	touches  *resource.Table[Touchpoint, *Touchpoint]
	absences *resource.Table[Away, *Away]
	passes   *docstore.Collection[pass]
	sweeps   *docstore.Collection[sweep]
	// checkpoints keep how far the store's own feed was followed.
	checkpoints *docstore.Checkpoints
	// absent counts the absences that were heard of: what was known of them before is old then.
	absent atomic.Int64
	// marked has something in it once plans were marked.
	marked chan struct{}
	opts   Options
	now    func() time.Time
}

// Open opens the touchpoints in the store that the requests are of.
func Open(ctx context.Context, store *docstore.Store, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Plans == nil || opts.People == nil || opts.Calendars == nil {
		return nil, errors.New("open touchpoints: plans, people and calendars are needed")
	}
	if opts.Zone == nil {
		opts.Zone = func(context.Context) (civil.Zone, error) { return civil.UTC, nil }
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{store: store, opts: opts, now: requests.Now, marked: make(chan struct{}, 1)}
	var err error
	if s.touches, err = resource.OpenTable[Touchpoint](ctx, requests, Kind); err != nil {
		return nil, fmt.Errorf("open touchpoints: %w", err)
	}
	if s.absences, err = resource.OpenTable[Away](ctx, requests, AbsenceKind); err != nil {
		return nil, fmt.Errorf("open absences: %w", err)
	}
	s.passes, err = docstore.OpenCollection[pass](ctx, store, docstore.Spec{Name: "touchpoint_passes", Silent: true,
		Indexes: []docstore.Index{{Name: byNext, Fields: []string{"next"}}}})
	if err != nil {
		return nil, fmt.Errorf("open the passes over plans: %w", err)
	}
	if s.sweeps, err = docstore.OpenCollection[sweep](ctx, store, docstore.Spec{Name: "touchpoint_sweeps", Silent: true}); err != nil {
		return nil, fmt.Errorf("open the passes over plans: %w", err)
	}
	if s.checkpoints, err = docstore.OpenCheckpoints(ctx, store); err != nil {
		return nil, fmt.Errorf("open the passes over plans: %w", err)
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

// ends returns the days from which accounts are no customers any more, by id; civil.Never for
// those that are open or not known.
func (s *Service) ends(ctx context.Context, accounts []string) (map[string]civil.Day, error) {
	known := map[string]feeds.Account{}
	if s.opts.Accounts != nil {
		var err error
		if known, err = s.opts.Accounts.GetMany(ctx, accounts); err != nil {
			return nil, fmt.Errorf("read accounts: %w", err)
		}
	}
	days := make(map[string]civil.Day, len(accounts))
	for _, id := range accounts {
		days[id] = civil.Never
		if a, ok := known[id]; ok {
			days[id] = a.Ends()
		}
	}
	return days, nil
}

// open wants an account to be a customer on a day: ACCOUNT_STATE where it is none any more.
func (s *Service) open(ctx context.Context, account string, day civil.Day, advice string) error {
	ends, err := s.ends(ctx, []string{account})
	if err != nil || day < ends[account] {
		return err
	}
	return fault.Precondition(reasonAccountState, plans.AccountName(account), "%s: %s.", closed(account, ends[account]), advice)
}

// closed says that an account is no customer any more.
func closed(account string, ends civil.Day) string {
	if ends == 0 {
		return plans.AccountName(account) + " is closed"
	}
	return fmt.Sprintf("%s is no customer from %s on", plans.AccountName(account), ends.Words())
}

// Served reports whether a request has changed a touchpoint before.
func (s *Service) Served(ctx context.Context, call resource.Call, id string) (bool, error) {
	_, known, err := s.touches.Replay(ctx, call, id)
	return known, err
}

// Get returns a touchpoint, or resource.ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (resource.Stored[Touchpoint], error) {
	return s.touches.Get(ctx, id)
}
