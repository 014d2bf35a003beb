package decision

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// check runs a property a few times, or many times when EVENHAND_TEST_LONG is 1.
func check(t *testing.T, property func(t *rapid.T)) {
	t.Helper()
	if os.Getenv("EVENHAND_TEST_LONG") == "1" {
		for range 20 {
			rapid.Check(t, property)
		}
		return
	}
	rapid.Check(t, property)
}

func day(text string) civil.Day {
	d, err := civil.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

func zone(name string) civil.Zone {
	z, err := civil.LoadZone(name)
	if err != nil {
		panic(err)
	}
	return z
}

// firstDay to lastDay hold the days of generated entries and versions: a leap
// day, and the day Apia left out.
var firstDay, lastDay = day("2011-03-01"), day("2013-05-31")

// edges are days at which windows and months behave oddly.
var edges = []civil.Day{
	day("2011-12-29"), day("2011-12-30"), day("2011-12-31"), day("2012-01-01"), day("2012-02-28"), day("2012-02-29"), day("2012-03-01"),
	day("2013-02-28"), day("2013-03-01"), day("2011-10-31"), day("2012-10-31"), day("2012-11-01"), day("2012-12-31"), day("2013-01-01"),
}

var genDay = rapid.Custom(func(t *rapid.T) civil.Day {
	if rapid.Bool().Draw(t, "edge") {
		return rapid.SampledFrom(edges).Draw(t, "day")
	}
	return civil.Day(rapid.Int32Range(int32(firstDay), int32(lastDay)).Draw(t, "day"))
})

var genEntries = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Bucket {
	return Bucket{genDay.Draw(t, "entry"), rapid.Int64Range(-8, 12).Draw(t, "amount")}
}), 0, 10)

func ledger(t require.TestingT, entries ...Bucket) Ledger {
	l, err := Ledger(nil).Merge(entries...)
	require.NoError(t, err)
	return l
}

func genCondition(t *rapid.T, depth int) schedule.Condition {
	kind := rapid.IntRange(0, 8).Draw(t, "kind")
	if kind < 2 && depth > 0 {
		var children []schedule.Condition
		for range rapid.IntRange(1, 3).Draw(t, "children") {
			children = append(children, genCondition(t, depth-1))
		}
		if kind == 0 {
			return schedule.Condition{All: children}
		}
		return schedule.Condition{Any: children}
	}
	if kind == 2 {
		return schedule.Condition{Subject: schedule.Tenure, Measure: schedule.Months, AtLeast: rapid.Int64Range(1, 14).Draw(t, "months")}
	}
	if kind == 3 {
		return schedule.Condition{Subject: schedule.Board, Measure: schedule.TermsServed, AtLeast: rapid.Int64Range(1, 3).Draw(t, "terms")}
	}
	if kind == 4 {
		return schedule.Condition{Subject: schedule.Programme, Measure: genProgramme.Draw(t, "programme"), AtLeast: 1}
	}
	if kind == 5 {
		return schedule.Condition{Subject: schedule.Innovation, Measure: schedule.ProjectsCompleted, AtLeast: rapid.Int64Range(1, 3).Draw(t, "projects")}
	}
	return schedule.Condition{
		Subject: schedule.Spend,
		Measure: rapid.SampledFrom([]string{schedule.Trailing12Months, schedule.CalendarYear, schedule.FiscalYear, schedule.SinceJoining}).Draw(t, "window"),
		Scope:   rapid.SampledFrom([]schedule.Scope{schedule.AccountScope, schedule.AccountScope, schedule.GroupScope}).Draw(t, "scope"),
		AtLeast: rapid.Int64Range(1, 25).Draw(t, "threshold"),
	}
}

// world is a case for the properties: a compiled book, an account, and the
// oracle that knows the same.
type world struct {
	oracle oracle
	book   *Book
}

func (w *world) account() Account { return w.oracle.account }

// genWorld draws versions, a company and an account; no rule lasts longer than
// the days given.
func genWorld(t *rapid.T, longest int) *world {
	var w world
	w.oracle.company = Company{Zone: zone(rapid.SampledFrom([]string{"UTC", "America/New_York", "America/Sao_Paulo", "Pacific/Apia"}).Draw(t, "zone"))}
	if rapid.Bool().Draw(t, "fiscal?") {
		w.oracle.company.FiscalYear = rapid.SampledFrom([]FiscalYear{{time.February, 29}, {time.April, 1}, {time.October, 31}}).Draw(t, "fiscal")
	}
	from := civil.Day(rapid.Int32Range(int32(firstDay)-400, int32(firstDay)+200).Draw(t, "from"))
	at := w.oracle.company.Zone.Start(from)
	for i := range rapid.IntRange(1, 3).Draw(t, "versions") {
		w.oracle.versions = append(w.oracle.versions, Version{Number: i + 1, From: at, Schedule: genVersion(t, longest)})
		if next := genDay.Draw(t, "next"); w.oracle.company.Zone.Start(next).After(at) {
			at = w.oracle.company.Zone.Start(next)
		}
		at = at.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 3600_000, 50_000_000}).Draw(t, "into the day")) * time.Millisecond)
	}
	var err error
	w.book, err = Compile(w.oracle.versions, w.oracle.company)
	require.NoError(t, err)
	w.oracle.account = genAccount(t)
	return &w
}

func genVersion(t *rapid.T, longest int) *schedule.Schedule {
	s := &schedule.Schedule{
		ID: "promise", Currency: "USD", TimeZone: "UTC", Notice: schedule.Notice{Effective: civil.Never},
		Commitments: []schedule.Commitment{{ID: "courtesy", Promise: "Courtesy to all."}},
		Benefits: []schedule.Benefit{
			{ID: "gift", Promise: "A gift.", Kind: schedule.Feature},
			{ID: "hours", Promise: "Hours.", Kind: schedule.Metered, Unit: "hour", Limit: rapid.Int64Range(1, 3).Draw(t, "limit"), Period: civil.Period{Months: 12}, Resets: schedule.Anniversary},
		},
		Bundles: []schedule.Bundle{{ID: "both", Benefits: []string{"gift", "hours"}}},
	}
	if rapid.IntRange(0, 4).Draw(t, "extra?") == 0 {
		s.Benefits = append(s.Benefits, schedule.Benefit{ID: "extra", Promise: "Extra.", Kind: schedule.Feature})
		s.Bundles[0].Benefits = append(s.Bundles[0].Benefits, "extra")
	}
	terms := []civil.Period{{}, {Days: 1}, {Days: 10}, {Months: 1}, {Months: 12}, {Months: 1, Days: 3}}
	if longest < 31 {
		terms = []civil.Period{{}, {Days: 1}, {Days: 3}, {Days: longest}}
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "rules") {
		s.Rules = append(s.Rules, schedule.Rule{
			ID: fmt.Sprintf("rule-%d", i), Promise: "Spend and get.", When: genCondition(t, 2),
			Grants:   []string{rapid.SampledFrom([]string{"gift", "hours", "both"}).Draw(t, "grants")},
			Lasts:    rapid.SampledFrom(terms).Draw(t, "lasts"),
			OnRefund: rapid.SampledFrom([]schedule.OnRefund{schedule.Recheck, schedule.Keep}).Draw(t, "on refund"),
		})
	}
	return s
}

var genTerm = rapid.Custom(func(t *rapid.T) Term {
	starts := genDay.Draw(t, "starts")
	return Term{Starts: starts, Ends: starts + civil.Day(rapid.Int32Range(1, 400).Draw(t, "term of days"))}
})

var genProgramme = rapid.SampledFrom([]string{"beta", "evangelists"})

var genEnrolment = rapid.Custom(func(t *rapid.T) Enrolment {
	e := Enrolment{Programme: genProgramme.Draw(t, "programme"), From: genDay.Draw(t, "enrolled"), To: civil.Never}
	if rapid.Bool().Draw(t, "left") {
		e.To = e.From + civil.Day(rapid.Int32Range(0, 400).Draw(t, "place of days"))
	}
	return e
})

var genCompletion = rapid.Custom(func(t *rapid.T) Completion {
	c := Completion{From: genDay.Draw(t, "confirmed"), To: civil.Never}
	if rapid.IntRange(0, 2).Draw(t, "withdrawn") == 0 {
		c.To = c.From + civil.Day(rapid.Int32Range(0, 400).Draw(t, "days it counts"))
	}
	return c
})

func genAccount(t *rapid.T) Account {
	a := Account{Ledger: ledger(t, genEntries.Draw(t, "entries")...), Terms: rapid.SliceOfN(genTerm, 0, 4).Draw(t, "terms"), ActiveFrom: firstDay - 500, ClosedOn: civil.Never,
		Enrolments: rapid.SliceOfN(genEnrolment, 0, 3).Draw(t, "enrolments"), Completions: rapid.SliceOfN(genCompletion, 0, 4).Draw(t, "completions")}
	if rapid.Bool().Draw(t, "in a group") {
		group, err := a.Ledger.Merge(genEntries.Draw(t, "group entries")...)
		require.NoError(t, err)
		a.GroupLedger = group
	}
	a.Joined = a.Ledger.First()
	if rapid.IntRange(0, 3).Draw(t, "joined explicitly") == 0 {
		a.Joined = genDay.Draw(t, "joined")
	}
	switch rapid.IntRange(0, 7).Draw(t, "state") {
	case 0:
		a.ActiveFrom = a.Joined
	case 1:
		a.ClosedOn = genDay.Draw(t, "closed")
	case 2:
		a.ActiveFrom = civil.Never
	}
	return a
}

// instants returns the instants worth asking about: around each entry, its
// leaving of each window and the terms begun then, around versions, and others.
func (w *world) instants(t *rapid.T) []time.Time {
	days := map[civil.Day]bool{}
	near := func(d civil.Day) {
		if d != civil.Never {
			days[d-1], days[d], days[d+1] = true, true, true
		}
	}
	account := w.account()
	for _, b := range append(append(Ledger{}, account.Ledger...), account.GroupLedger...) {
		near(b.Day)
		near(b.Day.AddMonths(12))
		for _, v := range w.oracle.versions {
			for _, r := range v.Schedule.Rules {
				near(r.Lasts.After(b.Day))
			}
		}
	}
	for _, term := range account.Terms {
		near(term.Starts)
		near(term.Ends)
	}
	for _, e := range account.Enrolments {
		near(e.From)
		near(e.To)
	}
	for _, c := range account.Completions {
		near(c.From)
		near(c.To)
	}
	for _, d := range []civil.Day{account.Joined.AddMonths(3), account.ClosedOn, account.ActiveFrom, day("2012-01-01"), day("2013-01-01")} {
		near(d)
	}
	for range 10 {
		days[civil.Day(rapid.Int32Range(int32(firstDay)-30, int32(lastDay)+800).Draw(t, "asked"))] = true
	}
	var instants []time.Time
	for _, d := range slices.Sorted(maps.Keys(days)) {
		start := w.oracle.company.Zone.Start(d)
		instants = append(instants, start, start.Add(13*time.Hour))
	}
	for _, v := range w.oracle.versions {
		instants = append(instants, v.From.Add(-time.Millisecond), v.From, v.From.Add(time.Millisecond))
	}
	return instants
}
