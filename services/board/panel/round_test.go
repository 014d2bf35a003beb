package panel

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// fairestOfFive is the fairest lottery of fiveAccounts.
func fairestOfFive() *Solution {
	return &Solution{
		Lottery:      Lottery{Panels: []Panel{{0, 3, 4}, {1, 2, 3}, {1, 2, 4}}, Probabilities: []float64{0.5, 0.25, 0.25}},
		Marginals:    []float64{0.5, 0.5, 0.5, 0.75, 0.75},
		Proven:       true,
		Types:        []Type{{Members: []int{0}, Limit: 1}, {Members: []int{1, 2}, Limit: 2}, {Members: []int{3, 4}, Limit: 2}},
		Compositions: []Composition{{Counts: []int{1, 0, 2}, Probability: 0.5}, {Counts: []int{0, 2, 1}, Probability: 0.5}},
	}
}

func TestRoundFiveAccounts(t *testing.T) {
	p, s := fiveAccounts(), fairestOfFive()
	r, err := Round(s, 1000)
	require.NoError(t, err)
	require.Equal(t, []int{500, 500, 500, 750, 750}, r.Counts)
	require.Zero(t, r.LargestLoss)
	require.Empty(t, r.Lost)
	for _, panel := range r.Panels {
		require.NoError(t, p.Violation(panel))
	}

	r, err = Round(s, 1)
	require.NoError(t, err)
	require.Len(t, r.Panels, 1)
	require.NotEmpty(t, r.Lost, "one panel of three leaves two without a chance, and says so")
	require.InDelta(t, 0.5, r.LargestLoss, 1e-9)

	_, err = Round(s, 0)
	require.ErrorContains(t, err, "give 1 or more")
	_, err = Round(&Solution{}, 1)
	require.ErrorContains(t, err, "no panels")
}

// Rounding by largest remainders alone would leave a loss of 0.5 panels for the type
// that each of several compositions rounds in the same way.
func TestRoundingImprovesOnLargestRemainders(t *testing.T) {
	s := &Solution{Types: []Type{{Members: []int{0}, Limit: 1}}, Marginals: []float64{0}}
	for i := range 6 {
		s.Types = append(s.Types, Type{Members: []int{i + 1}, Limit: 1})
		counts := make([]int, 7)
		counts[i+1] = 1
		probability := 0.24
		if i < 3 {
			counts[0], probability = 1, (1-3*0.24)/3
		}
		s.Compositions = append(s.Compositions, Composition{counts, probability})
		s.Marginals = append(s.Marginals, probability)
		s.Marginals[0] += probability * float64(counts[0])
	}
	r, err := Round(s, 10)
	require.NoError(t, err)
	require.Less(t, r.LargestLoss, 0.0801)
}

// Who is alike meets with all of the others, and not with the same few every time.
func TestRoundingMixesWhoSitsTogether(t *testing.T) {
	const members, seats, panels = 12, 3, 1000
	alike := Type{Limit: members}
	for i := range members {
		alike.Members = append(alike.Members, i)
	}
	s := &Solution{Types: []Type{alike}, Marginals: slices.Repeat([]float64{float64(seats) / members}, members),
		Compositions: []Composition{{Counts: []int{seats}, Probability: 1}}}
	r, err := Round(s, panels)
	require.NoError(t, err)
	require.Equal(t, slices.Repeat([]int{panels * seats / members}, members), r.Counts)
	distinct := slices.CompactFunc(slices.Clone(r.Panels), slices.Equal)
	require.Greater(t, len(distinct), 200, "of the 220 there are")
	again, err := Round(s, panels)
	require.NoError(t, err)
	require.Equal(t, r, again)
}

// solutions draws lotteries over compositions of types, whatever problem they solve.
func solutions(t *rapid.T) *Solution {
	s := &Solution{}
	place := 0
	for range rapid.IntRange(1, 8).Draw(t, "types") {
		kind := Type{Limit: 1}
		for range rapid.IntRange(1, 7).Draw(t, "size") {
			kind.Members = append(kind.Members, place)
			place++
		}
		if rapid.Bool().Draw(t, "false twins") {
			kind.Limit = len(kind.Members)
		}
		s.Types = append(s.Types, kind)
	}
	s.Marginals = make([]float64, place)
	weights := rapid.SliceOfN(rapid.Float64Range(0.001, 1), 1, 12).Draw(t, "weights")
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	for _, w := range weights {
		c := Composition{Counts: make([]int, len(s.Types)), Probability: w / sum}
		for i, kind := range s.Types {
			c.Counts[i] = rapid.IntRange(0, kind.Limit).Draw(t, "count")
			for _, member := range kind.Members {
				s.Marginals[member] += c.Probability * float64(c.Counts[i]) / float64(len(kind.Members))
			}
		}
		s.Compositions = append(s.Compositions, c)
	}
	return s
}

func TestRoundingKeepsCompositionsAndTwins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := solutions(t)
		panels := rapid.IntRange(1, 300).Draw(t, "panels")
		r, err := Round(s, panels)
		require.NoError(t, err)
		require.Len(t, r.Panels, panels)
		require.True(t, slices.IsSortedFunc(r.Panels, slices.Compare))
		counts := make([]int, len(s.Marginals))
		for _, panel := range r.Panels {
			require.Len(t, slices.Compact(slices.Clone(panel)), len(panel), "nobody sits twice on a panel")
			require.True(t, slices.IsSorted(panel))
			composition := make([]int, len(s.Types))
			for _, member := range panel {
				counts[member]++
				composition[slices.IndexFunc(s.Types, func(k Type) bool { return slices.Contains(k.Members, member) })]++
			}
			require.True(t, slices.ContainsFunc(s.Compositions, func(c Composition) bool { return slices.Equal(c.Counts, composition) }))
		}
		require.Equal(t, counts, r.Counts)
		for _, kind := range s.Types {
			least, most := panels+1, -1
			for _, member := range kind.Members {
				least, most = min(least, counts[member]), max(most, counts[member])
			}
			require.LessOrEqual(t, most-least, 1)
		}
		for i, p := range s.Marginals {
			require.InDelta(t, float64(counts[i])/float64(panels)-p, r.Loss[i], 1e-12)
			require.LessOrEqual(t, math.Abs(r.Loss[i]), r.LargestLoss)
			require.Equal(t, counts[i] == 0 && p > negligible, slices.Contains(r.Lost, i))
		}
		plain, improved := newApportionment(s, panels), newApportionment(s, panels)
		improved.improve()
		require.LessOrEqual(t, largest(improved.off), largest(plain.off)+negligible)
	})
}
