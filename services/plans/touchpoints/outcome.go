package touchpoints

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Complete writes down that a touchpoint was done, as the outcome says; without a day it was
// today. INVALID_ARGUMENT; NOT_FOUND; STALE_ETAG; TOUCHPOINT_STATE for one that is not
// planned any more; TOUCHPOINT_EARLY before its time; CONTACT_BY_CUSTOMER for a contact that
// the customer began (R7); ACCOUNT_STATE where the account was no customer on that day.
func (s *Service) Complete(ctx context.Context, call resource.Call, id, etag string, o Outcome) (resource.Stored[Touchpoint], error) {
	none := resource.Stored[Touchpoint]{}
	if earlier, known, err := s.touches.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	t, err := s.touches.Get(ctx, id)
	if err != nil {
		return none, err
	}
	if o.Initiator == Customer {
		return none, ErrByCustomer.Saying("%s is a contact that the company owes: one that the customer began does not satisfy it. Record that as a contact, and make this one.", Name(id)).
			WithCondition(reasonByCustomer, Name(id), "the customer began the contact").WithResource(touchpointType, Name(id))
	}
	if o, err = s.outcome(ctx, call, t.State.Plan, "outcome.holder", o); err != nil {
		return none, err
	}
	if err := s.open(ctx, t.State.Plan, o.On, "a contact since then satisfies nothing that was planned, so record it as a contact"); err != nil {
		return none, err
	}
	if len(o.Contacts) == 0 {
		o.Contacts = t.State.Contacts
	}
	if o.Team, err = s.others(ctx, t.State.Plan, o.Holder); err != nil {
		return none, err
	}
	return s.touches.Update(ctx, call, id, resource.IfEtag[Touchpoint](etag), completed, func(t *Touchpoint) error {
		if err := t.planned(Name(id)); err != nil {
			return err
		}
		if o.On < t.Opens {
			return ErrEarly.Saying("%s counts from %s on, when the occurrence before it is over: on %s that one was made, not this. Complete that, or record a contact.",
				Name(id), t.Opens, o.On).WithCondition(reasonEarly, Name(id), "it counts from %s on", t.Opens).WithResource(touchpointType, Name(id))
		}
		t.State, t.Outcome, t.Day = Done, &o, o.On
		return nil
	})
}

// others returns the ids of those who look after an account besides a principal: who owns and
// helps with its plan, and who owns and serves the account. They are in order, each once.
func (s *Service) others(ctx context.Context, account, principal string) ([]string, error) {
	plan, err := s.plan(ctx, account)
	if err != nil {
		return nil, err
	}
	all := append([]string{plan.Owner}, plan.Team...)
	if s.opts.Team != nil {
		team, err := s.opts.Team(ctx, account)
		if err != nil {
			return nil, fmt.Errorf("find out who serves %s: %w", plans.AccountName(account), err)
		}
		all = append(all, team...)
	}
	var others []string
	for _, id := range slices.Compact(slices.Sorted(slices.Values(all))) {
		if id != "" && id != principal {
			others = append(others, id)
		}
	}
	return others, nil
}

// maxMinutes is how long a contact takes at most: a week.
const maxMinutes = 7 * 24 * 60

// outcome completes and checks what came of a contact. Whoever records it held it, where
// nobody else is named; holder is the field in which somebody is.
func (s *Service) outcome(ctx context.Context, call resource.Call, account, holder string, o Outcome) (Outcome, error) {
	today, err := s.Today(ctx)
	if err != nil {
		return o, err
	}
	o.Initiator, o.On = cmp.Or(o.Initiator, Company), cmp.Or(o.On, today)
	switch {
	case o.On > today:
		return o, fault.Invalid("outcome.contact_date", "%s is still to come: today is %s", o.On, today)
	case o.Text == "":
		return o, fault.Invalid("outcome.text", "is empty: say what came of it")
	case o.Minutes < 0 || o.Minutes > maxMinutes:
		return o, fault.Invalid("outcome.minutes", "%d is not from 0 to %d", o.Minutes, maxMinutes)
	case o.Initiator != Company && o.Initiator != Customer:
		return o, fault.Invalid("outcome.initiator", "%q is neither the company nor the customer", o.Initiator)
	}
	if len(o.Contacts) > 0 {
		people, err := s.addressed(ctx, "outcome.contacts", account, nil, o.Contacts)
		if err != nil {
			return o, err
		}
		o.Contacts = idsOf(people)
	}
	recorder := names.First(call.Principal, "principals")
	if o.Holder != "" && o.Holder != recorder {
		if err := resource.Named(holder, plans.PrincipalName(o.Holder), s.opts.People.Principal(ctx, o.Holder)); err != nil {
			return o, err
		}
	}
	o.Holder = cmp.Or(o.Holder, recorder)
	o.By, o.At, o.Length = call.Principal, s.now(), utf8.RuneCountInString(o.Text)
	if s.opts.Digest != nil {
		o.Digest = s.opts.Digest(o.Text)
	}
	return o, nil
}

// Record is a contact that was not planned.
type Record struct {
	Plan    string
	Purpose string
	Channel plans.Channel
	// Owner is the id of who had the contact, which the outcome may say too; empty is who calls.
	Owner   string
	Outcome Outcome
}

// RecordContact writes down a contact that was not planned: one of the company's, or one that
// the customer began. It satisfies no touchpoint. INVALID_ARGUMENT; NOT_FOUND for the plan.
// With check, nothing is written.
func (s *Service) RecordContact(ctx context.Context, call resource.Call, r Record, check bool) (resource.Stored[Touchpoint], error) {
	none := resource.Stored[Touchpoint]{}
	id, err := s.newID(call, r.Plan, "")
	if err != nil {
		return none, err
	}
	if earlier, known, err := s.touches.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if _, err := s.plan(ctx, r.Plan); err != nil {
		return none, err
	}
	if r.Outcome.Initiator == "" {
		return none, fault.Invalid("outcome.initiator", "is missing: say whether the company or the customer began it")
	}
	holder := "outcome.holder"
	switch {
	case r.Outcome.Holder == "":
		r.Outcome.Holder, holder = r.Owner, "owner"
	case r.Owner != "" && r.Owner != r.Outcome.Holder:
		return none, fault.Invalid(holder, "is %s, and owner is %s: say once who had the contact", plans.PrincipalName(r.Outcome.Holder), plans.PrincipalName(r.Owner))
	}
	o, err := s.outcome(ctx, call, r.Plan, holder, r.Outcome)
	if err != nil {
		return none, err
	}
	t := Touchpoint{Plan: r.Plan, Origin: Unplanned, Purpose: r.Purpose, Channel: r.Channel, Owner: o.Holder, State: Done, Outcome: &o, Day: o.On}
	if err := t.check(""); err != nil {
		return none, err
	}
	if check {
		return s.touches.Unwritten(id, t), nil
	}
	return s.touches.Create(ctx, call, id, t, "contact.recorded")
}
