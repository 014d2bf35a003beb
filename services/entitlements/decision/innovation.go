package decision

import (
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Completion is a time for which a completed innovation project counts for an account.
type Completion struct {
	// From is the day on which the account confirmed the completion; To is the day on which
	// that was withdrawn as wrong, civil.Never while it stands.
	From, To civil.Day
}

// completedOn returns how many projects count on a day.
func (a *Account) completedOn(day civil.Day) int64 {
	n := int64(0)
	for _, c := range a.Completions {
		if c.From <= day && day < c.To {
			n++
		}
	}
	return n
}

// completed returns the days within a span on which n projects count at least. One more
// completion, and one that is withdrawn later, takes none of them away.
func (a *Account) completed(n int64, within span) spans {
	if n > int64(len(a.Completions)) {
		return nil
	}
	edges := make([]civil.Day, 0, 2*len(a.Completions))
	for _, c := range a.Completions {
		edges = append(edges, c.From, c.To)
	}
	slices.Sort(edges)
	var days spans
	for i, from := range edges[:len(edges)-1] {
		if a.completedOn(from) >= n {
			days = days.push(span{max(from, within.from), min(edges[i+1], within.to)})
		}
	}
	return days
}

func (f *facts) missingProjects(c *schedule.Condition, today civil.Day) Requirement {
	have := f.account.completedOn(today)
	return Requirement{
		Subject: schedule.Innovation, Have: have, Need: c.AtLeast, Missing: c.AtLeast - have,
		From: today, By: civil.Never, On: civil.Never, TermEnds: civil.Never,
	}
}

// phraseProjects writes "1 more completed innovation project (0 of 1 confirmed)".
func phraseProjects(r Requirement) string {
	return fmt.Sprintf("%s (%d of %d confirmed)", counted(r.Missing, "more completed innovation project"), r.Have, r.Need)
}
