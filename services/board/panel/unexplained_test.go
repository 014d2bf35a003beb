package panel

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What was not worked out within the time limit is told as that: neither quotas nor
// conflicts are blamed that may have nothing to do with it.
func TestR30ReasonsNotWorkedOutInTime(t *testing.T) {
	p := smallBoard()
	p.Categories[1].Values[1] = Quota{"south", 0, 0}
	p.Conflicts = [][2]int{{0, 2}}
	over, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()

	why := excluded(over, p, 1)
	require.Equal(t, Unreachable{1, "the quotas and conflicts exclude it; which of them was not worked out within the time limit", nil}, why)

	var told *InfeasibleError
	require.ErrorAs(t, infeasible(t.Context(), over, p), &told)
	require.Equal(t, &InfeasibleError{Reason: "which of them cannot hold together was not worked out within the time limit"}, told)

	require.ErrorAs(t, infeasible(t.Context(), t.Context(), p), &told)
	require.True(t, told.Sought)
	require.NotEmpty(t, told.Reason)
	require.ErrorIs(t, infeasible(over, over, p), context.DeadlineExceeded, "the caller's own end is no answer")
}

// Those for whom no panel was found in time are told from those who are on none.
func TestR30Unsettled(t *testing.T) {
	s := &Solution{Marginals: []float64{0, 1, 0, 0}, Unreachable: []Unreachable{{Member: 2}}}
	require.Equal(t, []int{0, 3}, s.Unsettled())
}

// R30: nomination takes away the chance of those in conflict with the nominated, and they
// are named with their conflict, as are those who were on no panel anyway.
func TestR30NominationNamesTheUnreachable(t *testing.T) {
	p := fiveAccounts()
	p.Pool = append([]Member{{ID: "F"}}, p.Pool...) // so that places differ from those in the rest
	for i := range p.Conflicts {
		p.Conflicts[i][0]++
		p.Conflicts[i][1]++
	}
	for i := 1; i < 6; i++ {
		if i != 2 { // not with B, who is nominated
			p.Conflicts = append(p.Conflicts, [2]int{0, i})
		}
	}
	r, err := Solve(t.Context(), p, ModeNominated, ModeOptions{Nominated: []int{2}})
	require.NoError(t, err)
	require.Len(t, r.Unreachable, 2)
	require.Equal(t, 0, r.Unreachable[0].Member)
	require.NotEmpty(t, r.Unreachable[0].Conflicts)
	for _, i := range r.Unreachable[0].Conflicts {
		require.Equal(t, 0, p.Conflicts[i][0], "F's own conflicts")
	}
	require.Equal(t, Unreachable{1, "somebody is nominated who is in conflict with this member", []int{0}}, r.Unreachable[1])
	var members []int
	for _, l := range r.Levels {
		members = append(members, l.Members...)
		for i, w := range l.Weights {
			require.True(t, w == 0 || i >= 3, "the weights are those of C, D and E")
		}
	}
	require.ElementsMatch(t, []int{3, 4, 5}, members)
	require.Empty(t, r.Unsettled)
}
