package entitlements

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// Parts is how many parts all accounts are in, for those who go through them in portions.
// Every account stays in its part.
const Parts = pageCount

// Refunded returns the accounts of a part that were refunded something, or whose group was
// where rules read the spend of groups; by id, each with its family. The part is from 0 to
// Parts-1. It also says how many accounts the part has, and by what they are decided about.
// ErrNoSchedule while none was published.
func (s *Service) Refunded(ctx context.Context, part int) (families []decision.Family, accounts int, book *decision.Book, err error) {
	d, err := s.AsOf(time.Time{})
	if err != nil {
		return nil, 0, nil, err
	}
	if len(d.book.versions) == 0 {
		return nil, 0, nil, noSchedule(d.At)
	}
	members, err := d.projection.members(ctx, part, nil)
	if err != nil {
		return nil, 0, nil, fmt.Errorf("read the accounts of part %d: %w", part, err)
	}
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.id, b.id) })
	for i := range members {
		family, refunded, err := d.projection.family(ctx, d.book, &members[i])
		if err != nil {
			return nil, 0, nil, fmt.Errorf("read the family of accounts/%s: %w", members[i].id, err)
		}
		if refunded {
			families = append(families, family)
		}
	}
	return families, len(members), d.book.rules, nil
}

// family returns the family of an account, and whether any of it was refunded something.
func (p *projection) family(ctx context.Context, b *book, m *member) (decision.Family, bool, error) {
	f := decision.Family{IDs: []string{m.id}}
	f.As = func(own, group decision.Ledger) decision.Account {
		known := m.decisionAccount(own)
		known.Terms, known.Completions, known.GroupLedger = b.members[m.id], b.completions[m.id], group
		if b.enrolments != nil {
			known.Enrolments = (*b.enrolments)[m.id]
		}
		return known
	}
	if b.groups {
		if err := p.awaitGroups(ctx); err != nil {
			return f, false, err
		}
		group, _ := p.groups.of(m.id)
		if group != nil && slices.Contains(group.members, m.id) {
			f.IDs, f.Self, f.Grouped = group.members, slices.Index(group.members, m.id), true
		}
	}
	refunded := false
	for _, id := range f.IDs {
		own := m.ledger
		if id != m.id {
			own = ""
			if _, err := p.view(ctx, id, func(a *account) { own = a.ledger }); err != nil {
				return f, false, err
			}
		}
		l := own.buckets(nil)
		refunded = refunded || l.Refunded()
		f.Ledgers = append(f.Ledgers, l)
	}
	return f, refunded, nil
}
