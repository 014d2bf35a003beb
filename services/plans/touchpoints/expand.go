package touchpoints

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// reach is for how many days back occurrences are looked at again that are still to come,
// since they were moved.
const reach = 100

// occurrence is one that is laid out, or to be.
type occurrence struct {
	id      string
	cadence *plans.Cadence
	calendar.Occurrence
	zone civil.Zone
	// since is the time of the day at which it is meant to be, since midnight.
	since time.Duration
	opens civil.Day
	// next is the day of the cadence's next one; 0 where there is none.
	next civil.Day
	// owed says that it is to be laid out where it is not; brought, that the calendar has it
	// now on a day that was over when its cadence was laid out last.
	owed, brought bool
}

// expand returns the occurrences of a strategy's cadences up to the horizon, in the order in
// which they are meant to be, and notes in next how far they are laid out by that. There are
// none from the day on from which the account is no customer any more. Those that were put
// off are among them however long ago they were meant to be: first says of cadences from when
// on there are any.
func (r *round) expand(x *subject, days calendar.Workdays, first map[string]civil.Day, next *pass) ([]occurrence, error) {
	var all []occurrence
	strategy, horizon := &x.plan.Strategy, r.today+Ahead
	for i := range strategy.Cadences {
		c := &strategy.Cadences[i]
		when := c.When
		when.Zone = cmp.Or(when.Zone, r.zone.String())
		series, err := when.Series(days)
		if err != nil {
			return nil, fmt.Errorf("the cadence %s: %w", c.ID, err)
		}
		span, now := r.span(x, c)
		next.Cadences = append(next.Cadences, now)
		from := min(span.until, r.today-reach)
		if planned, ok := first[c.ID]; ok {
			from = min(from, planned)
		}
		opens, previous := civil.Day(0), -1
		for o := range series.All() {
			if previous >= 0 {
				all[previous].next, previous = civil.Date(o.Start.Date()), -1
			}
			held := civil.Date(o.Start.Date())
			if held >= x.ends {
				break
			}
			if first := min(o.Day, held); first > horizon { // holidays may bring it far ahead of its own day
				next.Next = min(next.Next, first-Ahead)
				break
			}
			if o.Day >= from {
				previous = len(all)
				all = append(all, occurrence{id: occurrenceID(x.id(), c.ID, o.Day), cadence: c, Occurrence: o, zone: series.Zone(),
					since: series.TimeOfDay(), opens: opens, owed: span.owes(o.Day, held), brought: span.brought(o.Day, held)})
			}
			opens = o.Day + 1
		}
	}
	slices.SortFunc(all, func(a, b occurrence) int { return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.id, b.id)) })
	return all, nil
}

// span is from when on the occurrences of a cadence are to be laid out.
type span struct {
	// begins is the day from which on there are any, and since that of the first change that
	// is not settled: what is held after it is laid out although it was not before, as where
	// the calendar had a holiday then.
	begins, since civil.Day
	// until is the first day that was not laid out yet, and last the day of the last pass that
	// laid any out; civil.Never and 0 where none did.
	until, last civil.Day
}

// owes says whether an occurrence is to be laid out where it is not.
func (s *span) owes(day, held civil.Day) bool {
	return day >= s.until || held >= s.begins && (s.until == civil.Never || held > s.since)
}

// brought says whether the calendar has an occurrence that was not laid out yet on a day that
// was over by the last pass.
func (s *span) brought(day, held civil.Day) bool {
	return day >= s.until && held < s.last
}

// span returns from when on a cadence is to be laid out, and how far it is by this pass.
func (r *round) span(x *subject, c *plans.Cadence) (span, laid) {
	// Where the company's zone is another, the cadence is the same.
	when := strings.Join([]string{c.When.Rule, c.When.Start, c.When.Zone, string(c.When.OnHoliday)}, " ")
	s := span{begins: r.begins(x, c), since: r.since(x), until: civil.Never}
	for _, before := range x.pass.Body.Cadences {
		if before.ID == c.ID && before.When == when {
			s.until, s.last = before.Until, before.Until-Ahead-1
		}
	}
	return s, laid{ID: c.ID, When: when, Until: r.today + Ahead + 1}
}

// begins returns the day from which on a cadence is laid out that was not before: that since
// which it recurs as it does, and none before the plan became active, or the account was
// opened again.
func (r *round) begins(x *subject, c *plans.Cadence) civil.Day {
	begins := max(cmp.Or(c.Since, r.since(x)), r.day(x.plan.Activated()))
	if x.reopened() {
		begins = max(begins, r.since(x))
	}
	return min(max(begins, r.today-reach), r.today)
}

// since returns the day of the first change that is not settled yet; today where none was
// heard of.
func (r *round) since(x *subject) civil.Day {
	return min(max(cmp.Or(x.pass.Body.Since, r.today), r.today-reach), r.today)
}

// day is the one of an instant; 0 where there is none.
func (r *round) day(at time.Time) civil.Day {
	if at.IsZero() {
		return 0
	}
	return r.zone.DayOf(at)
}

// putOff returns the first occurrence of each cadence that is still to come and was moved by
// no person.
func putOff(existing []resource.Stored[Touchpoint], today civil.Day) map[string]civil.Day {
	first := map[string]civil.Day{}
	for i := range existing {
		t := &existing[i].State
		if at, known := first[t.Cadence]; t.open(today) && (!known || t.Occurrence < at) {
			first[t.Cadence] = t.Occurrence
		}
	}
	return first
}
