package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
)

// own is the call of what this service does by itself.
var own = Call{Call: resource.Call{Principal: "principals/entitlements-service"}}

// dueEvery is how often is looked for clocks that come near their breach, or pass it.
const dueEvery = 5 * time.Second

// Run tells of clocks that come near their breach and of breaches, and reckons due times
// anew when calendars change, until ctx ends. One process at a time does it, under a
// lease.
func (s *Cases) Run(ctx context.Context) error {
	return s.store.WithLease(ctx, "cases", func(ctx context.Context) error {
		for {
			if err := s.DueNow(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "not all that is due of cases was done, trying again", "error", err)
			}
			if err := lifecycle.Pause(ctx, dueEvery); err != nil {
				return err
			}
		}
	})
}

// DueNow does once what Run does. What fails of one case does not stop the others, and it
// can be repeated: what was told is kept in the case, in the same write.
func (s *Cases) DueNow(ctx context.Context) error {
	return errors.Join(s.followCalendars(ctx), s.tellDue(ctx))
}

// tellDue tells of every clock whose time has come.
func (s *Cases) tellDue(ctx context.Context) error {
	var errs []error
	now := s.now()
	for c, err := range s.table.All(ctx, docstore.Query{Index: byNext, To: now.Add(time.Millisecond)}) {
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("read the cases that are due: %w", err))...)
		}
		for more := true; more && err == nil; {
			more, err = s.tellNext(ctx, c.ID, now)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// tellNext tells of one clock of a case, and says whether there is another.
func (s *Cases) tellNext(ctx context.Context, id string, now time.Time) (more bool, err error) {
	found := Act("")
	c, err := s.table.Get(ctx, id)
	if err != nil {
		return false, fmt.Errorf("tell what is due: %w", err)
	}
	what, _ := c.State.nextToTell(now)
	if what == "" {
		return false, nil
	}
	_, err = s.table.Update(ctx, own.Call, id, resource.IfVersion[Case](c.Version), eventOf(what), func(c *Case) error {
		what, i := c.nextToTell(now)
		if found = what; what == "" {
			return nil
		}
		c.tell(what, i, now)
		return nil
	})
	if errors.Is(err, resource.ErrStale) { // somebody acts on it just now
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("tell what is due: %w", err)
	}
	return found != "", nil
}

// tell notes that something about a clock was told.
func (c *Case) tell(what Act, clock int, now time.Time) {
	c.Clocks = slices.Clone(c.Clocks)
	k := &c.Clocks[clock]
	k.NearTold, k.BreachTold = true, k.BreachTold || what == ActBreached
	c.note(what, now, own.actor(), k.Commitment)
	c.look()
}

func eventOf(what Act) string {
	if what == ActBreached {
		return "case.breached"
	}
	return "case.near_breach"
}

// nextToTell finds a clock of which something is to be told: a breach rather than that it
// is near.
func (c *Case) nextToTell(now time.Time) (Act, int) {
	for i := range c.Clocks {
		if k := &c.Clocks[i]; k.untoldBreach() && k.Breached(now) && !c.Imported {
			return ActBreached, i
		}
	}
	for i := range c.Clocks {
		k := &c.Clocks[i]
		if k.open() && !k.NearTold && !k.BreachTold && !k.Near.IsZero() && !now.Before(k.Near) && (k.Due.IsZero() || !now.After(k.Due)) && !c.Imported {
			return ActNearBreach, i
		}
	}
	return "", 0
}

// followCalendars reckons the due times of open cases anew by the calendars of the version
// in force now: what was promised stays, the hours in which it is counted are kept current.
func (s *Cases) followCalendars(ctx context.Context) error {
	current, err := s.book.inForce(s.now())
	if err != nil || current == nil {
		return err
	}
	edition := int64(current.calendars)
	var errs []error
	for _, q := range []docstore.Query{{Index: byEdition, To: edition}, {Index: byEdition, From: edition + 1}} {
		for c, err := range s.table.All(ctx, q) {
			if err != nil {
				return errors.Join(append(errs, fmt.Errorf("read the cases reckoned by other calendars: %w", err))...)
			}
			if err := s.reckonAnew(ctx, c.ID, edition, current.Number); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// reckonAnew reckons the due times of a case by an edition of the calendars.
func (s *Cases) reckonAnew(ctx context.Context, id string, edition int64, number int) error {
	_, err := s.table.Update(ctx, own.Call, id, nil, "case.due_times_reckoned", func(c *Case) error {
		if c.Edition == edition || c.State == Resolved {
			return nil
		}
		t, err := s.turn(own, Name(id), c.Version, s.now())
		if err != nil {
			return err
		}
		t.on(c).done(c, ActRecalculated, versionName(number))
		return nil
	})
	if err != nil {
		return fmt.Errorf("reckon due times anew: %w", err)
	}
	return nil
}
