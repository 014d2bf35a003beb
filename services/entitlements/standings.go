package entitlements

import (
	"context"
	"sync"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// Standings calls visit with every account, one at a time and in no order: whether it is
// active on a day, its spend in the trailing 12 months of the day in minor units, and the
// day it joined, which is that of its first entry where none was given, and civil.Never
// where there is none of those.
func (s *Service) Standings(ctx context.Context, day civil.Day, visit func(account string, active bool, spend int64, joined civil.Day)) error {
	var visiting sync.Mutex
	after := day.AddMonths(-12)
	return s.current.Load().walk(ctx, nil, func(_ int, members []member) error {
		visiting.Lock()
		defer visiting.Unlock()
		for i := range members {
			m := &members[i]
			joined := m.joined
			if joined == civil.Never {
				joined = m.ledger.first()
			}
			active := m.state != Prospect && joined <= day && day < m.closed
			visit(m.id, active, m.ledger.spend(after, day), joined)
		}
		return nil
	})
}

// Today is the day it is for the company.
func (s *Service) Today() civil.Day { return s.book.Load().zone.DayOf(s.now()) }

// Currency is what spend is counted in, as ISO 4217 code: the company's, else that of all
// entries so far; "" while there are none.
func (s *Service) Currency() string { return s.book.Load().currencyCode() }

// spend sums up the entries after a day, up to and including another, in minor units.
func (l ledger) spend(after, upTo civil.Day) int64 {
	sum := int64(0)
	l.each(func(t dayTotal) bool {
		if t.day > after && t.day <= upTo {
			sum += t.received - t.refunded
			sum = min(max(sum, -decision.MaxTotal), decision.MaxTotal)
		}
		return t.day < upTo
	})
	return sum
}

// first returns the day of the first entry, or civil.Never.
func (l ledger) first() civil.Day {
	day := civil.Never
	l.each(func(t dayTotal) bool {
		day = t.day
		return false
	})
	return day
}
