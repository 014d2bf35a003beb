package charter

import (
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// fit is how a full term that starts at a rotation fits the rotations after it.
type fit struct {
	start, end civil.Day
	// short is by how many days it ends before its months are over, and grace how many
	// days of grace it would take to end at the rotation nearest to that; both are 0
	// for a term that does end there.
	short, grace int
}

// fits tells how a full term fits that starts on a day; false where the rotations are
// not laid out far enough to tell.
func (c *Charter) fits(start civil.Day, r Rotations) (fit, bool) {
	f := fit{start: start, end: start}
	if r.Until <= c.TermLimit(start) {
		return f, false
	}
	if slots := r.after(start, c.TermLimit(start)); len(slots) > 0 {
		f.end = slots[len(slots)-1]
	}
	months := start.AddMonths(c.TermMonths)
	late := r.next(c.TermLimit(start) + 1)
	if late == civil.Never {
		return f, true
	}
	if late-months < months-f.end {
		f.short, f.grace = int(months-f.end), int(late-months)
	}
	return f, true
}

// CheckRotations says how the charter fits the days on which the board rotates. With a
// problem no rotation can be held as the charter has it; a warning is something that
// its author may not have meant. Each has the field of the charter to look at.
func (c *Charter) CheckRotations(r Rotations) (problems, warnings []fault.Field) {
	k := &checker{charter: c}
	var worst *fit
	for _, day := range r.Days {
		f, known := c.fits(day, r)
		if known && f.end == f.start {
			k.add("rotation", "falls on no day from %s to %s: a term that starts on %s could not end; rotate at least once a term", day+1, c.TermLimit(day), day)
			return k.problems, nil
		}
		if known && f.short > 0 && (worst == nil || f.grace > worst.grace) {
			worst = &f
		}
	}
	warn := &checker{charter: c}
	switch {
	case worst == nil:
	case worst.grace <= maxGrace:
		warn.add("grace_days", "is %d: a term that starts on %s would end on %s, %d days before its %d months are over; with %d days it would end at the rotation after",
			c.GraceDays, worst.start, worst.end, worst.short, c.TermMonths, worst.grace)
	default:
		warn.add("term_months", "is %d, and no rotation falls near its end: a term that starts on %s would end on %s, %d days before; choose a multiple of the time between rotations",
			c.TermMonths, worst.start, worst.end, worst.short)
	}
	c.warnOfRuns(warn, r)
	c.warnOfCooling(warn, r)
	return nil, warn.problems
}

// warnOfRuns warns of terms in a row that cannot be served to their full number,
// because rotations that give way add up.
func (c *Charter) warnOfRuns(warn *checker, r Rotations) {
	for _, start := range r.Days {
		end := start
		for n := 1; n <= c.MaxTerms; n++ {
			f, known := c.fits(end, r)
			if !known {
				break
			}
			end = f.end
			if limit := c.runLimit(start, n); end > limit {
				warn.add("grace_days", "is %d: %s from %s on would last until %s, %d days too long; give %d, or nobody can serve them in a row",
					c.GraceDays, count(n, "term"), start, end, end-limit, c.GraceDays+int(end-limit))
				return
			}
		}
	}
}

// warnOfCooling warns of a cooling-off that ends just after a rotation, which so lasts
// until the one after.
func (c *Charter) warnOfCooling(warn *checker, r Rotations) {
	for _, left := range r.Days {
		cool := left.AddMonths(c.CoolingOffMonths)
		i, found := slices.BinarySearch(r.Days, cool)
		if found || i == 0 || i == len(r.Days) {
			continue
		}
		if missed := r.Days[i-1]; missed > left && cool-missed <= 31 {
			warn.add("cooling_off_months", "is %d: who leaves on %s misses the rotation of %s by %d days and waits for that of %s; give a month less if that is not meant",
				c.CoolingOffMonths, left, missed, cool-missed, r.Days[i])
			return
		}
	}
}
