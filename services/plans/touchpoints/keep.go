package touchpoints

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans"
)

// keep finds when a contact is made on a day that somebody asked for, which it keeps: at the
// first time, from its own on, that is within nobody's quiet hours, or of the whole day where
// there is none any more. Another contact that is too near does not move it either, and is
// told.
func (s *scene) keep(w wish) slot {
	kept := slot{due: calendar.Place(w.day, w.since, w.zone), day: w.day, owner: w.owner}
	if at, quiet := s.loud(kept.due, w.zone, w.people); quiet != "" {
		kept.note(Quiet, quiet)
		if w.zone.DayOf(at) != w.day {
			at, _ = s.loud(calendar.Place(w.day, 0, w.zone), w.zone, w.people)
		}
		if w.zone.DayOf(at) == w.day {
			kept.due = at
		}
	}
	if near := s.near(w.day, idsOf(w.people)); near != "" {
		kept.note(Gap, fmt.Sprintf("%s; %s was asked for", near, w.day.Words()))
	}
	return kept
}

// keep sets the time at which a touchpoint is due whose day somebody asked for, and notes why
// it is not its own, and what it is too near to.
func (s *Service) keep(ctx context.Context, id string, t *Touchpoint, strategy *plans.Strategy, people []Contact) error {
	zone, err := civil.LoadZone(t.Zone)
	if err != nil {
		return fmt.Errorf("the zone of %s: %w", Name(id), err)
	}
	around := scene{gap: strategy.GapDays, quiet: strategy.Quiet}
	if around.touches, err = s.staying(ctx, id, t, civil.Day(strategy.GapDays)); err != nil {
		return err
	}
	at := around.keep(wish{day: t.DueDay, since: timeOfDay(t.Due, zone), zone: zone, people: people})
	t.Due = at.due.UTC()
	for _, a := range at.why {
		t.adjust(a)
	}
	return nil
}

// timeOfDay is what the clocks of a zone show at an instant, to the minute, since midnight.
func timeOfDay(at time.Time, zone civil.Zone) time.Duration {
	hour, minute, _ := at.In(zone.Location()).Clock()
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
}

// keepMoved keeps the day to which somebody moved a touchpoint.
func (s *Service) keepMoved(ctx context.Context, id string, t *Touchpoint) error {
	plan, err := s.plan(ctx, t.Plan)
	if err != nil {
		return err
	}
	people := make([]Contact, len(t.Contacts))
	for i, contact := range t.Contacts {
		people[i].ID = contact
	}
	if !plan.Strategy.Quiet.None() { // which are by the zones that they have now
		contacts, err := s.opts.People.Contacts(ctx, t.Plan)
		if err != nil {
			return fmt.Errorf("read the contacts of %s: %w", plans.AccountName(t.Plan), err)
		}
		for i := range people {
			if at := slices.IndexFunc(contacts, func(c Contact) bool { return c.ID == people[i].ID }); at >= 0 {
				people[i] = contacts[at]
			}
		}
	}
	return s.keep(ctx, id, t, &plan.Strategy, people)
}

// staying returns the contacts around a touchpoint, within so many days, that stay on their
// days. What cadences ask for later makes way for it.
func (s *Service) staying(ctx context.Context, id string, t *Touchpoint, within civil.Day) ([]touch, error) {
	if within == 0 {
		return nil, nil
	}
	today, err := s.Today(ctx)
	if err != nil {
		return nil, err
	}
	var list []touch
	q := docstore.Query{Index: byPlan, Equal: []any{t.Plan}, From: t.DueDay - within, To: t.DueDay + within + 1}
	for other, err := range s.touches.All(ctx, q) {
		if err != nil {
			return nil, fmt.Errorf("read the touchpoints of %s: %w", plans.Name(t.Plan), err)
		}
		if x := &other.State; other.ID != id && x.touches() && !x.open(today) {
			list = append(list, touch{Name(other.ID), x.Day, x.people()})
		}
	}
	return list, nil
}
