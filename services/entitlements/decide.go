package entitlements

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Instants that can be asked about, so that arithmetic on days never meets the end of
// the calendar.
var (
	earliest = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Decider decides as of one instant, which is taken to the millisecond, by what was
// published when it was made and what is known when it is asked. It is for one call.
type Decider struct {
	service    *Service
	projection *projection
	book       *book
	age        time.Duration // when it was made, before anything was read
	// At is the instant.
	At time.Time
}

// AsOf returns a decider for an instant, or for now where it is zero.
func (s *Service) AsOf(at time.Time) (Decider, error) {
	now := s.now()
	d := Decider{service: s, projection: s.current.Load(), book: s.enrolled(), age: s.ageAt(now), At: at.UTC().Truncate(time.Millisecond)}
	if at.IsZero() {
		d.At = now.UTC().Truncate(time.Millisecond)
	} else if at.Before(earliest) || !at.Before(latest) {
		return Decider{}, fault.Invalid("as_of", "%s is not in the years 1900 to 2199", at.UTC().Format(time.RFC3339))
	}
	return d, nil
}

// AsOfDay returns a decider for the last instant of a day in the company's zone.
func (s *Service) AsOfDay(day civil.Day) (Decider, error) {
	b := s.enrolled()
	if b.zoneName() == "" {
		return Decider{}, noScheduleAtAll(day)
	}
	if day < civil.Date(1900, time.January, 2) || day > civil.Date(2199, time.December, 30) {
		return Decider{}, fault.Invalid("as_of_date", "%s is not a day from 1900-01-02 to 2199-12-30", day)
	}
	return Decider{service: s, projection: s.current.Load(), book: b, age: s.Age(), At: b.zone.End(day).UTC()}, nil
}

// Day is the day of the instant in the company's zone.
func (d *Decider) Day() civil.Day { return d.book.zone.DayOf(d.At) }

// Age says how old answers may be, as Service.Age does.
func (d *Decider) Age() time.Duration { return d.age }

// Check decides about one account and one benefit. ErrNotFound for an account, or a
// benefit no version names; ErrNoSchedule.
func (d *Decider) Check(ctx context.Context, account, benefit string) (decision.Decision, error) {
	m, _, err := d.timeline(ctx, account)
	if err != nil {
		return decision.Decision{}, err
	}
	return d.decide(&m.timeline, benefit)
}

func (d *Decider) decide(timeline *decision.Timeline, benefit string) (decision.Decision, error) {
	decided, err := timeline.At(d.At, benefit)
	if err != nil {
		return decision.Decision{}, d.told(err, benefit)
	}
	return decided, nil
}

// timeline returns the timeline of an account with what it rests on.
func (d *Decider) timeline(ctx context.Context, account string) (*memo, facts, error) {
	m, f, found, err := d.projection.timeline(ctx, d.book, account, int64(d.service.opts.CacheTimelines))
	if err == nil && !found {
		err = missingAccount(account)
	}
	return m, f, err
}

// agreeing returns the timeline if it agrees with what is known, which was read after
// it: the ledger of a group may have changed in between. Else it makes another.
func (d *Decider) agreeing(m *memo, known decision.Account) *decision.Timeline {
	if m.holds(d.book, d.projection.groups) {
		return &m.timeline
	}
	timeline := d.book.rules.Timeline(known)
	return &timeline
}

// told makes of a decision's error what callers are told.
func (d *Decider) told(err error, benefit string) error {
	switch {
	case errors.Is(err, decision.ErrNoSchedule):
		return noSchedule(d.At)
	case errors.Is(err, decision.ErrUnknownBenefit):
		return missingBenefit(benefit)
	}
	return err
}

// Explanation is a decision with its reason.
type Explanation struct {
	decision.Decision
	BenefitID string
	// Reason cites the written promise; it tells what the account spends.
	Reason string
	// Ways lead to a benefit not had, the nearest first.
	Ways []decision.Way
}

// Explain is Check with the reason and, for a benefit not had, the ways to it.
func (d *Decider) Explain(ctx context.Context, account, benefit string) (Explanation, error) {
	m, f, err := d.timeline(ctx, account)
	if err != nil {
		return Explanation{}, err
	}
	return d.explained(ctx, account, benefit, m, f)
}

// explained is Explain with a timeline that was read before.
func (d *Decider) explained(ctx context.Context, account, benefit string, m *memo, f facts) (Explanation, error) {
	e := Explanation{BenefitID: benefit}
	err := d.known(ctx, account, f, func(known decision.Account) (err error) {
		if e.Decision, err = d.decide(d.agreeing(m, known), benefit); err != nil {
			return err
		}
		return d.explain(&e, known)
	})
	return e, err
}

// with calls use with what is known of an account.
func (d *Decider) with(ctx context.Context, id string, use func(facts, decision.Account) error) error {
	var f facts
	found, err := d.projection.view(ctx, id, func(a *account) { f = a.facts() })
	if err != nil {
		return err
	}
	if !found {
		return missingAccount(id)
	}
	return d.known(ctx, id, f, func(known decision.Account) error { return use(f, known) })
}

// known calls use with what decisions are made from, which is used again after that.
func (d *Decider) known(ctx context.Context, id string, f facts, use func(decision.Account) error) error {
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	known, err := d.projection.known(ctx, d.book, id, f, w, new(memo))
	if err != nil {
		return err
	}
	return use(known)
}

// explain adds the reason to a decision, and the ways.
func (d *Decider) explain(e *Explanation, known decision.Account) (err error) {
	e.Reason, e.Ways, err = d.book.rules.Explain(known, d.At, e.BenefitID, e.Decision)
	if err != nil {
		return d.told(err, e.BenefitID)
	}
	return nil
}

// List decides about every benefit of the version in force and those kept from earlier
// ones, by id. ErrNotFound for the account; ErrNoSchedule.
func (d *Decider) List(ctx context.Context, account string, heldOnly bool) ([]Explanation, error) {
	m, f, err := d.timeline(ctx, account)
	if err != nil {
		return nil, err
	}
	return d.listed(ctx, account, heldOnly, m, f)
}

// listed is List with a timeline that was read before.
func (d *Decider) listed(ctx context.Context, account string, heldOnly bool, m *memo, f facts) ([]Explanation, error) {
	var list []Explanation
	err := d.known(ctx, account, f, func(known decision.Account) error {
		entries, err := d.agreeing(m, known).All(d.At)
		if err != nil {
			return d.told(err, "")
		}
		slices.SortFunc(entries, func(a, b decision.Entry) int { return strings.Compare(a.BenefitID, b.BenefitID) })
		for _, entry := range entries {
			if heldOnly && !entry.Entitled() {
				continue
			}
			e := Explanation{Decision: entry.Decision, BenefitID: entry.BenefitID}
			if err := d.explain(&e, known); err != nil {
				return err
			}
			list = append(list, e)
		}
		return nil
	})
	return list, err
}

// Baseline is what everybody is promised at the instant. ErrNoSchedule.
func (d *Decider) Baseline() (decision.Baseline, error) {
	baseline, err := d.book.rules.Baseline(d.At)
	if err != nil {
		return decision.Baseline{}, d.told(err, "")
	}
	return baseline, nil
}

// BaselineOf is the baseline of an account: the same for every active one. ErrNotFound;
// ErrAccountState for one that is no active customer at the instant.
func (d *Decider) BaselineOf(ctx context.Context, account string) (decision.Baseline, error) {
	err := d.with(ctx, account, func(f facts, known decision.Account) error { return d.mustBeActive(account, f, known) })
	if err != nil {
		return decision.Baseline{}, err
	}
	return d.Baseline()
}

// mustBeActive says why an account is no active customer on the day. One without a
// joined date and without an entry is one on every day.
func (d *Decider) mustBeActive(id string, f facts, known decision.Account) error {
	today := d.Day()
	var why string
	switch {
	case f.state == Prospect:
		why = "the account is a prospect"
	case f.joined != civil.Never && today < f.joined:
		why = fmt.Sprintf("the account is a customer from %s on", f.joined)
	case known.Joined != civil.Never && today < known.Joined:
		why = "the account is no customer yet" // its first entry's day is not for everybody
	case f.state == Closed && today >= f.closed:
		why = fmt.Sprintf("the account was closed on %s", f.closed)
	default:
		return nil
	}
	told := fault.New(fault.FailedPrecondition, reasonAccountState, "The baseline is promised to active customers: on %s %s.", today, why)
	return told.WithCondition(reasonAccountState, "accounts/"+id, "the account must be an active customer on that day")
}

// VersionInForce returns the version in force. ErrNoSchedule.
func (d *Decider) VersionInForce() (*Version, error) {
	number, _, err := d.book.rules.InForce(d.At)
	if err != nil {
		return nil, d.told(err, "")
	}
	return d.book.versions[number-1], nil
}

// Currency returns the currency of all versions.
func (d *Decider) Currency() schedule.Currency { return d.book.rules.Currency() }

// VersionName returns the resource name of the version that grants a benefit, "" where
// none does.
func (d *Decider) VersionName(number int) string {
	if number == 0 {
		return ""
	}
	return d.book.names[number-1]
}

// Version returns a version by its number. ErrNotFound.
func (s *Service) Version(number int) (*Version, error) {
	b := s.book.Load()
	if number < 1 || number > len(b.versions) {
		return nil, fault.Missing("evenhand/ScheduleVersion", VersionName(number))
	}
	return b.versions[number-1], nil
}

// Versions returns all that were published, by number. It is not to be changed.
func (s *Service) Versions() []*Version { return s.book.Load().versions }
