package charter

import (
	"cmp"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// run is the terms that an account served one right after the other. A term that
// starts before the cooling-off since the one before is over belongs to the same run,
// so that leaving for a moment starts nothing anew.
type run struct {
	// start is the first day, over the first day after.
	start, over civil.Day
	// terms is how many terms it has, those for the rest of another's not counted: what
	// they count for is their time.
	terms int
}

// byAccount sorts terms by account and start.
func byAccount(terms []Term) map[string][]Term {
	sorted := map[string][]Term{}
	for _, t := range terms {
		sorted[t.Account] = append(sorted[t.Account], t)
	}
	for _, own := range sorted {
		slices.SortFunc(own, func(a, b Term) int { return cmp.Compare(a.Start, b.Start) })
	}
	return sorted
}

// runUpTo returns the run to which the last of an account's terms belongs; own is
// sorted by start and not empty.
func (c *Charter) runUpTo(own []Term) run {
	var r run
	for i := range own {
		t := &own[i]
		if i == 0 || t.Start >= r.over.AddMonths(c.CoolingOffMonths) {
			r = run{start: t.Start, over: t.Start}
		}
		r.over = max(r.over, t.Over())
		if !t.Vacancy {
			r.terms++
		}
	}
	return r
}

// served says what an account's terms keep it from: nil where it may hold a seat from
// a day to another. A vacancy is the rest of another's term.
func (c *Charter) served(own []Term, from, to civil.Day, vacancy bool) *Reason {
	if len(own) == 0 {
		return nil
	}
	for i := range own {
		if own[i].Over() > from {
			return reason(Serving, own[i].Over(), "holds seat %d until %s", own[i].Seat, own[i].Over())
		}
	}
	r := c.runUpTo(own)
	cool := r.over.AddMonths(c.CoolingOffMonths)
	if from >= cool {
		return nil
	}
	if from > r.over {
		return reason(CoolingOff, cool, "left on %s and cools off until %s", r.over, cool)
	}
	if !vacancy && r.terms >= c.MaxTerms {
		return reason(TermLimit, cool, "has served %s in a row, as many as the charter allows, and cools off until %s",
			count(r.terms, "term"), cool)
	}
	if limit := c.runLimit(r.start, c.MaxTerms); to > limit {
		return reason(TermLimit, cool, "has been a member since %s and may be one until %s, but this term would end on %s; it cools off until %s",
			r.start, limit, to, cool)
	}
	return nil
}
