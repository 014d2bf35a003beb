package cases

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Past is a case that happened elsewhere, as it is taken over.
type Past struct {
	// ID is the case's id within its account, and External what it was called in Source,
	// the system where it happened.
	ID, External, Source string
	// Account is an id.
	Account                              string
	Issue, Channel, Subject, Description string
	Facts                                map[string]string
	// Role is the role of staff that handled it; empty where that is not known.
	Role string
	// Opened is needed; FirstReply and Resolved are zero where they did not come. Where a
	// case was resolved and nobody replied before, the resolution was the reply.
	Opened, FirstReply, Resolved time.Time
	// Unrecorded says what is not known of it. Where replies were not recorded, a resolution
	// is none.
	Unrecorded Unrecorded
	// Remedy is an id; empty for none. Value is in minor units of Currency.
	Remedy   string
	Value    *int64
	Currency string
	// Escalated and Reopened say whether it was.
	Escalated, Reopened bool
}

// Origin is by what a case of another system is known, whatever account it is of.
func (p *Past) Origin() string {
	if p.Source == "" || p.External == "" {
		return ""
	}
	return p.Source + "\x00" + p.External
}

// ahead is how far clocks of other systems may be ahead of this one's.
const ahead = 5 * time.Minute

// Case makes the case, measured by the commitments of the version in force when it was
// opened; none of its clocks is told of, now or later. INVALID_ARGUMENT. It counts as a
// precedent only where its remedy is known.
func (s *Cases) Case(p Past, by Actor) (id string, c Case, err error) {
	if err := p.check(s.now()); err != nil {
		return "", Case{}, err
	}
	c = Case{Account: p.Account, Issue: p.Issue, Channel: p.Channel, Subject: p.Subject, Description: p.Description, Facts: p.Facts,
		External: p.External, Source: p.Source, Origin: p.Origin(), Unrecorded: p.Unrecorded, Imported: true}
	if err := c.checkFields(""); err != nil {
		return "", Case{}, err
	}
	at := instant(p.Opened)
	measuredBy, err := s.book.inForce(at)
	if err != nil {
		return "", Case{}, err
	}
	number, commitments := 0, []schedule.Commitment(nil)
	if measuredBy != nil {
		number, commitments = measuredBy.Number, measuredBy.Schedule.Commitments
	}
	r, err := s.book.reckoning(number, s.now(), s.near)
	if err != nil {
		return "", Case{}, err
	}
	handled := Actor{Role: p.Role}
	p.happen(&c, turn{by: handled, at: at, commitments: commitments, reckoning: r}, number)
	c.History, c.Forgotten, c.OpenedBy = nil, 0, Actor{}
	c.note(ActOpened, at, by, "taken over as it happened elsewhere")
	if c.State != Resolved {
		c.Imported = false
		c.tellNoPast(s.now())
		c.look()
	}
	return ID(p.Account, p.ID), c, nil
}

// happen makes what happened, at the instants at which it did.
func (p *Past) happen(c *Case, t turn, number int) {
	t.open(c, number)
	c.takeOut(func(k Clock) bool {
		return k.To == EventFirstReply && p.Unrecorded.Replies && p.FirstReply.IsZero() ||
			k.To == EventResolved && p.Unrecorded.Resolutions && p.Resolved.IsZero()
	})
	if !p.FirstReply.IsZero() {
		t.at = instant(p.FirstReply)
		t.answer(c)
	}
	if p.Escalated {
		c.Escalations = 1
	}
	if p.Reopened {
		c.Reopenings = 1
	}
	if p.Remedy != "" {
		c.Remedy = &Remedy{ID: p.Remedy, Value: p.Value, Currency: p.Currency}
	}
	if p.Resolved.IsZero() {
		t.done(c, ActReplied, "")
		return
	}
	t.at = instant(p.Resolved)
	if !p.Unrecorded.Replies {
		t.answer(c)
	}
	c.State, c.Resolved, c.ResolvedFirst, c.ResolvedBy = Resolved, t.at, t.at, t.by
	c.Remedy = &Remedy{ID: p.Remedy, Value: p.Value, Currency: p.Currency}
	c.happen(EventResolved, t.at, t.commitments, t.reckoning)
	c.takeOut(func(k Clock) bool { return k.open() })
	if p.Remedy != "" {
		c.Precedent = precedentKey(c.Issue, c.Facts)
	}
	t.done(c, ActResolved, "")
}

// takeOut takes out such clocks, whose events were not recorded: whether they were met is
// not known.
func (c *Case) takeOut(such func(Clock) bool) {
	before := len(c.Clocks)
	c.Clocks = slices.DeleteFunc(slices.Clone(c.Clocks), such)
	c.Unmeasured = c.Unmeasured || len(c.Clocks) < before
}

// tellNoPast marks what was due before a case came here as told.
func (c *Case) tellNoPast(now time.Time) {
	for i := range c.Clocks {
		k := &c.Clocks[i]
		k.NearTold = !k.Near.IsZero() && !now.Before(k.Near)
		k.BreachTold = !k.Due.IsZero() && now.After(k.Due)
	}
}

// check says what is wrong with what only a case of the past has, at an instant.
func (p *Past) check(now time.Time) error {
	wrong := problems{}
	for _, t := range []struct {
		field string
		at    time.Time
	}{{"opened", p.Opened}, {"first_reply", p.FirstReply}, {"resolved", p.Resolved}} {
		if t.at.After(now.Add(ahead)) {
			wrong.add(t.field, "is still to come: only what has happened is taken over")
		}
	}
	if !names.IsID(p.ID) {
		wrong.id("id", p.ID)
	}
	if p.Role != "" {
		wrong.id("staff_role", p.Role)
	}
	if p.Remedy != "" {
		wrong.id("remedy", p.Remedy)
	}
	wrong.text("external_id", p.External, maxSubject)
	switch {
	case p.Opened.IsZero():
		wrong.add("opened", "is needed")
	case p.Opened.Year() < 1900 || p.Opened.Year() > 2199:
		wrong.add("opened", "is not in the years 1900 to 2199")
	case !p.FirstReply.IsZero() && p.FirstReply.Before(p.Opened):
		wrong.add("first_reply", "is before the case was opened")
	case !p.Resolved.IsZero() && p.Resolved.Before(p.Opened):
		wrong.add("resolved", "is before the case was opened")
	case !p.Resolved.IsZero() && p.FirstReply.After(p.Resolved):
		wrong.add("first_reply", "is after the case was resolved")
	}
	switch {
	case p.Value != nil && p.Remedy == "":
		wrong.add("remedy_value", "is the value of a remedy, and there is none")
	case p.Value != nil && *p.Value < 0:
		wrong.add("remedy_value", "is less than nothing")
	}
	return wrong.err()
}

// Touched says whether anybody has done anything about the case since it was imported.
func (c *Case) Touched() bool {
	return slices.ContainsFunc(c.History, func(e Entry) bool {
		switch e.What {
		case ActOpened, ActNearBreach, ActBreached, ActRecalculated:
			return false
		}
		return true
	})
}

// Known returns those of some cases of other systems that are there, by origin.
func (s *Cases) Known(ctx context.Context, origins []string) (map[string]resource.Stored[Case], error) {
	values := make([]any, len(origins))
	for i, origin := range origins {
		values[i] = origin
	}
	list, err := s.table.Lookup(ctx, byOrigin, values...)
	if err != nil {
		return nil, fmt.Errorf("find the cases that are there: %w", err)
	}
	known := make(map[string]resource.Stored[Case], len(list))
	for _, c := range list {
		known[c.State.Origin] = c
	}
	return known, nil
}

// Renew takes a case over anew that was imported before and not touched since; one that was
// touched in this moment stays as it is.
func (s *Cases) Renew(ctx context.Context, call resource.Call, id string, state Case) error {
	_, err := s.table.Update(ctx, call, id, nil, "case.imported", func(c *Case) error {
		if c.Touched() {
			return nil
		}
		state.Times = c.Times
		*c = state
		return nil
	})
	return err
}

// CreateMany writes cases that were made of the past, and says which could not be: their
// ids or origins are taken.
func (s *Cases) CreateMany(ctx context.Context, call resource.Call, ids []string, cases []Case) (failed map[int]bool, err error) {
	return s.table.CreateMany(ctx, call, ids, cases, "case.imported")
}
