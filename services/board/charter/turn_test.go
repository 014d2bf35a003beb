package charter

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/board/panel"
)

// waiting prepares the rotation of 2030-03-01 of a board of four, for accounts that wait
// since 1 March of the given years.
func waiting(t *testing.T, c *Charter, spoil func([]Account), years ...int) *Preparation {
	all := inSector("bank", willing(len(years))...)
	for i, year := range years {
		since := civil.Date(year, 3, 1)
		all[i].WaitingSince = &since
	}
	if spoil != nil {
		spoil(all)
	}
	p, err := c.Prepare(Rotation{Day: day("2030-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: all})
	require.NoError(t, err)
	require.NoError(t, p.GoFirst(t.Context(), panel.Most))
	require.NoError(t, p.Problem.Check())
	return p
}

func pool(p *Preparation) (ids []string) {
	for _, m := range p.Problem.Pool {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestWhoeverHasWaitedLongestGoesFirst(t *testing.T) {
	c := sectors()
	p := waiting(t, &c, nil, 2028, 2027, 2029, 2028, 2030, 2029)
	require.Equal(t, []Turn{{day("2027-03-01"), 1, 1}, {day("2028-03-01"), 2, 2}, {day("2029-03-01"), 2, 1}}, p.Turns)
	require.Equal(t, []string{"a00", "a01", "a02", "a03", "a05"}, pool(p))
	require.Equal(t, "waiting since 2028-03-01", p.Problem.Pool[0].Values[1])
	require.Equal(t, Reason{Cause: LaterTurn, Until: civil.Never,
		Text: "has waited since 2030-03-01, and all 4 seats go to those who go first, waiting since 2029-03-01 or longer"}, p.candidate("a04").Reasons[0])
	require.Equal(t, day("2030-03-01"), *p.candidate("a04").WaitingSince, "it keeps its place")
	solution, err := panel.Leximin(t.Context(), &p.Problem, panel.Options{})
	require.NoError(t, err)
	for i, want := range []float64{1, 1, 0.5, 1, 0.5} {
		require.InDelta(t, want, solution.Marginals[i], 1e-9, "the lottery is among those who have waited equally long")
	}
}

func TestNobodyGoesFirstWhileAllHaveWaitedEquallyLong(t *testing.T) {
	c := sectors()
	p := waiting(t, &c, nil, 2028, 2028, 2028, 2028, 2028)
	require.Empty(t, p.Turns)
	require.Len(t, p.Problem.Categories, 1)
	c.WaitMonths = 36
	p = waiting(t, &c, nil, 2028, 2029, 2028, 2030, 2028)
	require.Empty(t, p.Turns, "nor while nobody has waited long enough")
	require.Len(t, p.Problem.Pool, 5)
}

func TestOnlyWhoHasWaitedLongEnoughGoesFirst(t *testing.T) {
	c := sectors()
	c.WaitMonths = 36
	p := waiting(t, &c, nil, 2028, 2027, 2029, 2028, 2030, 2029)
	require.Equal(t, []Turn{{day("2027-03-01"), 1, 1}}, p.Turns)
	require.Len(t, p.Problem.Pool, 6)
	require.Equal(t, []panel.Quota{{Value: "waiting since 2027-03-01", Min: 1, Max: 4}, {Value: "later", Max: 4}}, p.Problem.Categories[1].Values)
}

func TestQuotasAndConflictsComeBeforeTurns(t *testing.T) {
	c := sectors()
	// Three of oil have waited longest, but oil has two seats; two of the next are in
	// conflict with each other.
	p := waiting(t, &c, func(all []Account) {
		inSector("oil", all[0], all[1], all[2])
		for i := range 3 {
			all[i].Attributes = map[string]string{"sector": "oil"}
		}
		all[3].Competitors = []string{"a04"}
	}, 2027, 2027, 2027, 2028, 2028, 2029, 2030)
	require.Equal(t, []Turn{{day("2027-03-01"), 3, 2}, {day("2028-03-01"), 2, 1}, {day("2029-03-01"), 1, 1}}, p.Turns)
	require.Equal(t, []string{"a00", "a01", "a02", "a03", "a04", "a05"}, pool(p))
	require.Equal(t, [][2]int{{3, 4}}, p.Problem.Conflicts)
}

func TestGoFirstTellsThatThereIsNoPanel(t *testing.T) {
	c := sectors()
	all := inSector("oil", willing(6)...)
	p, err := c.Prepare(Rotation{Day: day("2030-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: all})
	require.NoError(t, err)
	before := *p.candidate("a00").WaitingSince - 365
	p.candidate("a00").WaitingSince = &before
	var none *panel.InfeasibleError
	require.True(t, errors.As(p.GoFirst(t.Context(), panel.Most), &none))
	require.NotEmpty(t, none.Relaxation)
	require.Len(t, p.Problem.Categories, 1, "the problem is as it was")
}
