package houserules

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Report is how often house rules were broken from one day to another, both among them,
// and in as many days before.
type Report struct {
	From, To civil.Day
	// Rules are the rules that are active, or were broken in that time: the one broken
	// most comes first.
	Rules []Broken
}

// Broken is how often one house rule was broken.
type Broken struct {
	Rule resource.Stored[Rule]
	// Count is how many times, and Accounts by how many different accounts.
	Count, Accounts int
	// Enforced, Waived and Overlooked are how many times that was done about it.
	Enforced, Waived, Overlooked int
	// Before is how many times it was broken in as many days before.
	Before int
}

// longest is the most days a report goes over: ten years.
const longest = 3660

// Report counts breaches from one day to another: INVALID_ARGUMENT where they are not in
// that order, or more than ten years apart.
func (s *Service) Report(ctx context.Context, from, to civil.Day) (Report, error) {
	report := Report{From: from, To: to}
	switch {
	case to < from:
		return report, fault.Invalid("to_date", "%s is before %s", to, from)
	case to-from >= longest:
		return report, fault.Invalid("to_date", "%s is more than ten years after %s", to, from)
	}
	counts := map[string]*Broken{}
	for r, err := range s.rules.All(ctx, docstore.Query{Limit: 1000}) {
		if err != nil {
			return report, fmt.Errorf("read the house rules: %w", err)
		}
		counts[r.ID] = &Broken{Rule: r}
	}
	accounts := map[[2]string]struct{}{}
	for b, err := range s.breaches.Between(ctx, "", from-(to-from)-1, to) {
		if err != nil {
			return report, fmt.Errorf("read the breaches of house rules: %w", err)
		}
		count := counts[b.State.Rule]
		switch {
		case count == nil: // of a rule written after the rules were read
		case b.State.Day < from:
			count.Before++
		default:
			count.add(b.State.Response)
			accounts[[2]string{b.State.Rule, b.State.Account}] = struct{}{}
		}
	}
	for key := range accounts {
		counts[key[0]].Accounts++
	}
	for _, count := range counts {
		if count.Rule.State.State == Active || count.Count+count.Before > 0 {
			report.Rules = append(report.Rules, *count)
		}
	}
	slices.SortFunc(report.Rules, func(a, b Broken) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(b.Accounts, a.Accounts), strings.Compare(a.Rule.ID, b.Rule.ID))
	})
	return report, nil
}

func (b *Broken) add(response Response) {
	b.Count++
	switch response {
	case Enforced:
		b.Enforced++
	case Waived:
		b.Waived++
	case Overlooked:
		b.Overlooked++
	}
}
