package touchpoints

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// layOut lays out a plan that goes on, and says how far it came.
func (s *Service) layOut(ctx context.Context, r *round, x *subject, existing []resource.Stored[Touchpoint], next *pass) error {
	plan, strategy := &x.plan, &x.plan.Strategy
	work, err := r.workdays(ctx, strategy.Calendar)
	if err != nil {
		return err
	}
	wanted, err := r.expand(x, work.days, putOff(existing, r.today), next)
	if err != nil {
		return err
	}
	contacts, err := s.opts.People.Contacts(ctx, x.id())
	if err != nil {
		return fmt.Errorf("read the contacts of %s: %w", plans.AccountName(x.id()), err)
	}
	owners := []string{plan.Owner}
	for i := range strategy.Cadences {
		owners = append(owners, strategy.Cadences[i].Owner)
	}
	for i := range existing {
		owners = append(owners, existing[i].State.decided())
	}
	away, err := r.absent(ctx, owners)
	if err != nil {
		return err
	}
	l := &layout{service: s, round: r, plan: plan, before: x.pass.Body.Owner, since: r.since(x), ends: x.ends, contacts: contacts, wanted: map[string]bool{}, known: map[string]resource.Stored[Touchpoint]{}, open: map[string]bool{},
		scene: &scene{gap: strategy.GapDays, quiet: strategy.Quiet, working: work.working, away: away}}
	if err := l.look(ctx, existing, wanted); err != nil {
		return err
	}
	if err := l.sort(ctx, existing); err != nil {
		return err
	}
	return l.place(ctx, x.id(), wanted)
}

// layout is the laying out of one plan.
type layout struct {
	service *Service
	round   *round
	plan    *plans.Plan
	// before is who owned the plan when it was laid out last; empty where it never was.
	before string
	// since is the day of the first change that is not settled yet, and ends the one from which
	// the account is no customer any more.
	since    civil.Day
	ends     civil.Day
	contacts []Contact
	scene    *scene
	wanted   map[string]bool // by id
	// known are the touchpoints there are, by id; open are those of them to come that are
	// placed anew.
	known map[string]resource.Stored[Touchpoint]
	open  map[string]bool
}

// sort withdraws what is not wanted any more, hands over what a new owner gets, and tells
// what is placed anew from what stays.
func (l *layout) sort(ctx context.Context, existing []resource.Stored[Touchpoint]) error {
	for i := range existing {
		t := &existing[i]
		ours := t.State.open(l.round.today)
		switch {
		case t.State.State == Planned && t.State.DueDay >= l.ends && (!ours || !l.wanted[t.ID]):
			if err := l.end(ctx, t); err != nil {
				return err
			}
			continue
		case ours && l.wanted[t.ID]:
			l.open[t.ID] = true
			continue
		case ours:
			if err := l.service.withdraw(ctx, l.round, t, "the strategy does not have it any more", 0); err != nil {
				return err
			}
			continue
		}
		if err := l.takeUp(ctx, t); err != nil {
			return err
		}
		if err := l.give(ctx, t); err != nil {
			return err
		}
		if t.State.touches() {
			l.scene.touches = append(l.scene.touches, touch{Name(t.ID), t.State.Day, t.State.people()})
		}
	}
	return nil
}

// windUp ends what is planned with who is no customer any more: what was due before stays,
// and is the owner's. It needs no scene, since it is for accounts that ended by today: what
// it gives is due before that, so before today, and give asks only from today on who is there.
func (l *layout) windUp(ctx context.Context, existing []resource.Stored[Touchpoint]) error {
	for i := range existing {
		step := l.give
		if existing[i].State.DueDay >= l.ends {
			step = l.end
		}
		if err := step(ctx, &existing[i]); err != nil {
			return err
		}
	}
	return nil
}

// end withdraws what is due once the account is no customer any more.
func (l *layout) end(ctx context.Context, t *resource.Stored[Touchpoint]) error {
	return l.service.withdraw(ctx, l.round, t, closed(t.State.Plan, l.ends), l.ends)
}

// takeUp plans again what people planned, and was withdrawn since the account was to be
// closed by then, which it is not any more, as far as it was still to come when that changed.
// What cadences ask for is placed anew.
func (l *layout) takeUp(ctx context.Context, t *resource.Stored[Touchpoint]) error {
	x := &t.State
	if x.State != Withdrawn || x.Closing == 0 || x.DueDay >= l.ends || x.DueDay < l.since || x.Origin == OfCadence && !x.Moved {
		return nil
	}
	taken, err := l.service.touches.Update(ctx, own, t.ID, resource.IfVersion[Touchpoint](t.Version), "touchpoint.adjusted",
		func(t *Touchpoint) error {
			t.takeUp()
			return nil
		})
	if err != nil {
		return err
	}
	*t, l.known[t.ID] = taken, taken
	return nil
}

// give gives what is due today, or on a day that people decided, to whoever is there then; and
// what the plan's old owner has still to do to the new one.
func (l *layout) give(ctx context.Context, t *resource.Stored[Touchpoint]) error {
	if t.State.State != Planned {
		return nil
	}
	owner, why := l.rightful(&t.State), ""
	rightful := owner
	switch {
	case owner == "":
		return nil
	case t.State.DueDay >= l.round.today:
		owner, why, _ = l.scene.present(rightful, t.State.DueDay)
	case t.State.Handed || l.before == "" || l.before == l.plan.Owner || owner != l.plan.Owner:
		return nil
	}
	if owner == t.State.Owner {
		return nil
	}
	_, err := l.service.touches.Update(ctx, own, t.ID, resource.IfVersion[Touchpoint](t.Version), "touchpoint.reassigned",
		func(t *Touchpoint) error {
			t.Owner = owner
			if t.Handed {
				t.HandedTo = rightful
			}
			t.Adjustments = slices.DeleteFunc(slices.Clone(t.Adjustments), func(a Adjustment) bool { return a.Reason == Absence })
			if owner != rightful {
				t.adjust(Adjustment{Reason: Absence, Words: why})
			}
			return nil
		})
	return err
}

// rightful is the id of the principal whose a touchpoint is, whoever stands in for them; empty
// where it stays whose it is, since the cadence is gone that would say.
func (l *layout) rightful(t *Touchpoint) string {
	cadences := l.plan.Strategy.Cadences
	at := slices.IndexFunc(cadences, func(c plans.Cadence) bool { return c.ID == t.Cadence })
	switch {
	case t.Handed:
		return t.decided()
	case t.Origin != OfCadence:
		return l.plan.Owner
	case at >= 0:
		return cmp.Or(cadences[at].Owner, l.plan.Owner)
	case t.Owner == l.before && l.before != l.plan.Owner:
		return l.plan.Owner
	}
	return ""
}

// place places all that is wanted and is still open, or fresh, in order, and writes what
// changed by that.
func (l *layout) place(ctx context.Context, plan string, wanted []occurrence) error {
	var ids []string
	var fresh []Touchpoint
	for i := range wanted {
		o := &wanted[i]
		before, known := l.known[o.id]
		gone := known && before.State.State == Withdrawn && (!before.State.Moved || before.State.Closing == 0) // and has come back
		missing := (gone || !known) && o.owed
		if !l.open[o.id] && !missing {
			continue
		}
		made := l.make(plan, o, &before.State)
		if made.DueDay >= l.ends {
			if l.open[o.id] {
				if err := l.end(ctx, &before); err != nil {
					return err
				}
			}
			continue
		}
		if !known {
			ids, fresh = append(ids, o.id), append(fresh, made)
		} else if err := l.replace(ctx, before, &made); err != nil {
			return err
		}
		l.scene.touches = append(l.scene.touches, touch{Name(o.id), made.DueDay, made.Contacts})
	}
	if len(ids) == 0 {
		return nil
	}
	taken, err := l.service.touches.CreateMany(ctx, own, ids, fresh, begun)
	if err != nil {
		return fmt.Errorf("write touchpoints: %w", err)
	}
	if len(taken) > 0 { // another process lays the plan out too
		return docstore.ErrConflict
	}
	return nil
}

// look reads those of the wanted that exist already: as they are far from today.
func (l *layout) look(ctx context.Context, existing []resource.Stored[Touchpoint], wanted []occurrence) error {
	for i := range existing {
		l.known[existing[i].ID] = existing[i]
	}
	var ids []string
	for i := range wanted {
		o := &wanted[i]
		l.wanted[o.id] = true
		if _, known := l.known[o.id]; !known && o.owed {
			ids = append(ids, o.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := l.service.touches.GetMany(ctx, ids)
	if err != nil {
		return fmt.Errorf("read touchpoints: %w", err)
	}
	maps.Copy(l.known, found)
	return nil
}

// make makes the touchpoint of an occurrence as it is to be now.
func (l *layout) make(plan string, o *occurrence, before *Touchpoint) Touchpoint {
	var people []Contact
	for _, c := range l.contacts {
		if len(o.cadence.Roles) == 0 || slices.ContainsFunc(c.Roles, func(role string) bool { return slices.Contains(o.cadence.Roles, role) }) {
			people = append(people, c)
		}
	}
	held := civil.Date(o.Start.Date())
	owner := cmp.Or(before.decided(), o.cadence.Owner, l.plan.Owner)
	w := wish{day: held, since: o.since, zone: o.zone, owner: owner, people: people}
	at := l.scene.place(w)
	if (l.open[o.id] || o.brought) && at.day < l.round.today { // what had moved it is gone, and so is its day
		w.from = l.round.today
		at = l.scene.place(w)
		at.why = append(before.moved(), at.why...)
	}
	t := Touchpoint{Handed: before.Handed, HandedTo: before.decided(), Times: before.Times}
	t.Plan, t.Origin, t.State = plan, OfCadence, Planned
	t.Cadence, t.Occurrence, t.Nominal, t.Opens = o.cadence.ID, o.Day, calendar.Place(o.Day, o.since, o.zone).UTC(), o.opens
	t.Purpose, t.Channel, t.Roles, t.Contacts = o.cadence.Purpose, o.cadence.Channel, o.cadence.Roles, idsOf(people)
	t.Owner, t.Due, t.Zone, t.DueDay, t.Day = at.owner, at.due.UTC(), o.zone.String(), at.day, at.day
	if l.open[o.id] && t.Due.Equal(before.Due) && t.Owner == before.Owner { // why it came to be so does not change
		t.Adjustments = before.Adjustments
		return t
	}
	if o.Why != "" {
		t.Adjustments = append(t.Adjustments, Adjustment{Reason: Holiday, Words: o.Why})
	}
	if o.next != 0 && at.day >= o.next && at.crowded() {
		at.note(Gap, fmt.Sprintf("the next one of %q is meant for %s already: the strategy asks the same people for more contacts than its gap of %s leaves room for",
			o.cadence.ID, o.next.Words(), days(l.scene.gap)))
	}
	for _, a := range at.why {
		if !slices.Contains(t.Adjustments, a) {
			t.Adjustments = append(t.Adjustments, a)
		}
	}
	for _, a := range before.Adjustments {
		if a.Reason == Person {
			t.Adjustments = append(t.Adjustments, a)
		}
	}
	return t
}

// replace writes a touchpoint that is laid out otherwise than before.
func (l *layout) replace(ctx context.Context, before resource.Stored[Touchpoint], made *Touchpoint) error {
	if reflect.DeepEqual(before.State, *made) {
		return nil
	}
	_, err := l.service.touches.Update(ctx, own, before.ID, resource.IfVersion[Touchpoint](before.Version), "touchpoint.adjusted",
		func(t *Touchpoint) error {
			*t = *made
			return nil
		})
	return err
}
