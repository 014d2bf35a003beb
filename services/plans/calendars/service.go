package calendars

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/calendarfeed"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Kind says what the feeds are called.
var Kind = calendarfeed.Kind{Type: "evenhand/PlanCalendarFeed", Names: "planCalendarFeeds", Event: "plan_calendar_feed"}

// Touchpoints knows what people have to do.
type Touchpoints interface {
	// Events returns what the calendar of a principal, by its id, shows of the days from one
	// to another, which is not included. Where there are more than most, they are those of
	// the first days, and more is the first day that is left out; it is 0 where none is.
	Events(ctx context.Context, owner string, from, to civil.Day, most int) (list []calendar.Event, more civil.Day, err error)
}

// Accounts knows what people call accounts.
type Accounts interface {
	// GetMany returns those of the accounts that there are, by id.
	GetMany(ctx context.Context, ids []string) (map[string]feeds.Account, error)
}

// People knows principals, as they are at this moment.
type People interface {
	// MayReadPlans reports whether the principal of an id is enabled and may read plans;
	// resource.ErrNotFound where there is none.
	MayReadPlans(ctx context.Context, id string) (bool, error)
}

// Options are what the service takes from outside. Touchpoints, Accounts and People are
// needed.
type Options struct {
	Touchpoints Touchpoints
	Accounts    Accounts
	People      People
	// Zone returns the company's zone, in which days begin and end; UTC by default.
	Zone func(context.Context) (civil.Zone, error)
	// Random is the source of ids; crypto/rand by default.
	Random io.Reader
}

// Service is the calendar feeds of all people.
type Service struct {
	*calendarfeed.Feeds
	origin calendarfeed.Origin
	opts   Options
	now    func() time.Time
}

// Open opens the calendar feeds in the store that the requests are of.
func Open(ctx context.Context, store *docstore.Store, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Touchpoints == nil || opts.Accounts == nil || opts.People == nil {
		return nil, errors.New("open calendar feeds: touchpoints, accounts and people are needed")
	}
	if opts.Zone == nil {
		opts.Zone = func(context.Context) (civil.Zone, error) { return civil.UTC, nil }
	}
	if opts.Random == nil {
		opts.Random = rand.Reader
	}
	s := &Service{opts: opts, now: requests.Now}
	var err error
	if s.Feeds, err = calendarfeed.Open(ctx, store, requests, Kind, opts.Random); err != nil {
		return nil, err
	}
	if s.origin, err = calendarfeed.OpenOrigin(ctx, store, opts.Random); err != nil {
		return nil, fmt.Errorf("open the calendar feeds: %w", err)
	}
	return s, nil
}

// Create makes a feed of the touchpoints of a principal, by its id, whose secret has a hash.
// NOT_FOUND for a principal that there is not; INVALID_ARGUMENT for one who may not read
// plans; resource.ErrExists for a retry, whose secret is not the first call's.
func (s *Service) Create(ctx context.Context, call resource.Call, displayName, owner string, hash calendarfeed.Hash) (calendarfeed.Listed, error) {
	may, err := s.opts.People.MayReadPlans(ctx, owner)
	if err == nil && !may {
		err = fault.Invalid("plan_calendar_feed.owner", "%s is disabled or may not read plans, so that the calendar could not be read",
			plans.PrincipalName(owner))
	}
	if err != nil {
		return calendarfeed.Listed{}, err
	}
	return s.Feeds.Create(ctx, call, displayName, plans.PrincipalName(owner), hash)
}

// What a calendar shows.
const (
	daysBack    = 30
	monthsAhead = 13
	// maxEvents is how many events a calendar has: those of somebody who makes eight contacts
	// a day.
	maxEvents = 2000
)

// product is what of Evenhand writes the calendars.
const product = "Relationship plans"

// Read returns the calendar of the secret that has a hash. NOT_FOUND for one that is unknown,
// and in the same words for one that was revoked, or whose owner is not there any more or
// may not read plans.
func (s *Service) Read(ctx context.Context, hash calendarfeed.Hash) (calendarfeed.Calendar, error) {
	return s.Feeds.Read(ctx, hash, s.document)
}

// document makes the calendar of a principal, by its name.
func (s *Service) document(ctx context.Context, subject string) (calendar.Document, error) {
	none := calendar.Document{}
	owner := names.Last(subject)
	may, err := s.opts.People.MayReadPlans(ctx, owner)
	if err == nil && !may {
		err = fault.Missing("evenhand/Principal", subject)
	}
	if err != nil {
		return none, err
	}
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return none, fmt.Errorf("find the company's time zone: %w", err)
	}
	today := zone.DayOf(s.now())
	list, more, err := s.opts.Touchpoints.Events(ctx, owner, today-daysBack, today.AddMonths(monthsAhead)+1, maxEvents)
	if err != nil {
		return none, err
	}
	if err := s.nameAccounts(ctx, list); err != nil {
		return none, err
	}
	if more != 0 {
		list = append(list, cut(subject, more, zone, list))
	}
	s.origin.Complete(list)
	return calendar.Document{Product: product, Name: "Customer contacts of " + subject, Zone: zone.String(), Refresh: calendarfeed.Refresh, Events: list}, nil
}

// nameAccounts has the titles of events begin with what people call the accounts.
func (s *Service) nameAccounts(ctx context.Context, list []calendar.Event) error {
	seen := map[string]bool{}
	var ids []string
	for _, e := range list {
		if id := names.Last(e.Accounts[0]); !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	known, err := s.opts.Accounts.GetMany(ctx, ids)
	if err != nil {
		return fmt.Errorf("read what accounts are called: %w", err)
	}
	for i := range list {
		id := names.Last(list[i].Accounts[0])
		list[i].Summary = cmp.Or(known[id].DisplayName, id) + ": " + list[i].Summary
	}
	return nil
}

// cut is the event that says on which day a calendar ends since there is too much for it.
// It is another event for every such day.
func cut(subject string, day civil.Day, zone civil.Zone, list []calendar.Event) calendar.Event {
	e := calendar.Event{
		UID: subject + "/calendar-ends/" + day.String(), Kind: "notice", Resource: subject, Calendar: subject, AllDay: true, Zone: zone.String(),
		Summary:     "There is more from here on than this calendar shows",
		Description: fmt.Sprintf("A calendar has at most %d events. `evenhand plan due --week %s` lists what it leaves out of this week.", maxEvents, day),
	}
	e.Start, e.End = calendar.WholeDay(day, zone)
	for _, other := range list {
		if other.Updated.After(e.Updated) {
			e.Updated = other.Updated
		}
	}
	return e
}
