package record

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever is called fills the seats within quotas and conflicts, and nobody before the
// first of them would have done.
func TestCallFillsSeatsWithinTheRules(t *testing.T) {
	r, err := largeCommitted(t).Draw(Values{Time: known, Round: "0123"})
	require.NoError(t, err)
	problem := r.problem()
	place := map[string]int{}
	for i, m := range r.Pool {
		place[m.ID] = i
	}
	valid := func(ids []string) bool {
		var members []int
		for _, id := range ids {
			members = append(members, place[id])
		}
		slices.Sort(members)
		return problem.Violation(members) == nil
	}
	random := rand.New(rand.NewPCG(3, 4))
	for free := range 8 {
		members := slices.Clone(r.Outcome.Members)
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		out, holding := members[:free], members[free:]
		var called []string
		called, err = r.Call(holding, out)
		require.NoError(t, err)
		require.Len(t, called, free)
		require.True(t, valid(slices.Concat(holding, called)))
		again, err := r.Call(holding, out)
		require.NoError(t, err)
		require.Equal(t, called, again)
		if free == 1 {
			for _, id := range r.Outcome.Alternates[:slices.Index(r.Outcome.Alternates, called[0])] {
				require.False(t, valid(append(slices.Clone(holding), id)), "%s comes before and would have done", id)
			}
			next, err := r.Call(holding, append(slices.Clone(out), called[0]))
			require.NoError(t, err)
			require.NotEqual(t, called, next, "one who declined is not called again")
			require.Greater(t, slices.Index(r.Outcome.Alternates, next[0]), slices.Index(r.Outcome.Alternates, called[0]))
		}
	}
}

// With A in conflict with B and C, and D left, A's seat can only go to B or C when the
// other one is not needed: {A, D, E} less A leaves no panel of three but with both.
func TestCallSaysWhenThereIsNobody(t *testing.T) {
	r := fiveDrawn(t)
	d, names := fiveDraft(t, twoPeople())
	require.Contains(t, r.Outcome.Members, names.Of("A"), "the fixture draws A, D and E")
	b, c, dd, e := names.Of("B"), names.Of("C"), names.Of("D"), names.Of("E")

	called, err := r.Call([]string{dd, e}, []string{names.Of("A")})
	require.NoError(t, err)
	require.Equal(t, r.Outcome.Alternates[:1], called)

	_, err = r.Call([]string{names.Of("A"), dd}, []string{e})
	require.ErrorIs(t, err, ErrNoAlternates, "B and C are in conflict with A")
	called, err = r.Call([]string{dd}, []string{names.Of("A"), e})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{b, c}, called)
	_, err = r.Call([]string{dd, e}, []string{names.Of("A"), b, c})
	require.ErrorIs(t, err, ErrNoAlternates)

	_, err = r.Call([]string{"nobody"}, nil)
	require.ErrorContains(t, err, `"nobody" is not in the pool`)
	_, err = r.Call([]string{dd, dd}, nil)
	require.ErrorContains(t, err, "each once")
	undrawn, err := Commit(d)
	require.NoError(t, err)
	_, err = undrawn.Call(nil, nil)
	require.ErrorContains(t, err, "not drawn")
}

// A search that ends at its bound does not know that there is nobody.
func TestCallSaysWhenItDoesNotKnow(t *testing.T) {
	r := fiveDrawn(t)
	var order []int
	for i := range r.Pool {
		order = append(order, i)
	}
	f := newFilling(r, nil)
	called, err := f.call(order, 3)
	require.NoError(t, err)
	require.Len(t, called, 3)
	f = newFilling(r, nil)
	f.steps = 3
	_, err = f.call(order, 3)
	require.ErrorIs(t, err, ErrNotWorkedOut)
}
