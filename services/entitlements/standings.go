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
			joined := m.firstJoined()
			active := m.state != Prospect && joined <= day && day < m.closed
			visit(m.id, active, m.ledger.spend(after, day), joined)
		}
		return nil
	})
}

// Standing returns the spend of one account in the trailing 12 months of a day, and the
// day it joined, as Standings does; known is false where there is no such account.
func (s *Service) Standing(ctx context.Context, id string, day civil.Day) (spend int64, joined civil.Day, known bool, err error) {
	var f facts
	known, err = s.current.Load().view(ctx, id, func(a *account) { f = a.facts() })
	if err != nil || !known {
		return 0, civil.Never, false, err
	}
	return f.ledger.spend(day.AddMonths(-12), day), f.firstJoined(), true, nil
}

// firstJoined is the day given, or else that of the first entry, or civil.Never.
func (f *facts) firstJoined() civil.Day {
	if f.joined != civil.Never {
		return f.joined
	}
	return f.ledger.first()
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
