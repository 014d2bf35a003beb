package entitlements

import (
	"context"
	"slices"
	"sort"
	"sync"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Revenues calls visit with every account, one at a time and in no order: what it paid
// less what it was refunded between each two of the days given, which ascend, the later
// one not included, in minor units. Visit must not keep the sums.
func (s *Service) Revenues(ctx context.Context, days []civil.Day, visit func(account string, minor []int64)) error {
	var visiting sync.Mutex
	sums := make([]int64, len(days)-1)
	return s.current.Load().walk(ctx, nil, func(_ int, members []member) error {
		visiting.Lock()
		defer visiting.Unlock()
		for i := range members {
			members[i].ledger.between(days, sums)
			visit(members[i].id, sums)
		}
		return nil
	})
}

// Revenue returns the sums of one account, as Revenues has them; ErrNotFound where there
// is no such account.
func (s *Service) Revenue(ctx context.Context, id string, days []civil.Day) ([]int64, error) {
	var l ledger
	known, err := s.current.Load().view(ctx, id, func(a *account) { l = a.facts().ledger })
	if err == nil && !known {
		err = missingAccount(id)
	}
	if err != nil {
		return nil, err
	}
	sums := make([]int64, len(days)-1)
	l.between(days, sums)
	return sums, nil
}

// between sums up the entries between each two days, the later one not included.
func (l ledger) between(days []civil.Day, sums []int64) {
	clear(sums)
	l.each(func(t dayTotal) bool {
		at := sort.Search(len(days), func(i int) bool { return days[i] > t.day }) - 1
		if at >= 0 && at < len(sums) {
			sums[at] = min(max(sums[at]+t.received-t.refunded, -decision.MaxTotal), decision.MaxTotal)
		}
		return at < len(sums)
	})
}

// UnitCost returns what one unit of a benefit costs by a version of the schedule, in
// minor units of the company's currency; false where the version does not state it.
func (s *Service) UnitCost(version int, benefit string) (int64, bool) {
	versions := s.book.Load().versions
	if version < 1 || version > len(versions) {
		return 0, false
	}
	list := versions[version-1].Schedule.Benefits
	i := slices.IndexFunc(list, func(b schedule.Benefit) bool { return b.ID == benefit })
	if i < 0 || list[i].UnitCost == nil {
		return 0, false
	}
	return *list[i].UnitCost, true
}
