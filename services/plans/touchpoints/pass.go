package touchpoints

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Ahead is how many days ahead touchpoints are laid out.
const Ahead = 35

// pass is how far the touchpoints of a plan, whose id it has, are laid out.
type pass struct {
	// Next is the first day on which there is something to do: 0 is at once, civil.Never
	// not before the plan changes.
	Next civil.Day `bson:"next"`
	// Since is the day of the first change that is not settled yet, of the plan, its account or
	// its calendar; 0 where all are. Marks counts the changes, so that none is lost that comes while one is settled.
	Since civil.Day `bson:"since,omitempty"`
	Marks int64     `bson:"marks"`
	// Owner is the plan's for which all was laid out.
	Owner string `bson:"owner,omitempty"`
	// Ends is the day from which the account is no customer any more, for which all was laid
	// out: civil.Never for one that is open, and 0 where none was known.
	Ends     civil.Day `bson:"ends,omitempty"`
	Cadences []laid    `bson:"cadences,omitempty"`
}

// laid is how far a cadence is laid out.
type laid struct {
	ID string `bson:"id"`
	// When is by what it recurs; another recurrence is laid out anew.
	When string `bson:"when"`
	// Until is the first day that is not laid out.
	Until civil.Day `bson:"until"`
}

// byNext is the index of the days on which there is something to do.
const byNext = "next"

const (
	// passSize is how many of them are read at a time, and passWorkers how many are settled
	// at once.
	passSize    = 500
	passWorkers = 8
	// settleAttempts is how often a plan is settled anew at once that somebody keeps changing.
	settleAttempts = 5
)

// Pass settles every plan that has something to lay out today, and returns how many did.
// What it was stopped in is done again by the next, and what is done is not done twice.
func (s *Service) Pass(ctx context.Context) (settled int, err error) {
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return 0, fmt.Errorf("find the company's time zone: %w", err)
	}
	if err := s.sweep(ctx, zone); err != nil {
		return 0, err
	}
	r := &round{service: s, zone: zone, at: s.now(), working: map[string]workdays{}, away: map[string][]Away{}, asOf: s.absent.Load()}
	r.today = zone.DayOf(r.at)
	q := docstore.Query{Index: byNext, To: r.today + 1, Limit: passSize}
	var failed []error
	for {
		page, err := s.passes.Find(ctx, q)
		if err != nil {
			return settled, fmt.Errorf("find plans to lay out: %w", err)
		}
		n, err := s.settleMany(ctx, r, page.Docs)
		settled += n
		if err != nil {
			failed = append(failed, err)
		}
		if page.Next == nil || ctx.Err() != nil {
			return settled, errors.Join(failed...)
		}
		q.After = page.Next
	}
}

// settleMany settles some plans at once; one that fails keeps no other from it.
func (s *Service) settleMany(ctx context.Context, r *round, list []docstore.Doc[pass]) (settled int, err error) {
	subjects, err := s.subjects(ctx, list)
	if err != nil {
		return 0, err
	}
	var group errgroup.Group
	group.SetLimit(passWorkers)
	failed := make([]error, len(list))
	var done atomic.Int64
	for i := range list {
		group.Go(func() error {
			if failed[i] = s.settleOne(ctx, r, &subjects[i]); failed[i] == nil {
				done.Add(1)
			}
			return nil
		})
	}
	_ = group.Wait() // failures are kept one by one
	return int(done.Load()), errors.Join(failed...)
}

// settleOne settles a plan, anew where somebody changed something of it meanwhile.
func (s *Service) settleOne(ctx context.Context, r *round, x *subject) error {
	for attempt := 1; ; attempt++ {
		err := s.settle(ctx, r, x)
		if err == nil {
			return nil
		}
		if again := errors.Is(err, resource.ErrStale) || errors.Is(err, docstore.ErrConflict); !again || attempt == settleAttempts {
			return fmt.Errorf("lay out %s: %w", plans.Name(x.id()), err)
		}
		d, err := s.passes.Get(ctx, x.id())
		if err == nil {
			var anew []subject
			if anew, err = s.subjects(ctx, []docstore.Doc[pass]{d}); err == nil {
				x = &anew[0]
			}
		}
		if err != nil {
			return fmt.Errorf("lay out %s: %w", plans.Name(x.id()), err)
		}
	}
}

// subject is a plan to settle.
type subject struct {
	pass docstore.Doc[pass]
	// there says that there is the plan.
	there bool
	plan  plans.Plan
	// ends is the day from which its account is no customer any more; civil.Never for one that
	// is open.
	ends civil.Day
}

// reopened says that the account was no customer when the plan was settled last, and is one
// again.
func (x *subject) reopened() bool {
	known := &x.pass.Body
	return known.Ends != 0 && known.Ends < x.ends && len(known.Cadences) == 0
}

// id is the plan's, and the account's.
func (x *subject) id() string { return x.pass.ID }

// subjects reads the plans to settle, each after how far it is laid out: a change meanwhile is
// noticed by that.
func (s *Service) subjects(ctx context.Context, list []docstore.Doc[pass]) ([]subject, error) {
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	known, err := s.opts.Plans.GetMany(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read the plans to lay out: %w", err)
	}
	ends, err := s.ends(ctx, ids)
	if err != nil {
		return nil, err
	}
	subjects := make([]subject, len(list))
	for i := range list {
		plan, there := known[ids[i]]
		subjects[i] = subject{pass: list[i], there: there, plan: plan.State, ends: ends[ids[i]]}
	}
	return subjects, nil
}

// round is what the plans of one pass are settled by.
type round struct {
	service *Service
	zone    civil.Zone
	at      time.Time
	today   civil.Day

	mu      sync.Mutex
	working map[string]workdays
	// away are the absences by principal, as of when so many were heard of.
	away map[string][]Away
	asOf int64
}

// workdays are the working days of a calendar, as it is and ready for use.
type workdays struct {
	days    calendar.Workdays
	working calendar.Working
}

// workdays returns the working days of a calendar of the schedule: all plans of a pass go by
// the same.
func (r *round) workdays(ctx context.Context, id string) (workdays, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w, known := r.working[id]
	if known {
		return w, nil
	}
	var err error
	if w.days, err = r.service.opts.Calendars.Workdays(ctx, id); err == nil {
		w.working, err = w.days.Working()
	}
	if err != nil {
		return w, fmt.Errorf("read the calendar %q: %w", id, err)
	}
	r.working[id] = w
	return w, nil
}

// absent returns the absences of principals, and of those who stand in for them.
func (r *round) absent(ctx context.Context, principals []string) (map[string][]Away, error) {
	found := map[string][]Away{}
	r.mu.Lock()
	asOf := r.service.absent.Load()
	if r.asOf != asOf {
		r.asOf, r.away = asOf, map[string][]Away{}
	}
	r.mu.Unlock()
	for len(principals) > 0 {
		principal := principals[0]
		principals = principals[1:]
		if _, seen := found[principal]; seen || principal == "" {
			continue
		}
		r.mu.Lock()
		list, known := r.away[principal]
		r.mu.Unlock()
		if !known {
			var err error
			if list, err = r.service.away(ctx, principal, r.today); err != nil {
				return nil, err
			}
			r.mu.Lock()
			if r.asOf == asOf {
				r.away[principal] = list
			}
			r.mu.Unlock()
		}
		found[principal] = list
		for i := range list {
			principals = append(slices.Clip(principals), list[i].StandIn)
		}
	}
	return found, nil
}
