package loyalty

import (
	"context"
	"maps"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// comparison is a check at work.
type comparison struct {
	decision.Accounts
	today, from civil.Day
	programmes  []Programme
	enrolments  *decision.Enrolments
	// total is what was counted, once it was.
	total *tally
}

// side is on which side of the comparison an account is.
type side int

const (
	newcomer side = iota
	existing
)

// side returns that of an account; false where it is no customer today.
func (c *comparison) side(a *decision.Account) (side, bool) {
	switch {
	case a.ActiveFrom > c.today || a.ClosedOn <= c.today:
		return 0, false
	case a.Joined >= c.from:
		return newcomer, true
	}
	return existing, true
}

// counts are numbers of accounts, by side.
type counts [2]int64

// level is a benefit with the limit that a version gives it.
type level struct {
	benefit string
	limit   int64
}

// held is who has a benefit at exactly a level, and by which rules newcomers do; the promise
// is that of the latest version that somebody has it by.
type held struct {
	counts
	rules   map[Rule]bool
	version int
	promise string
}

// tally is what one worker has counted.
type tally struct {
	accounts counts
	levels   map[level]*held
	places   []counts // by programme
	able     []int64  // existing accounts that meet the criteria, by programme
}

func (c *comparison) tally() *tally {
	n := len(c.programmes)
	return &tally{levels: map[level]*held{}, places: make([]counts, n), able: make([]int64, n)}
}

// count goes through all accounts.
func (c *comparison) count(ctx context.Context, tell func(done, total int) error) error {
	tallies := make([]*tally, c.Workers)
	for i := range tallies {
		tallies[i] = c.tally()
	}
	err := c.Each(ctx, func(worker int, id string, a decision.Account) error {
		return c.take(tallies[worker], id, &a)
	}, tell)
	c.total = c.tally()
	for _, t := range tallies {
		c.total.add(t)
	}
	return err
}

// take counts an account.
func (c *comparison) take(t *tally, id string, a *decision.Account) error {
	is, active := c.side(a)
	if !active {
		return nil
	}
	t.accounts[is]++
	entries, err := c.Book.Timeline(*a).All(c.At)
	if err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		if !e.Entitled() {
			continue
		}
		h := t.level(level{e.BenefitID, e.Benefit.Limit})
		h.counts[is]++
		h.promised(e.Version, e.Benefit.Promise)
		if is == newcomer {
			h.rules[Rule{e.Rule.ID, e.Version}] = true
		}
	}
	for i := range c.programmes {
		p := &c.programmes[i]
		if c.enrolled(id, p.ID) {
			t.places[i][is]++
		}
		if is == existing && c.Book.Meets(*a, c.At, &p.Criteria) {
			t.able[i]++
		}
	}
	return nil
}

// enrolled says whether an account has a place in a programme today.
func (c *comparison) enrolled(account, programme string) bool {
	return slices.ContainsFunc((*c.enrolments)[account], func(e decision.Enrolment) bool {
		return e.Programme == programme && e.From <= c.today && c.today < e.To
	})
}

func (t *tally) level(l level) *held {
	h := t.levels[l]
	if h == nil {
		h = &held{rules: map[Rule]bool{}}
		t.levels[l] = h
	}
	return h
}

// promised notes what a version promises.
func (h *held) promised(version int, promise string) {
	if version > h.version {
		h.version, h.promise = version, promise
	}
}

// add takes in what another worker has counted.
func (t *tally) add(other *tally) {
	t.accounts.add(other.accounts)
	for l, h := range other.levels {
		mine := t.level(l)
		mine.add(h.counts)
		mine.promised(h.version, h.promise)
		maps.Copy(mine.rules, h.rules)
	}
	for i := range t.places {
		t.places[i].add(other.places[i])
		t.able[i] += other.able[i]
	}
}

func (n *counts) add(other counts) {
	n[newcomer] += other[newcomer]
	n[existing] += other[existing]
}

// limits returns the limits of a benefit that somebody has, in no order.
func (t *tally) limits(benefit string) []int64 {
	var limits []int64
	for l := range t.levels {
		if l.benefit == benefit {
			limits = append(limits, l.limit)
		}
	}
	return limits
}
