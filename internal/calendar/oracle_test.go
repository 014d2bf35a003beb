package calendar

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

func day(text string) civil.Day {
	d, err := civil.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

func days(texts ...string) []civil.Day {
	list := make([]civil.Day, len(texts))
	for i, text := range texts {
		list[i] = day(text)
	}
	return list
}

// plainRule is a rule in the terms of an expansion that looks at every day, written
// without the one under test.
type plainRule struct {
	freq                                     string
	interval, count                          int
	weekStart                                time.Weekday
	months, monthDays, yearDays, setPosition []int
	weekdays                                 []plainWeekday
	until                                    civil.Day
}

type plainWeekday struct {
	day time.Weekday
	n   int // 0: every one
}

var weekdayNames = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

func (p plainRule) text() string {
	text := []string{"FREQ=" + p.freq}
	list := func(name string, values []int) {
		if len(values) > 0 {
			text = append(text, name+"="+strings.Trim(strings.ReplaceAll(fmt.Sprint(values), " ", ","), "[]"))
		}
	}
	if p.interval > 1 {
		list("INTERVAL", []int{p.interval})
	}
	if p.count > 0 {
		list("COUNT", []int{p.count})
	}
	if p.until != 0 {
		text = append(text, "UNTIL="+strings.ReplaceAll(p.until.String(), "-", ""))
	}
	if p.weekStart != time.Monday {
		text = append(text, "WKST="+weekdayNames[p.weekStart])
	}
	list("BYMONTH", p.months)
	list("BYMONTHDAY", p.monthDays)
	list("BYYEARDAY", p.yearDays)
	if len(p.weekdays) > 0 {
		var days []string
		for _, w := range p.weekdays {
			name := weekdayNames[w.day]
			if w.n != 0 {
				name = fmt.Sprint(w.n) + name
			}
			days = append(days, name)
		}
		text = append(text, "BYDAY="+strings.Join(days, ","))
	}
	list("BYSETPOS", p.setPosition)
	return strings.Join(text, ";")
}

// days expands the rule by looking at each day from start up to end: the period that
// the day is in must be one of the interval's, and the day must fulfil every part.
func (p plainRule) days(start, end civil.Day) []civil.Day {
	p.complete(midnight(start))
	var found []civil.Day
	var period []time.Time // the days of one period that fulfil every part
	var current int
	flush := func() {
		for i, d := range period {
			chosen := len(p.setPosition) == 0 || slices.Contains(p.setPosition, i+1) || slices.Contains(p.setPosition, i-len(period))
			if chosen && dayOf(d) >= start && (p.count == 0 || len(found) < p.count) && (p.until == 0 || dayOf(d) <= p.until) {
				found = append(found, dayOf(d))
			}
		}
		period = nil
	}
	first := p.period(midnight(start))
	for d := midnight(start).AddDate(-1, 0, 0); dayOf(d) < end; d = d.AddDate(0, 0, 1) {
		if n := p.period(d); n != current {
			flush()
			current = n
		}
		if n := current - first; n >= 0 && n%p.interval == 0 && p.fulfilled(d) {
			period = append(period, d)
		}
	}
	return found // what is left may be part of a period only
}

// complete adds what the start says where the rule names no day.
func (p *plainRule) complete(start time.Time) {
	if p.interval == 0 {
		p.interval = 1
	}
	if len(p.monthDays) > 0 || len(p.yearDays) > 0 || len(p.weekdays) > 0 {
		return
	}
	switch p.freq {
	case "YEARLY":
		if len(p.months) == 0 {
			p.months = []int{int(start.Month())}
		}
		p.monthDays = []int{start.Day()}
	case "MONTHLY":
		p.monthDays = []int{start.Day()}
	case "WEEKLY":
		p.weekdays = []plainWeekday{{start.Weekday(), 0}}
	}
}

// period numbers the periods of the frequency.
func (p plainRule) period(d time.Time) int {
	days := int(d.Unix() / 86400)
	switch p.freq {
	case "YEARLY":
		return d.Year()
	case "MONTHLY":
		return d.Year()*12 + int(d.Month())
	case "WEEKLY":
		return (days + 4 - int(p.weekStart) + 7) / 7 // 1 January 1970 was a Thursday
	}
	return days
}

func (p plainRule) fulfilled(d time.Time) bool {
	monthLength := time.Date(d.Year(), d.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	yearLength := time.Date(d.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	in := func(list []int, n, length int) bool {
		return len(list) == 0 || slices.Contains(list, n) || slices.Contains(list, n-length-1)
	}
	return in(p.months, int(d.Month()), 99) && in(p.monthDays, d.Day(), monthLength) && in(p.yearDays, d.YearDay(), yearLength) &&
		(len(p.weekdays) == 0 || slices.ContainsFunc(p.weekdays, func(w plainWeekday) bool {
			if w.day != d.Weekday() || w.n == 0 {
				return w.day == d.Weekday()
			}
			n, length := d.Day(), monthLength
			if p.freq == "YEARLY" && len(p.months) == 0 {
				n, length = d.YearDay(), yearLength
			}
			return w.n == (n-1)/7+1 || w.n == -((length-n)/7+1)
		}))
}

func drawPlainRule(t *rapid.T) plainRule {
	p := plainRule{
		freq:      rapid.SampledFrom([]string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY"}).Draw(t, "freq"),
		interval:  rapid.IntRange(1, 4).Draw(t, "interval"),
		weekStart: time.Weekday(rapid.IntRange(0, 6).Draw(t, "week start")),
	}
	maybe := func(what string) bool { return rapid.IntRange(0, 3).Draw(t, what) == 0 }
	signed := func(what string, most int) []int {
		return rapid.SliceOfNDistinct(rapid.IntRange(-most, most).Filter(func(n int) bool { return n != 0 }), 1, 3, rapid.ID[int]).Draw(t, what)
	}
	if maybe("in months") {
		p.months = rapid.SliceOfNDistinct(rapid.IntRange(1, 12), 1, 4, rapid.ID[int]).Draw(t, "months")
	}
	if p.freq != "WEEKLY" && maybe("on days of the month") {
		p.monthDays = signed("days of the month", 31)
	}
	if p.freq == "YEARLY" && maybe("on days of the year") {
		p.yearDays = signed("days of the year", 366)
	}
	if rapid.Bool().Draw(t, "on weekdays") {
		ordinal := 0
		if p.freq == "YEARLY" || p.freq == "MONTHLY" {
			ordinal = rapid.SampledFrom([]int{0, 1, 2, 5, -1, -2, -5}).Draw(t, "ordinal")
		}
		for _, day := range rapid.SliceOfNDistinct(rapid.IntRange(0, 6), 1, 4, rapid.ID[int]).Draw(t, "weekdays") {
			p.weekdays = append(p.weekdays, plainWeekday{time.Weekday(day), ordinal})
		}
	}
	if (p.freq == "YEARLY" || p.freq == "MONTHLY") && len(p.months)+len(p.monthDays)+len(p.yearDays)+len(p.weekdays) > 0 && maybe("at positions") {
		p.setPosition = signed("positions", 4)
	}
	if maybe("counted") {
		p.count = rapid.IntRange(1, 30).Draw(t, "count")
	} else if maybe("ends") {
		p.until = day("2027-01-01") + civil.Day(rapid.IntRange(1, 3000).Draw(t, "until"))
	}
	return p
}

// The rules' days are those that an expansion by looking at every day finds.
func TestDaysAgreeWithLookingAtEveryDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlainRule(t)
		start := day("2024-01-01") + civil.Day(rapid.IntRange(0, 1500).Draw(t, "start"))
		const years = 14
		end := start + years*366
		want := p.days(start, end)
		s, problems := Recurrence{Rule: p.text(), Start: start.String() + "T09:30", Zone: "UTC"}.compile()
		if len(problems) > 0 {
			require.Empty(t, want, "%s from %s: %v", p.text(), start, problems)
			return
		}
		got := []civil.Day{}
		for day := range s.days() {
			if day >= end-366*4 {
				break
			}
			got = append(got, day)
		}
		for i, day := range want {
			if day >= end-366*4 { // the last periods may not be whole
				want = want[:i]
				break
			}
		}
		require.Equal(t, append([]civil.Day{}, want...), got, "%s from %s", p.text(), start)
	})
}
