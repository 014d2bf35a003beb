package entitlements

import (
	"math/big"
	"reflect"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Simulation is who would hold what by a schedule, and what that is expected to cost.
// Amounts are minor units of the currency and fit an int64.
type Simulation struct {
	// At is the instant all is as of; From is since when the schedule is taken to be in
	// force.
	At, From time.Time
	// Accounts is how many were decided about.
	Accounts int64
	// Currency is that of the schedule, ISO 4217.
	Currency string
	// Revenue is what all accounts together spent in the 12 months that end at the instant.
	Revenue  int64
	Benefits []SimulatedBenefit
	Rules    []SimulatedRule
	// Chosen is the rules that were asked about, together.
	Chosen Chosen
	// CostNow and CostThen are the expected cost of a year, of those benefits whose cost
	// and use the schedule states.
	CostNow, CostThen *big.Int
	// Unstated are the benefits that somebody would hold and whose unit cost or expected
	// use is not stated, so that no cost includes them.
	Unstated []string
}

// SimulatedBenefit is how many accounts hold a benefit now, and would then.
type SimulatedBenefit struct {
	ID        string
	Now, Then int64
	// Gaining do not hold it now and would; Losing hold it now and would not.
	Gaining, Losing int64
	// Kept would hold it only because an earlier version's rule gave it for a term that
	// runs on: they lose it when that ends.
	Kept int64
	// Gainers and Losers are the first of them in the order of ids.
	Gainers, Losers []string
	// Use is the expected uses of a year by all who would hold it, in the benefit's unit;
	// nil where the schedule does not state it.
	Use *big.Int
	// Capacity is the uses of a year that the company can serve; 0 where the schedule does
	// not state it.
	Capacity int64
	// CostNow and CostThen are the expected cost of a year; nil where the schedule states no
	// unit cost or no expected use.
	CostNow, CostThen *big.Int
}

// OverCapacity says that more uses are expected than the company can serve.
func (b *SimulatedBenefit) OverCapacity() bool {
	return b.Capacity > 0 && b.Use != nil && b.Use.Cmp(big.NewInt(b.Capacity)) > 0
}

// SimulatedRule is how many accounts meet a rule of the schedule.
type SimulatedRule struct {
	ID string
	// New says that the version in force has no rule of this id; Changed that its rule of
	// this id says or grants something else.
	New, Changed bool
	// Holders would have something by it; Newly of them would get something that they do
	// not hold now. Newcomers are the first of these in the order of ids.
	Holders, Newly int64
	Newcomers      []string
	// Cost is the expected cost of a year of what they would newly get; nil where the
	// schedule does not state it for every benefit that somebody would newly get.
	Cost *big.Int
}

// Chosen is how many accounts meet one of some rules, and what they would get by all of
// these together.
type Chosen struct {
	// Holders, Newly, Newcomers and Cost are as those of SimulatedRule.
	Holders, Newly int64
	Newcomers      []string
	Cost           *big.Int
	// Account says that the account that was asked about is among those that would get
	// something.
	Account bool
}

// Rule returns what is known of a rule by its id, or nil.
func (s *Simulation) Rule(id string) *SimulatedRule {
	for i := range s.Rules {
		if s.Rules[i].ID == id {
			return &s.Rules[i]
		}
	}
	return nil
}

// result sums up the tallies. It fails where the costs add up to more than an amount can
// tell.
func (t *trial) result(tallies []*tally, p Simulating) (*Simulation, error) {
	total := t.tally(p)
	for _, part := range tallies {
		total.add(part)
	}
	s := &Simulation{At: t.at, From: t.from, Accounts: total.accounts, Currency: t.content.Currency, Revenue: total.revenue,
		CostNow: new(big.Int), CostThen: new(big.Int)}
	for i, id := range t.ids {
		b := t.benefit(id, &total.benefits[i])
		s.Benefits = append(s.Benefits, b)
		switch {
		case b.CostThen != nil:
			s.CostNow.Add(s.CostNow, b.CostNow)
			s.CostThen.Add(s.CostThen, b.CostThen)
		case b.Now > 0 || b.Then > 0:
			s.Unstated = append(s.Unstated, id)
		}
	}
	for i := range t.content.Rules {
		s.Rules = append(s.Rules, t.rule(&t.content.Rules[i], &total.rules[i]))
	}
	c := &total.chosen
	s.Chosen = Chosen{Holders: c.holders, Newly: c.newly, Newcomers: c.newcomers, Cost: t.cost(c), Account: total.gains}
	if !s.CostNow.IsInt64() || !s.CostThen.IsInt64() {
		return nil, fault.New(fault.InvalidArgument, reasonScheduleInvalid,
			"What the benefits are expected to cost in a year adds up to more than can be told: look for a slip in unit_cost and expected_use_per_year.")
	}
	return s, nil
}

func (t *trial) benefit(id string, counted *benefitTally) SimulatedBenefit {
	b := SimulatedBenefit{ID: id, Now: counted.now, Then: counted.then, Gaining: counted.gaining, Losing: counted.losing,
		Kept: counted.kept, Gainers: counted.gainers, Losers: counted.losers}
	definition := t.definition(id)
	if definition.ExpectedUsePerYear != nil {
		b.Use, b.Capacity = times(counted.then, *definition.ExpectedUsePerYear), definition.CapacityPerYear
	}
	if cost := yearly(definition); cost != nil {
		b.CostNow = new(big.Int).Mul(big.NewInt(counted.now), cost)
		b.CostThen = new(big.Int).Mul(big.NewInt(counted.then), cost)
	}
	return b
}

// definition returns a benefit as the schedule has it, or else the newest version that
// has it.
func (t *trial) definition(id string) *schedule.Benefit {
	for i := len(t.then.versions) - 1; i >= 0; i-- {
		s := t.then.versions[i].Schedule
		for j := range s.Benefits {
			if s.Benefits[j].ID == id {
				return &s.Benefits[j]
			}
		}
	}
	return &schedule.Benefit{ID: id}
}

// yearly is what one holder of a benefit is expected to cost in a year; nil where that is
// not stated.
func yearly(b *schedule.Benefit) *big.Int {
	if b.UnitCost == nil || b.ExpectedUsePerYear == nil {
		return nil
	}
	return times(*b.UnitCost, *b.ExpectedUsePerYear)
}

func times(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }

func (t *trial) rule(r *schedule.Rule, counted *ruleTally) SimulatedRule {
	s := SimulatedRule{ID: r.ID, Holders: counted.holders, Newly: counted.newly, Newcomers: counted.newcomers, Cost: t.cost(counted)}
	s.New, s.Changed = t.compare(r)
	return s
}

// cost is what would be spent in a year on what accounts would newly get; nil where that is
// not stated for one of the benefits.
func (t *trial) cost(counted *ruleTally) *big.Int {
	sum := new(big.Int)
	for benefit, n := range counted.extra {
		cost := yearly(t.definition(t.ids[benefit]))
		if cost == nil {
			return nil
		}
		sum.Add(sum, cost.Mul(cost, big.NewInt(n)))
	}
	return sum
}

// compare says how a rule differs from that of its id in the version in force.
func (t *trial) compare(r *schedule.Rule) (added, changed bool) {
	if t.now == nil {
		return true, false
	}
	before := t.now.last().Schedule
	for i := range before.Rules {
		if before.Rules[i].ID == r.ID {
			return false, !reflect.DeepEqual(before.Rules[i], *r)
		}
	}
	return true, false
}
