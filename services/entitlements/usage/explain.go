package usage

import (
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Explain says in words why a balance is what it is: by which rule, what was carried over,
// and what became of changes within the period. It names the rule and until when it gives
// the benefit, which tells what a customer spends.
func (b *Balance) Explain() []string {
	if b.Holding.Benefit == nil {
		return []string{"The benefit was never held until then, so that nothing of it can be used."}
	}
	h, unit := b.Holding, b.Holding.Benefit.Unit
	cited := fmt.Sprintf("rule %s of schedule/versions/%d", h.Rule.ID, h.Version)
	var list []string
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if !b.Held {
		say("The benefit is not held: by %s it was, until %s. What was used stays used, and what is reserved can be committed until it expires.",
			cited, h.To.Format(time.RFC3339))
	} else {
		say("By %s the limit is %d (unit: %s) in a period of %s, %s.", cited, b.Limit, unit, h.Benefit.Period, periodWords(h.Benefit.Resets, b.From, b.To))
	}
	if b.Carried > 0 {
		say("%d were carried over from the period before. They are used first, and end on %s.", b.Carried, b.To-1)
	}
	if b.Reserved > 0 {
		say("%d are reserved, until they are committed, cancelled or expire.", b.Reserved)
	}
	if b.Held && b.Overdrawn > 0 {
		say("%d more were used or reserved than the limit is now: what was used under an earlier rule or version stays used, and nothing is left.", b.Overdrawn)
	}
	return list
}

func periodWords(resets schedule.Resets, from, to civil.Day) string {
	switch resets {
	case schedule.Rolling:
		return fmt.Sprintf("each unit coming back one period after its day, so that uses from %s on count", from)
	case schedule.ByCalendar:
		return fmt.Sprintf("by the calendar from %s to %s", from, to-1)
	}
	return fmt.Sprintf("counted from when it was first held, now from %s to %s", from, to-1)
}
