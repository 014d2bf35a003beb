package usage

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Standing is how a balance stands at an instant.
type Standing struct {
	At time.Time
	// Holding is by which the benefit is held then; where it is not, Held is false and this
	// is the last one before, if there was any.
	Holding decision.Holding
	Held    bool
	// From and To are the days of the period, To exclusive. Where the benefit rolls, they are
	// those whose uses count.
	From, To civil.Day
	// Limit is what the rule gives in a period, 0 while the benefit is not held.
	Limit int64
	// Carried is what was carried over from the period before.
	Carried int64
	// Used and Reserved are the units of this period.
	Used, Reserved int64
	// Left is what may still be used; Overdrawn is how much more was used than there is now.
	Left, Overdrawn int64
}

// Metered says whether units are counted: else the benefit is had or not had.
func (s *Standing) Metered() bool {
	return s.Holding.Benefit != nil && s.Holding.Benefit.Kind == schedule.Metered
}

// Allowance is all that may be used in the period.
func (s *Standing) Allowance() int64 { return s.Limit + s.Carried }

// granted is when a benefit is held, with what is needed to count by it.
type granted struct {
	held []decision.Holding
	zone civil.Zone
}

// at returns the holding at an instant, or, and false, the last one before it.
func (g granted) at(at time.Time) (decision.Holding, bool) {
	var last decision.Holding
	for _, h := range g.held {
		if h.From.After(at) {
			break
		}
		last = h
	}
	return last, last.Benefit != nil && (last.To.IsZero() || at.Before(last.To))
}

// first returns the day on which the benefit was first held, or today where it never was.
func (g granted) first(today civil.Day) civil.Day {
	if len(g.held) == 0 {
		return today
	}
	return g.zone.DayOf(g.held[0].From)
}

// standing says how a count stands at an instant, no later than the next entry.
func (g granted) standing(c *count, at time.Time) Standing {
	s := Standing{At: at}
	s.Holding, s.Held = g.at(at)
	if !s.Metered() {
		return s
	}
	today := g.zone.DayOf(at)
	t := terms{period: s.Holding.Benefit.Period, resets: s.Holding.Benefit.Resets, anchor: c.Anchor}
	if c.Seq == 0 {
		t.anchor = g.first(today)
	}
	period := t.at(today)
	s.From, s.To = period.from, period.to
	s.Used, s.Reserved = c.used(period), c.reserved(period, at)
	if s.Held {
		s.Limit, s.Carried = s.Holding.Benefit.Limit, g.carried(c, t, period, at)
	}
	left := s.Allowance() - s.Used - s.Reserved
	s.Left, s.Overdrawn = max(0, left), max(0, -left)
	return s
}

// carried is how many units were carried over into a period. What was used of a period
// before matters only as far back as something was used in each.
func (g granted) carried(c *count, t terms, into span, at time.Time) int64 {
	if t.resets == schedule.Rolling {
		return 0
	}
	var chain []carry
	for p := into; ; {
		p = t.at(p.from - 1)
		next, open := g.boundary(t, p)
		next.used = c.used(p) + c.reserved(p, at)
		if !open {
			break
		}
		if chain = append(chain, next); next.used == 0 {
			break
		}
	}
	var carried int64
	for i := len(chain) - 1; i >= 0; i-- {
		own := max(0, chain[i].used-carried) // what was carried over was used first
		carried = min(chain[i].rollover, max(0, chain[i].limit-own))
	}
	return carried
}

// carry is what decides how much goes from a period into the next.
type carry struct{ limit, rollover, used int64 }

// boundary returns what the rule at the end of a period gives, and whether units can go
// into the next: the benefit is held on both sides, with periods of the same terms.
func (g granted) boundary(t terms, p span) (carry, bool) {
	end := g.zone.Start(p.to)
	before, held := g.at(end.Add(-time.Millisecond))
	after, still := g.at(end)
	if !held || !still || !t.of(before.Benefit) || !t.of(after.Benefit) || before.Benefit.Rollover == 0 {
		return carry{}, false
	}
	return carry{limit: before.Benefit.Limit, rollover: before.Benefit.Rollover}, true
}

// of says whether these are the terms of a benefit as a version has it.
func (t terms) of(b *schedule.Benefit) bool {
	return b.Kind == schedule.Metered && b.Period == t.period && b.Resets == t.resets
}
