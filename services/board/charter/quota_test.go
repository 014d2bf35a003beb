package charter

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

func TestLeadingNumber(t *testing.T) {
	for text, want := range map[string]float64{
		"1998": 1998, " 42 ": 42, "2013 (1888)": 2013, "1975/1977 (1997)": 1975, "2019(1897)": 2019, "3.5": 3.5, "-2": -2,
		"1881/1894 (1980)": 1881, "1998 (1923 / 1874)": 1998, "0": 0,
	} {
		n, ok := leadingNumber(text)
		require.True(t, ok, text)
		require.InDelta(t, want, n, 0, text)
	}
	for _, text := range []string{"", "many", "12,000", "12 000", "10k", "10-50", "1e5", "1.2.3", "NaN", "Inf", "about 50", "-",
		"1.2 billion", "12 million", "500 - 1000", "500 or more", "250 people", "10 %"} {
		_, ok := leadingNumber(text)
		require.False(t, ok, text)
	}
}

func TestMonthsBetween(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     int
	}{
		{"2026-01-15", "2026-02-14", 0}, {"2026-01-15", "2026-02-15", 1}, {"2024-02-29", "2025-02-28", 12},
		{"2026-01-31", "2026-02-28", 1}, {"2026-01-01", "2030-01-01", 48}, {"2026-05-01", "2026-01-01", 0},
	} {
		require.Equal(t, c.want, monthsBetween(day(c.from), day(c.to)), "%s to %s", c.from, c.to)
	}
}

func TestValuesOfCategories(t *testing.T) {
	bound := func(n float64) *float64 { return &n }
	sector := Category{Name: "sector", Source: Attribute, Key: "gics", Quotas: []Quota{{"Energy", 0, 1}, {"rest", 0, 1}, {"unknown", 0, 1}}}
	open := sector
	open.Other, open.NotGiven = "rest", "unknown"
	founded := Category{Name: "age", Source: Attribute, Key: "founded",
		Bands: []Band{{Value: "old", Below: bound(1900)}, {Value: "new", From: bound(1950)}}}
	openFounded := founded
	openFounded.Other = "middle"
	tenure := Category{Name: "tenure", Source: Tenure, Bands: []Band{{Value: "young", Below: bound(24)}, {Value: "long", From: bound(24)}}}
	joined := func(text string) *civil.Day { d := day(text); return &d }
	for name, c := range map[string]struct {
		category Category
		account  Account
		value    string
		why      string // empty where the account may be seated
	}{
		"the value itself":      {sector, Account{Attributes: map[string]string{"gics": "Energy"}}, "Energy", ""},
		"without a quota":       {sector, Account{Attributes: map[string]string{"gics": "Utilities"}}, "", `the charter has no quota for its sector, "Utilities"`},
		"not given":             {sector, Account{}, "", "its sector is not given"},
		"only blanks":           {sector, Account{Attributes: map[string]string{"gics": " "}}, "", "its sector is not given"},
		"others together":       {open, Account{Attributes: map[string]string{"gics": "Utilities"}}, "rest", ""},
		"those without":         {open, Account{}, "unknown", ""},
		"in a band":             {founded, Account{Attributes: map[string]string{"founded": "2013 (1888)"}}, "new", ""},
		"a band begins":         {founded, Account{Attributes: map[string]string{"founded": "1950"}}, "new", ""},
		"a band ends before":    {founded, Account{Attributes: map[string]string{"founded": "1900"}}, "", "its age, 1900, is in none of the bands"},
		"between bands":         {openFounded, Account{Attributes: map[string]string{"founded": "1920"}}, "middle", ""},
		"no number":             {founded, Account{Attributes: map[string]string{"founded": "long ago"}}, "", `its age, "long ago", is no number`},
		"no number, but others": {openFounded, Account{Attributes: map[string]string{"founded": "long ago"}}, "middle", ""},
		"tenure":                {tenure, Account{Joined: joined("2025-03-02")}, "young", ""},
		"tenure to the day":     {tenure, Account{Joined: joined("2025-03-01")}, "long", ""},
		"no day of joining":     {tenure, Account{Attributes: map[string]string{"": "30"}}, "", "its tenure is not given"},
	} {
		value, known, why := c.category.value(&c.account, day("2027-03-01"))
		require.Equal(t, c.why == "", known, name)
		if known {
			require.Equal(t, c.value, value, name)
		} else {
			require.Equal(t, c.why, why, name)
		}
	}
}

func TestConflicts(t *testing.T) {
	all := []Account{
		{ID: "a", Competitors: []string{"b", "a", "nobody"}, Attributes: map[string]string{"industry": "oil"}},
		{ID: "b", Competitors: []string{"a"}, Parent: "p"},
		{ID: "c", Attributes: map[string]string{"industry": "oil"}, Parent: "q"},
		{ID: "d", Competitors: []string{"c"}, Attributes: map[string]string{"industry": ""}},
		{ID: "p", Parent: "q"},
		{ID: "q", Attributes: map[string]string{"industry": ""}},
		{ID: "x", Parent: "y"}, {ID: "y", Parent: "x"}, // a circle, which accounts does not let come about
	}
	c := Charter{}
	ids := []string{"d", "a", "b", "c", "q", "x", "y"}
	found := func() (pairs []string) {
		for _, k := range c.clashes(index(all), ids, ids) {
			pairs = append(pairs, k.a+k.b+" "+k.rule)
		}
		return pairs
	}
	require.Equal(t, []string{"ab competitors", "cd competitors"}, found(), "declared by either side, and once")
	c.Conflicts.SameAttributes = []string{"industry"}
	require.Equal(t, []string{"ab competitors", "ac same industry", "cd competitors"}, found())
	c.Conflicts.SameGroup = true
	require.Equal(t, []string{"ab competitors", "ac same industry", "bc group", "bq group", "cd competitors", "cq group", "xy group"}, found())
}
