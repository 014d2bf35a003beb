package cost

import (
	"context"
	"fmt"
)

// Figures is what some uses cost.
type Figures struct {
	// Minor is the cost of the units whose cost is known, in minor units of the company's
	// currency.
	Minor int64 `bson:"minor"`
	// Units is how many units were used, of those whose cost is known.
	Units int64 `bson:"units"`
	// Unknown is how many units were used of which no unit cost is stated.
	Unknown int64 `bson:"unknown,omitempty"`
}

// Share is a cost as a share of revenue, 0.02 for two per cent; false where there was no
// revenue, or more was paid back than came in.
func Share(cost, revenue int64) (float64, bool) {
	if revenue <= 0 {
		return 0, false
	}
	return float64(cost) / float64(revenue), true
}

// tally adds up uses.
type tally struct {
	cost    sum
	units   int64
	unknown int64
}

func (t *tally) add(units, minor int64, stated bool) {
	if !stated {
		t.unknown += units
		return
	}
	t.units += units
	t.cost.add(units, minor)
}

func (t *tally) figures() Figures { return Figures{t.cost.minor(), t.units, t.unknown} }

// empty says that nothing is left of what was used.
func (t *tally) empty() bool { return t.units == 0 && t.unknown == 0 && t.cost == sum{} }

// tallies are sums by a key.
type tallies[K comparable] map[K]*tally

func (t tallies[K]) of(key K) *tally {
	sums := t[key]
	if sums == nil {
		sums = &tally{}
		t[key] = sums
	}
	return sums
}

// priced visits the uses of an account, or of all where it is empty, with what a unit
// costs.
func (s *Service) priced(ctx context.Context, account string, visit func(u Use, minor int64, stated bool)) error {
	type price struct {
		minor  int64
		stated bool
	}
	type edition struct {
		version int
		benefit string
	}
	prices := map[edition]price{}
	err := s.ledger.Uses(ctx, account, func(u Use) {
		at := edition{u.Version, u.Benefit}
		p, known := prices[at]
		if !known {
			p.minor, p.stated = s.company.UnitCost(u.Version, u.Benefit)
			prices[at] = p
		}
		visit(u, p.minor, p.stated)
	})
	if err != nil {
		return fmt.Errorf("add up what was used: %w", err)
	}
	return nil
}
