package usage

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// standsAt is a count of uses by day, as "2026-03-01 4", asked for at noon of a day.
func standsAt(g granted, at string, uses ...string) Standing {
	c := count{Seq: int64(len(uses)), Anchor: g.first(day(at))}
	for _, u := range uses {
		var text string
		var units int64
		if _, err := fmt.Sscanf(u, "%s %d", &text, &units); err != nil {
			panic(err)
		}
		c.use(day(text), units)
	}
	return g.standing(&c, noon(at))
}

func TestR2WhatHappensToABalanceWhenTheEntitlementChanges(t *testing.T) {
	year := func(limit, rollover int64) schedule.Benefit {
		return hours(limit, "P1Y", rollover, schedule.ByCalendar)
	}
	for _, c := range []struct {
		name string
		held []decision.Holding
		at   string
		uses []string
		// limit, carried, used, left, overdrawn
		want [5]int64
	}{
		{"a fresh one", []decision.Holding{holding("2026-02-01", "", 1, year(10, 2))}, "2026-03-01", nil, [5]int64{10, 0, 0, 10, 0}},
		{"used in part", []decision.Holding{holding("2026-02-01", "", 1, year(10, 2))}, "2026-03-01", []string{"2026-02-20 4"}, [5]int64{10, 0, 4, 6, 0}},
		{"not held yet", []decision.Holding{holding("2026-02-01", "", 1, year(10, 2))}, "2026-01-31", nil, [5]int64{0, 0, 0, 0, 0}},
		{"lapsed", []decision.Holding{holding("2026-02-01", "2026-06-01", 1, year(10, 2))}, "2026-07-01", []string{"2026-02-20 4"}, [5]int64{0, 0, 4, 0, 4}},
		{"held again within the period", []decision.Holding{holding("2026-02-01", "2026-06-01", 1, year(10, 2)), holding("2026-08-01", "", 1, year(10, 2))},
			"2026-09-01", []string{"2026-02-20 4"}, [5]int64{10, 0, 4, 6, 0}},
		{"a smaller limit", []decision.Holding{holding("2026-02-01", "2026-06-01", 1, year(10, 2)), holding("2026-06-01", "", 2, year(6, 2))},
			"2026-09-01", []string{"2026-02-20 8"}, [5]int64{6, 0, 8, 0, 2}},
		{"a greater limit", []decision.Holding{holding("2026-02-01", "2026-06-01", 1, year(10, 2)), holding("2026-06-01", "", 2, year(16, 2))},
			"2026-09-01", []string{"2026-02-20 8"}, [5]int64{16, 0, 8, 8, 0}},
		{"carried over", []decision.Holding{holding("2026-02-01", "", 1, year(10, 2))}, "2027-03-01", []string{"2026-02-20 4"}, [5]int64{10, 2, 0, 12, 0}},
		{"little left to carry", []decision.Holding{holding("2026-02-01", "", 1, year(10, 2))}, "2027-03-01", []string{"2026-02-20 9"}, [5]int64{10, 1, 0, 11, 0}},
		{"carried units are not carried again", []decision.Holding{holding("2026-02-01", "", 1, year(10, 5))}, "2028-03-01",
			[]string{"2027-02-20 3"}, [5]int64{10, 5, 0, 15, 0}},
		{"they are used first", []decision.Holding{holding("2026-02-01", "", 1, year(10, 5))}, "2028-03-01",
			[]string{"2027-02-20 12"}, [5]int64{10, 3, 0, 13, 0}},
		{"an overdrawn year has nothing to carry", []decision.Holding{holding("2026-02-01", "2026-06-01", 1, year(10, 2)), holding("2026-06-01", "", 2, year(6, 2))},
			"2027-03-01", []string{"2026-02-20 8"}, [5]int64{6, 0, 0, 6, 0}},
		{"the limit at the year's end counts", []decision.Holding{holding("2026-02-01", "2026-06-01", 1, year(10, 4)), holding("2026-06-01", "", 2, year(6, 4))},
			"2027-03-01", []string{"2026-02-20 4"}, [5]int64{6, 2, 0, 8, 0}},
		{"not held at the year's end", []decision.Holding{holding("2026-02-01", "2026-12-31", 1, year(10, 2)), holding("2027-01-01", "", 1, year(10, 2))},
			"2027-03-01", nil, [5]int64{10, 0, 0, 10, 0}},
		{"another period in the new version", []decision.Holding{holding("2026-02-01", "2027-01-01", 1, year(10, 2)), holding("2027-01-01", "", 2, hours(4, "P1M", 2, schedule.ByCalendar))},
			"2027-01-15", nil, [5]int64{4, 0, 0, 4, 0}},
		{"a new period within the old one", []decision.Holding{holding("2026-02-01", "2026-06-10", 1, year(10, 2)), holding("2026-06-10", "", 2, hours(4, "P1M", 2, schedule.ByCalendar))},
			"2026-06-20", []string{"2026-02-20 8", "2026-06-05 1"}, [5]int64{4, 0, 1, 3, 0}},
		{"rolling", []decision.Holding{holding("2026-02-01", "", 1, hours(4, "P1M", 0, schedule.Rolling))}, "2026-04-10",
			[]string{"2026-03-10 2", "2026-03-11 1"}, [5]int64{4, 0, 1, 3, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := standsAt(granted{c.held, zone}, c.at, c.uses...)
			require.Equal(t, c.want, [5]int64{s.Limit, s.Carried, s.Used, s.Left, s.Overdrawn})
		})
	}
}

// slow counts what may be used on each day from the definitions: a day at a time, period
// after period from the first.
func slow(g granted, uses map[civil.Day]int64, anchor civil.Day, at time.Time) (carried, left int64) {
	h, held := g.at(at)
	if !held {
		return 0, 0
	}
	sum := func(p span) (n int64) {
		for d := p.from; d < p.to; d++ {
			n += uses[d]
		}
		return n
	}
	t := terms{h.Benefit.Period, h.Benefit.Resets, anchor}
	today := t.at(zone.DayOf(at))
	p := t.at(g.first(0) - 1)
	for p != today && t.resets != schedule.Rolling {
		end := zone.Start(p.to)
		before, had := g.at(end.Add(-time.Millisecond))
		after, has := g.at(end)
		left := int64(0)
		if had && has && t.of(before.Benefit) && t.of(after.Benefit) {
			// first what was carried over, then the period's own
			fromOwn := sum(p) - min(sum(p), carried)
			left = min(before.Benefit.Rollover, before.Benefit.Limit-min(before.Benefit.Limit, fromOwn))
		}
		carried = left
		p = t.at(p.to)
	}
	return carried, max(0, h.Benefit.Limit+carried-sum(today))
}

func TestABalanceAgreesWithTheDefinitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := genTerms.Draw(t, "terms")
		base.period = rapid.SampledFrom([]civil.Period{{Months: 1}, {Months: 3}, {Days: 7}, {Days: 30}}).Draw(t, "period")
		b := schedule.Benefit{Kind: schedule.Metered, Unit: "hour", Period: base.period, Resets: base.resets}
		var g granted
		from := day("2026-01-10")
		for v := range rapid.IntRange(1, 4).Draw(t, "holdings") {
			this := b
			this.Limit = rapid.Int64Range(1, 6).Draw(t, "limit")
			if b.Resets != schedule.Rolling {
				this.Rollover = rapid.Int64Range(0, 4).Draw(t, "rollover")
			}
			if rapid.IntRange(0, 4).Draw(t, "another period") == 0 {
				this.Period = civil.Period{Months: 2}
			}
			to := from + civil.Day(rapid.IntRange(1, 120).Draw(t, "days"))
			g.held = append(g.held, holding(from.String(), to.String(), v+1, this))
			from = to + civil.Day(max(0, rapid.IntRange(-20, 20).Draw(t, "gap")))
		}
		g.zone = zone
		c, uses := count{Seq: 1, Anchor: g.first(0)}, map[civil.Day]int64{}
		days := rapid.SliceOfN(rapid.IntRange(0, 400), 0, 30).Draw(t, "uses")
		slices.Sort(days)
		for _, d := range days {
			on := day("2026-01-10") + civil.Day(d)
			units := rapid.Int64Range(1, 4).Draw(t, "units")
			c.use(on, units)
			uses[on] += units
		}
		at := noon((day("2026-01-10") + civil.Day(rapid.IntRange(0, 420).Draw(t, "at"))).String())
		for on := range uses {
			if on > zone.DayOf(at) {
				delete(uses, on)
				c.use(on, -c.used(span{on, on + 1}))
			}
		}
		s := g.standing(&c, at)
		carried, left := slow(g, uses, c.Anchor, at)
		require.Equal(t, carried, s.Carried, "carried")
		require.Equal(t, left, s.Left, "left")
		require.GreaterOrEqual(t, s.Left, int64(0))
		require.True(t, s.Left == 0 || s.Overdrawn == 0)
	})
}
