package charter

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// alike are willing accounts that are all in one industry.
func alike(n int) []Account {
	all := willing(n)
	for i := range all {
		all[i].ID = fmt.Sprintf("c%04d", i)
		all[i].Attributes = map[string]string{"sector": "bank", "industry": "lending"}
	}
	return all
}

func TestAPoolOfOneKindIsPreparedOrRefused(t *testing.T) {
	c := sectors()
	c.Conflicts.SameAttributes = []string{"industry"}
	prepare := func(n int) (*Preparation, error) {
		return c.Prepare(Rotation{Day: day("2027-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: alike(n)})
	}
	p, err := prepare(503)
	require.NoError(t, err)
	require.Len(t, p.Problem.Conflicts, 503*502/2, "each of the real companies with each other")
	require.NoError(t, p.Problem.Check())

	_, err = prepare(2000)
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, ReasonInfeasible, told.Reason)
	require.Contains(t, told.Message, `pairs of the 2000 accounts in the pool would be in conflict because they have the same industry ("lending": 2000 accounts)`)
}

func TestNomineesAndMembersKeepOthersOutHoweverManyAreAlike(t *testing.T) {
	c := sectors()
	c.Conflicts.SameAttributes = []string{"industry"}
	member := Term{Account: "c0000", Seat: 1, Start: day("2026-03-01"), End: day("2029-03-01")}
	p, err := c.Prepare(Rotation{Day: day("2027-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: alike(2000), Terms: []Term{member}})
	require.NoError(t, err, "nobody is left in the pool, so no two are in conflict")
	require.Empty(t, p.Problem.Pool)
	require.Equal(t, InConflict, p.Candidates[1999].Reasons[0].Cause)
	require.Equal(t, "c0000", p.Candidates[1999].Reasons[0].Member)
}
