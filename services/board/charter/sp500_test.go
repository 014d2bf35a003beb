package charter

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/board/panel"
)

func table(t *testing.T, parts ...string) [][]string {
	folder := os.Getenv("EVENHAND_TEST_DATA")
	if folder == "" {
		t.Skip("EVENHAND_TEST_DATA names no folder with data")
	}
	file, err := os.Open(filepath.Join(append([]string{folder}, parts...)...))
	if os.IsNotExist(err) {
		t.Skipf("%s is not there", filepath.Join(parts...))
	}
	require.NoError(t, err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	return rows[1:]
}

// sp500 is a board of twelve drawn from the companies of the S&P 500: quotas by sector
// and region, never two of a sub-industry. The companies' founding years are bands of
// the third category.
func sp500(t *testing.T) (Charter, []Account) {
	c := twelve()
	c.Conflicts.SameAttributes = []string{"sub-industry"}
	for _, row := range table(t, "panels", "sp500-12", "categories.csv") {
		low, err := strconv.Atoi(row[2])
		require.NoError(t, err)
		high, err := strconv.Atoi(row[3])
		require.NoError(t, err)
		if n := len(c.Categories); n == 0 || c.Categories[n-1].Name != row[0] {
			c.Categories = append(c.Categories, Category{Name: row[0], Source: Attribute, Key: row[0]})
		}
		last := &c.Categories[len(c.Categories)-1]
		last.Quotas = append(last.Quotas, Quota{row[1], low, high})
	}
	years := []float64{1900, 1950, 1985}
	age := &c.Categories[2]
	age.Key, age.Bands = "founded", []Band{{Value: "before 1900", Below: &years[0]}, {Value: "1900-1949", From: &years[0], Below: &years[1]},
		{Value: "1950-1984", From: &years[1], Below: &years[2]}, {Value: "1985 or later", From: &years[2]}}
	require.NoError(t, c.Check(""))
	region := map[string]string{}
	for _, row := range table(t, "panels", "sp500-12", "respondents.csv") {
		region[row[0]] = row[2]
	}
	var all []Account
	for _, row := range table(t, "sp500-companies.csv") {
		all = append(all, Account{ID: names.Slug(row[0]), Active: true, Nominated: true, Consent: &Consent{Until: civil.Never},
			Attributes: map[string]string{"symbol": row[0], "sector": row[2], "sub-industry": row[3], "region": region[row[0]], "founded": row[7]}})
	}
	require.Len(t, all, 503)
	return c, all
}

func TestTheRealPoolHasItsKnownProbabilities(t *testing.T) {
	c, all := sp500(t)
	p, err := c.Prepare(Rotation{Day: day("2027-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: all})
	require.NoError(t, err)
	require.NoError(t, p.GoFirst(t.Context(), panel.Most))
	want := map[string]float64{}
	for _, row := range table(t, "panels", "sp500-12", "marginals.csv") {
		probability, err := strconv.ParseFloat(row[1], 64)
		require.NoError(t, err)
		want[names.Slug(row[0])] = probability
	}
	require.Len(t, p.Problem.Pool, 503)
	solution, err := panel.Leximin(t.Context(), &p.Problem, panel.Options{})
	require.NoError(t, err)
	for i, m := range p.Problem.Pool {
		require.InDelta(t, want[m.ID], solution.Marginals[i], 1e-4, m.ID)
	}
}

// TestR12TheRealPoolForFiftyYears plays five years through, fifty in long runs.
func TestR12TheRealPoolForFiftyYears(t *testing.T) {
	years := 5
	if os.Getenv("EVENHAND_TEST_LONG") == "1" {
		years = 50
	}
	c, all := sp500(t)
	s := Simulation{Editions: []Edition{{0, &c}}, Rotations: yearly(3, 1, 2027, 2090), Until: civil.Date(2027+years, 1, 1), Accounts: all,
		Seed: []byte("a seed"), Draw: realDraw}
	o, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, o.Rounds, years)
	require.Equal(t, 503, o.Bound)
	for _, r := range o.Rounds {
		require.Empty(t, r.Shortfalls, "%s", r.Day)
		require.Empty(t, r.Relaxed, "%s", r.Day)
		require.True(t, r.Proven)
		require.Len(t, append(r.Continuing, r.Seated...), 12)
	}
	symbols := map[string]bool{}
	for _, f := range o.Accounts {
		if f.Turns > 0 {
			symbols[strings.ToUpper(f.Account)] = true
		}
		require.LessOrEqual(t, f.Turns, 1, "there are more candidates than turns in %d years", years)
	}
	require.Len(t, symbols, 12+4*(years-1))
}
