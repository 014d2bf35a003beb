package usage

import (
	"slices"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// reached returns the thresholds that an entry reaches, given how the balance stands
// before it and the notices that there were. There is one of each in a period.
func (s *Standing) reached(e *Entry, earlier []Notice) []Notice {
	if !s.Metered() || e.Type != Used && e.Type != Committed || e.Day < s.From || e.Day >= s.To {
		return nil
	}
	n := Notice{At: e.At, Used: s.Used + e.Units, Allowance: s.Allowance(), From: s.From, To: s.To}
	rolling := s.Holding.Benefit.Resets == schedule.Rolling
	if today := s.To - 1; rolling {
		n.From, n.To = today, s.Holding.Benefit.Period.After(today)
	}
	var list []Notice
	for _, percent := range s.Holding.Benefit.Notices {
		told := func(o Notice) bool {
			return o.Percent == percent && (o.From == n.From && o.To == n.To || rolling && o.From <= n.From && n.From < o.To)
		}
		if n.Allowance > 0 && n.Used*100 >= int64(percent)*n.Allowance && !slices.ContainsFunc(earlier, told) {
			n.Percent = percent
			list = append(list, n)
		}
	}
	return list
}
