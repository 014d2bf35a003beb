package touchpoints

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// New is a touchpoint that no cadence asks for.
type New struct {
	// ID is its own id below the plan's; made of the call where it is empty.
	ID string
	// Plan is the id of the plan, and Origin what it comes from: ByHand where it is empty.
	Plan   string
	Origin Origin
	// Source is the resource name of what it comes from, or empty.
	Source  string
	Purpose string
	Channel plans.Channel
	// Contacts are the ids of those who are addressed; without them, those with one of the
	// Roles, or all where there are none of these either.
	Roles, Contacts []string
	// Owner is the id of the principal who is to do it; the plan's where it is empty.
	Owner string
	// Due is the day by which it is to be done.
	Due civil.Day
}

// byHandAt is the time of the day at which touchpoints are due that no cadence asks for, in
// the company's zone, where that is within nobody's quiet hours.
const byHandAt = 9 * time.Hour

// maxDays is how many days ahead a touchpoint can be due.
const maxDays = 2 * 366

// Plan plans a touchpoint that no cadence asks for: it is due on the day that is given, at
// an hour that is quiet for nobody, and cadences keep their distance. INVALID_ARGUMENT; NOT_FOUND for the plan; PLAN_STATE for one
// that does not count; ACCOUNT_STATE where the account is no customer on that day. With check,
// nothing is written.
func (s *Service) Plan(ctx context.Context, call resource.Call, n New, check bool) (resource.Stored[Touchpoint], error) {
	none := resource.Stored[Touchpoint]{}
	id, err := s.newID(call, n.Plan, n.ID)
	if err != nil {
		return none, err
	}
	if earlier, known, err := s.touches.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	plan, err := s.plan(ctx, n.Plan)
	if err != nil {
		return none, err
	}
	if !plan.State.Counts() {
		return none, fault.Precondition(reasonPlanState, plans.Name(n.Plan), "%s is %s: activate it first, since contacts are planned by active plans.", plans.Name(n.Plan), plan.State)
	}
	t := Touchpoint{Plan: n.Plan, Origin: cmp.Or(n.Origin, ByHand), Source: n.Source, Purpose: n.Purpose, Channel: n.Channel,
		Roles: n.Roles, Owner: cmp.Or(n.Owner, plan.Owner), State: Planned, Moved: true, Handed: n.Owner != "", HandedTo: n.Owner}
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return none, fmt.Errorf("find the company's time zone: %w", err)
	}
	if err := t.dueOn("touchpoint.due_date", n.Due, zone.DayOf(s.now()), byHandAt, zone); err != nil {
		return none, err
	}
	if err := s.open(ctx, n.Plan, n.Due, "plan a contact before that day, or open the account again"); err != nil {
		return none, err
	}
	if n.Owner != "" {
		if err := resource.Named("touchpoint.owner", plans.PrincipalName(n.Owner), s.opts.People.Principal(ctx, n.Owner)); err != nil {
			return none, err
		}
	}
	people, err := s.addressed(ctx, "touchpoint.contacts", n.Plan, n.Roles, n.Contacts)
	if err != nil {
		return none, err
	}
	t.Contacts = idsOf(people)
	if err := t.check("touchpoint."); err != nil {
		return none, err
	}
	if err := s.keep(ctx, id, &t, &plan.Strategy, people); err != nil {
		return none, err
	}
	if check {
		return s.touches.Unwritten(id, t), nil
	}
	return s.touches.Create(ctx, call, id, t, begun)
}

func (s *Service) newID(call resource.Call, plan, own string) (string, error) {
	if own == "" {
		var err error
		if own, err = call.NewID(s.opts.Random); err != nil {
			return "", err
		}
	}
	return ID(plan, own), nil
}

// plan returns a plan, or NOT_FOUND.
func (s *Service) plan(ctx context.Context, id string) (plans.Plan, error) {
	known, err := s.opts.Plans.GetMany(ctx, []string{id})
	if err != nil {
		return plans.Plan{}, fmt.Errorf("read %s: %w", plans.Name(id), err)
	}
	plan, ok := known[id]
	if !ok {
		return plans.Plan{}, plans.Kind.NotFound(id)
	}
	return plan.State, nil
}

// check wants the fields that people give to be right by themselves; prefix is where they
// stand in the request.
func (t *Touchpoint) check(prefix string) error {
	switch {
	case t.Purpose == "":
		return fault.Invalid(prefix+"purpose", "is empty: say what the contact is for")
	case !slices.Contains(plans.Channels, t.Channel):
		return fault.Invalid(prefix+"channel", "is missing: say by what way, as CALL or VISIT")
	}
	return nil
}

// dueOn makes the touchpoint due on a day.
func (t *Touchpoint) dueOn(field string, day, today civil.Day, since time.Duration, zone civil.Zone) error {
	if day < today || day > today+maxDays {
		return fault.Invalid(field, "must be given, not be over and not be more than %d days ahead: today is %s", maxDays, today)
	}
	t.Due, t.Zone = calendar.Place(day, since, zone).UTC(), zone.String()
	t.DueDay, t.Day = day, day
	return nil
}

// addressed returns the contacts of an account who are named, by ids which must be there, or
// else those who have one of the roles; all where there are no roles.
func (s *Service) addressed(ctx context.Context, field, account string, roles, named []string) ([]Contact, error) {
	contacts, err := s.opts.People.Contacts(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("read the contacts of %s: %w", plans.AccountName(account), err)
	}
	var people []Contact
	for i, id := range named {
		at := slices.IndexFunc(contacts, func(c Contact) bool { return c.ID == id })
		if at < 0 {
			return nil, fault.Invalid(fmt.Sprintf("%s[%d]", field, i), "%s has no contact %q", plans.AccountName(account), id)
		}
		people = append(people, contacts[at])
	}
	if len(named) > 0 {
		return people, nil
	}
	for _, c := range contacts {
		if len(roles) == 0 || slices.ContainsFunc(c.Roles, func(role string) bool { return slices.Contains(roles, role) }) {
			people = append(people, c)
		}
	}
	return people, nil
}

// The events by which touchpoints begin, and by which they end.
const (
	begun     = "touchpoint.planned"
	completed = "touchpoint.completed"
	skipped   = "touchpoint.skipped"
	withdrawn = "touchpoint.withdrawn"
)

// Skip ends a touchpoint that somebody decided against, with the reason. INVALID_ARGUMENT;
// NOT_FOUND; STALE_ETAG; TOUCHPOINT_STATE.
func (s *Service) Skip(ctx context.Context, call resource.Call, id, etag, reason string) (resource.Stored[Touchpoint], error) {
	if reason == "" {
		return resource.Stored[Touchpoint]{}, fault.Invalid("reason", "is empty: say why the contact is not made")
	}
	return s.touches.Update(ctx, call, id, resource.IfEtag[Touchpoint](etag), skipped, func(t *Touchpoint) error {
		if err := t.planned(Name(id)); err != nil {
			return err
		}
		t.State, t.EndReason, t.EndedBy, t.Ended = Skipped, reason, call.Principal, s.now()
		return nil
	})
}

// Reschedule makes a touchpoint due on another day, at the same time of the day or one that
// is quiet for nobody, with the reason: the service does not move it any more. INVALID_ARGUMENT; NOT_FOUND; STALE_ETAG;
// TOUCHPOINT_STATE; ACCOUNT_STATE where the account is no customer on that day. With check,
// nothing is written.
func (s *Service) Reschedule(ctx context.Context, call resource.Call, id, etag string, day civil.Day, reason string, check bool) (resource.Stored[Touchpoint], error) {
	if reason == "" {
		return resource.Stored[Touchpoint]{}, fault.Invalid("reason", "is empty: say why the contact is made at another time")
	}
	today, err := s.Today(ctx)
	if err != nil {
		return resource.Stored[Touchpoint]{}, err
	}
	return s.change(ctx, call, id, etag, "touchpoint.rescheduled", check, func(t *Touchpoint) error {
		zone, err := civil.LoadZone(t.Zone)
		if err != nil {
			return fmt.Errorf("the zone of %s: %w", Name(id), err)
		}
		was := t.DueDay
		if err := t.dueOn("due_date", day, today, timeOfDay(t.Due, zone), zone); err != nil {
			return err
		}
		if err := s.open(ctx, t.Plan, day, "make it due before that day, or open the account again"); err != nil {
			return err
		}
		if day < t.Opens {
			return fault.Invalid("due_date", "%s is before %s, from which on it counts: the occurrence before it is not over by then", day, t.Opens)
		}
		t.Moved = true
		t.adjust(Adjustment{Reason: Person, Words: fmt.Sprintf("due on %s instead of %s: %s", day, was, reason), By: call.Principal, At: s.now()})
		return s.keepMoved(ctx, id, t)
	})
}

// Reassign has somebody else do a touchpoint, with the reason; the service does not give it
// to another any more, but for those who stand in for them. INVALID_ARGUMENT; NOT_FOUND; STALE_ETAG; TOUCHPOINT_STATE.
func (s *Service) Reassign(ctx context.Context, call resource.Call, id, etag, owner, reason string) (resource.Stored[Touchpoint], error) {
	if earlier, known, err := s.touches.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if err := resource.Named("owner", plans.PrincipalName(owner), s.opts.People.Principal(ctx, owner)); err != nil {
		return resource.Stored[Touchpoint]{}, err
	}
	return s.change(ctx, call, id, etag, "touchpoint.reassigned", false, func(t *Touchpoint) error {
		words := fmt.Sprintf("%s instead of %s", plans.PrincipalName(owner), plans.PrincipalName(t.Owner))
		if reason != "" {
			words += ": " + reason
		}
		t.Owner, t.Handed, t.HandedTo = owner, true, owner
		t.adjust(Adjustment{Reason: Person, Words: words, By: call.Principal, At: s.now()})
		return nil
	})
}

// errChecked ends a change that is only looked at.
var errChecked = errors.New("only checked")

// change changes a touchpoint that is planned still; with check, nothing is written.
func (s *Service) change(ctx context.Context, call resource.Call, id, etag, event string, check bool, apply func(*Touchpoint) error) (resource.Stored[Touchpoint], error) {
	var seen resource.Stored[Touchpoint]
	changed, err := s.touches.Update(ctx, call, id, resource.IfEtag[Touchpoint](etag), event, func(t *Touchpoint) error {
		if err := t.planned(Name(id)); err != nil {
			return err
		}
		if err := apply(t); err != nil {
			return err
		}
		if check {
			seen = s.touches.Unwritten(id, *t)
			return errChecked
		}
		return nil
	})
	if errors.Is(err, errChecked) {
		return seen, nil
	}
	return changed, err
}
