package cost

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// OfAccount is what the extras of one account cost.
type OfAccount struct {
	Span
	Currency string // ISO 4217; "" while the company has none
	// Total is the cost of all, and the account's revenue.
	Total Row
	// Benefits, Rules and Origins are the parts, what cost most first.
	Benefits, Rules, Origins []Row
}

// Account adds up what the extras of an account cost, from a first day up to and
// including a last; civil.Never is today, and twelve months up to the last. NOT_FOUND;
// INVALID_ARGUMENT for days in the wrong order.
func (s *Service) Account(ctx context.Context, id string, first, last civil.Day) (OfAccount, error) {
	span, err := s.span(first, last)
	if err != nil {
		return OfAccount{}, err
	}
	revenue, err := s.company.Revenue(ctx, id, span.days())
	if err != nil {
		return OfAccount{}, err
	}
	benefits, rules, origins, total := tallies[string]{}, tallies[string]{}, tallies[string]{}, tally{}
	err = s.priced(ctx, id, func(u Use, minor int64, stated bool) {
		if !span.has(u.Day) {
			return
		}
		total.add(u.Units, minor, stated)
		benefits.of(u.Benefit).add(u.Units, minor, stated)
		rules.of(u.Rule).add(u.Units, minor, stated)
		origins.of(u.Origin).add(u.Units, minor, stated)
	})
	if err != nil {
		return OfAccount{}, err
	}
	own := func(string) int64 { return revenue[0] }
	return OfAccount{
		Span: span, Currency: s.company.Currency(), Total: Row{Key: id, Figures: total.figures(), Revenue: revenue[0]},
		Benefits: rows(benefits, own, ByCost), Rules: rows(rules, own, ByCost), Origins: rows(origins, own, ByCost),
	}, nil
}
