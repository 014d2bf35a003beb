package touchpoints

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// passEvery is how often plans are looked for that have something to lay out, but for those
// that changed, which are at once.
const passEvery = 2 * time.Second

// Run follows what changes of plans and absences, and lays touchpoints out, until ctx ends.
// Any number of processes may run it; one at a time does the work, under a lease.
func (s *Service) Run(ctx context.Context) error {
	return s.store.WithLease(ctx, "touchpoints", func(ctx context.Context) error {
		group, running := errgroup.WithContext(ctx)
		group.Go(func() error {
			return lifecycle.Retry(running, s.opts.Log, "following the changes of plans", s.follow)
		})
		group.Go(func() error { return s.passAgain(running) })
		if err := group.Wait(); ctx.Err() == nil {
			return err
		}
		return context.Cause(ctx)
	})
}

// passAgain lays out what is to be laid out again and again, until ctx ends.
func (s *Service) passAgain(ctx context.Context) error {
	for {
		if _, err := s.Pass(ctx); err != nil && ctx.Err() == nil {
			s.opts.Log.WarnContext(ctx, "touchpoints were not laid out", "error", err)
		}
		timer := time.NewTimer(passEvery)
		select {
		case <-timer.C:
		case <-s.marked:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// checkpoint names how far the feed was followed.
const checkpoint = "touchpoints"

// follow marks the plans that changes in the store concern, from where it was left. What is
// marked twice is settled once more, which changes nothing.
func (s *Service) follow(ctx context.Context) error {
	position, err := s.checkpoints.Get(ctx, checkpoint)
	if err != nil {
		return fmt.Errorf("find out how far plans were followed: %w", err)
	}
	return s.store.Feed().Follow(ctx, position, func(events []docstore.FeedEvent) error {
		if err := s.heard(ctx, events); err != nil {
			return err
		}
		return s.checkpoints.Advance(ctx, checkpoint, events[len(events)-1].Position)
	})
}

// heard marks the plans that events concern: each once, however many there are.
func (s *Service) heard(ctx context.Context, events []docstore.FeedEvent) error {
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return fmt.Errorf("find the company's time zone: %w", err)
	}
	concerned := map[string]civil.Day{}
	note := func(plan string, day civil.Day) { concerned[plan] = earlier(concerned[plan], day) }
	if slices.ContainsFunc(events, func(e docstore.FeedEvent) bool { return strings.HasPrefix(e.Source, Absences+"/") }) {
		s.absent.Add(1) // before their plans are looked for: what is being laid out then is so anew
	}
	for i := range events {
		e := &events[i]
		collection, id, _ := strings.Cut(e.Source, "/")
		switch {
		case collection == plans.Kind.Spec.Name:
			note(id, zone.DayOf(changed(e)))
		case collection == AbsenceKind.Spec.Name:
			ids, err := s.concerned(ctx, id)
			if err != nil {
				return err
			}
			for _, plan := range ids {
				note(plan, 0)
			}
		case collection == Collection && !byPass(e): // what cadences keep their distance from has changed
			plan, _, _ := strings.Cut(id, "/")
			note(plan, 0)
		}
	}
	for _, plan := range slices.Sorted(maps.Keys(concerned)) {
		if err := s.mark(ctx, plan, concerned[plan]); err != nil {
			return err
		}
	}
	if len(concerned) > 0 {
		s.wake()
	}
	return nil
}

// byPass reports whether an event of a touchpoint tells what a pass did. Passes and sessions
// have the same principal: only a pass lays cadences out, and it skips nothing.
func byPass(e *docstore.FeedEvent) bool {
	var told struct {
		Origin Origin `bson:"origin"`
	}
	switch {
	case e.Who != own.Principal || e.Type == skipped:
		return false
	case e.Type != begun:
		return true
	}
	return bson.Unmarshal(e.Data, &told) == nil && told.Origin == OfCadence
}

// wake has plans laid out at once.
func (s *Service) wake() {
	select {
	case s.marked <- struct{}{}:
	default: // it is known already
	}
}

// changed is when what an event tells of was changed, by the clock that stamps it.
func changed(e *docstore.FeedEvent) time.Time {
	var told resource.Times
	if bson.Unmarshal(e.Data, &told) != nil || told.Updated.IsZero() {
		return e.At
	}
	return told.Updated
}

// earlier returns the earlier of two days, of which 0 is none.
func earlier(a, b civil.Day) civil.Day {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// mark has a plan settled; the day is the one on which the days may have changed for which it
// asks for contacts, and 0 where something else did.
func (s *Service) mark(ctx context.Context, plan string, day civil.Day) error {
	_, err := s.passes.Upsert(ctx, plan, func(d *docstore.Doc[pass]) error {
		p := &d.Body
		p.Next, p.Marks, p.Since = 0, p.Marks+1, earlier(p.Since, day)
		return nil
	})
	if err != nil {
		return fmt.Errorf("have %s laid out: %w", plans.Name(plan), err)
	}
	return nil
}

// concerned returns the plans in which somebody who is away, or stands in, has something to do
// from then on; and those for whom who is away would stand in, since their contacts wait.
func (s *Service) concerned(ctx context.Context, absence string) ([]string, error) {
	a, err := s.absences.Get(ctx, absence)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", AbsenceName(absence), err)
	}
	waiting, err := s.standsInFor(ctx, a.State.Principal, a.State.First)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, principal := range append(waiting, a.State.Principal, a.State.StandIn) {
		q := docstore.Query{Index: byOwner, Equal: []any{string(Planned), principal}, From: a.State.First}
		for t, err := range s.touches.All(ctx, q) {
			if err != nil {
				return nil, fmt.Errorf("read the touchpoints of %s: %w", plans.PrincipalName(principal), err)
			}
			ids = append(ids, t.State.Plan)
		}
	}
	return ids, nil
}

// clocksApart is how far the clock of the service that keeps the schedule may be behind: so long
// after a version is in force by the clock here, all plans are settled once more, since its
// calendars may not have been told before.
const clocksApart = time.Minute

// Take implements feeds.Taker: where a schedule was published all plans are settled, since its
// calendars say on what days people work, at once and when it comes into force; and so they
// are where the company has another time zone, which is that of all cadences without their
// own. That is asked for here and done by a pass, so that nobody who follows the same feed
// waits for it. The plan of an account that is closed, or opened again, is settled too. Whoever
// copies the accounts and the company's settings has to take them before.
func (s *Service) Take(ctx context.Context, changes []feeds.Change) error {
	if err := s.takeAccounts(ctx, changes); err != nil {
		return err
	}
	if !slices.ContainsFunc(changes, func(c feeds.Change) bool { return c.ScheduleVersion != "" || c.Company != nil }) {
		return nil
	}
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return fmt.Errorf("find the company's time zone: %w", err)
	}
	var company *feeds.Company
	published := civil.Day(0) // from when on the first counts
	var later []time.Time     // when what was published comes into force
	for i := range changes {
		c := &changes[i]
		if c.ScheduleVersion != "" {
			published = earlier(published, max(zone.DayOf(c.At), zone.DayOf(c.InForce)-1))
			for _, at := range []time.Time{c.InForce, c.InForce.Add(clocksApart)} {
				if at.After(s.now()) {
					later = append(later, at)
				}
			}
		}
		company = cmp.Or(c.Company, company)
	}
	_, err = s.sweeps.Upsert(ctx, theSweep, func(d *docstore.Doc[sweep]) error {
		moved := company != nil && company.Zone != d.Body.Zone
		if moved {
			d.Body.Zone = company.Zone
		}
		if published != 0 || moved {
			d.Body.Asked++
			d.Body.Since = earlier(d.Body.Since, published)
		}
		d.Body.Later = slices.CompactFunc(slices.SortedFunc(slices.Values(append(later, d.Body.Later...)), time.Time.Compare), time.Time.Equal)
		return nil
	})
	if err != nil {
		return fmt.Errorf("have all plans laid out: %w", err)
	}
	return nil
}

// takeAccounts marks the plans of accounts that are customers until another day than when
// they were settled, or may be being settled just now.
func (s *Service) takeAccounts(ctx context.Context, changes []feeds.Change) error {
	first := map[string]time.Time{} // when the account changed
	for i := range changes {
		if c := &changes[i]; c.Account != nil {
			if at, known := first[c.Account.ID]; !known || c.At.Before(at) {
				first[c.Account.ID] = c.At
			}
		}
	}
	if len(first) == 0 || s.opts.Accounts == nil {
		return nil
	}
	ids := slices.Sorted(maps.Keys(first))
	laid, err := s.passes.GetMany(ctx, ids)
	if err != nil {
		return fmt.Errorf("find the plans of accounts that changed: %w", err)
	}
	ends, err := s.ends(ctx, ids)
	if err != nil {
		return err
	}
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return fmt.Errorf("find the company's time zone: %w", err)
	}
	today := zone.DayOf(s.now())
	for _, p := range laid {
		was, since := cmp.Or(p.Body.Ends, civil.Never), civil.Day(0)
		if ends[p.ID] == was && p.Body.Next > today {
			continue
		}
		if ends[p.ID] > was { // it was opened again
			since = zone.DayOf(first[p.ID])
		}
		if err := s.mark(ctx, p.ID, since); err != nil {
			return err
		}
		s.wake()
	}
	return nil
}

var _ feeds.Taker = (*Service)(nil)

// sweep is how often all plans were to be settled, and how often they were marked for it.
type sweep struct {
	Asked int64 `bson:"asked"`
	Done  int64 `bson:"done"`
	// Since is the day from which on a schedule that was published counts for which they were
	// not marked yet, the first of them; 0 where they were for all.
	Since civil.Day `bson:"since,omitempty"`
	// Zone is the company's time zone, as it was told last.
	Zone string `bson:"zone,omitempty"`
	// Later is when versions of the schedule come into force, and clocksApart after, for which
	// all plans are to be settled then; in order.
	Later []time.Time `bson:"later,omitempty"`
}

// due reports whether all plans are to be marked at an instant.
func (w *sweep) due(now time.Time) bool {
	return w.Asked != w.Done || len(w.Later) > 0 && !w.Later[0].After(now)
}

// theSweep is the id of the one sweep.
const theSweep = "all"

// since returns the day from which on what is due to be swept at an instant counts; 0 where no
// day does. A schedule that comes into force counts on that very day.
func (w *sweep) since(now time.Time, zone civil.Zone) civil.Day {
	since := w.Since
	for _, at := range w.Later {
		if !at.After(now) {
			since = earlier(since, zone.DayOf(at)-1)
		}
	}
	return since
}

// sweep marks all plans that are laid out, where that was asked for since it was done last.
func (s *Service) sweep(ctx context.Context, zone civil.Zone) error {
	now := s.now()
	d, err := s.sweeps.Get(ctx, theSweep)
	if errors.Is(err, docstore.ErrNotFound) || err == nil && !d.Body.due(now) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find out whether to lay out all plans: %w", err)
	}
	since := d.Body.since(now, zone)
	group, marking := errgroup.WithContext(ctx)
	group.SetLimit(passWorkers)
	for p, err := range s.passes.All(ctx, docstore.Query{}) {
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		if len(p.Body.Cadences) > 0 {
			group.Go(func() error { return s.mark(marking, p.ID, since) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	_, err = s.sweeps.Update(ctx, theSweep, func(done *docstore.Doc[sweep]) error {
		if done.Body.Done = max(done.Body.Done, d.Body.Asked); done.Body.Done == done.Body.Asked {
			done.Body.Since = 0
		}
		done.Body.Later = slices.DeleteFunc(done.Body.Later, func(at time.Time) bool { return !at.After(now) })
		return nil
	})
	return err
}
