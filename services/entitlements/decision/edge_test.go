package decision

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// promise is a version with one feature, gift, granted by the rules.
func promise(rules ...schedule.Rule) *schedule.Schedule {
	s := &schedule.Schedule{ID: "promise", Currency: "USD", TimeZone: "UTC", Notice: schedule.Notice{Effective: civil.Never},
		Benefits: []schedule.Benefit{{ID: "gift", Promise: "A gift.", Kind: schedule.Feature}}}
	for _, r := range rules {
		if r.Grants == nil {
			r.Grants = []string{"gift"}
		}
		r.Promise = "Who spends enough gets a gift."
		s.Rules = append(s.Rules, r)
	}
	s.SetDefaults()
	return s
}

func spend(window string, cents int64) schedule.Condition {
	return schedule.Condition{Subject: schedule.Spend, Measure: window, AtLeast: cents}
}

func tenure(months int64) schedule.Condition {
	return schedule.Condition{Subject: schedule.Tenure, Measure: schedule.Months, AtLeast: months}
}

// years are a number of years of a rule's term.
func years(n int) civil.Period { return civil.Period{Months: 12 * n} }

func compile(t testing.TB, company Company, versions ...Version) *Book {
	t.Helper()
	b, err := Compile(versions, company)
	require.NoError(t, err)
	return b
}

// simple compiles one version that is in force from 1990 on in UTC.
func simple(t testing.TB, rules ...schedule.Rule) *Book {
	return compile(t, Company{Zone: civil.UTC}, Version{Number: 1, Schedule: promise(rules...), From: civil.UTC.Start(day("1990-01-01"))})
}

// customer has the entries and is active from 1990 on.
func customer(t testing.TB, entries ...Bucket) Account {
	l := ledger(t, entries...)
	return Account{Ledger: l, Joined: l.First(), ActiveFrom: day("1990-01-01"), ClosedOn: civil.Never}
}

// days returns the stretches of days on which an account has the gift.
func days(t testing.TB, b *Book, a Account) []string {
	t.Helper()
	timeline, z := b.Timeline(a), b.company.Zone
	var held []string
	for at := z.Start(day("1990-01-01")); ; {
		d, err := timeline.At(at, "gift")
		require.NoError(t, err)
		if d.Entitled() {
			stretch := z.DayOf(at).String() + " to "
			if !d.ValidUntil.IsZero() {
				stretch += z.DayOf(d.ValidUntil.Add(-time.Millisecond)).String()
			}
			held = append(held, stretch)
		}
		if d.ValidUntil.IsZero() {
			return held
		}
		at = d.ValidUntil
	}
}

func TestR17WindowsAtTheirEdges(t *testing.T) {
	fiscal := func(month time.Month, dayOfMonth int) Company {
		return Company{Zone: civil.UTC, FiscalYear: FiscalYear{month, dayOfMonth}}
	}
	for _, c := range []struct {
		name    string
		company Company
		window  string
		entry   string
		want    string
	}{
		{"an ordinary day", Company{Zone: civil.UTC}, schedule.Trailing12Months, "1997-06-30", "1997-06-30 to 1998-06-29"},
		{"28 February before a leap year", Company{Zone: civil.UTC}, schedule.Trailing12Months, "2023-02-28", "2023-02-28 to 2024-02-27"},
		{"1 March before a leap year", Company{Zone: civil.UTC}, schedule.Trailing12Months, "2023-03-01", "2023-03-01 to 2024-02-29"},
		{"28 February of a leap year", Company{Zone: civil.UTC}, schedule.Trailing12Months, "2024-02-28", "2024-02-28 to 2025-02-27"},
		{"29 February", Company{Zone: civil.UTC}, schedule.Trailing12Months, "2024-02-29", "2024-02-29 to 2025-02-28"},
		{"1 March of a leap year", Company{Zone: civil.UTC}, schedule.Trailing12Months, "2024-03-01", "2024-03-01 to 2025-02-28"},
		{"calendar year", Company{Zone: civil.UTC}, schedule.CalendarYear, "1997-12-31", "1997-12-31 to 1997-12-31"},
		{"calendar year, its first day", Company{Zone: civil.UTC}, schedule.CalendarYear, "1998-01-01", "1998-01-01 to 1998-12-31"},
		{"fiscal year from April", fiscal(time.April, 1), schedule.FiscalYear, "1998-03-31", "1998-03-31 to 1998-03-31"},
		{"fiscal year from April, its first day", fiscal(time.April, 1), schedule.FiscalYear, "1998-04-01", "1998-04-01 to 1999-03-31"},
		{"fiscal year from 29 February", fiscal(time.February, 29), schedule.FiscalYear, "2023-02-28", "2023-02-28 to 2024-02-28"},
		{"fiscal year from 29 February, leap year", fiscal(time.February, 29), schedule.FiscalYear, "2024-02-29", "2024-02-29 to 2025-02-27"},
		{"fiscal year not set", Company{Zone: civil.UTC}, schedule.FiscalYear, "1997-12-31", "1997-12-31 to 1997-12-31"},
		{"since joining", Company{Zone: civil.UTC}, schedule.SinceJoining, "1997-12-31", "1997-12-31 to "},
	} {
		b := compile(t, c.company, Version{Number: 1, Schedule: promise(schedule.Rule{ID: "r", When: spend(c.window, 500)}), From: civil.UTC.Start(day("1990-01-01"))})
		require.Equal(t, []string{c.want}, days(t, b, customer(t, Bucket{day(c.entry), 500})), c.name)
	}
}

func TestR17ThresholdIsExact(t *testing.T) {
	b := simple(t, schedule.Rule{ID: "r", When: spend(schedule.Trailing12Months, 50000)})
	for cents, want := range map[int64]bool{49999: false, 50000: true, 50001: true} {
		require.Equal(t, want, days(t, b, customer(t, Bucket{day("1997-06-30"), cents})) != nil, cents)
		require.Equal(t, want, days(t, b, customer(t, Bucket{day("1997-06-30"), 60000}, Bucket{day("1997-06-30"), cents - 60000})) != nil, "refunded on the day: %d", cents)
	}
	require.Nil(t, days(t, b, customer(t, Bucket{day("1997-06-30"), 25000}, Bucket{day("1998-06-30"), 25000})), "the first has just aged out")
	require.Equal(t, []string{"1998-06-29 to 1998-06-29"}, days(t, b, customer(t, Bucket{day("1997-06-30"), 25000}, Bucket{day("1998-06-29"), 25000})), "the last day on which both count")
}

func TestTenureCompletesAtMonthEnds(t *testing.T) {
	b := simple(t, schedule.Rule{ID: "r", When: tenure(1)})
	for joined, want := range map[string]string{
		"2023-01-30": "2023-02-28 to ", "2023-01-31": "2023-02-28 to ", "2024-01-31": "2024-02-29 to ", "2023-02-28": "2023-03-28 to ", "2023-03-15": "2023-04-15 to ",
	} {
		require.Equal(t, []string{want}, days(t, b, customer(t, Bucket{day(joined), 0})), joined)
	}
	a := customer(t)
	require.Equal(t, civil.Never, a.Joined)
	require.Nil(t, days(t, b, a), "has not joined")
	year := simple(t, schedule.Rule{ID: "r", When: tenure(12)})
	require.Equal(t, []string{"2025-02-28 to "}, days(t, year, customer(t, Bucket{day("2024-02-29"), 0})))
}

func TestRefundsAndTerms(t *testing.T) {
	buy, refund := Bucket{day("1997-03-10"), 500}, func(date string) Bucket { return Bucket{day(date), -1} }
	again := Bucket{day("1997-09-01"), 500}
	for _, c := range []struct {
		name     string
		lasts    civil.Period
		onRefund schedule.OnRefund
		entries  []Bucket
		want     []string
	}{
		{"while true", civil.Period{}, schedule.Recheck, []Bucket{buy}, []string{"1997-03-10 to 1998-03-09"}},
		{"kept a year from the last earned day", years(1), schedule.Recheck, []Bucket{buy}, []string{"1997-03-10 to 1999-03-08"}},
		{"kept 10 days", civil.Period{Days: 10}, schedule.Recheck, []Bucket{buy}, []string{"1997-03-10 to 1998-03-18"}},
		{"refunded, while true", civil.Period{}, schedule.Recheck, []Bucket{buy, refund("1997-05-01")}, []string{"1997-03-10 to 1997-04-30"}},
		{"refunded, keep", years(1), schedule.Keep, []Bucket{buy, refund("1997-05-01")}, []string{"1997-03-10 to 1998-04-29"}},
		{"refunded, recheck", years(1), schedule.Recheck, []Bucket{buy, refund("1997-05-01")}, []string{"1997-03-10 to 1997-04-30"}},
		{"refunded on the day itself, keep", years(1), schedule.Keep, []Bucket{buy, refund("1997-03-10")}, nil},
		{"refunded before, keep", years(1), schedule.Keep, []Bucket{buy, refund("1997-03-09")}, []string{"1998-03-09 to 1999-03-08"}},
		{"refunded before, out of the window later", civil.Period{}, schedule.Keep, []Bucket{buy, refund("1997-03-09")}, []string{"1998-03-09 to 1998-03-09"}},
		{"refunded and made good, recheck", years(1), schedule.Recheck, []Bucket{buy, refund("1997-05-01"), again}, []string{"1997-03-10 to 1997-04-30", "1997-09-01 to 1999-08-30"}},
		{"refunded after the condition ended, within the term", years(1), schedule.Recheck, []Bucket{buy, refund("1998-06-01")}, []string{"1997-03-10 to 1998-05-31"}},
		{"refunded after the condition ended, keep", years(1), schedule.Keep, []Bucket{buy, refund("1998-06-01")}, []string{"1997-03-10 to 1999-03-08"}},
		{"refunded after the term", years(1), schedule.Recheck, []Bucket{buy, refund("1999-06-01")}, []string{"1997-03-10 to 1999-03-08"}},
		{"refunded within what is to spare", years(1), schedule.Recheck, []Bucket{buy, {day("1997-03-11"), 1}, refund("1997-05-01")}, []string{"1997-03-10 to 1999-03-08"}},
	} {
		b := simple(t, schedule.Rule{ID: "r", When: spend(schedule.Trailing12Months, 500), Lasts: c.lasts, OnRefund: c.onRefund})
		require.Equal(t, c.want, days(t, b, customer(t, c.entries...)), c.name)
	}
}

func TestTermEndsAtMonthEnd(t *testing.T) {
	month := schedule.Rule{ID: "r", When: spend(schedule.CalendarYear, 500), Lasts: civil.Period{Months: 2}}
	require.Equal(t, []string{"2023-12-31 to 2024-02-28"}, days(t, simple(t, month), customer(t, Bucket{day("2023-12-31"), 500})),
		"two months after 31 December 2023 is 29 February 2024, the first day without")
}

func TestR2WhatWasEarnedOutlivesItsVersion(t *testing.T) {
	rule := func(cents int64, lasts civil.Period) schedule.Rule {
		return schedule.Rule{ID: "r", When: spend(schedule.Trailing12Months, cents), Lasts: lasts, OnRefund: schedule.Keep}
	}
	change := time.Date(1997, 9, 1, 14, 0, 0, 0, time.UTC)
	versions := func(first, second schedule.Rule) *Book {
		return compile(t, Company{Zone: civil.UTC},
			Version{Number: 1, Schedule: promise(first), From: civil.UTC.Start(day("1990-01-01"))},
			Version{Number: 2, Schedule: promise(second), From: change})
	}
	at := func(b *Book, a Account, instant time.Time) Decision {
		d, err := b.Timeline(a).At(instant, "gift")
		require.NoError(t, err)
		return d
	}
	a := customer(t, Bucket{day("1997-03-10"), 500})

	// The threshold rises at two in the afternoon of 1 September. That day was
	// still earned under version 1, so its term runs a year from there.
	b := versions(rule(500, years(1)), rule(600, years(1)))
	d := at(b, a, change)
	require.True(t, d.Entitled())
	require.Equal(t, 1, d.Version)
	require.Equal(t, "1998-09-01", b.company.Zone.DayOf(d.ValidUntil).String())

	// Without a term the benefit ends with its version, to the millisecond.
	b = versions(rule(500, civil.Period{}), rule(600, civil.Period{}))
	require.Equal(t, change, at(b, a, change.Add(-time.Millisecond)).ValidUntil)
	require.False(t, at(b, a, change).Entitled())

	// A lower threshold counts from the instant it is in force, not from the
	// start of that day.
	b = versions(rule(600, years(1)), rule(500, years(1)))
	require.False(t, at(b, a, change.Add(-time.Millisecond)).Entitled())
	require.Equal(t, change, at(b, a, change.Add(-time.Millisecond)).ValidUntil)
	require.Equal(t, 2, at(b, a, change).Version)

	// While both versions entitle, the one that lasts longer is cited.
	b = versions(rule(500, years(1)), rule(500, years(1)))
	require.Equal(t, 1, at(b, a, change.Add(-time.Millisecond)).Version)
	require.Equal(t, 2, at(b, a, change).Version)
	b = versions(rule(500, years(3)), rule(500, civil.Period{}))
	require.Equal(t, 1, at(b, a, change).Version)

	// Of two that end together, with the account, the newer is cited.
	closing := a
	closing.ClosedOn = day("1997-10-01")
	require.Equal(t, 2, at(versions(rule(500, years(3)), rule(500, years(1))), closing, change).Version)

	// A benefit the new version has dropped is still held, and still listed.
	other := promise(rule(1, civil.Period{}))
	other.Benefits[0].ID, other.Rules[0].Grants = "card", []string{"card"}
	b = compile(t, Company{Zone: civil.UTC},
		Version{Number: 1, Schedule: promise(rule(500, years(1))), From: civil.UTC.Start(day("1990-01-01"))},
		Version{Number: 2, Schedule: other, From: change})
	entries, err := b.Timeline(a).All(change)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.Equal(t, "card", entries[0].BenefitID)
	require.Equal(t, "gift", entries[1].BenefitID)
	require.Equal(t, 1, entries[1].Version)
}

func TestHighestLimitIsCited(t *testing.T) {
	metered := func(limit int64) *schedule.Schedule {
		s := promise(schedule.Rule{ID: "r", When: spend(schedule.Trailing12Months, 500), Lasts: years(1)})
		s.Benefits[0] = schedule.Benefit{ID: "gift", Promise: "Gifts.", Kind: schedule.Metered, Unit: "gift", Limit: limit, Period: years(1), Resets: schedule.Anniversary}
		return s
	}
	change := civil.UTC.Start(day("1997-09-01"))
	b := compile(t, Company{Zone: civil.UTC},
		Version{Number: 1, Schedule: metered(10), From: civil.UTC.Start(day("1990-01-01"))},
		Version{Number: 2, Schedule: metered(5), From: change})
	timeline := b.Timeline(customer(t, Bucket{day("1997-03-10"), 500}))
	d, err := timeline.At(change, "gift")
	require.NoError(t, err)
	require.Equal(t, int64(10), d.Benefit.Limit, "what was earned is kept for its term")
	require.Equal(t, 1, d.Version)
	d, err = timeline.At(d.ValidUntil, "gift")
	require.NoError(t, err)
	require.Equal(t, int64(5), d.Benefit.Limit)
	require.Equal(t, 2, d.Version)
}

func TestZonesAndDaylightSaving(t *testing.T) {
	for _, c := range []struct{ zone, entry, begins, ends string }{
		{"America/New_York", "1997-06-30", "1997-06-30T04:00:00Z", "1998-06-30T04:00:00Z"},
		{"America/New_York", "2023-11-05", "2023-11-05T04:00:00Z", "2024-11-05T05:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2019-11-04T03:00:00Z"}, // begins on a day without midnight
		{"Asia/Beirut", "2021-03-27", "2021-03-26T22:00:00Z", "2022-03-26T22:00:00Z"},       // ends on one
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2012-12-29T10:00:00Z"},      // a day the zone left out
	} {
		z := zone(c.zone)
		b := compile(t, Company{Zone: z}, Version{Number: 1, Schedule: promise(schedule.Rule{ID: "r", When: spend(schedule.Trailing12Months, 500)}), From: z.Start(day("1990-01-01"))})
		timeline := b.Timeline(customer(t, Bucket{day(c.entry), 500}))
		d, err := timeline.At(z.Start(day("1991-01-01")), "gift")
		require.NoError(t, err)
		require.Equal(t, c.begins, d.ValidUntil.Format(time.RFC3339), c.zone)
		d, err = timeline.At(d.ValidUntil, "gift")
		require.NoError(t, err)
		require.Equal(t, c.ends, d.ValidUntil.Format(time.RFC3339), c.zone)
	}
}

func TestOnlyActiveAccountsAreEntitled(t *testing.T) {
	b := simple(t, schedule.Rule{ID: "r", When: spend(schedule.Trailing12Months, 500)})
	a := customer(t, Bucket{day("1997-03-10"), 500})
	a.ActiveFrom, a.ClosedOn = day("1997-04-01"), day("1997-08-01")
	require.Equal(t, []string{"1997-04-01 to 1997-07-31"}, days(t, b, a))
	a.ActiveFrom = civil.Never
	require.Nil(t, days(t, b, a), "a prospect")
	require.Nil(t, days(t, b, Account{}), "nothing known")
}

func TestGroupScope(t *testing.T) {
	c := spend(schedule.SinceJoining, 500)
	c.Scope = schedule.GroupScope
	b := simple(t, schedule.Rule{ID: "r", When: c})
	a := customer(t, Bucket{day("1997-03-10"), 100})
	require.Nil(t, days(t, b, a), "an account without a group is its own")
	var err error
	a.GroupLedger, err = a.Ledger.Merge(Bucket{day("1997-03-09"), 400}, Bucket{day("1997-05-01"), 400})
	require.NoError(t, err)
	require.Equal(t, []string{"1997-03-10 to "}, days(t, b, a), "all that the group ever spent counts, from when the account itself is one")
}

func TestCompileRefusesWhatCannotBe(t *testing.T) {
	ok, later := promise(schedule.Rule{ID: "r", When: tenure(1)}), time.Unix(100, 0)
	euro := promise(schedule.Rule{ID: "r", When: tenure(1)})
	euro.Currency = "EUR"
	for message, versions := range map[string][]Version{
		"does not follow version 1": {{1, ok, later}, {1, ok, later}},
		"version 2 does not follow": {{1, ok, later}, {2, ok, later.Add(-1)}},
		"version 2 is in EUR":       {{1, ok, later}, {2, euro, later}},
		"rules[0].when":             {{1, promise(schedule.Rule{ID: "r"}), later}},
	} {
		_, err := Compile(versions, Company{Zone: civil.UTC})
		require.ErrorContains(t, err, message)
	}
	var problems schedule.Problems
	_, err := Compile([]Version{{1, &schedule.Schedule{}, later}}, Company{Zone: civil.UTC})
	require.True(t, errors.As(err, &problems))
	_, err = Compile(nil, Company{Zone: civil.UTC, FiscalYear: FiscalYear{time.April, 31}})
	require.ErrorContains(t, err, "fiscal year")

	empty := compile(t, Company{Zone: civil.UTC})
	_, err = empty.Timeline(Account{}).At(later, "gift")
	require.ErrorIs(t, err, ErrNoSchedule)
	_, err = empty.Baseline(later)
	require.ErrorIs(t, err, ErrNoSchedule)
	b := compile(t, Company{Zone: civil.UTC}, Version{1, ok, later})
	_, err = b.Timeline(Account{}).At(later.Add(-time.Millisecond), "gift")
	require.ErrorIs(t, err, ErrNoSchedule)
	_, err = b.Timeline(Account{}).At(later, "gifts")
	require.ErrorIs(t, err, ErrUnknownBenefit)
}

func TestMergeRefusesWhatCannotBeCounted(t *testing.T) {
	_, err := Ledger(nil).Merge(Bucket{0, MaxTotal}, Bucket{1, -1})
	require.ErrorIs(t, err, ErrTotal)
	_, err = Ledger(nil).Merge(Bucket{0, -1 << 63})
	require.ErrorIs(t, err, ErrTotal)
	l, err := Ledger(nil).Merge(Bucket{0, MaxTotal - 1}, Bucket{1, -1}, Bucket{-1, 0})
	require.NoError(t, err)
	require.Equal(t, civil.Day(-1), l.First())
	require.Equal(t, civil.Never, Ledger(nil).First())
}

func TestAtDoesNotAllocate(t *testing.T) {
	b := simple(t, schedule.Rule{ID: "r", When: spend(schedule.Trailing12Months, 500)})
	timeline, at := b.Timeline(customer(t, Bucket{day("1997-03-10"), 500})), civil.UTC.Start(day("1997-06-01"))
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = timeline.At(at, "gift") }))
}
