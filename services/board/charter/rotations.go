package charter

import (
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Rotations are the days on which a board rotates, laid out ahead.
type Rotations struct {
	// Days are ascending, each once.
	Days []civil.Day
	// Until is the day up to which they are laid out: no other rotation is planned
	// before it.
	Until civil.Day
}

// after returns the rotations later than a day, up to another and including it.
func (r Rotations) after(day, upTo civil.Day) []civil.Day {
	from, _ := slices.BinarySearch(r.Days, day+1)
	to, _ := slices.BinarySearch(r.Days, upTo+1)
	return r.Days[from:max(from, to)]
}

// next returns the first rotation on a day or later, civil.Never where none is laid
// out.
func (r Rotations) next(day civil.Day) civil.Day {
	i, _ := slices.BinarySearch(r.Days, day)
	if i == len(r.Days) {
		return civil.Never
	}
	return r.Days[i]
}

// TermLimit returns the last day on which a term that starts on a day may end.
func (c *Charter) TermLimit(start civil.Day) civil.Day { return c.runLimit(start, 1) }

// runLimit returns the last day on which the n-th of terms served without a pause may
// end.
func (c *Charter) runLimit(start civil.Day, terms int) civil.Day {
	if start == civil.Never {
		return civil.Never
	}
	return start.AddMonths(terms*c.TermMonths) + civil.Day(c.GraceDays)
}

// slots returns the rotations at which terms that start on a day may end: those within
// a term. The last is where a full term ends. FAILED_PRECONDITION where the rotations
// are not laid out that far, or none falls within a term.
func (c *Charter) slots(start civil.Day, r Rotations) ([]civil.Day, error) {
	limit := c.TermLimit(start)
	if r.Until <= limit {
		return nil, fault.New(fault.FailedPrecondition, ReasonRotationState,
			"A term from %s may last until %s, and rotations are laid out up to %s only: lay them out further.", start, limit, r.Until)
	}
	slots := r.after(start, limit)
	if len(slots) == 0 {
		return nil, fault.New(fault.FailedPrecondition, ReasonRotationState,
			"No rotation falls within the term from %s to %s: rotate more often, or make terms longer.", start, limit)
	}
	return slots, nil
}

// TermEnd returns the day on which a full term from a day ends: the last rotation
// within the term's length and grace. It fails like Prepare.
func (c *Charter) TermEnd(start civil.Day, r Rotations) (civil.Day, error) {
	slots, err := c.slots(start, r)
	if err != nil {
		return 0, err
	}
	return slots[len(slots)-1], nil
}
