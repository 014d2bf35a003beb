package serve

import (
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// causes are all causes, by rule, that follow from what happens to the account in the year: by
// what the rules that come with the product say in words, reckoned anew.
func (c *customer) causes() map[string]bool {
	found := map[string]bool{}
	for _, day := range c.breaches() {
		found["commitment-broken "+c.caseOf(day)] = true
	}
	if _, _, ok := c.serves(); ok {
		found["board-term-begins "+c.term()+"/begins"], found["board-term-ends "+c.term()+"/ends"] = true, true
	}
	if c.i%5 == 3 {
		found["clause-in-review reviews/liability"] = true
	}
	if _, ok := c.anniversary(); ok {
		found["anniversary 5"] = true
	}
	ends, closes := c.closes()
	for day := c.open; day <= yearEnds && (!closes || day < ends); day++ {
		if c.isNear(day) {
			found["benefit-near thanks/"+quarter(day)] = true
		}
		if behind := c.behind(day); behind >= 20 {
			found["goal-at-risk waste/"+quarter(day)] = true
		}
		for rule, speaks := range c.ofSpend(day) {
			if speaks {
				found[rule+" "+quarter(day)] = true
			}
		}
		for rule, speaks := range c.ofHours(day) {
			if speaks {
				first, _ := halfYear(day)
				found[rule+" hours/"+first.String()] = true
			}
		}
	}
	return found
}

func quarter(day civil.Day) string {
	year, month, _ := day.Date()
	return fmt.Sprintf("%d-q%d", year, (month+2)/3)
}

// behind is by how many per cent of the way the goal is behind on a day; 0 where it is over,
// or reached.
func (c *customer) behind(day civil.Day) int {
	g := c.goal()
	if day > g.TargetDay || c.reachesItsGoal() && day >= c.open+40 {
		return 0
	}
	return 100 * int(day-g.BaselineDay) / int(g.TargetDay-g.BaselineDay)
}

// ofSpend says which rule about spend speaks on a day. Per cents are rounded down.
func (c *customer) ofSpend(day civil.Day) map[string]bool {
	recent, yearBefore, year := int64(0), int64(0), int64(0)
	for _, h := range c.paid() {
		for i, minor := range h.accounts.GetRevenue().GetMinorUnits() {
			switch on := civil.Day(h.accounts.GetRevenue().GetDays()[i]); {
			case on > day || on <= day.AddMonths(-15):
				continue
			case on > day.AddMonths(-3):
				recent += minor
				continue
			case on <= day.AddMonths(-12):
				yearBefore += minor
			}
			year += minor
		}
	}
	if yearBefore == 0 {
		return nil
	}
	onYear, onAverage := 100*recent/yearBefore, 400*recent/year
	return map[string]bool{
		"spend-falls": onYear <= 75 && onAverage <= 85,
		"spend-rises": onYear >= 150 && onAverage >= 125,
	}
}

// ofHours says which rule about hours speaks on a day.
func (c *customer) ofHours(day civil.Day) map[string]bool {
	if !c.holdsHours() {
		return nil
	}
	first, last := halfYear(day)
	used, gone := c.hoursUsed(first, day), 100*(day-first+1)/(last-first+1)
	return map[string]bool{
		"benefit-unused":         used == 0 && gone >= 50,
		"benefit-nearly-used-up": 100*used/hoursInAHalfYear >= 80 && used < hoursInAHalfYear && gone < 80,
	}
}
