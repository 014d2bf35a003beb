package reversals

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func day(text string) civil.Day {
	d, err := civil.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text+"Z")
	if err != nil {
		panic(err)
	}
	return t
}

// promised compiles rules that grant a gift, or units of it, from 2020 on in UTC.
func promised(t require.TestingT, rules string) *decision.Book {
	s, err := schedule.Parse([]byte(`
schedule: promise
currency: USD
time_zone: UTC
benefits:
  - {id: gift, promise: A gift., kind: feature}
  - {id: hours, promise: Hours., kind: metered, unit: hour, limit: 10, period: P1Y}
rules:
` + rules))
	require.NoError(t, err)
	book, err := decision.Compile([]decision.Version{{Number: 1, Schedule: s, From: at("2020-01-01T00:00:00")}}, decision.Company{Zone: civil.UTC})
	require.NoError(t, err)
	return book
}

const (
	whileTrue = "  - {id: r, promise: Who spends $500 within a year., when: {spend: trailing-12-months, at_least: 500.00}, grants: [gift]}\n"
	keeping   = "  - {id: r, promise: Who spends $500 within a year., when: {spend: trailing-12-months, at_least: 500.00}, grants: [gift], lasts: P12M, on_refund: keep}\n"
	checking  = "  - {id: r, promise: Who spends $500 within a year., when: {spend: trailing-12-months, at_least: 500.00}, grants: [gift], lasts: P12M, on_refund: recheck}\n"
	staying   = "  - {id: r, promise: Who stays a year., when: {tenure: months, at_least: 12}, grants: [gift]}\n"
)

// entries reads entries as "name day amount [recorded [of]]", each on its own line. What says
// not when it was recorded was so at noon of its day.
func entries(text string) []Entry {
	var list []Entry
	for line := range strings.Lines(strings.TrimSpace(text)) {
		f := strings.Fields(line)
		e := Entry{Name: f[0], Day: day(f[1])}
		if _, err := fmt.Sscan(f[2], &e.Minor); err != nil {
			panic(err)
		}
		e.Minor *= 100
		e.Recorded = at(f[1] + "T12:00:00")
		if len(f) > 3 {
			e.Recorded = at(f[3])
		}
		if len(f) > 4 {
			e.Corrects = f[4]
		}
		list = append(list, e)
	}
	return list
}

// alone is an account that stands alone and is active, whose joined date is not given.
func alone(t require.TestingT, book *decision.Book, of []Entry) *family {
	b := &books{entries: of, taken: takenBack(of)}
	l, err := b.ledger(never, nil)
	require.NoError(t, err)
	as := func(own, group decision.Ledger) decision.Account {
		return decision.Account{Ledger: own, GroupLedger: group, Joined: own.First(), ActiveFrom: own.First(), ClosedOn: civil.Never}
	}
	return newFamily(decision.Family{IDs: []string{"a"}, Ledgers: []decision.Ledger{l}, As: as}, book, []*books{b})
}

// told writes stretches down: from, to, and what took back how much of what.
func told(list []Stretch) []string {
	var lines []string
	for _, s := range list {
		line := s.Benefit + " " + s.From.Format("2006-01-02T15")
		if !s.To.IsZero() {
			line += " to " + s.To.Format("2006-01-02T15")
		}
		for _, b := range s.TakenBack {
			line += fmt.Sprintf(", %s %d by %s", b.Receipt.Name, b.Minor/100, b.Back.Name)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestR18WhatWasWonByEntriesTakenBack(t *testing.T) {
	for name, test := range map[string]struct {
		rules, entries string
		want           []string
	}{
		"a mistake counts from when it was recorded until it was reversed": {whileTrue, `
			x 2026-01-10 600 2026-01-12T09:00:00
			y 2026-01-10 -600 2026-01-20T15:00:00 x`,
			[]string{"gift 2026-01-12T09 to 2026-01-20T15, x 600 by y"}},
		"in another period": {whileTrue, `
			x 2024-11-10 600 2024-11-10T09:00:00
			y 2024-11-10 -600 2025-03-20T15:00:00 x`,
			[]string{"gift 2024-11-10T09 to 2025-03-20T15, x 600 by y"}},
		"at once, and recorded long after its day": {keeping, `
			x 2026-01-10 600 2026-03-01T09:00:00
			y 2026-01-10 -600 2026-03-01T10:00:00 x`,
			[]string{"gift 2026-03-01T09 to 2026-03-01T10, x 600 by y"}},
		"another entry in its place": {whileTrue, `
			x 2026-01-10 600 2026-01-12T09:00:00
			y 2026-01-10 -600 2026-01-20T15:00:00 x
			z 2026-01-10 550 2026-01-20T16:00:00`,
			nil},
		"a smaller one in its place": {whileTrue, `
			x 2026-01-10 600 2026-01-12T09:00:00
			y 2026-01-10 -600 2026-01-20T15:00:00 x
			z 2026-01-10 450 2026-01-20T16:00:00`,
			[]string{"gift 2026-01-12T09 to 2026-01-20T15, x 600 by y"}},
		"a refund while the condition is true": {whileTrue, `
			x 2026-01-10 600
			y 2026-02-01 -600`,
			[]string{"gift 2026-01-10T00 to 2026-02-01T00, x 600 by y"}},
		"a refund that is kept": {keeping, `
			x 2026-01-10 600
			y 2026-02-01 -600`,
			[]string{"gift 2026-01-10T00 to 2027-01-31T00, x 600 by y"}},
		"a refund that is rechecked": {checking, `
			x 2026-01-10 600
			y 2026-02-01 -600`,
			[]string{"gift 2026-01-10T00 to 2026-02-01T00, x 600 by y"}},
		"a part of it": {whileTrue, `
			x 2026-01-10 600
			y 2026-02-01 -101`,
			[]string{"gift 2026-01-10T00 to 2026-02-01T00, x 101 by y"}},
		"a part that leaves enough": {keeping, `
			x 2026-01-10 600
			y 2026-02-01 -100`,
			nil},
		"it qualifies anyway": {keeping, `
			w 2026-01-02 500
			x 2026-01-10 600
			y 2026-02-01 -600`,
			nil},
		"the latest receipts are taken back first": {whileTrue, `
			x 2026-01-10 600
			w 2026-01-20 500
			y 2026-02-01 -600`,
			nil},
		"and then those before": {whileTrue, `
			x 2026-01-10 600
			w 2026-01-20 500
			y 2026-02-01 -700`,
			[]string{"gift 2026-01-10T00 to 2026-02-01T00, x 200 by y"}},
		"one that matters beside one that does not": {whileTrue, `
			w 2025-12-01 20
			x 2026-01-10 600
			y 2026-01-15 -600
			z 2026-01-16 -20`,
			[]string{"gift 2026-01-10T00 to 2026-01-15T00, x 600 by y"}},
		"a refund that was a mistake": {whileTrue, `
			x 2026-01-10 600
			y 2026-02-01 -600
			z 2026-02-01 600 2026-02-03T12:00:00 y`,
			nil},
		"the day an account joined by a mistake": {staying, `
			x 2020-01-10 1 2026-01-10T09:00:00
			y 2020-01-10 -1 2026-01-10T10:00:00 x
			z 2026-01-05 1`,
			[]string{"gift 2026-01-10T09 to 2027-01-05T00, x 1 by y"}},
		"the day an account joined by what it gave back": {staying, `
			x 2020-01-10 1
			y 2020-01-12 -1`,
			nil},
		"nothing taken back": {whileTrue, `
			x 2026-01-10 600`,
			nil},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := alone(t, promised(t, test.rules), entries(test.entries)).stretches()
			require.NoError(t, err)
			require.Equal(t, test.want, told(found))
		})
	}
}

// More of a benefit than was due is reported, though some of it was due.
func TestR18AHigherLimitWonByEntriesTakenBack(t *testing.T) {
	s, err := schedule.Parse([]byte(`
schedule: promise
currency: USD
time_zone: UTC
benefits: [{id: hours, promise: Hours., kind: metered, unit: hour, limit: 9, period: P1Y}]
rules: [{id: r, promise: Who spends $500 within a year., when: {spend: trailing-12-months, at_least: 500.00}, grants: [hours], lasts: P12M, on_refund: keep}]
`))
	require.NoError(t, err)
	less := *s
	less.Benefits = []schedule.Benefit{s.Benefits[0]}
	less.Benefits[0].Limit = 5
	book, err := decision.Compile([]decision.Version{
		{Number: 1, Schedule: s, From: at("2020-01-01T00:00:00")}, {Number: 2, Schedule: &less, From: at("2026-06-01T00:00:00")},
	}, decision.Company{Zone: civil.UTC})
	require.NoError(t, err)
	found, err := alone(t, book, entries(`
		x 2026-03-01 500
		y 2026-03-15 -500
		w 2026-07-01 500`)).stretches()
	require.NoError(t, err)
	require.Equal(t, []string{"hours 2026-03-01T00 to 2027-03-14T00, x 500 by y"}, told(found), "what is due from July on is less")
}

// The spend of a group counts for all in it: so does what is taken back.
func TestR18WhatAGroupWonByEntriesTakenBack(t *testing.T) {
	book := promised(t, "  - {id: r, promise: Groups that spend $500., when: {spend: trailing-12-months, at_least: 500.00, scope: group}, grants: [gift]}\n")
	one, other := entries("w 2026-01-02 300"), entries("x 2026-01-10 300\ny 2026-02-01 -300")
	f := alone(t, book, one)
	theirs := &books{entries: other, taken: takenBack(other)}
	l, err := theirs.ledger(never, nil)
	require.NoError(t, err)
	f.IDs, f.Ledgers, f.Grouped = []string{"a", "b"}, append(f.Ledgers, l), true
	found, err := newFamily(f.Family, book, []*books{nil, theirs}).stretches()
	require.NoError(t, err)
	require.Equal(t, []string{"gift 2026-01-10T00 to 2026-02-01T00, x 300 by y"}, told(found))
}

// Without what a stretch cites there is none, and each of what it cites is needed.
func TestR18EveryCitedEntryIsNeeded(t *testing.T) {
	book := promised(t, keeping)
	rapid.Check(t, func(t *rapid.T) {
		var list []Entry
		for i := range rapid.IntRange(1, 12).Draw(t, "entries") {
			e := Entry{Name: fmt.Sprintf("e%d", i), Day: day("2026-01-01") + civil.Day(rapid.IntRange(0, 700).Draw(t, "day")),
				Minor: 100 * int64(rapid.IntRange(-400, 600).Draw(t, "amount"))}
			e.Recorded = civil.UTC.Start(e.Day)
			list = append(list, e)
			if rapid.IntRange(0, 3).Draw(t, "mistake") == 0 {
				list = append(list, Entry{Name: e.Name + "-back", Day: e.Day, Minor: -e.Minor, Corrects: e.Name,
					Recorded: e.Recorded.AddDate(0, 0, rapid.IntRange(0, 300).Draw(t, "stood"))})
			}
		}
		f := alone(t, book, list)
		found, err := f.stretches()
		require.NoError(t, err)
		for _, s := range found {
			require.NotEmpty(t, s.TakenBack)
			cited := map[*TakenBack]bool{}
			for _, b := range s.TakenBack {
				for _, of := range f.taken {
					if *of == b {
						cited[of] = true
					}
				}
			}
			had, err := f.hadWithout(&s, cited)
			require.NoError(t, err)
			require.False(t, had, "without %v", told([]Stretch{s}))
			for of := range cited {
				delete(cited, of)
				had, err = f.hadWithout(&s, cited)
				require.NoError(t, err)
				require.True(t, had, "%s is not needed in %v", of.Receipt.Name, told([]Stretch{s}))
				cited[of] = true
			}
		}
	})
}
