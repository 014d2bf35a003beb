package decision

import (
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Timeline is all that one account is and will be entitled to, given the
// entries known when it was made. It is immutable, safe for concurrent use and
// small: 32 bytes and 16 more for each step.
type Timeline struct {
	book  *Book
	steps []step // by class, then by instant
}

// step says by which rule a class of benefits is held from an instant on, until
// the next step of the class. Before its first step a class is not held.
type step struct {
	at    int64 // milliseconds
	class uint32
	rule  int32 // index into Book.rules, none when the class is not held
}

const none int32 = -1

// Decision is the answer about one benefit at one instant.
type Decision struct {
	Benefit *schedule.Benefit // as the version that grants it has it; else as the version in force has it, or nil
	Rule    *schedule.Rule    // the rule that grants it; nil when the account is not entitled
	Version int               // number of the version that grants it; 0 when the account is not entitled

	// ValidUntil is the first later instant at which entitlement, rule, version
	// or limit changes by itself; zero when that never happens.
	ValidUntil time.Time
}

// Entitled reports whether the account has the benefit.
func (d Decision) Entitled() bool { return d.Rule != nil }

// At decides about one benefit at an instant. It fails with ErrNoSchedule when
// no version was in force, and with ErrUnknownBenefit when no version has the
// benefit. It does not allocate.
func (t Timeline) At(at time.Time, benefitID string) (Decision, error) {
	ms := at.UnixMilli()
	version := t.book.inForce(ms)
	if version < 0 {
		return Decision{}, ErrNoSchedule
	}
	index, ok := t.book.byID[benefitID]
	if !ok {
		return Decision{}, ErrUnknownBenefit
	}
	return t.decide(ms, version, &t.book.benefits[index]), nil
}

// Entry is a benefit in a list of decisions.
type Entry struct {
	BenefitID string
	Decision
}

// All decides about every benefit of the version in force, in its order, then
// about those still held that only other versions have. It fails with
// ErrNoSchedule only.
func (t Timeline) All(at time.Time) ([]Entry, error) {
	ms := at.UnixMilli()
	version := t.book.inForce(ms)
	if version < 0 {
		return nil, ErrNoSchedule
	}
	v := &t.book.versions[version]
	entries := make([]Entry, 0, len(v.listed))
	for _, index := range v.listed {
		b := &t.book.benefits[index]
		entries = append(entries, Entry{b.id, t.decide(ms, version, b)})
	}
	for _, index := range v.unlisted {
		b := &t.book.benefits[index]
		if d := t.decide(ms, version, b); d.Entitled() {
			entries = append(entries, Entry{b.id, d})
		}
	}
	return entries, nil
}

func (t Timeline) decide(ms int64, version int, of *benefit) Decision {
	class := uint32(of.class)
	// The first step after the instant, among steps ordered by class and instant.
	low, high := 0, len(t.steps)
	for low < high {
		middle := int(uint(low+high) / 2)
		if s := &t.steps[middle]; s.class < class || s.class == class && s.at <= ms {
			low = middle + 1
		} else {
			high = middle
		}
	}
	d := Decision{Benefit: of.byVersion[version]}
	if low < len(t.steps) && t.steps[low].class == class {
		d.ValidUntil = time.UnixMilli(t.steps[low].at).UTC()
	}
	if low > 0 && t.steps[low-1].class == class && t.steps[low-1].rule != none {
		r := &t.book.rules[t.steps[low-1].rule]
		d.Rule, d.Version, d.Benefit = r.Rule, t.book.versions[r.version].number, of.byVersion[r.version]
	}
	return d
}

// interval is a stretch of instants in milliseconds, to exclusive.
type interval struct{ from, to int64 }

// Timeline computes the steps of an account.
func (b *Book) Timeline(a Account) Timeline {
	active := interval{b.company.Zone.StartMilli(a.ActiveFrom), b.company.Zone.StartMilli(a.ClosedOn)}
	if active.from >= active.to {
		return Timeline{book: b}
	}
	f := facts{account: &a, company: b.company}
	held := make([][]interval, len(b.rules))
	some := false
	for i := range b.rules {
		held[i] = b.held(&f, &b.rules[i], active)
		some = some || len(held[i]) > 0
	}
	if !some {
		return Timeline{book: b}
	}
	var steps []step
	for c := range b.classes {
		steps = b.classes[c].steps(steps, uint32(c), held)
	}
	return Timeline{book: b, steps: slices.Clip(steps)}
}

// held returns the instants at which the rule entitles an account that is
// active at the instants given.
func (b *Book) held(f *facts, r *rule, active interval) []interval {
	v := &b.versions[r.version]
	opens, closes := max(active.from, v.from), active.to
	if r.Lasts.IsZero() {
		closes = min(closes, v.to)
	}
	if v.from >= v.to || opens >= closes {
		return nil
	}
	var held []interval
	for _, s := range f.terms(r.Rule, v.days) {
		i := interval{max(opens, b.company.Zone.StartMilli(s.from)), min(closes, b.company.Zone.StartMilli(s.to))}
		switch last := len(held) - 1; {
		case i.from >= i.to:
		case last >= 0 && held[last].to == i.from: // the zone left out the days between
			held[last].to = i.to
		default:
			held = append(held, i)
		}
	}
	return held
}

// terms returns the days on which the account has what the rule grants, when
// the rule can be earned on the days given.
func (f *facts) terms(r *schedule.Rule, inForce span) spans {
	if r.Lasts.IsZero() {
		return f.true(&r.When, plain, inForce)
	}
	var refunds []civil.Day
	if r.OnRefund == schedule.Recheck {
		refunds = f.refundDays(&r.When)
	}
	// From one day of refunds to the next the same refunds count back.
	var terms spans
	epoch := span{-civil.Never, civil.Never}
	for i := 0; i <= len(refunds); i++ {
		at := plain
		if i > 0 {
			epoch.from, at = refunds[i-1], asOf{recheck: true, day: refunds[i-1]}
		}
		epoch.to = civil.Never
		if i < len(refunds) {
			epoch.to = refunds[i]
		}
		within := span{max(inForce.from, earliest(r.Lasts, epoch.from)), min(inForce.to, epoch.to)}
		for _, earned := range f.true(&r.When, at, within) {
			terms = terms.push(span{max(earned.from, epoch.from), min(termEnd(r.Lasts, earned), epoch.to)})
		}
	}
	return terms
}

// earliest returns a day before which nothing earned lasts until d.
func earliest(lasts civil.Period, d civil.Day) civil.Day {
	if d == -civil.Never {
		return d
	}
	return d - civil.Day(31*lasts.Months+lasts.Days)
}

// termEnd returns the first day after the term of the last of the earned days.
// The terms of the days before it leave no gap.
func termEnd(lasts civil.Period, earned span) civil.Day {
	if earned.to == civil.Never {
		return civil.Never
	}
	return lasts.After(earned.to - 1)
}

// steps appends the steps of a class, given when each rule entitles.
func (c *class) steps(steps []step, class uint32, held [][]interval) []step {
	var turns []int64
	var granting []candidate
	for _, candidate := range c.candidates {
		if len(held[candidate.rule]) == 0 {
			continue
		}
		granting = append(granting, candidate)
		for _, i := range held[candidate.rule] {
			turns = append(turns, i.from, i.to)
		}
	}
	slices.Sort(turns)
	turns = slices.Compact(turns)
	next := make([]int, len(granting)) // the interval of each that ends after the turn
	cited := none
	for _, turn := range turns {
		if turn == civil.Forever {
			break
		}
		if r := cite(granting, held, next, turn); r != cited {
			steps = append(steps, step{at: turn, class: class, rule: r})
			cited = r
		}
	}
	return steps
}

// cite returns the rule to cite at an instant: of the highest limit the one that
// lasts longest, then the first in order. It moves next on to the instant.
func cite(granting []candidate, held [][]interval, next []int, at int64) int32 {
	cited, rank, until := none, 0, int64(0)
	for i, c := range granting {
		intervals := held[c.rule]
		for next[i] < len(intervals) && intervals[next[i]].to <= at {
			next[i]++
		}
		if next[i] == len(intervals) || intervals[next[i]].from > at {
			continue
		}
		if cited != none && c.rank > rank {
			continue
		}
		if end := intervals[next[i]].to; cited == none || end > until {
			cited, rank, until = int32(c.rule), c.rank, end
		}
	}
	return cited
}
