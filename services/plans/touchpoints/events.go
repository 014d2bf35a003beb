package touchpoints

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Occasion is the kind of event that a touchpoint is in a calendar.
const Occasion calendar.Kind = "touchpoint"

// Events returns what the calendar of a principal, by its id, shows of the days from one to
// another, which is not included: what is to be done and what was done, and as cancelled
// what was skipped or withdrawn. What people wrote of customers stays out of it. Where there
// are more than most, they are those of the first days, and more is the first day that is
// left out; it is 0 where none is.
func (s *Service) Events(ctx context.Context, owner string, from, to civil.Day, most int) (list []calendar.Event, more civil.Day, err error) {
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("find the company's time zone: %w", err)
	}
	var found []resource.Stored[Touchpoint]
	for _, state := range []State{Planned, Done, Skipped, Withdrawn} {
		q := docstore.Query{Index: byOwner, Equal: []any{string(state), owner}, From: from, To: to, Limit: most + 1}
		page, err := s.touches.List(ctx, q, byDay, nil)
		if err != nil {
			return nil, 0, fmt.Errorf("read the touchpoints of %s: %w", plans.PrincipalName(owner), err)
		}
		found = append(found, page.Items...)
	}
	if found, more = firstDays(found, most); len(found) == 0 {
		return nil, more, nil
	}
	for _, t := range found {
		e, err := event(t, zone)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, e)
	}
	calendar.Sort(list)
	return list, more, nil
}

// firstDays are the touchpoints of as many whole days as have no more than most, and the
// first day that has to be left out.
func firstDays(found []resource.Stored[Touchpoint], most int) (kept []resource.Stored[Touchpoint], more civil.Day) {
	slices.SortFunc(found, func(a, b resource.Stored[Touchpoint]) int { return cmp.Compare(a.State.Day, b.State.Day) })
	if len(found) <= most {
		return found, 0
	}
	more = found[most].State.Day
	return slices.DeleteFunc(found, func(t resource.Stored[Touchpoint]) bool { return t.State.Day >= more }), more
}

// event is a touchpoint as calendars show it. Its version is its sequence: it is never
// lower than what a calendar was told before, whoever had it then.
func event(s resource.Stored[Touchpoint], company civil.Zone) (calendar.Event, error) {
	t := &s.State
	zone := company
	if t.Zone != "" {
		var err error
		if zone, err = civil.LoadZone(t.Zone); err != nil {
			return calendar.Event{}, fmt.Errorf("the time zone of %s: %w", Name(s.ID), err)
		}
	}
	e := calendar.Event{
		UID: Name(s.ID), Kind: Occasion, Resource: Name(s.ID), Calendar: plans.PrincipalName(t.Owner), Accounts: []string{plans.AccountName(t.Plan)},
		Zone: zone.String(), Summary: t.Purpose, Description: t.told(Name(s.ID)), Sequence: int(s.Version - 1), Updated: t.Updated,
	}
	if t.State == Skipped || t.State == Withdrawn {
		e.Status = calendar.Cancelled
	}
	if t.Origin == OfCadence && t.Day == t.DueDay {
		e.Start, e.End = t.Due, t.Due
	} else { // people say on which day, and not when on it
		e.AllDay = true
		e.Start, e.End = calendar.WholeDay(t.Day, zone)
	}
	return e, nil
}

// told says of a touchpoint what stands in calendars: how and with whom it is, why it is
// then, what became of it and where it is found, without what people wrote.
func (t *Touchpoint) told(name string) string {
	channel := cmp.Or(string(t.Channel), "contact")
	channel = strings.ToUpper(channel[:1]) + channel[1:]
	lines := []string{channel + " with " + t.addressees() + "."}
	for _, a := range t.Adjustments {
		if a.Reason == Person {
			lines = append(lines, "Changed by "+a.By+".")
		} else {
			lines = append(lines, "Adjusted because "+a.Words+".")
		}
	}
	switch t.State {
	case Done:
		lines = append(lines, "Done on "+t.Outcome.On.Words()+".")
	case Skipped:
		lines = append(lines, "Skipped by "+t.EndedBy+".")
	case Withdrawn:
		lines = append(lines, "Withdrawn: "+t.EndReason+".")
	}
	return strings.Join(append(lines, name), "\n")
}

// addressees says with whom it is, by their roles.
func (t *Touchpoint) addressees() string {
	switch {
	case len(t.Roles) > 0:
		return strings.Join(t.Roles, ", ")
	case len(t.Contacts) == 0:
		return "all contacts"
	case len(t.Contacts) == 1:
		return "1 contact"
	}
	return fmt.Sprintf("%d contacts", len(t.Contacts))
}
