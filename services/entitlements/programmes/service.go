package programmes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Customers is what programmes need to know of customers and of the schedule in force.
type Customers interface {
	// Judge judges criteria about an account now, as the conditions of rules are judged:
	// NOT_FOUND; NO_SCHEDULE_IN_FORCE; UNAVAILABLE while what is known of customers is behind.
	Judge(ctx context.Context, account string, criteria *schedule.Condition) (decision.Judgement, error)
	// Reading returns by what criteria are read now: NO_SCHEDULE_IN_FORCE.
	Reading() (decision.Reading, error)
}

// system is who gives free places to the next on the list.
const system = "principals/entitlements-service"

// Service is the use cases of programmes. It is safe for concurrent use.
type Service struct {
	store     *docstore.Store
	table     *resource.Table[Programme, *Programme]
	requests  *resource.Requests
	customers Customers
	lotteries Lotteries // nil where nothing draws
	known     places
	log       *slog.Logger
}

// New opens the programmes in a store, with the places in memory. Requests are those of
// the store's other tables.
func New(ctx context.Context, store *docstore.Store, requests *resource.Requests, customers Customers, log *slog.Logger) (*Service, error) {
	if log == nil {
		log = slog.Default()
	}
	s := &Service{store: store, requests: requests, customers: customers, log: log, known: places{programmes: map[string]resource.Stored[Programme]{}}}
	var err error
	if s.table, err = resource.OpenTable[Programme, *Programme](ctx, requests, Kind); err != nil {
		return nil, fmt.Errorf("open programmes: %w", err)
	}
	if err := s.reload(ctx); err != nil {
		return nil, fmt.Errorf("open programmes: %w", err)
	}
	return s, nil
}

// Get returns a programme. NOT_FOUND.
func (s *Service) Get(ctx context.Context, id string) (resource.Stored[Programme], error) {
	return s.table.Get(ctx, id)
}

// Today returns the day it is where programmes are: NO_SCHEDULE_IN_FORCE.
func (s *Service) Today() (civil.Day, error) {
	r, err := s.customers.Reading()
	return r.Today, err
}

// List returns programmes in the order of their ids, behind an id, that keep wants; nil
// wants all.
func (s *Service) List(ctx context.Context, after resource.Place, limit int, keep func(resource.Stored[Programme]) bool) (resource.Page[Programme], error) {
	return s.table.List(ctx, docstore.Query{After: after, Limit: limit}, nil, keep)
}

// Create writes a draft. The id is made of the title where none is given. INVALID_ARGUMENT;
// ALREADY_EXISTS; NO_SCHEDULE_IN_FORCE; NO_LOTTERIES. With check, nothing is written.
func (s *Service) Create(ctx context.Context, call resource.Call, id string, d Definition, check bool) (resource.Stored[Programme], error) {
	var none resource.Stored[Programme]
	if id == "" {
		id = names.Slug(d.Title)
	}
	if !names.IsID(id) {
		return none, fault.Invalid("programme_id", "no id can be made of %q: give one of lower-case letters, digits and hyphens", d.Title)
	}
	reading, err := s.customers.Reading()
	if err != nil {
		return none, err
	}
	if err := d.check(reading); err != nil {
		return none, err
	}
	if err := d.checkRound(); err != nil {
		return none, err
	}
	if err := s.drawable(&d); err != nil {
		return none, err
	}
	p := Programme{Definition: d, Revision: 1}
	if check {
		return s.table.Unwritten(id, p), nil
	}
	return s.table.Create(ctx, call, id, p, "programme.created")
}

// Update changes what a programme is: a draft in any way, a published one so that nobody
// loses by it. INVALID_ARGUMENT; NOT_FOUND; STALE_ETAG; PROGRAMME_NARROWED;
// PROGRAMME_STATE for one that has ended; NO_LOTTERIES for a draft that nothing would draw
// here. With check, nothing is written.
func (s *Service) Update(
	ctx context.Context, call resource.Call, id, etag string, edit func(*Definition) error, check bool,
) (resource.Stored[Programme], error) {
	var none resource.Stored[Programme]
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	reading, err := s.customers.Reading()
	if err != nil {
		return none, err
	}
	return s.change(ctx, call, id, etag, check, "programme.updated", func(p *Programme) error {
		if p.State(reading.Today) == Closed {
			return refuse(ReasonState, Name(id), "%s", p.takes(reading.Today))
		}
		next := p.Definition
		if err := edit(&next); err != nil {
			return err
		}
		if err := next.check(reading); err != nil {
			return err
		}
		if p.Drawing == nil {
			if err := next.checkRound(); err != nil {
				return err
			}
		}
		if p.PublishedOn == 0 {
			if err := s.drawable(&next); err != nil {
				return err
			}
		}
		if why := p.narrowed(&next); p.PublishedOn != 0 && why != "" {
			return refuse(ReasonNarrowed, Name(id), "is published, and %s: publish another programme", why)
		}
		p.ReadSpend = p.PublishedOn != 0 && p.TellsSpend()
		p.Definition = next
		return nil
	})
}

// Publish publishes a draft: from then on its criteria and capacity are only widened.
// PROGRAMME_STATE for one that is published; STALE_ETAG; INVALID_ARGUMENT where no day is
// left for applications; NO_LOTTERIES where nothing would draw it here. With check, nothing
// is written.
func (s *Service) Publish(ctx context.Context, call resource.Call, id, etag string, check bool) (resource.Stored[Programme], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	today, err := s.Today()
	if err != nil {
		return resource.Stored[Programme]{}, err
	}
	return s.change(ctx, call, id, etag, check, "programme.published", func(p *Programme) error {
		switch {
		case p.PublishedOn != 0:
			return refuse(ReasonState, Name(id), "was published on %s", p.PublishedOn)
		case p.Closes != 0 && p.Closes < today:
			return fault.Invalid("programme.close_date", "%s has passed: no day would be left for applications", p.Closes)
		}
		if err := s.drawable(&p.Definition); err != nil {
			return err
		}
		p.PublishedOn = today
		return nil
	})
}

// End ends a published programme from a day on, with a reason that those in it are told.
// While anybody has a place, the schedule's minimum notice has to pass. PROGRAMME_STATE;
// PROGRAMME_NOTICE; STALE_ETAG; INVALID_ARGUMENT. With check, nothing is written.
func (s *Service) End(ctx context.Context, call resource.Call, id, etag string, day civil.Day, reason string, check bool) (resource.Stored[Programme], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	reading, err := s.customers.Reading()
	if err != nil {
		return resource.Stored[Programme]{}, err
	}
	if reason == "" {
		return resource.Stored[Programme]{}, fault.Invalid("reason", "is missing: those who have a place read it")
	}
	return s.change(ctx, call, id, etag, check, "programme.ended", func(p *Programme) error {
		earliest := reading.Today + 1
		switch state := p.State(reading.Today); {
		case state == Draft:
			return refuse(ReasonState, Name(id), "is a draft: delete it")
		case state == Closed || p.Ending != nil:
			return refuse(ReasonState, Name(id), "ends on %s: %s", p.Ending.Day, p.Ending.Reason)
		case p.Count(Enrolled) > 0:
			earliest = max(earliest, reading.Notice.After(reading.Today))
		}
		if day < earliest {
			return refuse(ReasonNotice, Name(id), "cannot end on %s: the first day that the schedule's notice leaves is %s", day, earliest)
		}
		p.Ending = &Ending{Day: day, Reason: reason, By: call.Principal}
		return nil
	})
}

// Delete deletes a draft. NOT_FOUND; STALE_ETAG; PROGRAMME_STATE for one that is published.
func (s *Service) Delete(ctx context.Context, call resource.Call, id, etag string) error {
	only := ifEtag(etag)
	var published error
	err := s.table.Delete(ctx, call, id, func(p resource.Stored[Programme]) bool {
		if published = nil; p.State.PublishedOn != 0 {
			published = refuse(ReasonState, Name(id), "was published on %s and can only be ended", p.State.PublishedOn)
			return false
		}
		return only == nil || only(p)
	}, "programme.deleted")
	if published != nil && errors.Is(err, resource.ErrStale) {
		return published
	}
	if err == nil {
		s.known.forget(id)
	}
	return err
}

// change changes a programme but for its entries; with check it only says what it would
// be.
func (s *Service) change(
	ctx context.Context, call resource.Call, id, etag string, check bool, event string, change func(*Programme) error,
) (resource.Stored[Programme], error) {
	apply := func(p *Programme) error {
		if err := change(p); err != nil {
			return err
		}
		p.Revision, p.Changed = p.Revision+1, nil
		return nil
	}
	if check {
		p, err := s.table.Get(ctx, id)
		if err == nil {
			err = s.table.Check(p, ifEtag(etag))
		}
		if err == nil {
			err = apply(&p.State)
		}
		return p, err
	}
	p, err := s.table.Update(ctx, call, id, ifEtag(etag), event, apply)
	if err != nil {
		return p, err
	}
	s.known.set(p)
	return s.filled(ctx, p), nil
}

// Published returns the ids of all programmes that were published, ascending: at once
// those that this process published, those of others within a second.
func (s *Service) Published() []string {
	var ids []string
	for _, p := range s.known.list() {
		if p.State.PublishedOn != 0 {
			ids = append(ids, p.ID)
		}
	}
	return ids
}
