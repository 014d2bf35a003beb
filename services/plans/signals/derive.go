package signals

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// How long before and after a day something is a fact.
const (
	breachDays      = 60
	termDays        = 90
	anniversaryDays = 60
)

// known is all that facts of an account are derived from.
type known struct {
	memory   *memory
	account  feeds.Account
	currency string
	goals    []plans.Goal        // the open ones of an active plan
	reviews  map[string][]review // by clause
	standing standing
}

// standing is what the entitlements service says of an account as of the end of a day.
type standing struct {
	distances []Distance
	balances  []Balance
}

// facts derives what is so on a day, of some kinds. Nothing is so of an account that is no
// customer then.
func (k *known) facts(day civil.Day, kinds []Kind) []Fact {
	if !customer(&k.account, day) {
		return nil
	}
	derive := map[Kind]func(civil.Day) []Fact{
		Spend: k.spend, Threshold: k.thresholds, Usage: k.usage, Goal: k.goalsAtRisk, Breach: k.breaches,
		Clause: k.clauses, Term: k.terms, Anniversary: k.anniversary,
	}
	var all []Fact
	for _, kind := range kinds {
		all = append(all, derive[kind](day)...)
	}
	return all
}

func (k *known) spend(day civil.Day) []Fact {
	m := k.memory
	if m.Since == 0 || m.Since > day {
		return nil
	}
	begins := day.AddMonths(-15)
	f := SpendFact{
		Day: day, Currency: k.currency, Quarter: quarterOf(day), Comparable: m.Since <= begins+1,
		Recent: m.spent(day.AddMonths(-3), day), YearBefore: m.spent(begins, day.AddMonths(-12)),
	}
	quarters := m.spent(begins, day.AddMonths(-3))
	f.Average = floorDiv(quarters, 4)
	f.ChangeYear = change(f.Recent, f.YearBefore, 1)
	f.ChangeAverage = change(f.Recent, quarters, 4)
	return []Fact{f}
}

// change is by how many per cent now differs from a part of before, rounded down; 0 where
// nothing was before.
func change(now, before, parts int64) int64 {
	if before <= 0 {
		return 0
	}
	return ratio(new(big.Int).Mul(big.NewInt(now), big.NewInt(100*parts)), big.NewInt(before)) - 100
}

// percent is part of whole in per cent, rounded down; 100 where the whole is nothing.
func percent(part, whole int64) int64 {
	if whole <= 0 {
		return 100
	}
	return ratio(new(big.Int).Mul(big.NewInt(part), big.NewInt(100)), big.NewInt(whole))
}

// ratio divides rounding down, and bounds what it gives to what a person reads.
func ratio(a, b *big.Int) int64 {
	q := new(big.Int).Div(a, b) // Euclidean, and b is positive: rounds down
	const most = 1_000_000
	if !q.IsInt64() {
		return int64(q.Sign()) * most
	}
	return max(-most, min(most, q.Int64()))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (k *known) thresholds(day civil.Day) []Fact {
	var all []Fact
	for _, d := range k.standing.distances {
		f := ThresholdFact{
			Day: day, Benefit: d.Benefit, Promise: d.Promise, Rule: d.Rule, Needs: d.Needs, Missing: d.Missing, Have: d.Have,
			Need: d.Need, Currency: d.Currency, By: d.By, DaysLeft: -1, Further: int64(d.Further), Quarter: quarterOf(day),
			Percent: percent(d.Have, d.Need),
		}
		if d.By != 0 {
			f.DaysLeft = int64(d.By - day)
		}
		all = append(all, f)
	}
	return all
}

func (k *known) usage(day civil.Day) []Fact {
	var all []Fact
	for _, b := range k.standing.balances {
		f := UsageFact{
			Day: day, Benefit: b.Benefit, Promise: b.Promise, Unit: b.Unit, Used: b.Used, Reserved: b.Reserved, Limit: b.Limit,
			Left: b.Left, Begins: b.Begins, Ends: b.Ends, DaysLeft: -1, UsedPercent: percent(b.Used, b.Limit),
			LastUsed: k.memory.lastUse(b.Benefit), period: b.Begins.String(),
		}
		if b.Ends == 0 { // it rolls, and its first day moves on with every day
			f.period = quarterOf(day)
		} else {
			f.DaysLeft = int64(b.Ends - day)
			f.GonePercent = percent(int64(day-b.Begins+1), int64(b.Ends-b.Begins+1))
		}
		all = append(all, f)
	}
	return all
}

func (k *known) goalsAtRisk(day civil.Day) []Fact {
	var all []Fact
	for i := range k.goals {
		g := &k.goals[i]
		if g.BaselineDay == 0 || g.TargetDay <= g.BaselineDay || g.Target == g.Baseline || day < g.BaselineDay {
			continue
		}
		f := GoalFact{
			Day: day, Goal: g.ID, Statement: g.Statement, Measure: g.Measure, Unit: g.Unit, Baseline: g.Baseline, Target: g.Target,
			Latest: g.Baseline, MeasuredOn: g.BaselineDay, TargetDay: g.TargetDay, DaysLeft: int64(g.TargetDay - day), Quarter: quarterOf(day),
		}
		for _, p := range g.Progress {
			if p.Day <= day && p.Day >= f.MeasuredOn {
				f.Latest, f.MeasuredOn = p.Value, p.Day
			}
		}
		f.DonePercent = floor(100 * (f.Latest - g.Baseline) / (g.Target - g.Baseline))
		f.ExpectedPercent = min(100, percent(int64(day-g.BaselineDay), int64(g.TargetDay-g.BaselineDay)))
		f.BehindPercent = f.ExpectedPercent - f.DonePercent
		all = append(all, f)
	}
	return all
}

// floor rounds down, within what a person reads.
func floor(x float64) int64 { return int64(math.Floor(max(-1e6, min(1e6, x)))) }

func (k *known) breaches(day civil.Day) []Fact {
	var all []Fact
	for _, b := range k.memory.Breaches {
		if since := int64(day - b.Day); since >= 0 && since <= breachDays {
			all = append(all, BreachFact{Day: day, Case: b.Case, Issue: b.Issue, Commitment: b.Commitment, On: b.Day, DaysSince: since})
		}
	}
	return all
}

func (k *known) clauses(day civil.Day) []Fact {
	var all []Fact
	for _, c := range k.memory.Cited {
		days := slices.DeleteFunc(slices.Clone(c.Days), func(d civil.Day) bool { return d > day })
		if len(days) == 0 {
			continue
		}
		for _, r := range k.reviews[c.Clause] {
			if r.Opened > day || r.Decided != 0 && r.Decided <= day {
				continue
			}
			all = append(all, ClauseFact{Day: day, Clause: c.Clause, Review: r.Review, Opened: r.Opened, DaysOpen: int64(day - r.Opened),
				Citations: int64(len(days)), LastCited: days[len(days)-1]})
		}
	}
	return all
}

func (k *known) terms(day civil.Day) []Fact {
	var all []Fact
	for _, t := range k.memory.Terms {
		for _, e := range []struct {
			event string
			on    civil.Day
		}{{"begins", t.Begins}, {"ends", t.Ends}} {
			if left := int64(e.on - day); left >= 0 && left <= termDays {
				all = append(all, TermFact{Day: day, Term: t.Name, Board: t.Board, Event: e.event, On: e.on, DaysLeft: left})
			}
		}
	}
	slices.SortFunc(all, func(a, b Fact) int { return cmp.Compare(a.Cause(), b.Cause()) })
	return all
}

func (k *known) anniversary(day civil.Day) []Fact {
	joined := k.account.Joined
	if joined > day { // which is never, where it is not known
		return nil
	}
	from, _, _ := joined.Date()
	now, _, _ := day.Date()
	for years := max(1, now-from); years <= now-from+1; years++ {
		on := joined.AddMonths(12 * years)
		if left := int64(on - day); left >= 0 && left <= anniversaryDays {
			return []Fact{AnniversaryFact{Day: day, Years: int64(years), Joined: joined, On: on, DaysLeft: left}}
		}
	}
	return nil
}

// quarterOf is the calendar quarter of a day, as 2026-q3.
func quarterOf(day civil.Day) string {
	year, month, _ := day.Date()
	return fmt.Sprintf("%04d-q%d", year, (int(month)+2)/3)
}
