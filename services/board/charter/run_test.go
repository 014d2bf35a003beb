package charter

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// served12 is the term of an account, "from to" or "from to ended".
func term(account string, seat int, start, end string) Term {
	return Term{Account: account, Seat: seat, Start: day(start), End: day(end), Kind: Drawn}
}

func left(t Term, ended string) Term {
	d := day(ended)
	t.Ended = &d
	return t
}

func vacancy(t Term) Term {
	t.Vacancy = true
	return t
}

func TestR12WhatCountsAsConsecutive(t *testing.T) {
	c := twelve()
	c.MaxTerms, c.CoolingOffMonths = 2, 24
	for name, want := range map[string]struct {
		terms    []Term
		from, to string
		vacancy  bool
		cause    Cause
		text     string
	}{
		"no term yet": {nil, "2030-03-01", "2033-03-01", false, "", ""},
		"serving": {[]Term{term("a", 3, "2027-03-01", "2030-03-01")}, "2029-03-01", "2032-03-01", false,
			Serving, "holds seat 3 until 2030-03-01"},
		"to serve later": {[]Term{term("a", 3, "2031-03-01", "2034-03-01")}, "2029-03-01", "2032-03-01", false,
			Serving, "holds seat 3 until 2034-03-01"},
		"a second term right after the first": {[]Term{term("a", 1, "2027-03-01", "2030-03-01")}, "2030-03-01", "2033-03-01", false, "", ""},
		"a third": {[]Term{term("a", 1, "2027-03-01", "2030-03-01"), term("a", 1, "2030-03-01", "2033-03-01")},
			"2033-03-01", "2036-03-01", false, TermLimit, "has served 2 terms in a row, as many as the charter allows, and cools off until 2035-03-01"},
		"a third after cooling off": {[]Term{term("a", 1, "2027-03-01", "2030-03-01"), term("a", 1, "2030-03-01", "2033-03-01")},
			"2035-03-01", "2038-03-01", false, "", ""},
		"a day before": {[]Term{term("a", 1, "2027-03-01", "2030-03-01"), term("a", 1, "2030-03-01", "2033-03-01")},
			"2035-02-28", "2038-03-01", false, CoolingOff, "left on 2033-03-01 and cools off until 2035-03-01"},
		"once out, out for the whole cooling-off, however few terms": {[]Term{term("a", 1, "2027-03-01", "2028-03-01")},
			"2029-03-01", "2032-03-01", false, CoolingOff, "left on 2028-03-01 and cools off until 2030-03-01"},
		"leaving early starts nothing anew": {[]Term{term("a", 1, "2027-03-01", "2030-03-01"), left(term("a", 1, "2030-03-01", "2033-03-01"), "2032-03-01")},
			"2032-03-01", "2035-03-01", false, TermLimit, "2 terms in a row"},
		"a return within the cooling-off, by an older charter, is of one run": {
			[]Term{term("a", 1, "2027-03-01", "2030-03-01"), term("a", 1, "2031-03-01", "2034-03-01")},
			"2034-03-01", "2037-03-01", false, TermLimit, "2 terms in a row"},
		"a short first term counts as one": {[]Term{term("a", 1, "2027-03-01", "2028-03-01"), term("a", 1, "2028-03-01", "2031-03-01")},
			"2031-03-01", "2034-03-01", false, TermLimit, "2 terms in a row"},
		"the rest of another's term does not count as one, but its time does": {
			[]Term{vacancy(term("a", 1, "2029-09-01", "2030-03-01")), term("a", 1, "2030-03-01", "2033-03-01")},
			"2033-03-01", "2036-03-01", false, TermLimit, "has been a member since 2029-09-01 and may be one until 2035-09-08, but this term would end on 2036-03-01"},
		"so that a shorter one fits": {
			[]Term{vacancy(term("a", 1, "2029-09-01", "2030-03-01")), term("a", 1, "2030-03-01", "2033-03-01")},
			"2033-03-01", "2035-03-01", false, "", ""},
		"after the rest of another's term, a full one": {[]Term{vacancy(term("a", 1, "2029-09-01", "2030-03-01"))},
			"2030-03-01", "2033-03-01", false, "", ""},
		"the rest of another's term after two terms, within the time": {
			[]Term{term("a", 1, "2027-03-01", "2028-03-01"), term("a", 1, "2028-03-01", "2031-03-01")},
			"2031-03-01", "2033-03-01", true, "", ""},
		"the rest of another's term after two full terms": {
			[]Term{term("a", 1, "2027-03-01", "2030-03-01"), term("a", 1, "2030-03-01", "2033-03-01")},
			"2033-03-01", "2034-03-01", true, TermLimit, "may be one until 2033-03-08"},
	} {
		r := c.served(want.terms, day(want.from), day(want.to), want.vacancy)
		if want.cause == "" {
			require.Nil(t, r, name)
			continue
		}
		require.NotNil(t, r, name)
		require.Equal(t, want.cause, r.Cause, name)
		require.Contains(t, r.Text, want.text, name)
	}
}

func TestTermEndsAtTheLastRotationWithinItsLength(t *testing.T) {
	c := twelve()
	tuesdays := Rotations{Until: day("2040-01-01")} // the second Tuesday of March
	for year := 2027; year < 2040; year++ {
		d := civil.Date(year, 3, 8)
		for d.Weekday() != 2 {
			d++
		}
		tuesdays.Days = append(tuesdays.Days, d)
	}
	end, err := c.TermEnd(day("2027-03-09"), tuesdays)
	require.NoError(t, err)
	require.Equal(t, day("2030-03-12"), end, "three days of the grace")
	c.GraceDays = 2
	end, err = c.TermEnd(day("2027-03-09"), tuesdays)
	require.NoError(t, err)
	require.Equal(t, day("2029-03-13"), end, "never beyond the limit")
	_, warnings := c.CheckRotations(tuesdays)
	require.Equal(t, "grace_days", warnings[0].Path)
	require.Contains(t, warnings[0].Description, "is 2: a term that starts on")
	c.GraceDays = 7
	problems, warnings := c.CheckRotations(tuesdays)
	require.Empty(t, problems)
	require.Len(t, warnings, 1)
	require.Equal(t, "cooling_off_months", warnings[0].Path)
	require.Contains(t, warnings[0].Description, "is 24: who leaves on 2028-03-14 misses the rotation of 2030-03-12 by 2 days and waits for that of 2031-03-11")

	_, err = c.TermEnd(day("2037-03-10"), tuesdays)
	require.ErrorContains(t, err, "rotations are laid out up to 2040-01-01 only")
	_, err = c.TermEnd(civil.Never, tuesdays)
	require.ErrorContains(t, err, "laid out")
}

func TestCheckRotationsNamesChartersThatDoNotFit(t *testing.T) {
	c := twelve()
	for name, want := range map[string]struct {
		months, grace, terms int
		rotations            Rotations
		path, text           string
	}{
		"terms shorter than the time between rotations": {6, 7, 1, yearly(3, 1, 2027, 2040), "rotation", "falls on no day from 2027-03-02 to 2027-09-08"},
		"terms that end between rotations":              {34, 7, 1, yearly(3, 1, 2027, 2040), "grace_days", "would end on 2031-03-01, 306 days before its 34 months are over; with 60 days"},
		"terms that end half way":                       {32, 7, 1, yearly(3, 1, 2027, 2040), "term_months", "choose a multiple of the time between rotations"},
	} {
		c.TermMonths, c.GraceDays, c.MaxTerms = want.months, want.grace, want.terms
		problems, warnings := c.CheckRotations(want.rotations)
		all := slices.Concat(problems, warnings)
		require.NotEmpty(t, all, name)
		require.Equal(t, want.path, all[0].Path, name)
		require.Contains(t, all[0].Description, want.text, name)
	}
	// Rotations that come a little later each time add up.
	creeping := Rotations{Until: day("2045-01-01")}
	for i := range 14 {
		creeping.Days = append(creeping.Days, day("2027-03-01").AddMonths(12*i)+civil.Day(2*i))
	}
	c.TermMonths, c.GraceDays, c.MaxTerms = 36, 7, 3
	_, warnings := c.CheckRotations(creeping)
	require.Contains(t, warnings[0].Description, "2 terms from 2027-03-01 on would last until 2033-03-13, 5 days too long; give 12")
}
