package panel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func seeded() *rand.Rand { return rand.New(rand.NewPCG(7, 11)) }

func TestUniformOfFiveAccounts(t *testing.T) {
	e, err := Uniform(t.Context(), fiveAccounts(), 1000, 0, seeded())
	require.NoError(t, err)
	require.Zero(t, e.Samples, "it is exact")
	require.InDeltaSlice(t, []float64{0.2, 0.6, 0.6, 0.8, 0.8}, e.Marginals, 1e-12, "of five panels, A is in one")
}

// smallProblems draws problems with at most 9 members.
func smallProblems(t *rapid.T) *Problem {
	p := &Problem{Seats: rapid.IntRange(0, 4).Draw(t, "seats")}
	for _, name := range []string{"sector", "region"}[:rapid.IntRange(0, 2).Draw(t, "categories")] {
		c := Category{Name: name}
		for _, value := range []string{"x", "y", "z"}[:rapid.IntRange(1, 3).Draw(t, "values")] {
			least := rapid.IntRange(0, 1).Draw(t, "min")
			c.Values = append(c.Values, Quota{value, least, least + rapid.IntRange(0, 3).Draw(t, "more")})
		}
		p.Categories = append(p.Categories, c)
	}
	n := rapid.IntRange(0, 9).Draw(t, "pool")
	for i := range n {
		m := Member{ID: string(rune('a' + i))}
		for _, c := range p.Categories {
			m.Values = append(m.Values, rapid.SampledFrom(c.Values).Draw(t, "value").Value)
		}
		p.Pool = append(p.Pool, m)
	}
	for range rapid.IntRange(0, 5).Draw(t, "conflicts") {
		a, b := rapid.IntRange(0, 8).Draw(t, "a"), rapid.IntRange(0, 8).Draw(t, "b")
		if a != b && max(a, b) < n {
			p.Conflicts = append(p.Conflicts, [2]int{a, b})
		}
	}
	return p
}

// allPanels lists the panels that meet a problem's rules.
func allPanels(p *Problem) (panels []Panel) {
	for set := range 1 << len(p.Pool) {
		members := Panel{}
		for i := range p.Pool {
			if set&(1<<i) != 0 {
				members = append(members, i)
			}
		}
		if p.Violation(members) == nil {
			panels = append(panels, members)
		}
	}
	return panels
}

func TestUniformCountsAllPanels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallProblems(t)
		panels := allPanels(p)
		e, err := Uniform(t.Context(), p, 10, 0, seeded())
		if len(panels) == 0 {
			require.ErrorContains(t, err, "no panel")
			return
		}
		require.NoError(t, err)
		want := make([]float64, len(p.Pool))
		for _, panel := range panels {
			for _, member := range panel {
				want[member] += 1 / float64(len(panels))
			}
		}
		require.InDeltaSlice(t, want, e.Marginals, 1e-9)
	})
}

// The chain meets each of the panels equally often, also where a single exchange never
// leads from one to another.
func TestSampledPanelsAreUniform(t *testing.T) {
	apart := &Problem{Seats: 2, Categories: []Category{{"side", []Quota{{"x", 0, 2}, {"y", 0, 2}}}}}
	for i := range 4 {
		apart.Pool = append(apart.Pool, Member{string(rune('a' + i)), []string{string("xy"[i/2])}})
	}
	apart.Conflicts = [][2]int{{0, 2}, {0, 3}, {1, 2}, {1, 3}} // {a, b} or {c, d}
	for name, p := range map[string]*Problem{"five accounts": fiveAccounts(), "small board": smallBoard(), "two panels apart": apart} {
		t.Run(name, func(t *testing.T) {
			exact, err := Uniform(t.Context(), p, 0, 0, nil)
			require.NoError(t, err)
			sampled, err := samplePanels(t.Context(), p, 20_000, seeded())
			require.NoError(t, err)
			require.Equal(t, 20_000, sampled.Samples)
			require.InDeltaSlice(t, exact.Marginals, sampled.Marginals, 0.03)
			again, err := samplePanels(t.Context(), p, 20_000, seeded())
			require.NoError(t, err)
			require.Equal(t, sampled, again, "the same numbers give the same samples")
		})
	}
}

// The first member is drawn of the value that needs the largest share of those who have
// it: only b can fill the quota of y, and b is in conflict with a.
func TestGreedy(t *testing.T) {
	p := &Problem{
		Seats:      2,
		Categories: []Category{{"sector", []Quota{{"x", 0, 2}, {"y", 1, 1}}}},
		Pool:       []Member{{"a", []string{"x"}}, {"b", []string{"y"}}, {"c", []string{"x"}}, {"d", []string{"x"}}},
		Conflicts:  [][2]int{{0, 1}},
	}
	e, err := Greedy(t.Context(), p, 4000, 0, seeded())
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{0, 1, 0.5, 0.5}, e.Marginals, 0.04)
	require.Equal(t, 4000, e.Attempts)

	five, err := Greedy(t.Context(), fiveAccounts(), 4000, 0, seeded())
	require.NoError(t, err)
	require.InDelta(t, 1.0/3, five.Marginals[0], 0.04, "first with 1/5, second with 2/5 * 1/4, third with 2/5 * 1/4 * 1/3")

	p.Categories[0].Values[1] = Quota{"y", 2, 2}
	_, err = Greedy(t.Context(), p, 10, 0, seeded())
	require.ErrorContains(t, err, "no panel in 1000 attempts")
}

func TestGreedyDrawsPanelsWithinTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallProblems(t)
		g := newGreedy(p, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)))
		for range 20 {
			members, complete := g.attempt()
			slices.Sort(members)
			if complete {
				require.NoError(t, p.Violation(members))
			}
		}
		if len(allPanels(p)) == 0 {
			_, err := Greedy(t.Context(), p, 1, 0, seeded())
			require.Error(t, err)
		}
	})
}

func TestFairness(t *testing.T) {
	require.Equal(t, Fairness{}, MeasureFairness(nil))
	require.Equal(t, Fairness{AtZero: 2}, MeasureFairness([]float64{0, 0}))
	even := MeasureFairness([]float64{0.3, 0.3, 0.3})
	require.InDelta(t, 0, even.Gini, 1e-12)
	require.InDelta(t, 0.3, even.GeometricMean, 1e-12)
	one := MeasureFairness([]float64{0, 1, 0, 0})
	require.Equal(t, Fairness{Gini: 0.75, AtZero: 3}, one)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0.001, 1), 1, 20).Draw(t, "p")
		sum, differences := 0.0, 0.0
		for _, a := range p {
			sum += a
			for _, b := range p {
				differences += math.Abs(a - b)
			}
		}
		f := MeasureFairness(p)
		require.InDelta(t, differences/(2*float64(len(p))*sum), f.Gini, 1e-9)
		require.Equal(t, slices.Min(p), f.Lowest)
		require.GreaterOrEqual(t, f.GeometricMean, f.Lowest-1e-12)
		require.LessOrEqual(t, f.GeometricMean, sum/float64(len(p))+1e-12)
	})
}

// A panel meets the rules with some seated beforehand just when the others of it meet
// those of the residual problem.
func TestResidualIsWhatIsLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallProblems(t)
		var beforehand []int
		for i := range p.Pool {
			if rapid.IntRange(0, 3).Draw(t, "seated") == 0 {
				beforehand = append(beforehand, i)
			}
		}
		var want []Panel
		for _, panel := range allPanels(p) {
			if !slices.ContainsFunc(beforehand, func(m int) bool { return !seated(panel, m) }) {
				want = append(want, panel)
			}
		}
		rest, from, err := p.Residual(beforehand)
		if err != nil {
			require.Empty(t, want, err)
			return
		}
		require.NoError(t, rest.Check())
		var got []Panel
		for _, panel := range allPanels(rest) {
			whole := append(Panel{}, beforehand...)
			for _, member := range panel {
				whole = append(whole, from[member])
			}
			slices.Sort(whole)
			got = append(got, whole)
		}
		slices.SortFunc(got, slices.Compare)
		slices.SortFunc(want, slices.Compare)
		require.Equal(t, want, got)
	})
	_, _, err := fiveAccounts().Residual([]int{1, 0})
	require.ErrorContains(t, err, `"A" and "B" are in conflict`)
	_, _, err = fiveAccounts().Residual([]int{5})
	require.ErrorContains(t, err, "of a pool of 5")
	_, _, err = smallBoard().Residual([]int{0, 1})
	require.ErrorContains(t, err, `sector "energy" may have 1 seats, and 2 are taken`)
}
